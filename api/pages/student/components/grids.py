"""Answer grids: the cells of a question, and the conversion of any notation to cells.

Pasted text uses the reader of the engine, the only one for arrays and tables.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from api.schemas.student.problem import PartAsked
from grader.display.text import to_text
from grader.errors import AnswerError
from grader.reading import (
    NumberStyle,
    RawAnswer,
    is_blank,
    normalize_number_style,
    read_labeled_numbers,
    read_tensor,
)
from grader.reading.arrays.grid import split_table_rows

MAX_COLUMNS: Final = 12
MAX_CELLS: Final = 144
ARRAY_KINDS: Final = frozenset({"vector", "matrix", "tensor"})
TEXT_CACHE_SIZE: Final = 256
PLANE_AXES: Final = 2
"""Number of axes that are drawn as one block of rows and columns."""


@dataclass(frozen=True, slots=True)
class AnswerGrid:
    """Grid of an answer: its *shape*, and the names of *rows* and *columns* of a table.

    The numbers of a vector have names of *columns* alone.
    """

    shape: tuple[int, ...]
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def cell_count(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @property
    def width(self) -> int:
        """Number of cells in a row."""
        return self.shape[-1]

    @property
    def height(self) -> int:
        """Number of rows in a block."""
        return self.shape[-PLANE_AXES] if len(self.shape) >= PLANE_AXES else 1

    @property
    def size_text(self) -> str:
        """Size in words, such as ``3 × 4``."""
        return " × ".join(map(str, self.shape))


def build_grid(part: PartAsked) -> AnswerGrid | None:
    """Return the grid of a question, or None if it has none or one that is too large."""
    typing = part.typing
    grid = None
    if part.kind in ARRAY_KINDS and typing.shape:
        names = typing.names or ()
        grid = AnswerGrid(typing.shape, columns=names if typing.shape == (len(names),) else ())
    elif part.kind == "table" and typing.rows and typing.columns:
        columns = tuple(column.id for column in typing.columns)
        grid = AnswerGrid((len(typing.rows), len(columns)), typing.rows, columns)
    fits = grid is not None and grid.width <= MAX_COLUMNS and grid.cell_count <= MAX_CELLS
    return grid if fits else None


def nest_texts(texts: Sequence[str], shape: Sequence[int]) -> list[RawAnswer]:
    """Return *texts* as nested lists of *shape*.

    >>> nest_texts("abcd", (2, 2))
    [['a', 'b'], ['c', 'd']]
    """
    if len(shape) == 1:
        return [*texts]
    step = len(texts) // shape[0]
    return [
        nest_texts(texts[index : index + step], shape[1:]) for index in range(0, len(texts), step)
    ]


def cell_texts_for_grid(
    grid: AnswerGrid, typed: RawAnswer, *, decimal_style: NumberStyle | None = None
) -> tuple[str, ...] | None:
    """Return the text of each cell of an answer, or None if it does not fit the grid.

    Texts that were typed into cells are returned unchanged.
    """
    if is_blank(typed) and isinstance(typed, str):
        return ("",) * grid.cell_count
    if isinstance(typed, list):
        texts = tuple(_iter_leaves(typed))
        return (
            texts if _nested_shape(typed) == grid.shape and len(texts) == grid.cell_count else None
        )
    return _cell_texts_from_text(grid, typed, decimal_style)


@lru_cache(maxsize=TEXT_CACHE_SIZE)
def _cell_texts_from_text(
    grid: AnswerGrid, typed: RawAnswer, decimal_style: NumberStyle | None
) -> tuple[str, ...] | None:
    """Return the text of each cell; cached, because pages show the same text repeatedly."""
    try:
        rows = read_rows(grid, typed, decimal_style=decimal_style)
    except AnswerError:
        return None
    fits = len(rows) * grid.width == grid.cell_count and all(len(row) == grid.width for row in rows)
    return tuple(text for row in rows for text in row) if fits else None


def read_rows(
    grid: AnswerGrid, text: RawAnswer, *, decimal_style: NumberStyle | None = None
) -> list[list[str]]:
    """Return the rows of cells in a text of any notation, or raise `AnswerError`."""
    if grid.rows:
        lines = split_table_rows(text, columns=grid.columns, rows=len(grid.rows))
        return [[_format_cell(cell) for cell in line] for line in lines]
    plain = normalize_number_style(text, decimal_style)
    reading = read_labeled_numbers(plain, grid.columns) if grid.columns else read_tensor(plain)
    tensor = reading.value
    width = tensor.shape[-1]
    if len(grid.shape) == 1 and width == 1:
        width = len(tensor.cells)
    texts = [_apply_decimal_style(to_text(cell), decimal_style) for cell in tensor.cells]
    return [texts[index : index + width] for index in range(0, len(texts), width)]


def _apply_decimal_style(text: str, decimal_style: NumberStyle | None) -> str:
    """Return a number in the decimal notation of the course, so that it reads back equal."""
    return text.replace(".", ",") if decimal_style == "comma" else text


def _iter_leaves(typed: Iterable[RawAnswer]) -> Iterable[str]:
    for item in typed:
        if isinstance(item, list):
            yield from _iter_leaves(item)
        else:
            yield _format_cell(item)


def _nested_shape(typed: RawAnswer) -> tuple[int, ...]:
    """Return the lengths of nested lists along their first items."""
    if not isinstance(typed, list) or not typed:
        return ()
    return (len(typed), *_nested_shape(typed[0]))


def _format_cell(cell: RawAnswer) -> str:
    if isinstance(cell, list):
        return format_answer(cell)
    return cell if isinstance(cell, str) else to_text(cell)


def format_answer(typed: RawAnswer) -> str:
    """Return an answer as text: lists in brackets, everything else as typed.

    >>> format_answer([["1", "2"], ["", "1/2"]])
    '[[1, 2], [, 1/2]]'
    """
    if isinstance(typed, list):
        return f"[{', '.join(map(format_answer, typed))}]"
    return typed if isinstance(typed, str) else to_text(typed)
