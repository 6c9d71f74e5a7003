"""Comparison of an array, cell by cell, with a value or its rounding, to recognize mistakes."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache, lru_cache
from typing import Final

from grader.errors import SolverError
from grader.grading.rounding import (
    FLOAT_FIGURES,
    MIN_PRECISE_FIGURES,
    equals_up_to_noise,
    has_significant_figures,
    is_precise_rounding,
    is_rounded_as_typed,
    last_figure_unit,
)
from grader.kinds.base import WRONG, Judgement, RoundingMatcher
from grader.reading.decimal_places import last_decimal_unit
from grader.values import Number, Tensor, Value, absolute_value, simplify_number

INTEGER_TYPES: Final = frozenset({int})
EXACT_FLOAT_LIMIT: Final = 10**FLOAT_FIGURES


def tensor_equals_value(answer: Tensor, value: Value | None) -> bool:
    """Return whether every cell equals that of *value*."""
    pairs = _pair_cells(answer, value)
    return pairs is not None and all(
        cell == wanted or equals_up_to_noise(cell, wanted, step=None) for cell, wanted in pairs
    )


def build_rounding_matcher(answer: Tensor) -> RoundingMatcher | None:
    """Return a predicate: whether every cell equals that of a value, or is its rounding.

    Return None if the array is all whole numbers, which round only values equal to them. The
    predicate is False if no cell has three figures or more.
    """
    if _are_exact_integers(answer.cells):
        return None
    # Computed on first use: most arrays have the shape of no candidate.
    find_finest_once = cache(lambda: _find_finest_step(answer))

    def matches_rounding(value: Value | None) -> bool:
        pairs = _pair_cells(answer, value)
        if pairs is None or (finest := find_finest_once()) is None:
            return False
        return all(
            cell == wanted or _is_cell_rounding(cell, wanted, finest=finest)
            for cell, wanted in pairs
        )

    return matches_rounding


def _find_finest_step(answer: Tensor) -> Number | None:
    """Return one unit of the last decimal of the longest cell; None if no cell is precise.

    All cells have the decimals of the longest, because programs pad columns with zeros.
    """
    if not any(map(_is_precise_cell, answer.cells)):
        return None
    steps = map(_cell_decimal_unit, answer.cells)
    return min((step for step in steps if step is not None), default=1)


def precise_cells_may_be_rounded(answer: Tensor, value: Value | None) -> bool:
    """Return whether every cell of three figures or more may be a rounding of *value*."""
    pairs = _pair_cells(answer, value)
    return pairs is not None and all(
        cell == wanted or not _is_precise_cell(cell) or _may_be_cell_rounding(cell, wanted)
        for cell, wanted in pairs
    )


def _pair_cells(answer: Tensor, value: Value | None) -> Iterator[tuple[Number, Number]] | None:
    """Return pairs of corresponding cells; None if *value* is not an array of the same shape."""
    try:
        expected = require_tensor_key(value)
    except SolverError:
        return None
    same = answer.shape == expected.shape
    return zip(answer.cells, expected.cells, strict=True) if same else None


def _are_exact_integers(cells: tuple[Number, ...]) -> bool:
    """Return whether all *cells* are integers that a float represents exactly.

    Integers below 10^`FLOAT_FIGURES` count as such.
    """
    return (
        INTEGER_TYPES.issuperset(map(type, cells))
        and max(map(absolute_value, cells), default=0) < EXACT_FLOAT_LIMIT
    )


@lru_cache(maxsize=1024)
def _decimal_unit_for_denominator(denominator: int) -> Number | None:
    """Return one unit of the last decimal for this *denominator*; None if decimals never end."""
    return last_decimal_unit(simplify_number(Fraction(1, denominator)))


def _cell_decimal_unit(cell: Number) -> Number | None:
    return _decimal_unit_for_denominator(cell.denominator)


def _is_precise_cell(cell: Number) -> bool:
    """Return whether *cell* has enough figures to distinguish values."""
    step = _cell_decimal_unit(cell)
    return step is None or has_significant_figures(cell, step, MIN_PRECISE_FIGURES)


def _is_cell_rounding(cell: Number, expected: Number, *, finest: Number) -> bool:
    if equals_up_to_noise(cell, expected, step=None) or is_precise_rounding(
        cell, expected, step=_cell_decimal_unit(cell)
    ):
        return True
    return finest < 1 and is_rounded_as_typed(cell, expected, step=finest)


def _may_be_cell_rounding(cell: Number, expected: Number) -> bool:
    if equals_up_to_noise(cell, expected, step=None):
        return True
    return is_rounded_as_typed(
        cell, expected, step=last_figure_unit(cell, _cell_decimal_unit(cell))
    )


def require_tensor_key(value: Value | None) -> Tensor:
    """Return a key as a tensor, converting nested tuples, or raise `SolverError`."""
    if isinstance(value, Tensor):
        return value
    try:
        tensor = Tensor.from_nested(value)
    except ValueError as error:
        raise SolverError(f"the key is not a tensor: {error}") from error
    if not tensor.shape or not tensor.cells:
        raise SolverError("the key is a number or empty, not a tensor")
    return tensor


def judge_cells(cells: tuple[bool, ...], *, partial: bool, first_wrong: str = "") -> Judgement:
    """Return the judgement of *cells*: all or nothing, or if *partial* the share of right ones."""
    if partial or all(cells):
        return Judgement(
            Fraction(sum(cells), len(cells)), cells=cells, rule="cells", first_wrong=first_wrong
        )
    return Judgement(WRONG.credit, cells=cells, rule="cells", first_wrong=first_wrong)
