"""The common array, brackets around plain numbers, read without looking for anything else.

What does not fit, and every error, is left to the full reader, which gives the same result.
"""

import re
from typing import Final

from grader.reading.cells import plain_cell
from grader.values import Number

__all__ = ["plain_array"]

LONGEST: Final = 1_000
ROW: Final = r"\[[-+0-9.eE,\s]*+\]"
ROWS: Final = re.compile(rf"\s*+(?:{ROW}|\[\s*+(?:{ROW}\s*+,?\s*+)++\])\s*+")


def plain_array(typed: str) -> tuple[tuple[int, ...], tuple[Number, ...]] | None:
    """Return the shape and the cells of a short bracketed vector or matrix, None for the rest."""
    if len(typed) > LONGEST or not typed.isascii() or not ROWS.fullmatch(typed):
        return None
    pieces = typed.split("]")
    rows = [_row(piece.rpartition("[")[2]) for piece in pieces if "[" in piece]
    cells = tuple(cell for row in rows for cell in row if cell is not None)
    width = len(rows[0])
    if not width or any(len(row) != width for row in rows) or len(cells) < width * len(rows):
        return None
    matrix = typed.count("[") > len(rows)
    if not matrix and "\n" in typed:  # the rows of a matrix, as MATLAB has them, or one long row
        return None
    return ((len(rows), width) if matrix else (width,)), cells


def _row(text: str) -> list[Number | None]:
    if "," in text:
        return [plain_cell(cell.strip()) for cell in text.split(",")]
    return [plain_cell(cell) for cell in text.split()]
