"""Text or JSON to an array of numbers: a vector, a matrix, or nested lists of any depth."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import islice
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arrays.ambiguous_rows import refuse_ambiguous_rows, refuse_column_labels
from grader.reading.arrays.array_remarks import (
    blank_remarks,
    extract_factor,
    replace_row_slashes,
    replace_tab_commas,
    strip_transpose,
)
from grader.reading.arrays.array_size import (
    NESTED_LISTS_FORM,
    array_too_large_error,
    flatten_lists,
    format_shape,
    squeeze_shape,
)
from grader.reading.arrays.brackets import normalize_brackets, parse_brackets
from grader.reading.arrays.cells import (
    MAX_CELLS,
    CellSpan,
    NestedCells,
    parse_cell,
    parse_plain_cell,
    split_glued_cells,
)
from grader.reading.arrays.layouts import (
    has_typeset_matrices,
    parse_bare_lines,
    parse_typeset_matrices,
)
from grader.reading.arrays.plain_arrays import PlainArray, parse_plain_array
from grader.reading.arrays.surrounding_text import extract_last_array, text_before_last_link
from grader.reading.grammar.characters import clean_text
from grader.reading.grammar.equation_chains import CHAIN_NOTE
from grader.reading.lengths import check_arithmetic_cells, check_text_length
from grader.reading.lists.stacked_arrays import NOTE as STACK_NOTE
from grader.reading.lists.stacked_arrays import read_stacked_arrays
from grader.reading.numbers import require_number
from grader.reading.result import RawAnswer, Reading
from grader.reading.wording.repeated_values import (
    adapt_notes_to_full_value,
    is_cellwise_rounding_of,
)
from grader.values import Number, Tensor, simplify_number

MAX_TEXT: Final = 65_536
LONG_TEXT: Final = 8_192
MAX_CHARACTERS_PER_DIGIT: Final = 32
"""Maximum number of characters per digit of a long text, spaces and commands included."""
PIECE: Final = lazy_regex(r"[^\s,;&|\[\]]+")
MAX_MARKS: Final = 5_000
MAX_PIECES: Final = 2 * MAX_CELLS
"""Number of pieces between marks that exceeds the largest array.

