"""Bounded reader of uploaded CSV text: rows with line numbers, refused before they cost time.

It reads rosters and score sheets. Line breaks and cells are counted before any row is parsed,
columns and rows during parsing.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Final

MAX_HEADER_CHARACTERS: Final = 100_000
"""Maximum length of the first line, below the limit of `csv` for one cell."""
LINE_BREAKS: Final = "\n\r\v\f\x85\u2028\u2029"
"""Characters that any reader of a cell treats as a line break."""
UNICODE_BREAKS: Final = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Characters at which `str.splitlines` splits and CSV does not."""


class CsvFileError(Exception):
    """The file cannot be used; the message says why and what to do, *line* says where."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class CsvLimits:
    """Limits on the lines, cells and columns of a file, with *advice* for a larger one."""

    lines: int
    cells: int
    columns: int
    advice: str


def split_lines(text: str, limits: CsvLimits) -> list[str]:
    """Split *text* into lines with their ends; raise `CsvFileError` if there are too many."""
    # `in` takes a twentieth of the time of `count` for a character that does not occur.
    breaks = sum(text.count(character) for character in LINE_BREAKS if character in text)
    if "\r" in text:
        breaks -= text.count("\r\n")
    if breaks > limits.lines:
        raise CsvFileError(
            f"the file has {breaks:,} lines; at most {limits.lines:,} are read; remove the empty "
            f"ones, or {limits.advice}",
            limits.lines + 1,
        )
    if any(character in text for character in UNICODE_BREAKS):
        return list(io.StringIO(text, newline=""))
    return text.splitlines(keepends=True)


def parse_first_row(line: str, delimiter: str) -> list[str]:
    """Return the cells of the first line, [] if it is not CSV with that delimiter.

    Raises `CsvFileError` if the line is too long.
    """
    if len(line) > MAX_HEADER_CHARACTERS:
        raise CsvFileError(
            f"the first line has {len(line):,} characters; at most {MAX_HEADER_CHARACTERS:,} are "
            "read; it must be a header such as name,email"
        )
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def read_rows(
    lines: list[str], delimiter: str, limits: CsvLimits, *, start: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of *lines* from *start* on, with the number of its first line.

    Raises `CsvFileError` if a row is not CSV or exceeds a limit.
    """
    cells = sum(map(str.count, lines, repeat(delimiter))) + len(lines)
    if cells > limits.cells:
        raise CsvFileError(
            f"the file has {cells:,} cells; at most {limits.cells:,} are read; {limits.advice}"
        )
    reader = csv.reader(lines[start:], delimiter=delimiter, strict=True)
    number = start + 1
    try:
        for row in reader:
            if len(row) > limits.columns:
                raise CsvFileError(
                    f"the row has {len(row):,} cells; at most {limits.columns:,} are read; "
                    f"{limits.advice}",
                    number,
                )
            yield number, row
            number = start + reader.line_num + 1
    except csv.Error as error:
        raise CsvFileError(_explain_csv_error(str(error)), number) from error


def _explain_csv_error(error: str) -> str:
    if "field limit" in error:
        return (
            f"the row that starts here has a cell of over {csv.field_size_limit():,} characters; "
            "look for a quote that is not closed, or shorten the cell"
        )
    return f"the row that starts here is not CSV ({error}); check its quotes"
