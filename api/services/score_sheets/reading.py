"""Parser of score sheets: changed points and comments, and errors by line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from api.services.exports.formats.cells import lines, number, text, unguarded
from api.services.files.csv_reader import CsvLimits, UnusableError, read_lines, read_rows
from api.services.files.csv_rows import DELIMITERS
from api.services.files.file_formats import no_csv
from api.services.score_sheets.csv_format import (
    BYTE_ORDER_MARK,
    COLUMNS,
    SheetRow,
    sheet_version,
)
from api.services.score_sheets.points import read_points
from grader.errors import AnswerError
from grader.reading import Style

__all__ = ["LineProblem", "SheetChange", "SheetChanges", "check_sheet", "read_score_sheet"]

REQUIRED: Final = ("submission_id", "part", "points", "comment", "version")
VERIFIED: Final = ("email", "assignment", "problem")
"""What has to agree with the submission where the sheet has it."""
MAX_ROWS: Final = 50_000
LIMITS: Final = CsvLimits(300_000, 2_000_000, 5_000, "upload the sheet in pieces")
MAX_COMMENT: Final = 20_000
MAX_PROBLEMS: Final = 200
AFRESH: Final = "download a new sheet"


@dataclass(frozen=True, slots=True)
class SheetChange:
    """Row with a change: *points* None and an empty *comment* change nothing."""

    line: int
    submission_id: str
    part: str
    points: Fraction | None
    comment: str
    version: str
    verify: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Error in a line of the sheet, with its remedy."""

    line: int
    said: str


@dataclass(frozen=True, slots=True)
class SheetChanges:
    """Changes of a sheet, its errors by line, and the number of unchanged rows."""

    changes: tuple[SheetChange, ...] = ()
    problems: tuple[LineProblem, ...] = ()
    unchanged: int = 0


def read_score_sheet(source: str | bytes, *, style: Style = "point") -> SheetChanges:
    """Parse the changes of a sheet; `check_sheet` compares them with the current grading.

    ``,``, ``;`` or a tab separates cells; with ``;`` or in the comma style, a comma marks decimals.
    Every unusable line has its error.
    """
    try:
        given = read_lines(_text(source), LIMITS)
        delimiter = _delimiter(given)
        comma = style == "comma" or delimiter == ";"
        read = [_read(line, cells, comma=comma) for line, cells in _rows(given, delimiter)]
    except UnusableError as error:
        return SheetChanges(problems=(LineProblem(error.line, str(error)),))
    changes = [one for one in read if isinstance(one, SheetChange)]
    problems = [one for one in read if isinstance(one, LineProblem)]
    once, twice = _apart(changes)
    return SheetChanges(tuple(once), _listed([*problems, *twice]), read.count(None))


def check_sheet(sheet: SheetChanges, rows: Iterable[SheetRow]) -> SheetChanges:
    """Return *sheet* with only the changes that agree with *rows*, the current grading.

    Rejects a change if its submission does not exist, another detail differs, the grading has
    changed since, or the points exceed the maximum of a part without extra credit.
    """
    known = {(row.submission_id, row.part): row for row in rows}
    agreed: list[SheetChange] = []
    refused: list[LineProblem] = []
    for change in sheet.changes:
        said = _disagreement(change, known.get((change.submission_id, change.part)))
        if said:
            refused.append(LineProblem(change.line, said))
        else:
            agreed.append(_exact(change, known[change.submission_id, change.part]))
    return replace(sheet, changes=tuple(agreed), problems=_listed([*sheet.problems, *refused]))


def _text(source: str | bytes) -> str:
    if isinstance(source, str):
        return source.removeprefix(BYTE_ORDER_MARK)
    other = no_csv(source)
    if other:
        raise UnusableError(other)
    wide = source.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return source.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableError("the sheet is not UTF-8; save it as CSV UTF-8") from error


def _delimiter(given: list[str]) -> str:
    head = next((line for line in given if line.strip(f" {DELIMITERS}\r\n")), "")
    return max(DELIMITERS, key=head.count)


def _rows(given: list[str], delimiter: str) -> Iterator[tuple[int, dict[str, str] | LineProblem]]:
    """Yield each row that is not blank, by column, with the line where it begins."""
    columns: list[str] = []
    for count, (line, cells) in enumerate(_records(given, delimiter)):
        if count > MAX_ROWS:
            raise UnusableError(f"the sheet has over {MAX_ROWS:,} rows; upload it in pieces", line)
        if not columns:
            columns = _columns(cells, line)
        elif any(cells[len(columns) :]):
            said = "the row has more cells than the header; put a comment with commas in quotes"
            yield line, LineProblem(line, said)
        else:
            empty = [""] * (len(columns) - len(cells))
            yield line, dict(zip(columns, cells + empty, strict=False))
    if not columns:
        raise UnusableError(f"the sheet is empty; {AFRESH}")


