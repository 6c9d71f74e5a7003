"""Answers in cells: the grid that a question has, and any notation read into its cells.

There is one reader of arrays and tables, that of the engine: what is pasted comes here.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from api.schemas.student.problem import PartAsked
from grader.display.text import show
from grader.errors import AnswerError
from grader.reading import Style, Typed, in_style, is_blank, read_tensor
from grader.reading.arrays.grid import split_rows

__all__ = ["Grid", "as_rows", "filled", "grid_of", "nested", "rows_in"]

WIDEST: Final = 12
MOST: Final = 144
ARRAYS: Final = frozenset({"vector", "matrix", "tensor"})
TEXTS_KEPT: Final = 256
PLANE: Final = 2
"""How many axes are drawn as one block of rows and columns."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of an answer: their *shape*, and the names of *rows* and *columns* of a table."""

    shape: tuple[int, ...]
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many cells there are."""
        return math.prod(self.shape)

    @property
    def width(self) -> int:
        """How many cells stand side by side."""
        return self.shape[-1]

    @property
    def height(self) -> int:
        """How many rows a block has."""
        return self.shape[-PLANE] if len(self.shape) >= PLANE else 1

    @property
    def says(self) -> str:
        """The size in words, such as ``3 × 4``."""
        return " × ".join(map(str, self.shape))


def grid_of(part: PartAsked) -> Grid | None:
    """Return the grid of a question, None where it has none or too large a one."""
    typing = part.typing
    grid = None
    if part.kind in ARRAYS and typing.shape:
        grid = Grid(typing.shape)
    elif part.kind == "table" and typing.rows and typing.columns:
        names = tuple(one.id for one in typing.columns)
        grid = Grid((len(typing.rows), len(names)), typing.rows, names)
    fits = grid is not None and grid.width <= WIDEST and grid.size <= MOST
    return grid if fits else None


def nested(texts: Sequence[str], shape: Sequence[int]) -> list[Typed]:
    """Return *texts* as lists within lists.

    >>> nested("abcd", (2, 2))
    [['a', 'b'], ['c', 'd']]
    """
    if len(shape) == 1:
        return [*texts]
    step = len(texts) // shape[0]
    return [nested(texts[at : at + step], shape[1:]) for at in range(0, len(texts), step)]


def filled(grid: Grid, typed: Typed, *, numbers: Style | None = None) -> tuple[str, ...] | None:
    """Return what stands in each cell of an answer, None where it cannot be read into the grid.

    What was typed into cells comes back as it was typed.
    """
    if is_blank(typed) and isinstance(typed, str):
        return ("",) * grid.size
    if isinstance(typed, list):
        texts = tuple(_leaves(typed))
        return texts if _sides(typed) == grid.shape and len(texts) == grid.size else None
    return _filled_by_text(grid, typed, numbers)


@lru_cache(maxsize=TEXTS_KEPT)
def _filled_by_text(grid: Grid, typed: Typed, numbers: Style | None) -> tuple[str, ...] | None:
    """Return what a text spells for each cell; a page shows the same text often."""
    try:
        rows = rows_in(grid, typed, numbers=numbers)
    except AnswerError:
        return None
    fits = len(rows) * grid.width == grid.size and all(len(row) == grid.width for row in rows)
    return tuple(text for row in rows for text in row) if fits else None


def rows_in(grid: Grid, text: Typed, *, numbers: Style | None = None) -> list[list[str]]:
    """Return the rows of cells that a text of any notation spells, or raise `AnswerError`."""
    if grid.columns:
        lines = split_rows(text, columns=grid.columns, rows=len(grid.rows))
        return [[_text(cell) for cell in line] for line in lines]
    tensor = read_tensor(in_style(text, numbers)).value
    width = tensor.shape[-1]
    if len(grid.shape) == 1 and width == 1:
        width = len(tensor.cells)
    texts = [_in(show(cell), numbers) for cell in tensor.cells]
    return [texts[at : at + width] for at in range(0, len(texts), width)]


def _in(text: str, numbers: Style | None) -> str:
    """Return a number as the course writes it, so that it is read as the same one again."""
    return text.replace(".", ",") if numbers == "comma" else text


def _leaves(typed: Iterable[Typed]) -> Iterable[str]:
    for one in typed:
        if isinstance(one, list):
            yield from _leaves(one)
        else:
            yield _text(one)


def _sides(typed: Typed) -> tuple[int, ...]:
    """Return the lengths of lists within lists along their first items."""
    if not isinstance(typed, list) or not typed:
        return ()
    return (len(typed), *_sides(typed[0]))


def _text(cell: Typed) -> str:
    if isinstance(cell, list):
        return as_rows(cell)
    return cell if isinstance(cell, str) else show(cell)


def as_rows(typed: Typed) -> str:
    """Return an answer as text: lists in brackets, everything else as it was typed.

    >>> as_rows([["1", "2"], ["", "1/2"]])
    '[[1, 2], [, 1/2]]'
    """
    if isinstance(typed, list):
        return f"[{', '.join(map(as_rows, typed))}]"
    return typed if isinstance(typed, str) else show(typed)
