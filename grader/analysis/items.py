"""Item statistics of an assignment: difficulty, and agreement with the other items.

An item is a part or a problem. The caller passes 0 if a student opened the assignment and left
the item blank, and NaN (None) if the item does not count for them: not opened, or excused. Use
first attempts: later ones measure persistence.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grader.analysis.figures import TINY
from grader.analysis.inference import Interval, fisher_interval, wilson
from grader.analysis.reliability import alphas_without
from grader.analysis.sums import ItemSums, Spread, TableSums

__all__ = ["ItemStatistics", "item_statistics"]


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """Statistics of one item; None if there are too few students or all scores are equal.

    *n* students opened it. *facility* is the mean as a share of the maximum, and lies in
    *facility_interval*. Of these, *pairs* opened another item too: over them *discrimination* is
    the correlation of the item with the rest of the total, and lies in *interval* (Fisher's z).
    *point_biserial* is, for an item that is right or wrong, the correlation with the total, the
    item included. *efficiency* is discrimination as a percentage of the maximum that these scores
    allow. *effective_weight* is the percentage that the item adds to the spread of the totals (None
    if it works against it). *alpha_if_deleted* is the reliability of the other items.
    """

    n: int
    mean: float | None
    facility: float | None
    facility_interval: Interval | None
    sd: float | None
    pairs: int
    discrimination: float | None
    interval: Interval | None
    point_biserial: float | None
    efficiency: float | None
    effective_weight: float | None
    alpha_if_deleted: float | None


def item_statistics(sums: TableSums) -> tuple[ItemStatistics, ...]:
    """Return the statistics of each item, from the sums of a table."""
    weights = _weights(
        [_with_total(one) / (one.item.n - 1) if one.item.n > 1 else math.nan for one in sums.items]
    )
    found = zip(sums.items, weights, alphas_without(sums), strict=True)
    return tuple(_item(one, weight=weight, alpha=alpha) for one, weight, alpha in found)


def _cleared(product: float, left: Spread, right: Spread) -> float:
    """Return a sum of products of centered numbers, exactly 0 if it is rounding noise.

    A discrimination of -1e-17 would otherwise count as negative and be flagged. If either side is
    constant, the product is rounding noise.
    """
    length = _length(left, right)
    return product if length and abs(product) > TINY * length else 0.0


def _length(left: Spread, right: Spread) -> float:
    return math.sqrt(left.squares) * math.sqrt(right.squares)


def _correlation(product: float, left: Spread, right: Spread) -> float | None:
    """Return Pearson's correlation; None if either side is constant."""
    length = _length(left, right)
    return max(-1.0, min(1.0, _cleared(product, left, right) / length)) if length else None


def _with_total(one: ItemSums) -> float:
    """Return the sum of the centered products of item and total."""
    return _cleared(one.item.squares + one.product, one.item, one.total)


def _weights(covariances: Sequence[float]) -> list[float | None]:
    """Return the effective weights in percent; None for a negative covariance with the total."""
    roots = [math.sqrt(one) if one >= 0 else None for one in covariances]
    whole = sum(root for root in roots if root is not None)
    return [None if root is None or not whole else 100 * root / whole for root in roots]


def _item(one: ItemSums, *, weight: float | None, alpha: float | None) -> ItemStatistics:
    n, mean = one.alone.n, one.alone.mean if one.alone.n else None
    facility = None if mean is None or not one.maximum else mean / one.maximum
    discrimination = _correlation(one.product, one.item, one.rest)
    total = one.item.squares + one.product
    return ItemStatistics(
        n=n,
        mean=mean,
        facility=facility,
        facility_interval=_share_interval(facility, n),
        sd=math.sqrt(one.alone.squares / (n - 1)) if n > 1 else None,
        pairs=one.item.n,
        discrimination=discrimination,
        interval=None if discrimination is None else fisher_interval(discrimination, one.item.n),
        point_biserial=_correlation(total, one.item, one.total) if one.two_valued else None,
        efficiency=_efficiency(one),
        effective_weight=weight,
        alpha_if_deleted=alpha,
    )


def _efficiency(one: ItemSums) -> float | None:
    most = _cleared(one.ordered, one.item, one.rest)
    return 100 * _cleared(one.product, one.item, one.rest) / most if most else None


def _share_interval(facility: float | None, n: int) -> Interval | None:
    """Return Wilson's interval; extra credit may bring a mean above the maximum."""
    return None if facility is None else wilson(min(1.0, max(0.0, facility)), n)
