"""Sums of scores from which the item statistics are computed."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from grader.analysis.numerics import ROUNDING_NOISE


class DeviationSums(NamedTuple):
    """Count, mean and sum of squared deviations of *n* numbers.

    *squares* is exactly 0 if the numbers are constant up to rounding.
    """

    n: int
    mean: float
    squares: float


@dataclass(frozen=True, slots=True)
class ItemSums:
    """Sums of an item that is worth *maximum*.

    *all_scores* covers all its scores. *item*, *rest* and *total* (both together) cover the
    students who have a rest: *product* and *sorted_product* are the sums of item times rest,
    centered, in the given order and with both sorted; *two_valued* is set if everybody has nothing
    or full points. *complete* and *others* (the total without the item) cover the students who have
    a score in every item that anybody has and that is graded as a whole.
    """

    maximum: float
    all_scores: DeviationSums
    item: DeviationSums
    rest: DeviationSums
    total: DeviationSums
    product: float
    sorted_product: float
    two_valued: bool
    complete: DeviationSums
    others: DeviationSums


@dataclass(frozen=True, slots=True)
class TableSums:
    """Sums of all items, and the spread of the *totals* of students with a score in every item."""

    items: tuple[ItemSums, ...]
    totals: DeviationSums


def compute_deviation_sums(
    n: int, total: float = 0.0, squares: float = 0.0, ends: tuple[float, float] = (0.0, 0.0)
) -> DeviationSums:
    """Return the deviation sums of *n* numbers between *ends*, from the sum and sum of squares."""
    if not n:
        return DeviationSums(0, math.nan, 0.0)
    low, high = ends
    mean = total / n
    if max(high - mean, mean - low) <= ROUNDING_NOISE * max(abs(low), abs(high)):
        return DeviationSums(n, mean, 0.0)
    return DeviationSums(n, mean, max(0.0, squares - total * mean))


def select_fully_scored_items(items: Iterable[ItemSums]) -> tuple[ItemSums, ...]:
    """Return the items of which the students with a score in every item have one.

    Items that are only partly graded are not among them. Without such students, return the items
    in which anybody has a score.
    """
    answered = tuple(item for item in items if item.all_scores.n)
    return tuple(item for item in answered if item.complete.n) or answered
