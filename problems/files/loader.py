"""Problem loader, which reports every error with its file, line and field."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from grader.definitions.field_types import KEBAB_CASE_PATTERN, NAME_PATTERN, SNAKE_CASE_PATTERN
from grader.definitions.name_checks import check_names, suggest_similar
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from grader.registry import Registry
from problems.files.allowed_fields import list_allowed_fields
from problems.files.yaml_document import MAX_BYTES, YamlDocument, load_document
from problems.registry import REGISTRY

PATTERN_MESSAGES: Final = {
    SNAKE_CASE_PATTERN: "write small letters, digits and single _ between them, a letter first",
    KEBAB_CASE_PATTERN: "write small letters and digits, with single - between them",
    NAME_PATTERN: "write letters, digits and _, a letter first",
}
ERROR_MESSAGES: Final = {
    "tuple_type": "this must be a list; begin each item with `- `",
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type"),
        "this must be a mapping; write `name: value`",
    ),
    "string_type": "this must be text; put it in quotes",
    "string_too_short": "this text is too short; write at least {min_length} characters",
    "string_too_long": "this text is too long; write at most {max_length} characters",
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_parsing_size", "int_from_float"),
        "this must be a whole number",
    ),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "this must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "this must be true or false"),
    **dict.fromkeys(("literal_error", "enum"), "this must be {expected}"),
    "greater_than": "this must be more than {gt}",
    "greater_than_equal": "this must be at least {ge}",
    "less_than": "this must be less than {lt}",
    "less_than_equal": "this must be at most {le}",
    "none_required": "this must be left empty",
}
"""Messages to authors by pydantic error type; names in braces are limits of the field."""

NOT_UTF8: Final = "the file is not UTF-8; save it as UTF-8"
PART_PATH: Final = ("parts", 0)
MAX_LISTED_FIELDS: Final = 8
"""Maximum number of field names that an error lists."""
PARAM_MESSAGE: Final = (
    "this is not a parameter; write {choose: [1, 2]}, {integers: [1, 9]}, {network: [...]}, "
    "{torch: text} or {named: text}"
)
TOLERANCE_MESSAGE: Final = (
    "this must say what is measured; write {abs: 0.01}, {rel: 1%} or {rounded: 3}"
)

FieldPath: TypeAlias = tuple[int | str, ...]


def bank_root() -> Path:
    """Return the folder of the problem bank in this package."""
    return Path(str(files("problems") / "bank"))


def load_problem(text: str, *, file: str, registry: Registry = REGISTRY) -> Problem:
    """Return the problem defined by *text*; raise `ProblemError` if it is invalid.

    If there are several errors, the first one is raised, with the rest as its `others`.
    """
    document = load_document(text, file=file)
    if not isinstance(document.data, dict):
        raise ProblemError("the file is not a mapping; begin with `id: ...`", file=file, line=1)
    try:
        problem = Problem.model_validate(document.data)
    except ValidationError as error:
        raise _combine_errors(_convert_validation_errors(error, document, file)) from error
    try:
        check_names(problem, registry)
    except ProblemError as error:
        located = [
            one.with_location(file=file, line=document.find_line(_parse_path(one.field)))
            for one in (error, *error.others)
        ]
        raise _combine_errors(located) from error
    return problem


def _combine_errors(errors: Iterable[ProblemError]) -> ProblemError:
    """Return the error that comes first in the file, with the rest as its `others`."""
    first, *others = sorted(errors, key=lambda item: item.line or 0)
    first.others = tuple(others)
    return first


def load_problem_file(path: Path, *, registry: Registry = REGISTRY) -> Problem:
    """Return the problem in the file at *path*; its id must be the file's name."""
    return load_problem_as_file(read_problem_source(path), path, registry=registry)


