"""A table as typed: lines of cells, each cell still as typed."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.reading.result import Styled, Typed

__all__ = ["split_rows"]

MAX_LENGTH: Final = 20_000
CELLS: Final = re.compile(r"\t|[|;]")


def split_rows(typed: Typed, *, columns: int) -> list[list[Typed]]:
    r"""Return the cells of each line: between tabs, ``|`` or ``;``; an empty cell is ``""``.

    ``|`` at both ends of a line frame it. With one column a line is a cell.

    >>> split_rows("8×8×16 | 448\n| | 0 |", columns=2)
    [['8×8×16', '448'], ['', '0']]
    """
    if isinstance(typed, list):
        if not all(isinstance(row, list) for row in typed):
            raise AnswerError("This is not a table.", expected="a list of rows")
        return [row for row in typed if isinstance(row, list)]
    if not isinstance(typed, str) or len(typed) > MAX_LENGTH:
        raise AnswerError("This is not a table.", expected="one line a row, cells with tabs or |")
    text = Styled if isinstance(typed, Styled) else str
    lines = [_unframed(line) for line in typed.splitlines() if line.strip()]
    rows = [[line.strip()] if columns == 1 else _cells(line, columns) for line in lines]
    return [[text(cell) for cell in row] for row in rows]


def _unframed(line: str) -> str:
    """Return *line* without the bars of a Markdown table around it."""
    bare = line.strip()
    framed = len(bare) > 1 and bare[0] == bare[-1] == "|"
    return bare[1:-1] if framed else line


def _cells(line: str, columns: int) -> list[str]:
    """Return the cells of *line*, without the one that a bar at its end would open."""
    cells = [cell.strip() for cell in CELLS.split(line)]
    return cells[:-1] if len(cells) > columns and line.endswith("|") else cells
