"""Comparison of an array, cell by cell, with a value or its rounding, to recognize mistakes."""

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Final

from grader.errors import SolverError
from grader.grading.tolerance import (
    FLOAT_FIGURES,
    TELLING_FIGURES,
    has_figures,
    last_figure,
    may_round,
    recognised,
    resembles,
)
from grader.kinds.base import Likeness, as_tensor
from grader.reading.places import decimal_step
from grader.values import Number, Tensor, Value, magnitude, simplest

__all__ = ["is_value", "likeness_of", "may_be_rounded"]

WHOLE: Final = frozenset({int})
SURE: Final = 10**FLOAT_FIGURES


def is_value(answer: Tensor, value: Value | None) -> bool:
    """Return whether every cell equals that of *value*."""
    pairs = _pairs(answer, value)
    return pairs is not None and all(
        cell == wanted or recognised(cell, wanted, step=None) for cell, wanted in pairs
    )


def likeness_of(answer: Tensor) -> Likeness | None:
    """Return a predicate: whether every cell equals that of a value, or is its rounding.

    Return None if the array is all whole numbers, which round only values equal to them, or if no
    cell has three figures or more. All cells have the decimals of the longest, because programs
    pad columns with zeros.
    """
    if _are_whole(answer.cells) or not any(map(_tells, answer.cells)):
        return None
    steps = map(_step, answer.cells)
    finest = min((step for step in steps if step is not None), default=1)

    def is_like(value: Value | None) -> bool:
        pairs = _pairs(answer, value)
        return pairs is not None and all(
            cell == wanted or _is_rounded(cell, wanted, finest=finest) for cell, wanted in pairs
        )

    return is_like


def may_be_rounded(answer: Tensor, value: Value | None) -> bool:
    """Return whether every cell of three figures or more may be a rounding of *value*."""
    pairs = _pairs(answer, value)
    return pairs is not None and all(
        cell == wanted or not _tells(cell) or _may_be_rounded(cell, wanted)
        for cell, wanted in pairs
    )


def _pairs(answer: Tensor, value: Value | None) -> Iterator[tuple[Number, Number]] | None:
    """Return pairs of corresponding cells; None if *value* is no array of the same shape."""
    try:
        wanted = as_tensor(value)
    except SolverError:
        return None
    same = answer.shape == wanted.shape
    return zip(answer.cells, wanted.cells, strict=True) if same else None


def _are_whole(cells: tuple[Number, ...]) -> bool:
    """Return whether all *cells* are integers that a float represents exactly.

    Integers below 10^`FLOAT_FIGURES` count as such.
    """
    return WHOLE.issuperset(map(type, cells)) and max(map(magnitude, cells), default=0) < SURE


@lru_cache(maxsize=1024)
def _unit(denominator: int) -> Number | None:
    """Return one unit of the last decimal for this *denominator*; None if decimals never end."""
    return decimal_step(simplest(Fraction(1, denominator)))


def _step(cell: Number) -> Number | None:
    return _unit(cell.denominator)


def _tells(cell: Number) -> bool:
    """Return whether *cell* has enough figures to distinguish values."""
    step = _step(cell)
    return step is None or has_figures(cell, step, TELLING_FIGURES)


def _is_rounded(cell: Number, wanted: Number, *, finest: Number) -> bool:
    if recognised(cell, wanted, step=None) or resembles(cell, wanted, step=_step(cell)):
        return True
    return finest < 1 and may_round(cell, wanted, step=finest)


def _may_be_rounded(cell: Number, wanted: Number) -> bool:
    if recognised(cell, wanted, step=None):
        return True
    return may_round(cell, wanted, step=last_figure(cell, _step(cell)))
