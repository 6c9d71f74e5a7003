"""What the figures of items need of the scores: sums, by whom ever they were added up."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from grader.analysis.figures import TINY

__all__ = ["ItemSums", "Spread", "TableSums", "spread", "used"]


class Spread(NamedTuple):
    """Of *n* numbers the mean, and the squares of their distances from it added up.

    *squares* is exactly 0 where the numbers are constant but for rounding.
    """

    n: int
    mean: float
    squares: float


@dataclass(frozen=True, slots=True)
class ItemSums:
    """The sums of an item that is worth *maximum*.

    *alone* is of all its scores. *item*, *rest* and *total* (both together) are of the students
    who have a rest: *product* and *ordered* add up item times rest, centred, as they stand and with
    both sorted; *two_valued*: everybody has nothing or all. *complete* and *others* (the total
    without the item) are of the students who have a score in every item that anybody has.
    """

    maximum: float
    alone: Spread
    item: Spread
    rest: Spread
    total: Spread
    product: float
    ordered: float
    two_valued: bool
    complete: Spread
    others: Spread


@dataclass(frozen=True, slots=True)
class TableSums:
    """The sums of all items, and of the *totals* of those who have a score in every one."""

    items: tuple[ItemSums, ...]
    totals: Spread


def spread(
    n: int, total: float = 0.0, squares: float = 0.0, ends: tuple[float, float] = (0.0, 0.0)
) -> Spread:
    """Return the spread of *n* numbers between *ends*, by their sum and that of their squares."""
    if not n:
        return Spread(0, math.nan, 0.0)
    low, high = ends
    mean = total / n
    if max(high - mean, mean - low) <= TINY * max(abs(low), abs(high)):
        return Spread(n, mean, 0.0)
    return Spread(n, mean, max(0.0, squares - total * mean))


def used(items: Iterable[ItemSums]) -> tuple[ItemSums, ...]:
    """Return the items in which anybody has a score."""
    return tuple(one for one in items if one.alone.n)
