"""What each item of an assignment tells: how hard it is, and how far it agrees with the others.

An item is a part or a problem. The caller writes 0 where a student opened the assignment and left
the item blank, and NaN (None) where the item does not count for them: not opened, excused. Use
first attempts: the later ones tell of persistence.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from grader.analysis.figures import (
    TINY,
    Column,
    Floats,
    Table,
    centred,
    column,
    known,
    matrix,
    ratio,
)
from grader.analysis.inference import Interval, fisher_interval, wilson
from grader.analysis.reliability import alphas_without

__all__ = ["ItemStatistics", "items", "rests"]


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """The figures of one item; None where too few students, or equal scores, allow none.

    *n* students opened it. *facility* is the mean as a share of the maximum, and lies in
    *facility_interval*. Of these, *pairs* opened another item too: over them *discrimination* is
    the correlation of the item with the rest of the total, and lies in *interval* (Fisher's z).
    *point_biserial* is, for an item that is right or wrong, the correlation with the total, the
    item included. *efficiency* is discrimination as percent of the most that these scores could
    have, *effective_weight* the percent that the item adds to the spread of the totals (None if
    it works against it), *alpha_if_deleted* the reliability of the others.
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


class _Alone(NamedTuple):
    """Figures of the items by themselves, an entry for each."""

    n: Floats
    mean: Floats
    facility: Floats
    sd: Floats


class _Together(NamedTuple):
    """Figures of the items with the rest of the total, an entry for each."""

    pairs: Floats
    discrimination: Floats
    point_biserial: Floats
    efficiency: Floats
    weight: Floats


def items(scores: Table, maxima: Column) -> tuple[ItemStatistics, ...]:
    """Return the figures of each item, in the order of the columns of *scores*.

    *scores* has a row for each student and as many columns as there are *maxima* (points).
    """
    most = _maxima(maxima)
    table = matrix(scores, width=most.size)
    alone, together = _alone(table, most), _together(table, most)
    without = alphas_without(table)
    return tuple(_item(alone, together, at=at, alpha=without[at]) for at in range(most.size))


def rests(scores: Table, maxima: Column) -> Floats:
    """Return for each student and item the points in the other items, NaN where there are none.

    Where a student did not open all items, the rest is their share of what they opened, times
    the points of all others: students who were excused from an item are comparable.
    """
    most = _maxima(maxima)
    table = matrix(scores, width=most.size)
    opened = ~np.isnan(table)
    points = np.where(opened, table, 0.0)
    possible = opened @ most
    others = possible[:, np.newaxis] - np.where(opened, most, 0.0)
    earned = points.sum(axis=1, keepdims=True) - points
    full: Floats = np.where(opened, earned * ratio(most.sum() - most, others), np.nan)
    return full


def _maxima(maxima: Column) -> Floats:
    most = column(maxima)
    if np.isnan(most).any() or (most < 0).any():
        raise ValueError("The maximum of an item is a number of points, 0 or more.")
    return most


def _alone(table: Floats, most: Floats) -> _Alone:
    opened = ~np.isnan(table)
    n = opened.sum(axis=0).astype(np.float64)
    mean = ratio(np.where(opened, table, 0.0).sum(axis=0), n)
    squares = np.nansum(centred(table) ** 2, axis=0)
    return _Alone(n, mean, ratio(mean, most), np.sqrt(ratio(squares, np.where(n > 1, n - 1, 0))))


def _together(table: Floats, most: Floats) -> _Together:
    """Return the figures of items with their rests, over the students who have both."""
    rest = rests(table, most)
    here = np.where(np.isnan(rest), np.nan, table)
    item, other, total = centred(here), centred(rest), centred(here + rest)
    pairs = (~np.isnan(here)).sum(axis=0).astype(np.float64)
    common = _products(item, other)
    return _Together(
        pairs=pairs,
        discrimination=_correlation(item, other),
        point_biserial=np.where(_two_valued(here, most), _correlation(item, total), np.nan),
        efficiency=100 * ratio(common, _products(np.sort(item, axis=0), np.sort(other, axis=0))),
        weight=_weights(ratio(_products(item, total), pairs - 1)),
    )


def _products(left: Floats, right: Floats) -> Floats:
    """Return the sums of products by column without the gaps; exactly 0 where floats round to it.

    A discrimination of -1e-17 would otherwise count as negative and be flagged.
    """
    found: Floats = np.nansum(left * right, axis=0)
    return np.where(np.abs(found) <= TINY * _length(left) * _length(right), 0.0, found)


def _length(columns: Floats) -> Floats:
    length: Floats = np.sqrt(np.nansum(columns**2, axis=0))
    return length


def _correlation(left: Floats, right: Floats) -> Floats:
    """Return Pearson's correlations of centred columns; NaN where either is constant."""
    return np.clip(ratio(_products(left, right), _length(left) * _length(right)), -1, 1)


def _two_valued(table: Floats, most: Floats) -> npt.NDArray[np.bool_]:
    """Tell of each item whether everyone has either nothing or all of its points."""
    extremes = (table == 0) | (table == most) | np.isnan(table)
    return np.asarray(extremes.all(axis=0))


def _weights(covariances: Floats) -> Floats:
    """Return the effective weights in percent; NaN for a negative covariance with the total."""
    roots = np.sqrt(np.where(covariances >= 0, covariances, 0.0))
    return 100 * ratio(np.where(covariances >= 0, roots, np.nan), roots.sum())


def _item(alone: _Alone, together: _Together, *, at: int, alpha: float | None) -> ItemStatistics:
    n, pairs = int(alone.n[at]), int(together.pairs[at])
    facility, discrimination = known(alone.facility[at]), known(together.discrimination[at])
    return ItemStatistics(
        n=n,
        mean=known(alone.mean[at]),
        facility=facility,
        facility_interval=_share_interval(facility, n),
        sd=known(alone.sd[at]),
        pairs=pairs,
        discrimination=discrimination,
        interval=None if discrimination is None else fisher_interval(discrimination, pairs),
        point_biserial=known(together.point_biserial[at]),
        efficiency=known(together.efficiency[at]),
        effective_weight=known(together.weight[at]),
        alpha_if_deleted=alpha,
    )


def _share_interval(facility: float | None, n: int) -> Interval | None:
    """Return Wilson's interval; extra credit may bring a mean above the maximum."""
    return None if facility is None else wilson(min(1.0, max(0.0, facility)), n)
