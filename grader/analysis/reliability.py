"""Reliability of an assignment: Cronbach's alpha."""

import math
from dataclasses import dataclass
from typing import Final

from grader.analysis.figures import TINY
from grader.analysis.sums import ItemSums, TableSums, used

__all__ = ["Reliability", "alphas_without", "reliability_of"]

FEWEST: Final = 2
"""The least number of items, and of students, for an alpha."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Alpha of *k* items over the *n* students who opened them all (KR-20 if all are 0 or 1).

    *sem* is the standard error of a total, in points. Both are None if there are fewer than two
    items or students, or if all totals are equal.
    """

    alpha: float | None
    sem: float | None
    k: int
    n: int


def reliability_of(sums: TableSums) -> Reliability:
    """Return Cronbach's alpha, from the sums of a table."""
    items, totals = used(sums.items), sums.totals
    k, n = len(items), totals.n
    if n < FEWEST or k < FEWEST or not totals.squares:
        return Reliability(None, None, k, n)
    apart = sum(one.complete.squares for one in items)
    alpha = _unrounded(k / (k - 1) * (1 - apart / totals.squares))
    return Reliability(alpha, math.sqrt(totals.squares / (n - 1) * max(0.0, 1 - alpha)), k, n)


def alphas_without(sums: TableSums) -> tuple[float | None, ...]:
    """Return for each item the alpha of the others, over the students who opened every item."""
    items = used(sums.items)
    if sums.totals.n < FEWEST or len(items) <= FEWEST:
        return (None,) * len(sums.items)
    apart = sum(one.complete.squares for one in items)
    return tuple(_without(one, apart, len(items)) if one.alone.n else None for one in sums.items)


def _without(one: ItemSums, apart: float, k: int) -> float | None:
    if not one.others.squares:
        return None
    rest = (apart - one.complete.squares) / one.others.squares
    return _unrounded((k - 1) / (k - 2) * (1 - rest))


def _unrounded(alpha: float) -> float:
    """Return *alpha*, exactly 0 if it is rounding noise: the items then have nothing in common."""
    return 0.0 if abs(alpha) <= TINY else alpha
