"""Detection of students who search for the key by bisection instead of computing it. For staff."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

__all__ = ["looks_like_search"]

FEWEST: Final = 5
"""Consecutive answers that make a search: four steps, each half of the one before."""
NEAR: Final = (Fraction(2, 5), Fraction(3, 5))
"""Half of a step, as people round it."""
SHRUNK: Final = 5
"""The last of four steps is less than a fifth of the first, however whole numbers are rounded."""


def looks_like_search(values: Sequence[Fraction]) -> bool:
    """Return whether five consecutive answers bisect an interval, as 500, 250, 375, 312, 343 do.

    The answers are in the order given; consecutive equal answers count once. Answers that move in
    one direction only (64, 32, 16, 8, 4) are not a search: forgotten factors produce them. The
    result is a sign, never a proof.
    """
    moved = [value for at, value in enumerate(values) if not at or value != values[at - 1]]
    steps = [after - before for before, after in pairwise(moved)]
    width = FEWEST - 1
    return any(_halves(steps[at : at + width]) for at in range(len(steps) - width + 1))


def _halves(steps: Sequence[Fraction]) -> bool:
    sizes = [abs(step) for step in steps]
    both_ways = any(step > 0 for step in steps) and any(step < 0 for step in steps)
    return both_ways and sizes[0] > SHRUNK * sizes[-1] and all(map(_is_half, sizes, sizes[1:]))


def _is_half(before: Fraction, after: Fraction) -> bool:
    """Return whether a step is half of the one before; integers may be off by one half."""
    whole = before.denominator == after.denominator == 1
    low, high = NEAR
    return low * before <= after <= high * before or (whole and abs(2 * after - before) <= 1)
