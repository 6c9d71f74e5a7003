"""Fast path for common arrays: plain numbers in brackets or in lines.

Everything else, including every error, is left to the full reader, which gives the same results.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from grader.lazy_regex import lazy_regex
from grader.reading.arrays.cells import MAX_CELLS, parse_plain_cell
from grader.values import Number

PlainArray: TypeAlias = tuple[tuple[int, ...], tuple[Number, ...]]
"""Shape and cells of an array."""

MAX_CHARACTERS: Final = 65_536
ROW: Final = r"\[[-+0-9.eE/,\s]*+\]"
ROWS: Final = lazy_regex(rf"\s*+(?:{ROW}|\[\s*+(?:{ROW}\s*+,?\s*+)++\])\s*+")
LINES: Final = lazy_regex(r"[-+0-9.eE/, \t\r\n]*+")


def parse_plain_array(typed: str) -> PlainArray | None:
    """Return a bracketed vector or matrix, or a matrix in bare lines; None for anything else."""
    if len(typed) > MAX_CHARACTERS or not typed.isascii():
        return None
    if "[" not in typed:
        return _parse_lines(typed)
    if not ROWS.fullmatch(typed):
        return None
    rows = [_parse_row(piece.rpartition("[")[2]) for piece in typed.split("]") if "[" in piece]
    if typed.count("[") > len(rows):
        return _build_matrix(rows)
    if "\n" in typed:  # rows of a MATLAB matrix, or one long row
        return None
    matrix = _build_matrix(rows)
    return None if matrix is None else (matrix[0][1:], matrix[1])


def _parse_lines(typed: str) -> PlainArray | None:
    if "\n" not in typed or not LINES.fullmatch(typed):
        return None
    rows = [_parse_row(line) for line in typed.split("\n") if not line.isspace() and line]
    return _build_matrix(rows) if len(rows) > 1 and len(rows[0]) > 1 else None


def _build_matrix(rows: Sequence[Sequence[Number | None]]) -> PlainArray | None:
    cells = tuple(cell for row in rows for cell in row if cell is not None)
    width = len(rows[0])
    size = width * len(rows)
    if not 0 < size <= MAX_CELLS or len(cells) < size or any(len(row) != width for row in rows):
        return None
    return (len(rows), width), cells


def _parse_row(text: str) -> list[Number | None]:
    for mark in "\t,":
        if mark in text:
            return [parse_plain_cell(cell.strip()) for cell in text.split(mark)]
    return [parse_plain_cell(cell) for cell in text.split()]
