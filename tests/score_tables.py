"""Score tables, summed with NumPy into the aggregates that a database computes."""

import numpy as np

from grader.analysis import (
    DeviationSums,
    ItemStatistics,
    ItemSums,
    Reliability,
    TableSums,
    compute_deviation_sums,
    compute_item_statistics,
    estimate_reliability,
)


def items(scores, maxima) -> tuple[ItemStatistics, ...]:
    """Return the statistics of each column (item).

    Rows are students; NaN or None marks an item that the student did not open.
    """
    return compute_item_statistics(table_sums(scores, maxima))


def reliability(scores) -> Reliability:
    rows = np.asarray(scores, dtype=float)
    return estimate_reliability(table_sums(rows, np.ones(rows.shape[1] if rows.size else 0)))


def rests(scores, maxima) -> np.ndarray:
    """Return each student's points in the other items, for each item; NaN without any.

    If a student did not open all items, the rest is their share of the opened items,
    times the points of all others.
    """
    most = np.asarray(maxima, dtype=float)
    table = np.asarray(scores, dtype=float).reshape(len(scores), most.size)
    opened = ~np.isnan(table)
    points, possible = np.where(opened, table, 0.0), np.where(opened, most, 0.0)
    earned = points.sum(axis=1, keepdims=True) - points
    others = possible.sum(axis=1, keepdims=True) - possible
    share = np.divide(
        earned, others, out=np.full(table.shape, np.nan), where=opened & (others != 0)
    )
    return share * (most.sum() - most)


def table_sums(scores, maxima) -> TableSums:
    """Return the sums of a table with a row per student and a column per item."""
    most = np.asarray(maxima, dtype=float)
    table = np.asarray(scores, dtype=float).reshape(len(scores), most.size)
    rest, there = rests(table, most), ~np.isnan(table)
    used = there.any(axis=0)
    whole = np.where(used, table, 0.0)[(there | ~used).all(axis=1) & used.any()]
    totals = whole.sum(axis=1)
    return TableSums(
        tuple(
            _item(float(one), table[:, at], rest[:, at], whole[:, at], totals)
            for at, one in enumerate(most)
        ),
        _spread(totals),
    )


def _item(maximum, scores, rest, whole, totals) -> ItemSums:
    pairs = ~np.isnan(rest)
    here, other = scores[pairs], rest[pairs]
    expected = here.sum() * other.sum() / max(1, here.size)
    return ItemSums(
        maximum=maximum,
        all_scores=_spread(scores[~np.isnan(scores)]),
        item=_spread(here),
        rest=_spread(other),
        total=_spread(here + other),
        product=float(here @ other - expected),
        sorted_product=float(np.sort(here) @ np.sort(other) - expected),
        two_valued=bool(((here == 0) | (here == maximum)).all()),
        complete=_spread(whole),
        others=_spread(totals - whole),
    )


def _spread(numbers) -> DeviationSums:
    if not numbers.size:
        return compute_deviation_sums(0)
    ends = float(numbers.min()), float(numbers.max())
    return compute_deviation_sums(
        numbers.size, float(numbers.sum()), float(np.square(numbers).sum()), ends
    )
