"""Reliability of an assignment: Cronbach's alpha."""

import math
from dataclasses import dataclass
from typing import Final

from grader.analysis.numerics import ROUNDING_NOISE
from grader.analysis.sums import ItemSums, TableSums, select_fully_scored_items

MIN_FOR_ALPHA: Final = 2
"""Minimum number of items, and of students, for an alpha."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Alpha of *k* items over the *n* students who have them all (KR-20 if all are 0 or 1).

    *sem* is the standard error of a total, in points. Both are None if there are fewer than two
    items or students, or if all totals are equal.
    """

    alpha: float | None
    sem: float | None
    k: int
    n: int


def estimate_reliability(sums: TableSums) -> Reliability:
    """Return Cronbach's alpha, from the sums of a table."""
    items, totals = select_fully_scored_items(sums.items), sums.totals
    k, n = len(items), totals.n
    if n < MIN_FOR_ALPHA or k < MIN_FOR_ALPHA or not totals.squares:
        return Reliability(None, None, k, n)
    item_squares = sum(item.complete.squares for item in items)
    alpha = _clear_rounding_noise(k / (k - 1) * (1 - item_squares / totals.squares))
    return Reliability(alpha, math.sqrt(totals.squares / (n - 1) * max(0.0, 1 - alpha)), k, n)


def compute_alphas_if_deleted(sums: TableSums) -> tuple[float | None, ...]:
    """Return for each item the alpha of the others, over the students who opened every item."""
    items = select_fully_scored_items(sums.items)
    if sums.totals.n < MIN_FOR_ALPHA or len(items) <= MIN_FOR_ALPHA:
        return (None,) * len(sums.items)
    item_squares = sum(item.complete.squares for item in items)
    return tuple(
        _compute_alpha_if_deleted(item, item_squares, len(items)) if item in items else None
        for item in sums.items
    )


def _compute_alpha_if_deleted(sums: ItemSums, item_squares: float, k: int) -> float | None:
    if not sums.others.squares:
        return None
    rest = (item_squares - sums.complete.squares) / sums.others.squares
    return _clear_rounding_noise((k - 1) / (k - 2) * (1 - rest))


def _clear_rounding_noise(alpha: float) -> float:
    """Return *alpha*, exactly 0 if it is rounding noise: the items then have nothing in common."""
    return 0.0 if abs(alpha) <= ROUNDING_NOISE else alpha
