"""Parser of score sheets: changed points and comments, and errors by line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter
from typing import Final

from api.services.exports.formats.cells import (
    format_multiline_cell,
    format_number,
    format_text_cell,
    remove_formula_guard,
)
from api.services.files.csv_reader import CsvFileError, CsvLimits, read_rows, split_lines
from api.services.files.csv_rows import DELIMITERS
from api.services.files.file_formats import build_non_csv_message
from api.services.score_sheets.csv_format import (
    BYTE_ORDER_MARK,
    COLUMNS,
    SheetCells,
    SheetRow,
    compute_row_version,
)
from api.services.score_sheets.points import read_points
from grader.errors import AnswerError
from grader.reading import NumberStyle

REQUIRED_COLUMNS: Final = ("submission_id", "part", "points", "comment", "version")
VERIFIED_COLUMNS: Final = ("email", "assignment", "problem")
"""Columns that must agree with the submission if the sheet has them."""
MAX_ROWS: Final = 50_000
CSV_LIMITS: Final = CsvLimits(300_000, 2_000_000, 5_000, "upload the sheet in pieces")
MAX_COMMENT_CHARACTERS: Final = 20_000
MAX_LINE_ERRORS: Final = 200
DOWNLOAD_ADVICE: Final = "download a new sheet"
POINTS_CACHE_SIZE: Final = 1_024
"""Number of texts whose points are cached: the rows of a sheet have few different points."""


@dataclass(frozen=True, slots=True)
class SheetChange:
    """Row with a change: *points* None and an empty *comment* change nothing."""

    line: int
    submission_id: str
    part: str
    points: Fraction | None
    comment: str
    version: str
    cells_to_verify: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SheetLineError:
    """Error in a line of the sheet, with its remedy."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class SheetChanges:
    """Changes of a sheet, its errors by line, and the number of unchanged rows."""

    changes: tuple[SheetChange, ...] = ()
    problems: tuple[SheetLineError, ...] = ()
    unchanged: int = 0


def read_score_sheet(source: str | bytes, *, style: NumberStyle = "point") -> SheetChanges:
    """Parse a sheet's changes; `reject_mismatched_changes` compares them with the grading.

    ``,``, ``;`` or a tab separates cells; with ``;`` or in the comma style, a comma marks decimals.
    Every unusable line has its error.
    """
    try:
        sheet_lines = split_lines(_decode_sheet(source), CSV_LIMITS)
        delimiter = _detect_delimiter(sheet_lines)
        comma = style == "comma" or delimiter == ";"
        # A sheet with too many rows is refused before any row is compared with its old values.
        rows = list(_parse_rows(sheet_lines, delimiter))
    except CsvFileError as error:
        return SheetChanges(problems=(SheetLineError(error.line, str(error)),))
    read = [_parse_change(line, cells, comma=comma) for line, cells in rows]
    changes = [one for one in read if isinstance(one, SheetChange)]
    problems = [one for one in read if isinstance(one, SheetLineError)]
    unique, repeated = _split_off_repeated_changes(changes)
    return SheetChanges(tuple(unique), _limit_errors([*problems, *repeated]), read.count(None))


def reject_mismatched_changes(sheet: SheetChanges, rows: Iterable[SheetRow]) -> SheetChanges:
    """Return *sheet* with only the changes that agree with *rows*, the current grading.

    Rejects a change if its submission does not exist, another detail differs, the grading has
    changed since, or the points exceed the maximum of a part without extra credit.
    """
    known = {(row.submission_id, row.part): row for row in rows}
    agreed: list[SheetChange] = []
    refused: list[SheetLineError] = []
    for change in sheet.changes:
        reason = _explain_mismatch(change, known.get((change.submission_id, change.part)))
        if reason:
            refused.append(SheetLineError(change.line, reason))
        else:
            agreed.append(_restore_full_points(change, known[change.submission_id, change.part]))
    return replace(
        sheet, changes=tuple(agreed), problems=_limit_errors([*sheet.problems, *refused])
    )


def _decode_sheet(source: str | bytes) -> str:
    if isinstance(source, str):
        return source.removeprefix(BYTE_ORDER_MARK)
    other = build_non_csv_message(source)
    if other:
        raise CsvFileError(other)
    wide = source.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return source.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CsvFileError("the sheet is not UTF-8; save it as CSV UTF-8") from error


def _detect_delimiter(sheet_lines: list[str]) -> str:
    head = next((line for line in sheet_lines if line.strip(f" {DELIMITERS}\r\n")), "")
    return max(DELIMITERS, key=head.count)


def _parse_rows(
    sheet_lines: list[str], delimiter: str
) -> Iterator[tuple[int, SheetCells | SheetLineError]]:
    """Yield each row that is not blank, with the line where it begins."""
    records = _read_records(sheet_lines, delimiter)
    line, header = next(records, (1, []))
    if not header:
        raise CsvFileError(f"the sheet is empty; {DOWNLOAD_ADVICE}")
    columns = _parse_header(header, line)
    width = len(columns)
    # The empty cell behind the others stands for every column that the sheet does not have.
    select_cells = itemgetter(
        *(columns.index(name) if name in columns else width for name in SheetCells._fields)
    )
    for count, (line, cells) in enumerate(records, 1):
        if count > MAX_ROWS:
            raise CsvFileError(f"the sheet has over {MAX_ROWS:,} rows; upload it in pieces", line)
        if len(cells) > width and any(cells[width:]):
            message = "the row has more cells than the header; put a comment with commas in quotes"
            yield line, SheetLineError(line, message)
        else:
            padded = cells + [""] * (width + 1 - len(cells))
            yield line, SheetCells._make(select_cells(padded))


