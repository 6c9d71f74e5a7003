"""Detection of students who search for the key by bisection instead of computing it. For staff."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

MIN_BISECTION_ANSWERS: Final = 5
"""Number of consecutive answers in a search: four steps, each half of the one before."""
HALF_STEP_RANGE: Final = (Fraction(2, 5), Fraction(3, 5))
"""Range of the ratio of two steps that counts as a half, as people round it."""
MIN_SHRINK_FACTOR: Final = 5
"""Minimum ratio of the first of four steps to the last, even with integer rounding."""


def looks_like_bisection(values: Sequence[Fraction]) -> bool:
    """Return whether five consecutive answers bisect an interval, as 500, 250, 375, 312, 343 do.

    The answers are in the order given; consecutive equal answers count once. Answers that move in
    one direction only (64, 32, 16, 8, 4) are not a search: forgotten factors produce them. The
    result is a sign, never a proof.
    """
    moved = [value for index, value in enumerate(values) if not index or value != values[index - 1]]
    steps = [after - before for before, after in pairwise(moved)]
    width = MIN_BISECTION_ANSWERS - 1
    return any(
        _are_bisection_steps(steps[index : index + width])
        for index in range(len(steps) - width + 1)
    )


def _are_bisection_steps(steps: Sequence[Fraction]) -> bool:
    sizes = [abs(step) for step in steps]
    both_ways = any(step > 0 for step in steps) and any(step < 0 for step in steps)
    return (
        both_ways
        and sizes[0] > MIN_SHRINK_FACTOR * sizes[-1]
        and all(map(_is_half_step, sizes, sizes[1:]))
    )


def _is_half_step(before: Fraction, after: Fraction) -> bool:
    """Return whether a step is half of the one before; integers may be off by one half."""
    whole = before.denominator == after.denominator == 1
    low, high = HALF_STEP_RANGE
    return low * before <= after <= high * before or (whole and abs(2 * after - before) <= 1)
