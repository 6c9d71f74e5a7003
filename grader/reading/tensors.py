"""Text or JSON to an array of numbers: a vector, a matrix, or nested lists of any depth."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Final, TypeAlias

from grader.errors import AnswerError
from grader.reading.brackets import in_brackets, with_square_brackets
from grader.reading.cells import MAX_CELLS, Cell, Grid, number_in, plain_cell, unglued
from grader.reading.characters import clean
from grader.reading.layouts import has_blocks, in_blocks, in_lines
from grader.reading.links import CHAIN_NOTE
from grader.reading.numbers import given_number
from grader.reading.plain_arrays import Plain, plain_array
from grader.reading.printing import before_last_link, last_array
from grader.reading.repeats import in_full, rounds_off_cells
from grader.reading.result import Reading, Typed
from grader.reading.row_marks import refuse_row_marks
from grader.reading.transposes import without_transpose
from grader.show import show
from grader.values import Number, Tensor, simplest

__all__ = ["read_tensor"]

MAX_TEXT: Final = 65_536
LONG_TEXT: Final = 8_192
SPARSEST: Final = 32
"""A long text has a digit among so many characters, blanks and commands included."""
MAX_ARITHMETIC: Final = 400
MAX_AXES: Final = 8
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
NESTED: Final = "nested lists such as [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]"

Nested: TypeAlias = Sequence[object]


def read_tensor(typed: Typed, *, rank: int | None = None) -> Reading[Tensor]:
    r"""Return the array that *typed* spells, or raise `AnswerError`.

    With *rank* the array has so many axes: 1 for a vector, 2 for a matrix.

    >>> read_tensor(r"R = \begin{bmatrix} 9 & 9 \\ 9+9 & 0 \end{bmatrix}").shown
    '[[9, 9], [18, 0]]'
    """
    if isinstance(typed, str):
        last = _from_text(typed, rank)
        return _in_full(typed, last, rank) or last
    if not isinstance(typed, list):
        raise AnswerError(f"This is {'one number' if typed else 'no array'}.", expected=_form(rank))
    shape, leaves = _shape_of(typed)
    _check_rank(shape, rank)
    _check_arithmetic(sum(isinstance(leaf, str) for leaf in leaves))
    return _reading(shape, tuple(_item(leaf) for leaf in leaves), ())


def _from_text(typed: str, rank: int | None) -> Reading[Tensor]:
    refuse_row_marks(typed, rank)
    if plain := _plain(typed, rank):
        return _reading(*plain, ())
    _check_digits(typed)
    text = without_transpose(clean(typed, limit=MAX_TEXT), rank)
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
    shape, leaves = _shape_of(grid)
    slim = _slim(shape, rank)
    slimmed = f"The size {_sides(shape)} was read as {_sides(slim)}." if slim != shape else ""
    _check_rank(slim, rank)
    numbers = _numbers(text, [leaf for leaf in leaves if isinstance(leaf, Cell)])
    numbers = _scaled(numbers, printed.scale)
    return _reading(slim, numbers, (*printed.notes, *filter(None, (missing, glued, slimmed))))


def _in_full(typed: str, last: Reading[Tensor], rank: int | None) -> Reading[Tensor] | None:
    """Return the array of the link before *last*, if *last* only rounds cells of it."""
    if CHAIN_NOTE not in last.notes:
        return None
    try:
        full = _from_text(before_last_link(typed), rank)
    except AnswerError:
        return None
    rounded = rounds_off_cells(last.value, full.value)
    return replace(full, notes=in_full(last.notes), rounded=last) if rounded else None


def _plain(text: str, rank: int | None) -> Plain | None:
    """Return the array if nothing but plain numbers of that rank stands in *text*."""
    plain = plain_array(text)
    return plain if plain and rank in {None, len(plain[0])} else None


def _scaled(numbers: tuple[Number, ...], scale: Number) -> tuple[Number, ...]:
    if scale == 1:
        return numbers
    return tuple(simplest(Fraction(number * scale)) for number in numbers)


def _laid_out(text: str, bracketed: str, start: int, rank: int | None) -> tuple[list[Grid], str]:
    """Return where the cells stand, and a note on a missing bracket.

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
    """Refuse a long text that is hardly numbers at all, before any of it is looked at."""
    if not LONG_TEXT < len(typed) <= MAX_TEXT:
        return
    if SPARSEST * sum(map(typed.count, "0123456789")) < len(typed):
        raise AnswerError(
            f"The answer has {len(typed):,} characters and hardly any digits.",
            expected="the numbers of the array alone",
        )


def _check_size(text: str) -> None:
    """Refuse a text with far more pieces than the largest array has, before it is laid out."""
    marks = max(text.count(mark) for mark in ",;&|[\t")
    if marks > MAX_MARKS or sum(1 for _ in _pieces(text)) == MAX_PIECES:
        raise _too_large()


def _pieces(text: str) -> Iterator[re.Match[str]]:
    return islice(PIECE.finditer(text), MAX_PIECES)


def _numbers(text: str, cells: Sequence[Cell]) -> tuple[Number, ...]:
    plain = [plain_cell(text[start:end]) for start, end, _ in cells]
    _check_arithmetic(sum(number is None for number in plain))
    return tuple(
        number_in(text, cell) if number is None else number
        for cell, number in zip(cells, plain, strict=True)
    )


