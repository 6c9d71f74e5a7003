"""Problems from their files, every error with its file, line and field."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from grader.book import Book
from grader.definitions.fields import KEBAB, NAME, SNAKE
from grader.definitions.names import check_names, near
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from problems.book import BOOK
from problems.documents import MAX_BYTES, Document, load_document
from problems.fields import fields_at

__all__ = [
    "bank_root",
    "find_files",
    "load_file",
    "load_problem",
    "load_source",
    "read_source",
]

PATTERNS: Final = {
    SNAKE: "write small letters, digits and single _ between them, a letter first",
    KEBAB: "write small letters and digits, with single - between them",
    NAME: "write letters, digits and _, a letter first",
}
WRONG: Final = {
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
"""What pydantic's kinds of error say to an author; the names in braces are limits of the field."""

NOT_UTF8: Final = "the file is not UTF-8; save it as UTF-8"
A_PART: Final = ("parts", 0)
FEW: Final = 8
"""How many fields are told by their names."""
PARAM: Final = (
    "this is no parameter; write {choose: [1, 2]}, {integers: [1, 9]}, {network: [...]}, "
    "{torch: text} or {named: text}"
)
TOLERANCE: Final = "this must say what is measured; write {abs: 0.01}, {rel: 1%} or {rounded: 3}"

Place: TypeAlias = tuple[int | str, ...]


def bank_root() -> Path:
    """Return the folder of the bank that is shipped with the package."""
    return Path(str(files("problems") / "bank"))


def load_problem(text: str, *, file: str, book: Book = BOOK) -> Problem:
    """Return the problem that a file's *text* defines, or raise `ProblemError`.

    Where there are several errors, the first is raised and the others are its `others`.
    """
    document = load_document(text, file=file)
    if not isinstance(document.data, dict):
        raise ProblemError("the file is not a mapping; begin with `id: ...`", file=file, line=1)
    try:
        problem = Problem.model_validate(document.data)
    except ValidationError as error:
        raise _together(_located(error, document, file)) from error
    try:
        check_names(problem, book)
    except ProblemError as error:
        placed = [
            one.at(file=file, line=document.line(_path(one.field)))
            for one in (error, *error.others)
        ]
        raise _together(placed) from error
    return problem


def _together(errors: Iterable[ProblemError]) -> ProblemError:
    """Return the error that stands first in the file, the others with it."""
    first, *others = sorted(errors, key=lambda one: one.line or 0)
    first.others = tuple(others)
    return first


def load_file(path: Path, *, book: Book = BOOK) -> Problem:
    """Return the problem in the file at *path*; its id is the file's name."""
    return load_source(read_source(path), path, book=book)


def read_source(path: Path) -> str:
    """Return the text of a problem file, or raise `ProblemError`."""
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


def load_source(text: str, path: Path, *, book: Book = BOOK) -> Problem:
    """Return the problem whose file at *path* has this *text*; nothing is read."""
    problem = load_problem(text, file=str(path), book=book)
    if problem.id != path.stem:
        raise ProblemError(
            f"the id is {problem.id!r}, the file is {path.name!r}; make them the same",
            file=str(path),
            line=1,
            field="id",
        )
    return problem


def find_files(path: Path) -> Iterator[Path]:
    """Yield the problem files at *path*: itself, or those below the folder, sorted."""
    if _is_folder(path):
        yield from sorted(path.rglob("*.yaml"))
    else:
        yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # the name is too long, say; reading the file tells


def _located(error: ValidationError, document: Document, file: str) -> list[ProblemError]:
    """Return an error with line and field for each that pydantic found."""
    found: list[ProblemError] = []
    for one in error.errors(include_url=False, include_input=False):
        path = _in_document(one["loc"], document.data, absent=one["type"] == "missing")
        field = ".".join(str(piece) for piece in path)
        if one["type"] == "too_short" and any(other.field.startswith(field) for other in found):
            continue  # the items are there, but wrong: that has been said
        message, line = _message(dict(one), path, _at(path, document.data)), document.line(path)
        found.append(ProblemError(message, file=file, line=line, field=field))
    return found


def _message(error: Mapping[str, Any], path: Place, given: Any) -> str:
    """Return what is wrong with what was *given* at *path* and what to do, in an author's words."""
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return PARAM if _is_param(path) else "the field is missing; add it"
        case "extra_forbidden":
            return f"there is no such field here{_other_field(path)}"
        case "string_type" if given is None:
            return "there is no text; write one"
        case "union_tag_invalid":
            return _no_kind(str(context["tag"]), context["expected_tags"])
        case "union_tag_not_found":
            return "the part has no kind; add one, such as `kind: integer`"
        case "string_pattern_mismatch":
            words = PATTERNS.get(context["pattern"], f"it must match {context['pattern']}")
            return f"this is not an id; {words}"
        case "too_short":
            return f"{context['actual_length']} are too few; give at least {context['min_length']}"
        case "too_long":
            return f"{context['actual_length']} are too many; give at most {context['max_length']}"
        case "value_error":
            return str(context["error"])
        case "model_type" | "model_attributes_type" if path[-1] == "tolerance":
            return TOLERANCE
        case kind:
            return WRONG.get(kind, "this cannot be used here").format_map(context)


def _is_param(path: Place) -> bool:
    """Tell whether what is missing at *path* is what a parameter is drawn from."""
    return path[0] == "params" and path[2:] == ("choose",)


def _other_field(path: Place) -> str:
    """Return the field that the last piece of *path* may stand for, where it is like one."""
    name = str(path[-1])
    fields = fields_at(path[:-1]) or fields_at(A_PART)  # the schema leaves columns open
    if meant := "" if name in fields else near(name, fields):
        return meant
    if 0 < len(fields) <= FEW:
        return f"; there are {', '.join(fields)}"
    return "; see `grader schema` for those there are"


def _at(path: Place, data: Any) -> Any:
    """Return what the file has at *path*, or None."""
    for piece in path:
        data = data[piece] if _has(data, piece) else None
    return data


def _no_kind(tag: str, expected: str) -> str:
    """Return what is wrong with a kind; *expected* names those there are, each in quotes."""
    meant = near(tag, [one.strip("' ") for one in expected.split(",")])
    return f"there is no kind {tag!r}{meant or f'; there are {expected}'}"


def _in_document(place: Place, data: Any, *, absent: bool) -> Place:
    """Return pydantic's *place* without the tags of unions, which the file does not have.

    Where a field is *absent*, it is the last piece. The tag of a parameter, which comes after its
    name, may be the name of a field too, such as `choose`.
    """
    if place[0] == "params":
        place = (*place[:2], *place[3:])
    path: list[int | str] = []
    for piece in place[:-1] if absent else place:
        if _has(data, piece):
            data = data[piece]
            path.append(piece)
    return (*path, place[-1]) if absent else tuple(path)


def _has(data: Any, piece: int | str) -> bool:
    if isinstance(data, list):
        return isinstance(piece, int) and piece < len(data)
    return isinstance(data, dict) and piece in data


def _path(field: str) -> Place:
    return tuple(int(piece) if piece.isdigit() else piece for piece in field.split("."))
