"""Text or JSON to an array of numbers: a vector, a matrix, or nested lists of any depth."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Final

from grader.display.text import show
from grader.errors import AnswerError
from grader.reading.arrays.array_size import NESTED, shape_of, sides, slim_shape, too_large
from grader.reading.arrays.brackets import in_brackets, with_square_brackets
from grader.reading.arrays.cells import MAX_CELLS, Cell, Grid, number_in, plain_cell, unglued
from grader.reading.arrays.layouts import has_blocks, in_blocks, in_lines
from grader.reading.arrays.plain_arrays import Plain, plain_array
from grader.reading.arrays.printing import before_last_link, last_array
from grader.reading.arrays.row_marks import refuse_columns, refuse_row_marks
from grader.reading.arrays.transposes import without_transpose
from grader.reading.grammar.characters import clean
from grader.reading.grammar.equation_chains import CHAIN_NOTE
from grader.reading.lengths import check_arithmetic, check_length
from grader.reading.numbers import given_number
from grader.reading.result import Reading, Typed
from grader.reading.wording.repeated_values import in_full, rounds_off_cells
from grader.values import Number, Tensor, simplest

__all__ = ["read_tensor"]

MAX_TEXT: Final = 65_536
LONG_TEXT: Final = 8_192
SPARSEST: Final = 32
"""A long text has a digit among so many characters, blanks and commands included."""
PIECE: Final = re.compile(r"[^\s,;&|\[\]]+")
MAX_MARKS: Final = 5_000
MAX_PIECES: Final = 2 * MAX_CELLS
"""More commas, and more pieces between marks, than the largest array has."""
CELL_TEXT: Final = 500
VECTOR, MATRIX = 1, 2
FORMS: Final = {
    VECTOR: "a vector such as [1, 2, 3]",
    MATRIX: "a matrix such as [[1, 2], [3, 4]]",
}
NAMES: Final = {VECTOR: "a vector", MATRIX: "a matrix"}


def read_tensor(typed: Typed, *, rank: int | None = None) -> Reading[Tensor]:
    r"""Return the array that *typed* spells, or raise `AnswerError`.

    *rank* is the number of axes that the array must have: 1 for a vector, 2 for a matrix.

    >>> read_tensor(r"R = \begin{bmatrix} 9 & 9 \\ 9+9 & 0 \end{bmatrix}").shown
    '[[9, 9], [18, 0]]'
    """
    if isinstance(typed, str):
        last = _from_text(typed, rank)
        return _in_full(typed, last, rank) or last
    if not isinstance(typed, list):
        raise AnswerError(f"This is {'one number' if typed else 'no array'}.", expected=_form(rank))
    shape, leaves = shape_of(typed)
    _check_rank(shape, rank)
    texts = [leaf for leaf in leaves if isinstance(leaf, str)]
    check_length(texts, MAX_TEXT)
    check_arithmetic([0 if plain_cell(text) is not None else len(text) for text in texts])
    return _reading(shape, tuple(_item(leaf) for leaf in leaves), ())


def _from_text(typed: str, rank: int | None) -> Reading[Tensor]:
    refuse_row_marks(typed, rank)
    if plain := _plain(typed, rank):
        return _reading(*plain, ())
    _check_digits(typed)
    text = without_transpose(clean(typed, limit=MAX_TEXT), rank)
    refuse_columns(text, rank)
    _check_size(text)
    printed = last_array(text)
    text, start = printed.text, printed.start
    if not text[start:].strip():
        raise AnswerError("Nothing was given.", expected=_form(rank), position=0)
    bracketed = text if has_blocks(text, start) else with_square_brackets(text, start)
    if plain := _plain(bracketed[start:], rank):
        return _reading(plain[0], _scaled(plain[1], printed.scale), printed.notes)
    grid, missing = _laid_out(text, bracketed, start, rank)
    glued = unglued(list(_rows(grid)), text)
    shape, leaves = shape_of(grid)
    slim = slim_shape(shape, rank)
    slimmed = f"The size {sides(shape)} was read as {sides(slim)}." if slim != shape else ""
    _check_rank(slim, rank)
    numbers = _numbers(text, [leaf for leaf in leaves if isinstance(leaf, Cell)])
    numbers = _scaled(numbers, printed.scale)
    return _reading(slim, numbers, (*printed.notes, *filter(None, (missing, glued, slimmed))))


def _in_full(typed: str, last: Reading[Tensor], rank: int | None) -> Reading[Tensor] | None:
    """Return the array of the previous link if *last* only rounds its cells, else None."""
    if CHAIN_NOTE not in last.notes:
        return None
    try:
        full = _from_text(before_last_link(typed), rank)
    except AnswerError:
        return None
    rounded = rounds_off_cells(last.value, full.value)
    return replace(full, notes=in_full(last.notes), rounded=last) if rounded else None


def _plain(text: str, rank: int | None) -> Plain | None:
    """Return the array if *text* holds only plain numbers and has that rank, else None."""
    plain = plain_array(text)
    return plain if plain and rank in {None, len(plain[0])} else None


def _scaled(numbers: tuple[Number, ...], scale: Number) -> tuple[Number, ...]:
    if scale == 1:
        return numbers
    return tuple(simplest(Fraction(number * scale)) for number in numbers)


def _laid_out(text: str, bracketed: str, start: int, rank: int | None) -> tuple[list[Grid], str]:
    """Return the layout of the cells, and a note on a missing bracket.

    *bracketed* is *text* with all its brackets square.
    """
    if has_blocks(text, start):
        return _blocks(in_blocks(text, start), rank), ""
    if bracketed.find("[", start) < 0:
        return _line_up(in_lines(text, start, blocks=(rank or 0) > MATRIX), rank), ""
    grid, note = in_brackets(bracketed, start, rows_by_line=rank == MATRIX)
    if bracketed.count("[", start) == 1:
        grid = _line_up(grid, rank) if rank == VECTOR else _matlab_row(grid, rank)
    return grid, note


def _check_digits(typed: str) -> None:
    """Raise `AnswerError` for a long text with hardly any digits, before reading any of it."""
    if not LONG_TEXT < len(typed) <= MAX_TEXT:
        return
    if SPARSEST * sum(map(typed.count, "0123456789")) < len(typed):
        raise AnswerError(
            f"The answer has {len(typed):,} characters and hardly any digits.",
            expected="the numbers of the array alone",
        )


def _check_size(text: str) -> None:
    """Raise `AnswerError` for a text with far more pieces than the largest array.

    The check comes before the layout, which costs more.
    """
    marks = max(text.count(mark) for mark in ",;&|[\t")
    if marks > MAX_MARKS or sum(1 for _ in islice(PIECE.finditer(text), MAX_PIECES)) == MAX_PIECES:
        raise too_large()


def _numbers(text: str, cells: Sequence[Cell]) -> tuple[Number, ...]:
    plain = [plain_cell(text[start:end]) for start, end, _ in cells]
    pairs = list(zip(cells, plain, strict=True))
    check_arithmetic([cell.end - cell.start for cell, number in pairs if number is None])
    return tuple(number_in(text, cell) if number is None else number for cell, number in pairs)


def _blocks(blocks: list[list[Grid]], rank: int | None) -> list[Grid]:
    """Return one matrix, a vector if one is asked for, or a stack of several matrices."""
    if len(blocks) > 1 or (rank or 0) > MATRIX:
        return [*blocks]
    return _line_up(blocks[0], rank) if rank == VECTOR else blocks[0]


def _line_up(rows: list[Grid], rank: int | None) -> list[Grid]:
    """Return one row, or one column, as a vector unless *rank* asks for a matrix."""
    if rank is not None and rank != VECTOR:
        return rows
    if len(rows) == 1 and isinstance(rows[0], list):
        return rows[0]
    column = [row[0] for row in rows if isinstance(row, list) and len(row) == 1]
    return column if rank == VECTOR and len(column) == len(rows) else rows


def _matlab_row(row: list[Grid], rank: int | None) -> list[Grid]:
    """Return ``[1 2 3]`` as a matrix of one row if *rank* asks for a matrix."""
    bare = all(isinstance(cell, Cell) and cell.bare for cell in row)
    return [row] if rank == MATRIX and bare and row else row


def _rows(grid: list[Grid]) -> Iterator[list[Grid]]:
    """Yield the innermost lists of cells."""
    if any(isinstance(item, Cell) for item in grid):
        yield grid
        return
    for item in grid:
        if isinstance(item, list):
            yield from _rows(item)


def _check_rank(shape: tuple[int, ...], rank: int | None) -> None:
    if rank is None or len(shape) == rank:
        return
    name = NAMES.get(len(shape), f"an array with {len(shape)} axes")
    raise AnswerError(f"This is {name} of size {sides(shape)}.", expected=_form(rank))


def _form(rank: int | None) -> str:
    return FORMS.get(rank or MATRIX, NESTED)


def _item(leaf: object) -> Number:
    """Return the number in one item of a JSON list."""
    if not isinstance(leaf, str):
        return given_number(leaf)
    text = clean(leaf, limit=CELL_TEXT)
    if (plain := plain_cell(text)) is not None:
        return plain
    return number_in(text, Cell(0, len(text), bare=False))


def _reading(
    shape: tuple[int, ...], cells: tuple[Number, ...], notes: tuple[str, ...]
) -> Reading[Tensor]:
    tensor = Tensor(shape, cells)
    return Reading(tensor, show(tensor), notes)