def _check_arithmetic(arithmetic: int) -> None:
    """Refuse arithmetic in more cells than anyone computes by hand, because it takes long."""
    if arithmetic > MAX_ARITHMETIC:
        raise AnswerError(
            f"{arithmetic:,} cells hold more than a plain number.",
            expected=f"arithmetic in at most {MAX_ARITHMETIC} cells",
        )


def _too_large() -> AnswerError:
    return AnswerError(f"The array has more than {MAX_CELLS:,} cells.", expected="a smaller array")


def _blocks(blocks: list[list[Grid]], rank: int | None) -> list[Grid]:
    """Return one matrix, a vector where one is asked for, or several matrices as a stack."""
    if len(blocks) > 1 or (rank or 0) > MATRIX:
        return [*blocks]
    return _line_up(blocks[0], rank) if rank == VECTOR else blocks[0]


def _line_up(rows: list[Grid], rank: int | None) -> list[Grid]:
    """Return one row, or one column, as a vector unless a matrix is asked for."""
    if rank is not None and rank != VECTOR:
        return rows
    if len(rows) == 1 and isinstance(rows[0], list):
        return rows[0]
    column = [row[0] for row in rows if isinstance(row, list) and len(row) == 1]
    return column if rank == VECTOR and len(column) == len(rows) else rows


def _matlab_row(row: list[Grid], rank: int | None) -> list[Grid]:
    """Return ``[1 2 3]`` as a matrix of one row where a matrix is asked for."""
    bare = all(isinstance(cell, Cell) and cell.bare for cell in row)
    return [row] if rank == MATRIX and bare and row else row


def _rows(grid: list[Grid]) -> Iterator[list[Grid]]:
    """Yield the lists of cells, the innermost ones."""
    if any(isinstance(item, Cell) for item in grid):
        yield grid
        return
    for item in grid:
        if isinstance(item, list):
            yield from _rows(item)


def _shape_of(nested: Nested) -> tuple[tuple[int, ...], Nested]:
    """Return the length of each axis and the leaves; unequal lengths are an `AnswerError`."""
    shape: list[int] = []
    level: Nested = [nested]
    while any(isinstance(item, list) for item in level):
        lists = [item for item in level if isinstance(item, list)]
        if len(lists) < len(level):
            raise AnswerError("Numbers and brackets stand side by side.", expected=NESTED)
        _check_lengths(lists, shape)
        shape.append(len(lists[0]))
        if math.prod(shape) > MAX_CELLS:
            raise _too_large()
        if len(shape) > MAX_AXES:
            raise AnswerError("The lists are nested too deeply.", expected=f"{MAX_AXES} levels")
        level = [item for inner in lists for item in inner]
    return tuple(shape), level


def _check_lengths(lists: Sequence[list[object]], shape: Sequence[int]) -> None:
    """Refuse lists of different lengths, naming the first that differs from the first of all."""
    length = len(lists[0])
    if not length:
        raise AnswerError("A row has no cells.", expected="at least one number in each row")
    for at, items in enumerate(lists):
        if len(items) == length:
            continue
        inside = any(isinstance(item, list) for item in (*items, *lists[0]))
        unit, inner = ("Block", "rows") if inside else ("Row", "cells")
        raise AnswerError(
            f"{unit} {_place(at, shape)} has {_counted(len(items), inner)}, "
            f"{unit.lower()} {_place(0, shape)} has {length}.",
            expected=f"as many {inner} in each {unit.lower()}",
            position=_position(items),
        )


def _place(at: int, shape: Sequence[int]) -> str:
    """Return the number of the list at *at* of its level, such as ``2 of block 1``."""
    if len(shape) <= 1:
        return str(at + 1)
    block, row = divmod(at, shape[-1])
    return f"{row + 1} of block {block + 1}"


def _counted(count: int, things: str) -> str:
    return f"{count} {things if count != 1 else things.removesuffix('s')}"


def _position(items: Sequence[object]) -> int | None:
    first = next(iter(items), None)
    while isinstance(first, list):
        first = next(iter(first), None)
    return first.start if isinstance(first, Cell) else None


def _slim(shape: tuple[int, ...], rank: int | None) -> tuple[int, ...]:
    """Return *shape* without axes of size 1 at its ends, such as that of a batch, if it has more.

    It stays as it is where it has no more axes than *rank*, or too many others.
    """
    slim, axes = shape, len(shape) if rank is None else rank
    while len(slim) > axes and slim[0] == 1:
        slim = slim[1:]
    while len(slim) > axes and slim[-1] == 1:
        slim = slim[:-1]
    return slim if len(slim) == axes else shape


def _check_rank(shape: tuple[int, ...], rank: int | None) -> None:
    if rank is None or len(shape) == rank:
        return
    name = NAMES.get(len(shape), f"an array with {len(shape)} axes")
    raise AnswerError(f"This is {name} of size {_sides(shape)}.", expected=_form(rank))


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _form(rank: int | None) -> str:
    return FORMS.get(rank or MATRIX, NESTED)


def _item(leaf: object) -> Number:
    """Return the number that one item of a JSON list is."""
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
