"""Parser of course files; every error has its file and line."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from api.core.errors import FieldError, InvalidInput, ServiceError
from api.http.field_types import Slug
from api.http.schema import Schema
from api.http.validation_errors import to_field_errors
from api.schemas.courses.course_files import AssignmentFile, CourseFile
from api.services.courses.files.exporter import (
    ASSIGNMENTS_FOLDER,
    COURSE_FILE,
    PROBLEMS_FOLDER,
    VERSION_SEPARATOR,
)
from grader.errors import ProblemError
from problems.files.yaml_document import YamlDocument, load_document

SLUG_ADAPTER: Final[TypeAdapter[str]] = TypeAdapter(Slug)
MAX_ERRORS: Final = 10
PATH_STEP: Final = re.compile(r"[^.\[\]]+")

T = TypeVar("T", bound=Schema)


@dataclass(frozen=True, slots=True)
class ParsedFile(Generic[T]):
    """Parsed file; *document* knows its lines."""

    path: str
    content: T
    document: YamlDocument


@dataclass(frozen=True, slots=True)
class CourseSetup:
    """Content of the files of a course.

    *problems* holds the texts of the course's problems by id; an older version adds its number,
    such as ``softmax@2``.
    """

    course: ParsedFile[CourseFile] | None
    assignments: Mapping[str, ParsedFile[AssignmentFile]]
    problems: Mapping[str, str]
    paths: frozenset[str]


def parse_setup(files: Mapping[str, str]) -> CourseSetup:
    """Parse *files*, texts by path; raise `InvalidInput` with the errors in them.

    Reading stops after the file that reaches `MAX_ERRORS` errors.
    """
    errors: list[FieldError] = []
    course, assignments, problems = None, {}, {}
    for path, text in sorted(files.items()):
        if len(errors) >= MAX_ERRORS:
            break
        try:
            folder, name = _split_course_file_path(path)
            if folder == PROBLEMS_FOLDER:
                problems[name] = text
            elif folder == ASSIGNMENTS_FOLDER:
                assignments[name] = _parse_file(AssignmentFile, path, text)
            else:
                course = _parse_file(CourseFile, path, text)
        except InvalidInput as error:
            errors += error.errors
    if errors:
        first = errors[0]
        raise InvalidInput(f"{first.file}: {first.field} {first.message}.", errors=tuple(errors))
    return CourseSetup(course, assignments, problems, frozenset(files))


def _split_course_file_path(path: str) -> tuple[str, str]:
    """Return the folder and the name for which a path stands."""
    file_path = PurePosixPath(path)
    folder = str(file_path.parent)
    is_in_folder = folder in {ASSIGNMENTS_FOLDER, PROBLEMS_FOLDER} and file_path.suffix == ".yaml"
    slug, separator, number = file_path.stem.partition(VERSION_SEPARATOR)
    is_numbered = folder == PROBLEMS_FOLDER and re.fullmatch("[1-9][0-9]{0,5}", number) is not None
    if path != COURSE_FILE and not (
        is_in_folder and _is_slug(slug) and (is_numbered or not separator)
    ):
        message = (
            f"is not a file of a course; there are {COURSE_FILE}, {ASSIGNMENTS_FOLDER}/SLUG.yaml, "
            f"{PROBLEMS_FOLDER}/ID.yaml and {PROBLEMS_FOLDER}/ID{VERSION_SEPARATOR}NUMBER.yaml"
        )
        raise _build_error(path, [FieldError("path", message)])
    return (folder if is_in_folder else ""), file_path.stem


def _is_slug(name: str) -> bool:
    try:
        SLUG_ADAPTER.validate_python(name)
    except ValidationError:
        return False
    return True


def _parse_file(model: type[T], path: str, text: str) -> ParsedFile[T]:
    try:
        document = load_document(text, file=path)
        return ParsedFile(path, model.model_validate(document.data), document)
    except ProblemError as error:
        raise _build_error(
            path, [FieldError(error.field, error.message, line=error.line)]
        ) from error
    except ValidationError as error:
        details = error.errors()
        lines = [document.find_line(detail["loc"]) for detail in details]
        fields = to_field_errors(
            [{**detail, "loc": ("body", *detail["loc"])} for detail in details]
        )
        located = [
            FieldError(field.field.removeprefix("body"), field.message, line=line)
            for field, line in zip(fields, lines, strict=True)
        ]
        raise _build_error(path, located) from error


def _build_error(path: str, errors: list[FieldError]) -> InvalidInput:
    located = tuple(FieldError(error.field, error.message, path, error.line) for error in errors)
    return InvalidInput(f"{path}: {located[0].message}.", errors=located)


@contextmanager
def locate_errors(parsed: ParsedFile[Any]) -> Iterator[None]:
    """Add the file, and the lines of the fields, to a service error raised inside."""
    try:
        yield
    except ServiceError as error:
        raise _locate_error(error, parsed) from error


def _locate_error(error: ServiceError, parsed: ParsedFile[Any]) -> ServiceError:
    fields = error.errors or (FieldError("", error.detail),)
    located = tuple(
        FieldError(
            field.field,
            field.message,
            parsed.path,
            parsed.document.find_line(tuple(_split_field(field.field))),
        )
        for field in fields
    )
    return type(error)(f"{parsed.path}: {error.detail}", code=error.code, errors=located)


def _split_field(field: str) -> Iterator[str | int]:
    for step in PATH_STEP.findall(field):
        yield int(step) if step.isdigit() else step
