"""Parser of course files; every error has its file and line."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from api.core.errors import FieldError, Invalid, ServiceError
from api.http.fields import Slug
from api.http.schema import Schema
from api.http.validation_errors import wrong_fields
from api.schemas.courses.course_files import AssignmentFile, CourseFile
from api.services.courses.files.exporting import ASSIGNMENTS, AT, COURSE, PROBLEMS
from grader.errors import ProblemError
from problems.documents import Document, load_document

__all__ = ["Read", "Setup", "located", "read_setup"]

SLUG: Final[TypeAdapter[str]] = TypeAdapter(Slug)
MAX_ERRORS: Final = 10
STEP: Final = re.compile(r"[^.\[\]]+")

T = TypeVar("T", bound=Schema)


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """Parsed file; *document* knows its lines."""

    path: str
    told: T
    document: Document


@dataclass(frozen=True, slots=True)
class Setup:
    """Content of the files of a course.

    *problems* holds the texts of its own problems by id; an older version has its number too, such
    as ``softmax@2``.
    """

    course: Read[CourseFile] | None
    assignments: Mapping[str, Read[AssignmentFile]]
    problems: Mapping[str, str]
    paths: frozenset[str]


def read_setup(files: Mapping[str, str]) -> Setup:
    """Parse *files*, texts by path; raise `Invalid` with the errors in them.

    Reading stops after the file that reaches `MAX_ERRORS` errors.
    """
    errors: list[FieldError] = []
    course, assignments, problems = None, {}, {}
    for path, text in sorted(files.items()):
        if len(errors) >= MAX_ERRORS:
            break
        try:
            folder, name = _place(path)
            if folder == PROBLEMS:
                problems[name] = text
            elif folder == ASSIGNMENTS:
                assignments[name] = _read(AssignmentFile, path, text)
            else:
                course = _read(CourseFile, path, text)
        except Invalid as error:
            errors += error.errors
    if errors:
        first = errors[0]
        raise Invalid(f"{first.file}: {first.field} {first.said}.", errors=tuple(errors))
    return Setup(course, assignments, problems, frozenset(files))


def _place(path: str) -> tuple[str, str]:
    """Return the folder and the name for which a path stands."""
    where = PurePosixPath(path)
    folder = str(where.parent)
    named = folder in {ASSIGNMENTS, PROBLEMS} and where.suffix == ".yaml"
    slug, at, number = where.stem.partition(AT)
    numbered = folder == PROBLEMS and re.fullmatch("[1-9][0-9]{0,5}", number) is not None
    if path != COURSE and not (named and _is_slug(slug) and (numbered or not at)):
        said = (
            f"is no file of a course; there are {COURSE}, {ASSIGNMENTS}/SLUG.yaml, "
            f"{PROBLEMS}/ID.yaml and {PROBLEMS}/ID{AT}NUMBER.yaml"
        )
        raise _wrong(path, [FieldError("path", said)])
    return (folder if named else ""), where.stem


def _is_slug(name: str) -> bool:
    try:
        SLUG.validate_python(name)
    except ValidationError:
        return False
    return True


def _read(kind: type[T], path: str, text: str) -> Read[T]:
    try:
        document = load_document(text, file=path)
        return Read(path, kind.model_validate(document.data), document)
    except ProblemError as error:
        raise _wrong(path, [FieldError(error.field, error.message, line=error.line)]) from error
    except ValidationError as error:
        found = error.errors()
        lines = [document.line(one["loc"]) for one in found]
        fields = wrong_fields([{**one, "loc": ("body", *one["loc"])} for one in found])
        placed = [
            FieldError(one.field.removeprefix("body"), one.said, line=line)
            for one, line in zip(fields, lines, strict=True)
        ]
        raise _wrong(path, placed) from error


def _wrong(path: str, errors: list[FieldError]) -> Invalid:
    placed = tuple(FieldError(one.field, one.said, path, one.line) for one in errors)
    return Invalid(f"{path}: {placed[0].said}.", errors=placed)


@contextmanager
def located(read: Read[Any]) -> Iterator[None]:
    """Add the file, and the lines of the fields, to a service error raised inside."""
    try:
        yield
    except ServiceError as error:
        raise _placed(error, read) from error


def _placed(error: ServiceError, read: Read[Any]) -> ServiceError:
    fields = error.errors or (FieldError("", error.detail),)
    placed = tuple(
        FieldError(one.field, one.said, read.path, read.document.line(tuple(_steps(one.field))))
        for one in fields
    )
    return type(error)(f"{read.path}: {error.detail}", code=error.code, errors=placed)


def _steps(field: str) -> Iterator[str | int]:
    for step in STEP.findall(field):
        yield int(step) if step.isdigit() else step
