"""A list of students read from a file as Canvas, Moodle or Gradescope write it, or a plain one.

Nothing is imported here. Every row that can be used is returned, every other one is named with its
line, and so is what was left out on purpose; the caller decides what that means.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from api.names import ADDED, belongs
from api.services.roster_columns import Columns, choose_columns, known
from api.services.roster_text import UnusableError, read_records
from api.services.rows import unguard

__all__ = ["Roster", "RosterRow", "RowProblem", "read_roster"]

MAX_ROWS: Final = 20_000
MAX_CELL: Final = 300
MAX_EMAIL: Final = 254
MAX_PROBLEMS: Final = 100
ADDRESS: Final = re.compile(
    r"[^@\s\"<>(),;:\\]{1,64}@(?:[^@\s\"<>(),;:\\.]+\.)*[^@\s\"<>(),;:\\.]+"
)
FORMULA: Final = re.compile(r'="([^"]*)"')
ROUNDED: Final = re.compile(r"\d+(?:[.,]\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
WHOLE: Final = re.compile(r"(\d+)\.0+", re.ASCII)
INVISIBLE: Final = re.compile("[\u00ad\u200b\u200e\u200f\ufeff]")
HARMFUL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PARTICIPANT: Final = re.compile(r"\D*(\d+)", re.ASCII)
TEST_STUDENT: Final = "test student"
LISTED: Final = re.compile(r"(, and |, | and )")
# So many words and separators may make one name of a section.
MAX_JOINED: Final = 9
MAX_WORDS: Final = 41
SEVERAL: Final = re.compile(r"[;,|]")
STAFF: Final = re.compile(
    r"instructor|teacher|lecturer|\bta\b|assistant|grader|reader|designer|observer|manager|admin"
    r"|trainer|dozent|tutor",
    re.IGNORECASE,
)
NAMES: Final = {
    "email": "e-mail",
    "student_number": "student number",
    "login": "login",
    "lms_id": "id",
}


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A student as the file names one; what it does not give is empty.

    *line* is where the row begins. *family_name* is there where the file gives it apart, as a
    column or before a comma. *email* is in lower case, *lms_id* is the number of the student in the
    system that wrote the file.
    """

    line: int
    name: str
    family_name: str = ""
    email: str = ""
    student_number: str = ""
    login: str = ""
    sections: tuple[str, ...] = ()
    lms_id: str = ""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A line of the file, and what is to be said about it."""

    line: int
    said: str


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file of students holds; *format* is empty where the file cannot be used at all.

    *problems* are rows that cannot be used, *skipped* rows that are no students of the course,
    such as the points possible in a gradebook of Canvas.
    """

    format: str = ""
    rows: tuple[RosterRow, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    skipped: tuple[RowProblem, ...] = ()
    ignored_columns: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What was found so far; *seen* are the lines of what tells students apart."""

    columns: Columns
    rows: list[RosterRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    skipped: list[RowProblem] = field(default_factory=list)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)


class _RowError(Exception):
    """The row cannot be used; the message says why and what to do."""


def read_roster(given: str | bytes) -> Roster:
    """Return the students in a CSV file; it never raises, whatever is in the file."""
    try:
        reading = _read(read_records(given, known))
    except UnusableError as error:
        return Roster(problems=(RowProblem(error.line, str(error)),))
    return Roster(
        reading.columns.format,
        tuple(_with_sections(reading)),
        _shortened(reading.problems),
        _shortened(reading.skipped),
        reading.columns.ignored,
    )


def _read(records: Iterator[tuple[int, list[str]]]) -> _Reading:
    line, header = next(records, (1, []))
    try:
        reading = _Reading(choose_columns(header))
    except ValueError as error:
        raise UnusableError(str(error), line) from error
    for number, (line, cells) in enumerate(records, 1):
        if number > MAX_ROWS:
            raise UnusableError(f"the file has over {MAX_ROWS:,} rows; split it", line)
        _take(reading, line, cells)
    return reading


def _take(reading: _Reading, line: int, cells: list[str]) -> None:
    """Put a row where it belongs: to the students, the problems, or what is left out."""
    try:
        values = _values(reading.columns, cells)
        skipped = _skipped(reading.columns, values)
        if skipped:
            reading.skipped.append(RowProblem(line, skipped))
            return
        row = _row(line, values, reading.columns)
        _check_seen(reading, row)
    except _RowError as error:
        reading.problems.append(RowProblem(line, str(error)))
    else:
        reading.rows.append(row)


def _values(columns: Columns, cells: list[str]) -> dict[str, str]:
    """Return the cells that are used by their fields, cleaned."""
    if any(cell.strip() for cell in cells[columns.width :]):
        raise _RowError(
            f"the row has {len(cells)} cells, the header {columns.width}; put a name with a comma "
            "in quotes"
        )
    return {
        name: _clean(cells[at]) if at < len(cells) else "" for name, at in columns.places.items()
    }


def _clean(cell: str) -> str:
    """Return a cell as one line without what spreadsheets put around it and what cannot be seen."""
    whole = FORMULA.fullmatch(cell.strip())
    text = unguard(whole[1] if whole else cell)
    if len(text) > MAX_CELL:
        raise _RowError(f"a cell has {len(text):,} characters; at most {MAX_CELL} are read")
    text = " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", text)).split())
    found = HARMFUL.search(text)
    if found:
        raise _RowError(f"a cell holds the hidden character U+{ord(found[0]):04X}; type it anew")
    return text


def _skipped(columns: Columns, values: Mapping[str, str]) -> str:
    """Return why a row is no student of the course, or nothing where it is one."""
    (name, _), role = _names(values), values.get("role", "")
    if columns.format.startswith("canvas"):
        if "points possible" in name.casefold() or not any(values.values()):
            return "a row of Canvas with points or marks of columns"
        if name.casefold() == TEST_STUDENT:
            return "the test student of Canvas"
    if STAFF.search(role) and "student" not in role.casefold():
        return f"the role is {role}; staff are not imported as students"
    return ""


def _row(line: int, values: Mapping[str, str], columns: Columns) -> RosterRow:
    name, family_name = _names(values)
    login = values.get("login", "")
    email = _email(values.get("email", ""))
    if not name:
        raise _RowError("the row has no name")
    if len(name) > MAX_CELL:
        raise _RowError(f"the name has {len(name)} characters; at most {MAX_CELL} are read")
    if "email" in columns.places and not email:
        raise _RowError("the row has no e-mail")
    if not email and ADDRESS.fullmatch(login):
        email = _email(login)
    row = RosterRow(
        line,
        name,
        family_name=family_name,
        email=email,
        student_number=_number(values.get("student_number", "")),
        login=login,
        sections=tuple(filter(None, [values.get("sections", "")])),
        lms_id=_lms_id(values.get("lms_id", "")),
    )
    if not any(getattr(row, name) for name in NAMES):
        raise _RowError("the row has nothing that tells the student apart; give an e-mail")
    return row


def _names(values: Mapping[str, str]) -> tuple[str, str]:
    """Return the name as it is spoken, and the family name, "" where it does not stand apart.

    ``Last, First`` is turned round, and two columns are joined.
    """
    name, family = values.get("name", ""), values.get("last", "")
    if not name:
        name = f"{values.get('first', '')} {family}".strip()
    last, comma, first = name.partition(", ")
    if comma and "," not in first and first.casefold() not in ADDED:
        name, family = f"{first} {last}", last
    return name, family if belongs(name, family) else ""


def _email(text: str) -> str:
    """Return an address in lower case and normal form C."""
    address = unicodedata.normalize("NFC", text.casefold())
    if address and (len(address) > MAX_EMAIL or not ADDRESS.fullmatch(address)):
        raise _RowError("the e-mail is not an address; write it like ann@example.edu")
    return address


def _number(text: str) -> str:
    """Return a student number as text; one that a spreadsheet rounded is refused."""
    if ROUNDED.fullmatch(text):
        raise _RowError(
            f"a spreadsheet rounded the student number to {text}; format its column as text and "
            "export again"
        )
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _lms_id(text: str) -> str:
    """Return the bare number of ``Participant 123``, and any other id as it is."""
    found = PARTICIPANT.fullmatch(_number(text))
    return found[1] if found else text


def _check_seen(reading: _Reading, row: RosterRow) -> None:
    """Refuse a row that tells apart the same student as an earlier one."""
    told = {name: getattr(row, name).casefold() for name in NAMES}
    for name, value in told.items():
        before = reading.seen.get((name, value))
        if value and before is not None:
            raise _RowError(
                f"the {NAMES[name]} {getattr(row, name)} is on line {before} and on line "
                f"{row.line}; keep one of the two"
            )
    reading.seen |= {(name, value): row.line for name, value in told.items() if value}


def _with_sections(reading: _Reading) -> Iterator[RosterRow]:
    """Yield the rows with the names of their sections, where a cell may hold several."""
    canvas = reading.columns.format.startswith("canvas")
    cells = frozenset(section for row in reading.rows for section in row.sections)
    for row in reading.rows:
        given = "".join(row.sections)
        pieces = _listed(given, cells) if canvas else SEVERAL.split(given)
        sections = dict.fromkeys(piece.strip() for piece in pieces if piece.strip())
        yield replace(row, sections=tuple(sections))


def _listed(cell: str, cells: frozenset[str]) -> list[str]:
    """Return the sections that Canvas joined to ``A, B, and C``.

    The name of a section may itself hold a comma or an "and". So a cell is taken apart only where
    some piece of it is the whole of another cell, and that piece stays together.
    """
    words = LISTED.split(cell)
    if len(words) > MAX_WORDS:
        return [cell]
    found, at, known = [], 0, False
    while at < len(words):
        ends = range(min(len(words), at + MAX_JOINED), at, -2)
        joined = {end: "".join(words[at:end]) for end in ends}
        whole = [end for end, text in joined.items() if text != cell and text in cells]
        end = whole[0] if whole else at + 1
        known = known or bool(whole)
        found.append(joined[end])
        at = end + 1
    return found if known else [cell]


def _shortened(problems: list[RowProblem]) -> tuple[RowProblem, ...]:
    """Return the first of *problems*, and at the end how many more there are."""
    more = len(problems) - MAX_PROBLEMS
    if more <= 0:
        return tuple(problems)
    last = RowProblem(problems[MAX_PROBLEMS].line, f"{more} more rows from here on")
    return (*problems[:MAX_PROBLEMS], last)