def _read_records(sheet_lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for line, row in read_rows(sheet_lines, delimiter, CSV_LIMITS):
        cells = list(map(str.strip, row))
        if "".join(cells).strip(DELIMITERS):
            yield line, cells


def _parse_header(cells: list[str], line: int) -> list[str]:
    columns = [cell.casefold() for cell in cells]
    for column in REQUIRED_COLUMNS:
        if column not in columns:
            raise CsvFileError(f"the sheet has no column {column!r}; {DOWNLOAD_ADVICE}", line)
    for column in COLUMNS:
        if columns.count(column) > 1:
            raise CsvFileError(f"the sheet has two columns {column!r}; remove one", line)
    return columns


def _parse_change(
    line: int, cells: SheetCells | SheetLineError, *, comma: bool
) -> SheetChange | SheetLineError | None:
    """Return the change of a row, its error, or None if it changes nothing."""
    if isinstance(cells, SheetLineError):
        return cells
    try:
        comment = _changed_comment(cells.comment, cells.old_comment)
        points = _changed_points(cells.points, cells.old_points, comma=comma)
    except AnswerError as error:
        return SheetLineError(line, str(error))
    if points is None and not comment:
        return None
    if reason := _explain_unusable(cells):
        return SheetLineError(line, reason)
    return SheetChange(
        line,
        remove_formula_guard(cells.submission_id),
        remove_formula_guard(cells.part),
        points,
        remove_formula_guard(comment),
        cells.version,
        {column: value for column in VERIFIED_COLUMNS if (value := getattr(cells, column))},
    )


def _changed_comment(comment: str, old: str) -> str:
    """Return the new comment, or "" if it equals the old one."""
    if comment == old:
        return ""
    if len(comment) > MAX_COMMENT_CHARACTERS:
        raise AnswerError(f"the comment has over {MAX_COMMENT_CHARACTERS} characters; shorten it")
    new_comment = format_multiline_cell(remove_formula_guard(comment))
    unchanged = (
        old
        and len(old) <= MAX_COMMENT_CHARACTERS
        and new_comment == format_multiline_cell(remove_formula_guard(old))
    )
    return "" if unchanged else new_comment


_read_points_cached = lru_cache(maxsize=POINTS_CACHE_SIZE)(read_points)


def _changed_points(typed: str, old: str, *, comma: bool) -> Fraction | None:
    """Return the new points, or None if they equal the old ones."""
    points = _read_points_cached(typed, comma=comma)
    if points is None or not old:
        return points
    try:
        old_points = _read_points_cached(old, comma=comma)
    except AnswerError:
        return points
    return None if points == old_points else points


def _explain_unusable(cells: SheetCells) -> str:
    """Return why a row with a change is unusable, or "" if it is usable."""
    for column in ("submission_id", "part", "version"):
        if not getattr(cells, column):
            return f"the row has no {column}; {DOWNLOAD_ADVICE} and copy your points into it"
    return ""


def _split_off_repeated_changes(
    changes: list[SheetChange],
) -> tuple[list[SheetChange], list[SheetLineError]]:
    """Return the changes whose answer occurs once, and an error for each repetition."""
    changes_by_answer: dict[tuple[str, str], list[SheetChange]] = {}
    for change in changes:
        changes_by_answer.setdefault((change.submission_id, change.part), []).append(change)
    unique = [same[0] for same in changes_by_answer.values() if len(same) == 1]
    repeated = [
        SheetLineError(
            change.line,
            f"lines {same[0].line} and {change.line} change the same answer. Keep one of them",
        )
        for same in changes_by_answer.values()
        for change in same[1:]
    ]
    return unique, repeated


def _explain_mismatch(change: SheetChange, row: SheetRow | None) -> str:
    """Return why a change does not apply to *row*, or "" if it does."""
    if row is None:
        return (
            f"there is no answer to part {change.part!r} in the submission "
            f"{change.submission_id!r}; {DOWNLOAD_ADVICE}"
        )
    current = {"email": row.email, "assignment": row.assignment, "problem": row.problem}
    for column, value in change.cells_to_verify.items():
        if value.casefold() != format_text_cell(current[column]).casefold():
            return (
                f"the {column} of this submission is {current[column]!r}, not {value!r}; sort "
                "only whole rows, or download a new sheet"
            )
    if change.version != compute_row_version(row):
        return f"the grading has changed since the sheet was written; {DOWNLOAD_ADVICE}"
    points = _restore_full_points(change, row).points
    if points is not None and points > row.possible and not row.extra:
        possible = format_number(row.possible)
        return f"{format_number(points)} is more than the {possible} points possible"
    return ""


def _restore_full_points(change: SheetChange, row: SheetRow) -> SheetChange:
    """Return the change with exact full points if the sheet shows them rounded."""
    full = change.points is not None and format_number(change.points) == format_number(row.possible)
    return replace(change, points=row.possible) if full else change


def _limit_errors(problems: list[SheetLineError]) -> tuple[SheetLineError, ...]:
    """Return the errors by line, at most `MAX_LINE_ERRORS` and a note on the rest."""
    ordered = sorted(problems, key=lambda problem: problem.line)
    more = len(ordered) - MAX_LINE_ERRORS
    if more <= 0:
        return tuple(ordered)
    listed = ordered[:MAX_LINE_ERRORS]
    return (*listed, SheetLineError(listed[-1].line, f"and {more} more lines have problems"))