def _records(given: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for line, row in read_rows(given, delimiter, LIMITS):
        cells = [cell.strip() for cell in row]
        if any(cell.strip(DELIMITERS) for cell in cells):
            yield line, cells


def _columns(cells: list[str], line: int) -> list[str]:
    columns = [cell.casefold() for cell in cells]
    for column in REQUIRED:
        if column not in columns:
            raise UnusableError(f"the sheet has no column {column!r}; {AFRESH}", line)
    for column in COLUMNS:
        if columns.count(column) > 1:
            raise UnusableError(f"the sheet has two columns {column!r}; remove one", line)
    return columns


def _read(
    line: int, cells: dict[str, str] | LineProblem, *, comma: bool
) -> SheetChange | LineProblem | None:
    """Return the change of a row, its error, or None if it changes nothing."""
    if isinstance(cells, LineProblem):
        return cells
    try:
        comment = _changed_comment(cells["comment"], cells.get("old_comment", ""))
        points = _changed_points(cells, comma=comma)
    except AnswerError as error:
        return LineProblem(line, str(error))
    if points is None and not comment:
        return None
    if said := _unusable(cells):
        return LineProblem(line, said)
    verify = {column: cells[column] for column in VERIFIED if cells.get(column)}
    named = unguarded(cells["submission_id"]), unguarded(cells["part"])
    return SheetChange(line, *named, points, unguarded(comment), cells["version"], verify)


def _changed_comment(comment: str, old: str) -> str:
    """Return the new comment, or "" if it equals the old one."""
    if comment == old:
        return ""
    if len(comment) > MAX_COMMENT:
        raise AnswerError(f"the comment has over {MAX_COMMENT} characters; shorten it")
    said = lines(unguarded(comment))
    unchanged = old and len(old) <= MAX_COMMENT and said == lines(unguarded(old))
    return "" if unchanged else said


def _changed_points(cells: dict[str, str], *, comma: bool) -> Fraction | None:
    points = read_points(cells["points"], comma=comma)
    if cells["points"] == cells.get("old_points", ""):
        return None
    try:
        old = read_points(cells.get("old_points", ""), comma=comma)
    except AnswerError:
        old = None
    return None if points == old else points


def _unusable(cells: dict[str, str]) -> str:
    """Return why a row with a change is unusable, or "" if it is usable."""
    for column in ("submission_id", "part", "version"):
        if not cells[column]:
            return f"the row has no {column}; {AFRESH} and copy your points into it"
    return ""


def _apart(changes: list[SheetChange]) -> tuple[list[SheetChange], list[LineProblem]]:
    """Return the changes whose answer occurs once, and an error for each repetition."""
    found: dict[tuple[str, str], list[SheetChange]] = {}
    for change in changes:
        found.setdefault((change.submission_id, change.part), []).append(change)
    once = [same[0] for same in found.values() if len(same) == 1]
    twice = [
        LineProblem(
            change.line,
            f"lines {same[0].line} and {change.line} change the same answer; keep one of them",
        )
        for same in found.values()
        for change in same[1:]
    ]
    return once, twice


def _disagreement(change: SheetChange, row: SheetRow | None) -> str:
    """Return why a change does not apply to *row*, or "" if it does."""
    if row is None:
        return (
            f"there is no answer to part {change.part!r} in the submission "
            f"{change.submission_id!r}; {AFRESH}"
        )
    held = {"email": row.email, "assignment": row.assignment, "problem": row.problem}
    for column, said in change.verify.items():
        if said.casefold() != text(held[column]).casefold():
            return (
                f"the {column} of this submission is {held[column]!r}, not {said!r}; sort whole "
                "rows only, or download a new sheet"
            )
    if change.version != sheet_version(row):
        return f"the grading has changed since the sheet was written; {AFRESH}"
    points = _exact(change, row).points
    if points is not None and points > row.possible and not row.extra:
        return f"{number(points)} is more than the {number(row.possible)} points possible"
    return ""


def _exact(change: SheetChange, row: SheetRow) -> SheetChange:
    """Return the change with exact full points if the sheet shows them rounded."""
    full = change.points is not None and number(change.points) == number(row.possible)
    return replace(change, points=row.possible) if full else change


def _listed(problems: list[LineProblem]) -> tuple[LineProblem, ...]:
    """Return the errors by line, at most `MAX_PROBLEMS` and a note on the rest."""
    ordered = sorted(problems, key=lambda problem: problem.line)
    more = len(ordered) - MAX_PROBLEMS
    if more <= 0:
        return tuple(ordered)
    shown = ordered[:MAX_PROBLEMS]
    return (*shown, LineProblem(shown[-1].line, f"and {more} more lines have problems"))
