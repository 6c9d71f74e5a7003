"""Roster files: lists of students as Canvas, Moodle or Gradescope write them, or plain ones.

Nothing is imported here. The reader returns every usable row, and names the line of every unusable
or skipped one; the caller decides what that means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from api.services.enrolment.roster_columns import RosterColumns, choose_columns, count_known_headers
from api.services.enrolment.roster_rows import (
    IDENTIFIER_LABELS,
    RosterRow,
    RowError,
    extract_values,
    find_skip_reason,
    parse_row,
)
from api.services.enrolment.roster_text import read_records
from api.services.files.csv_reader import CsvFileError

MAX_ROWS: Final = 20_000
MAX_PROBLEMS: Final = 100
LIST_SEPARATOR: Final = re.compile(r"(, and |, | and )")
# Maximum numbers of words and separators: in the name of one section, and in a cell.
MAX_JOINED: Final = 9
MAX_WORDS: Final = 41
SECTION_SEPARATOR: Final = re.compile(r"[;,|]")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A line of the file with a message about it."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Roster:
    """Contents of a roster file; *format* is empty if the file cannot be used at all.

    *problems* are unusable rows, *skipped* rows that are no students of the course, such as the
    points possible in a gradebook of Canvas.
    """

    format: str = ""
    rows: tuple[RosterRow, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    skipped: tuple[RowProblem, ...] = ()
    ignored_columns: tuple[str, ...] = ()


@dataclass(slots=True)
class _ReaderState:
    """State of the reader; *lines_by_identifier* has the line of each identifier."""

    columns: RosterColumns
    rows: list[RosterRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    skipped: list[RowProblem] = field(default_factory=list)
    lines_by_identifier: dict[tuple[str, str], int] = field(default_factory=dict)


def read_roster(content: str | bytes) -> Roster:
    """Read the students in a CSV file; it never raises, for any content."""
    try:
        state = _read_rows(read_records(content, count_known_headers))
    except CsvFileError as error:
        return Roster(problems=(RowProblem(error.line, str(error)),))
    return Roster(
        state.columns.format,
        tuple(_split_sections(state)),
        _truncate_problems(state.problems),
        _truncate_problems(state.skipped),
        state.columns.ignored,
    )


def _read_rows(records: Iterator[tuple[int, list[str]]]) -> _ReaderState:
    line, header = next(records, (1, []))
    try:
        state = _ReaderState(choose_columns(header))
    except ValueError as error:
        raise CsvFileError(str(error), line) from error
    for number, (line, cells) in enumerate(records, 1):
        if number > MAX_ROWS:
            raise CsvFileError(f"the file has over {MAX_ROWS:,} rows; split it", line)
        _add_row(state, line, cells)
    return state


def _add_row(state: _ReaderState, line: int, cells: list[str]) -> None:
    """Add a row to the students, the problems, or the skipped rows."""
    try:
        values = extract_values(state.columns, cells)
        skipped = find_skip_reason(state.columns, values)
        if skipped:
            state.skipped.append(RowProblem(line, skipped))
            return
        row = parse_row(line, values, state.columns)
        _check_and_register_identifiers(state, row)
    except RowError as error:
        state.problems.append(RowProblem(line, str(error)))
    else:
        state.rows.append(row)


def _check_and_register_identifiers(state: _ReaderState, row: RosterRow) -> None:
    """Raise `RowError` if an earlier row has the same identifier."""
    identifiers = {name: getattr(row, name).casefold() for name in IDENTIFIER_LABELS}
    identifiers["email"] = row.email  # normalized; "ß" is not "ss"
    for name, value in identifiers.items():
        earlier_line = state.lines_by_identifier.get((name, value))
        if value and earlier_line is not None:
            raise RowError(
                f"the {IDENTIFIER_LABELS[name]} {getattr(row, name)} is on line {earlier_line} "
                f"and on line {row.line}. Keep one of the two"
            )
    state.lines_by_identifier |= {
        (name, value): row.line for name, value in identifiers.items() if value
    }


def _split_sections(state: _ReaderState) -> Iterator[RosterRow]:
    """Yield the rows with their cells of sections split into names."""
    canvas = state.columns.format.startswith("canvas")
    cells = frozenset(section for row in state.rows for section in row.sections)
    for row in state.rows:
        cell = "".join(row.sections)
        pieces = _split_canvas_sections(cell, cells) if canvas else SECTION_SEPARATOR.split(cell)
        sections = dict.fromkeys(piece.strip() for piece in pieces if piece.strip())
        yield replace(row, sections=tuple(sections))


def _split_canvas_sections(cell: str, cells: frozenset[str]) -> list[str]:
    """Split a list of sections that Canvas joined as ``A, B, and C``.

    The name of a section may itself contain a comma or an "and". So a cell is split only if some
    piece of it is the whole of another cell, and that piece stays together.
    """
    words = LIST_SEPARATOR.split(cell)
    if len(words) > MAX_WORDS:
        return [cell]
    pieces, index, known = [], 0, False
    while index < len(words):
        ends = range(min(len(words), index + MAX_JOINED), index, -2)
        joined = {end: "".join(words[index:end]) for end in ends}
        whole = [end for end, text in joined.items() if text != cell and text in cells]
        end = whole[0] if whole else index + 1
        known = known or bool(whole)
        pieces.append(joined[end])
        index = end + 1
    return pieces if known else [cell]


def _truncate_problems(problems: list[RowProblem]) -> tuple[RowProblem, ...]:
    """Truncate *problems*; the last entry says how many more there are."""
    more = len(problems) - MAX_PROBLEMS
    if more <= 0:
        return tuple(problems)
    last = RowProblem(problems[MAX_PROBLEMS].line, f"{more} more rows from here on")
    return (*problems[:MAX_PROBLEMS], last)
