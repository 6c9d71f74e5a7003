"""Roster files: lists of students as Canvas, Moodle or Gradescope write them, or plain ones.

Nothing is imported here. The reader returns every usable row, and names the line of every unusable
or skipped one; the caller decides what that means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from api.services.enrolment.roster_columns import Columns, choose_columns, known
from api.services.enrolment.roster_rows import (
    TOLD_BY,
    RosterRow,
    RowError,
    row_of,
    values_of,
    why_skipped,
)
from api.services.enrolment.roster_text import read_records
from api.services.files.csv_reader import UnusableError

__all__ = ["Roster", "RowProblem", "read_roster"]

MAX_ROWS: Final = 20_000
MAX_PROBLEMS: Final = 100
LISTED: Final = re.compile(r"(, and |, | and )")
# Maximum numbers of words and separators: in the name of one section, and in a cell.
MAX_JOINED: Final = 9
MAX_WORDS: Final = 41
SEVERAL: Final = re.compile(r"[;,|]")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A line of the file with a message about it."""

    line: int
    said: str


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
class _Reading:
    """State of the reader; *seen* has the line of each identifier."""

    columns: Columns
    rows: list[RosterRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    skipped: list[RowProblem] = field(default_factory=list)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)


def read_roster(given: str | bytes) -> Roster:
    """Read the students in a CSV file; it never raises, for any content."""
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
    """Add a row to the students, the problems, or the skipped rows."""
    try:
        values = values_of(reading.columns, cells)
        skipped = why_skipped(reading.columns, values)
        if skipped:
            reading.skipped.append(RowProblem(line, skipped))
            return
        row = row_of(line, values, reading.columns)
        _check_seen(reading, row)
    except RowError as error:
        reading.problems.append(RowProblem(line, str(error)))
    else:
        reading.rows.append(row)


def _check_seen(reading: _Reading, row: RosterRow) -> None:
    """Raise `RowError` if an earlier row has the same identifier."""
    told = {name: getattr(row, name).casefold() for name in TOLD_BY}
    for name, value in told.items():
        before = reading.seen.get((name, value))
        if value and before is not None:
            raise RowError(
                f"the {TOLD_BY[name]} {getattr(row, name)} is on line {before} and on line "
                f"{row.line}; keep one of the two"
            )
    reading.seen |= {(name, value): row.line for name, value in told.items() if value}


def _with_sections(reading: _Reading) -> Iterator[RosterRow]:
    """Yield the rows with their cells of sections split into names."""
    canvas = reading.columns.format.startswith("canvas")
    cells = frozenset(section for row in reading.rows for section in row.sections)
    for row in reading.rows:
        given = "".join(row.sections)
        pieces = _listed(given, cells) if canvas else SEVERAL.split(given)
        sections = dict.fromkeys(piece.strip() for piece in pieces if piece.strip())
        yield replace(row, sections=tuple(sections))


def _listed(cell: str, cells: frozenset[str]) -> list[str]:
    """Split a list of sections that Canvas joined as ``A, B, and C``.

    The name of a section may itself contain a comma or an "and". So a cell is split only if some
    piece of it is the whole of another cell, and that piece stays together.
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
    """Truncate *problems*; the last entry says how many more there are."""
    more = len(problems) - MAX_PROBLEMS
    if more <= 0:
        return tuple(problems)
    last = RowProblem(problems[MAX_PROBLEMS].line, f"{more} more rows from here on")
    return (*problems[:MAX_PROBLEMS], last)