def read_problem_source(path: Path) -> str:
    """Return the text of a problem file.

    Raises `ProblemError` if it cannot be read, is too large or is not UTF-8.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ProblemError(
                f"the file is larger than {MAX_BYTES // 1024} KiB; split it into several problems",
                file=str(path),
            )
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        raise ProblemError(NOT_UTF8, file=str(path), line=line) from error
    except OSError as error:
        raise ProblemError(f"the file cannot be read: {error.strerror}", file=str(path)) from error


def load_problem_as_file(text: str, path: Path, *, registry: Registry = REGISTRY) -> Problem:
    """Return the problem defined by *text*, as if read from *path*; no file is read."""
    problem = load_problem(text, file=str(path), registry=registry)
    if problem.id != path.stem:
        raise ProblemError(
            f"the id is {problem.id!r}, the file is {path.name!r}; make them the same",
            file=str(path),
            line=1,
            field="id",
        )
    return problem


def find_problem_files(path: Path) -> Iterator[Path]:
    """Yield *path*, or the problem files below it in sorted order if it is a folder."""
    if _is_folder(path):
        yield from sorted(path.rglob("*.yaml"))
    else:
        yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # such as a long name; reading reports it


def _convert_validation_errors(
    error: ValidationError, document: YamlDocument, file: str
) -> list[ProblemError]:
    """Return pydantic's errors as problem errors with line and field."""
    errors: list[ProblemError] = []
    for details in error.errors(include_url=False, include_input=False):
        path = _strip_union_tags(details["loc"], document.data, absent=details["type"] == "missing")
        field = ".".join(str(piece) for piece in path)
        if details["type"] == "too_short" and any(
            other.field.startswith(field) for other in errors
        ):
            continue  # reported already: its items are wrong
        message, line = (
            _describe_error(dict(details), path, _value_at(path, document.data)),
            document.find_line(path),
        )
        errors.append(ProblemError(message, file=file, line=line, field=field))
    return errors


def _describe_error(error: Mapping[str, Any], path: FieldPath, value: Any) -> str:
    """Return a message to the author: what is wrong with *value* at *path*, and the fix."""
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return PARAM_MESSAGE if _is_choose_path(path) else "the field is missing; add it"
        case "extra_forbidden":
            return f"there is no such field here{_suggest_field(path)}"
        case "string_type" if value is None:
            return "there is no text; write one"
        case "union_tag_invalid":
            return _describe_unknown_kind(str(context["tag"]), context["expected_tags"])
        case "union_tag_not_found":
            return "the part has no kind; add one, such as `kind: integer`"
        case "string_pattern_mismatch":
            words = PATTERN_MESSAGES.get(context["pattern"], f"it must match {context['pattern']}")
            return f"this is not an id; {words}"
        case "too_short":
            return f"{context['actual_length']} are too few; give at least {context['min_length']}"
        case "too_long":
            return f"{context['actual_length']} are too many; give at most {context['max_length']}"
        case "value_error":
            return str(context["error"])
        case "model_type" | "model_attributes_type" if path[-1] == "tolerance":
            return TOLERANCE_MESSAGE
        case kind:
            return ERROR_MESSAGES.get(kind, "this cannot be used here").format_map(context)


def _is_choose_path(path: FieldPath) -> bool:
    """Return whether the field missing at *path* is the ``choose`` of a parameter."""
    return path[0] == "params" and path[2:] == ("choose",)


def _suggest_field(path: FieldPath) -> str:
    """Return a suggestion for the last piece of *path*: a similar field, or those allowed."""
    name = str(path[-1])
    fields = list_allowed_fields(path[:-1]) or list_allowed_fields(
        PART_PATH
    )  # the schema leaves columns open
    if meant := "" if name in fields else suggest_similar(name, fields):
        return meant
    if 0 < len(fields) <= MAX_LISTED_FIELDS:
        return f"; there are {', '.join(fields)}"
    return "; `grader schema` lists them"


def _value_at(path: FieldPath, data: Any) -> Any:
    """Return the value at *path* in *data*, or None."""
    for piece in path:
        data = data[piece] if _has_key_or_index(data, piece) else None
    return data


def _describe_unknown_kind(tag: str, expected: str) -> str:
    """Return the message for an unknown kind; *expected* lists the known ones in quotes."""
    meant = suggest_similar(tag, [one.strip("' ") for one in expected.split(",")])
    return f"there is no kind {tag!r}{meant or f'; there are {expected}'}"


def _strip_union_tags(location: FieldPath, data: Any, *, absent: bool) -> FieldPath:
    """Return pydantic's *location* without union tags, which the file does not contain.

    If the field is *absent*, it is the last piece. The tag of a parameter follows the
    parameter's name; it may also be the name of a field, such as `choose`.
    """
    if location[0] == "params":
        location = (*location[:2], *location[3:])
    path: list[int | str] = []
    for piece in location[:-1] if absent else location:
        if _has_key_or_index(data, piece):
            data = data[piece]
            path.append(piece)
    return (*path, location[-1]) if absent else tuple(path)


def _has_key_or_index(data: Any, piece: int | str) -> bool:
    if isinstance(data, list):
        return isinstance(piece, int) and piece < len(data)
    return isinstance(data, dict) and piece in data


def _parse_path(field: str) -> FieldPath:
    return tuple(int(piece) if piece.isdigit() else piece for piece in field.split("."))
