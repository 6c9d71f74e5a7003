"""Item statistics of an assignment: difficulty, and agreement with the other items.

An item is a part or a problem. The caller passes 0 if a student opened the assignment and left
the item blank, and NaN (None) if the item does not count for them: not opened, or excused. Use
first attempts: later ones measure persistence.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grader.analysis.inference import ConfidenceInterval, fisher_interval, wilson_interval
from grader.analysis.numerics import ROUNDING_NOISE
from grader.analysis.reliability import compute_alphas_if_deleted
from grader.analysis.sums import DeviationSums, ItemSums, TableSums


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
    facility_interval: ConfidenceInterval | None
    sd: float | None
    pairs: int
    discrimination: float | None
    interval: ConfidenceInterval | None
    point_biserial: float | None
    efficiency: float | None
    effective_weight: float | None
    alpha_if_deleted: float | None


def compute_item_statistics(sums: TableSums) -> tuple[ItemStatistics, ...]:
    """Return the statistics of each item, from the sums of a table."""
    weights = _effective_weights(
        [
            _sum_item_total_products(item) / (item.item.n - 1) if item.item.n > 1 else math.nan
            for item in sums.items
        ]
    )
    rows = zip(sums.items, weights, compute_alphas_if_deleted(sums), strict=True)
    return tuple(
        _build_item_statistics(row, effective_weight=weight, alpha=alpha)
        for row, weight, alpha in rows
    )


def _clear_rounding_noise(product: float, left: DeviationSums, right: DeviationSums) -> float:
    """Return a sum of products of centered numbers, exactly 0 if it is rounding noise.

    A discrimination of -1e-17 would otherwise count as negative and be flagged. If either side is
    constant, the product is rounding noise.
    """
    length = _product_of_norms(left, right)
    return product if length and abs(product) > ROUNDING_NOISE * length else 0.0


def _product_of_norms(left: DeviationSums, right: DeviationSums) -> float:
    return math.sqrt(left.squares) * math.sqrt(right.squares)


def _pearson_correlation(product: float, left: DeviationSums, right: DeviationSums) -> float | None:
    """Return Pearson's correlation; None if either side is constant."""
    length = _product_of_norms(left, right)
    return (
        max(-1.0, min(1.0, _clear_rounding_noise(product, left, right) / length))
        if length
        else None
    )


def _sum_item_total_products(sums: ItemSums) -> float:
    """Return the sum of the centered products of item and total."""
    return _clear_rounding_noise(sums.item.squares + sums.product, sums.item, sums.total)


def _effective_weights(covariances: Sequence[float]) -> list[float | None]:
    """Return the effective weights in percent; None for a negative covariance with the total."""
    roots = [math.sqrt(covariance) if covariance >= 0 else None for covariance in covariances]
    whole = sum(root for root in roots if root is not None)
    return [None if root is None or not whole else 100 * root / whole for root in roots]


def _build_item_statistics(
    sums: ItemSums, *, effective_weight: float | None, alpha: float | None
) -> ItemStatistics:
    n, mean = sums.all_scores.n, sums.all_scores.mean if sums.all_scores.n else None
    facility = None if mean is None or not sums.maximum else mean / sums.maximum
    discrimination = _pearson_correlation(sums.product, sums.item, sums.rest)
    total = sums.item.squares + sums.product
    return ItemStatistics(
        n=n,
        mean=mean,
        facility=facility,
        facility_interval=_facility_interval(facility, n),
        sd=math.sqrt(sums.all_scores.squares / (n - 1)) if n > 1 else None,
        pairs=sums.item.n,
        discrimination=discrimination,
        interval=None if discrimination is None else fisher_interval(discrimination, sums.item.n),
        point_biserial=_pearson_correlation(total, sums.item, sums.total)
        if sums.two_valued
        else None,
        efficiency=_discriminative_efficiency(sums),
        effective_weight=effective_weight,
        alpha_if_deleted=alpha,
    )


def _discriminative_efficiency(sums: ItemSums) -> float | None:
    most = _clear_rounding_noise(sums.sorted_product, sums.item, sums.rest)
    return 100 * _clear_rounding_noise(sums.product, sums.item, sums.rest) / most if most else None


def _facility_interval(facility: float | None, n: int) -> ConfidenceInterval | None:
    """Return Wilson's interval; extra credit may bring a mean above the maximum."""
    return None if facility is None else wilson_interval(min(1.0, max(0.0, facility)), n)