`MAX_MARKS` is a number of commas that exceeds it.
"""
MAX_CELL_CHARACTERS: Final = 500
VECTOR, MATRIX = 1, 2
RANK_FORMS: Final = {
    VECTOR: "a vector such as [1, 2, 3]",
    MATRIX: "a matrix such as [[1, 2], [3, 4]]",
}
RANK_NAMES: Final = {VECTOR: "a vector", MATRIX: "a matrix"}


def read_tensor(typed: RawAnswer, *, rank: int | None = None) -> Reading[Tensor]:
    r"""Return the array that *typed* spells, or raise `AnswerError`.

    *rank* is the number of axes that the array must have: 1 for a vector, 2 for a matrix.

    >>> read_tensor(r"R = \begin{bmatrix} 9 & 9 \\ 9+9 & 0 \end{bmatrix}").text
    '[[9, 9], [18, 0]]'
    """
    if isinstance(typed, str):
        last = _read_text(typed, rank)
        return _read_unrounded(typed, last, rank) or last
    if not isinstance(typed, list):
        raise AnswerError(
            f"This is {'one number' if typed else 'no array'}.", expected=_expected_form(rank)
        )
    shape, leaves = flatten_lists(typed)
    _check_rank(shape, rank)
    texts = [leaf for leaf in leaves if isinstance(leaf, str)]
    check_text_length([*texts], MAX_TEXT)
    check_arithmetic_cells(
        [0 if parse_plain_cell(text) is not None else len(text) for text in texts]
    )
    return _build_reading(shape, tuple(_read_item(leaf) for leaf in leaves), ())


def _read_text(typed: str, rank: int | None) -> Reading[Tensor]:
    if "\t" in typed:
        typed = replace_tab_commas(typed)
    refuse_ambiguous_rows(typed, rank)
    if rank == MATRIX:
        typed = replace_row_slashes(typed)
    if plain := _parse_plain_of_rank(typed, rank):
        return _build_reading(*plain, ())
    _check_digit_density(typed)
    text = strip_transpose(clean_text(typed, limit=MAX_TEXT), rank)
    if stacked := None if rank in {VECTOR, MATRIX} else _read_stack(text):
        return stacked
    text, remarks = blank_remarks(text)
    text, factor = extract_factor(text)
    refuse_column_labels(text, rank)
    _check_piece_count(text)
    printed = extract_last_array(text)
    text, start = printed.text, printed.start
    if not text[start:].strip():
        raise AnswerError("Nothing was given.", expected=_expected_form(rank), position=0)
    scale, notes = printed.scale * factor, (*remarks, *printed.notes)
    bracketed = text if has_typeset_matrices(text, start) else normalize_brackets(text, start)
    if plain := _parse_plain_of_rank(bracketed[start:], rank):
        return _build_reading(plain[0], _scale_numbers(plain[1], scale), notes)
    grid, missing = _parse_layout(text, bracketed, start, rank)
    glued = split_glued_cells(list(_iter_rows(grid)), text)
    shape, leaves = flatten_lists(grid)
    squeezed = squeeze_shape(shape, rank)
    squeeze_note = (
        f"The size {format_shape(shape)} was read as {format_shape(squeezed)}."
        if squeezed != shape
        else ""
    )
    _check_rank(squeezed, rank)
    numbers = _read_cells(text, [leaf for leaf in leaves if isinstance(leaf, CellSpan)])
    numbers = _scale_numbers(numbers, scale)
    return _build_reading(
        squeezed, numbers, (*notes, *filter(None, (missing, glued, squeeze_note)))
    )


def _read_stack(text: str) -> Reading[Tensor] | None:
    """Return the arrays of *text* that have numbered names, stacked; None if there are none."""
    stacked = read_stacked_arrays(text, partial(read_tensor, rank=MATRIX))
    if stacked is None:
        return None
    shape, arrays = stacked
    cells = tuple(cell for array in arrays for cell in array.cells)
    return _build_reading((len(arrays), *shape), cells, (STACK_NOTE,))


def _read_unrounded(typed: str, last: Reading[Tensor], rank: int | None) -> Reading[Tensor] | None:
    """Return the array of the previous link if *last* only rounds its cells, else None."""
    if CHAIN_NOTE not in last.notes:
        return None
    try:
        full = _read_text(text_before_last_link(typed), rank)
    except AnswerError:
        return None
    rounded = is_cellwise_rounding_of(last.value, full.value)
    return (
        replace(full, notes=adapt_notes_to_full_value(last.notes), rounded=last)
        if rounded
        else None
    )


def _parse_plain_of_rank(text: str, rank: int | None) -> PlainArray | None:
    """Return the array if *text* holds only plain numbers and has that rank, else None."""
    plain = parse_plain_array(text)
    return plain if plain and rank in {None, len(plain[0])} else None


def _scale_numbers(numbers: tuple[Number, ...], scale: Number) -> tuple[Number, ...]:
    if scale == 1:
        return numbers
    return tuple(simplify_number(Fraction(number * scale)) for number in numbers)


def _parse_layout(
    text: str, bracketed: str, start: int, rank: int | None
) -> tuple[list[NestedCells], str]:
    """Return the layout of the cells, and a note on a missing bracket.

    *bracketed* is *text* with all its brackets square.
    """
    if has_typeset_matrices(text, start):
        return _merge_matrices(parse_typeset_matrices(text, start), rank), ""
    if bracketed.find("[", start) < 0:
        return _squeeze_rows(parse_bare_lines(text, start, blocks=(rank or 0) > MATRIX), rank), ""
    grid, note = parse_brackets(bracketed, start, rows_by_line=rank == MATRIX)
    if bracketed.count("[", start) == 1:
        grid = _squeeze_rows(grid, rank) if rank == VECTOR else _wrap_matlab_row(grid, rank)
    return grid, note


def _check_digit_density(typed: str) -> None:
    """Raise `AnswerError` for a long text with hardly any digits, before reading any of it."""
    if not LONG_TEXT < len(typed) <= MAX_TEXT:
        return
    if MAX_CHARACTERS_PER_DIGIT * sum(map(typed.count, "0123456789")) < len(typed):
        raise AnswerError(
            f"The answer has {len(typed):,} characters and hardly any digits.",
            expected="the numbers of the array alone",
        )


def _check_piece_count(text: str) -> None:
    """Raise `AnswerError` for a text with far more pieces than the largest array.

    The check comes before the layout, which costs more.
    """
    marks = max(text.count(mark) for mark in ",;&|[\t")
    if marks > MAX_MARKS or sum(1 for _ in islice(PIECE.finditer(text), MAX_PIECES)) == MAX_PIECES:
        raise array_too_large_error()


def _read_cells(text: str, cells: Sequence[CellSpan]) -> tuple[Number, ...]:
    plain = [parse_plain_cell(text[start:end]) for start, end, _ in cells]
    pairs = list(zip(cells, plain, strict=True))
    check_arithmetic_cells([cell.end - cell.start for cell, number in pairs if number is None])
    return tuple(parse_cell(text, cell) if number is None else number for cell, number in pairs)


def _merge_matrices(blocks: list[list[NestedCells]], rank: int | None) -> list[NestedCells]:
    """Return one matrix, a vector if one is asked for, or a stack of several matrices."""
    if len(blocks) > 1 or (rank or 0) > MATRIX:
        return [*blocks]
    return _squeeze_rows(blocks[0], rank) if rank == VECTOR else blocks[0]


def _squeeze_rows(rows: list[NestedCells], rank: int | None) -> list[NestedCells]:
    """Return one row, or one column, as a vector unless *rank* asks for a matrix."""
    if rank is not None and rank != VECTOR:
        return rows
    if len(rows) == 1 and isinstance(rows[0], list):
        return rows[0]
    column = [row[0] for row in rows if isinstance(row, list) and len(row) == 1]
    return column if rank == VECTOR and len(column) == len(rows) else rows


def _wrap_matlab_row(row: list[NestedCells], rank: int | None) -> list[NestedCells]:
    """Return ``[1 2 3]`` as a matrix of one row if *rank* asks for a matrix."""
    bare = all(isinstance(cell, CellSpan) and cell.bare for cell in row)
    return [row] if rank == MATRIX and bare and row else row


def _iter_rows(grid: list[NestedCells]) -> Iterator[list[NestedCells]]:
    """Yield the innermost lists of cells."""
    if any(isinstance(item, CellSpan) for item in grid):
        yield grid
        return
    for item in grid:
        if isinstance(item, list):
            yield from _iter_rows(item)


def _check_rank(shape: tuple[int, ...], rank: int | None) -> None:
    if rank is None or len(shape) == rank:
        return
    name = RANK_NAMES.get(len(shape), f"an array with {len(shape)} axes")
    raise AnswerError(
        f"This is {name} of size {format_shape(shape)}.", expected=_expected_form(rank)
    )


def _expected_form(rank: int | None) -> str:
    return RANK_FORMS.get(rank or MATRIX, NESTED_LISTS_FORM)


def _read_item(leaf: object) -> Number:
    """Return the number in one item of a JSON list."""
    if not isinstance(leaf, str):
        return require_number(leaf)
    text = clean_text(leaf, limit=MAX_CELL_CHARACTERS)
    if (plain := parse_plain_cell(text)) is not None:
        return plain
    return parse_cell(text, CellSpan(0, len(text), bare=False))


def _build_reading(
    shape: tuple[int, ...], cells: tuple[Number, ...], notes: tuple[str, ...]
) -> Reading[Tensor]:
    tensor = Tensor(shape, cells)
    return Reading(tensor, to_text(tensor), notes)
