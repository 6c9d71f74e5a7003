"""Distributions of numbers, computed by the database: moments, quartiles and a histogram."""

from collections.abc import Hashable, Iterable
from typing import Any, Final

from sqlalchemy import CTE, Float, Integer, Select, case, func, or_, select

from api.services.analytics.queries.query_batch import QueryBatch, ResultRows
from grader.analysis import ScoreDistribution, ScoreMoments, compute_distribution
from grader.analysis.distribution import BELOW_BIN, BIN_COUNT, EDGE_DECIMALS

EDGE_TOLERANCE: Final = 10.0**-EDGE_DECIMALS / 2
"""Distance from a bin edge within which a value is on it, as a share of the bin width."""
QUARTERS: Final = 4


def select_ranked_numbers(values: Select[Any] | CTE, name: str) -> CTE:
    """Return the numbers (*key*, *number*) with their *place*, from 0, among the *n* of their key.

    *mean* is the mean of the key.
    """
    source = values.subquery() if isinstance(values, Select) else values
    key: dict[str, Any] = {"partition_by": source.c.key}
    return (
        select(
            source.c.key,
            source.c.number,
            (func.row_number(type_=Integer).over(**key, order_by=source.c.number) - 1).label(
                "place"
            ),
            func.count().over(**key).label("n"),
            func.avg(source.c.number, type_=Float).over(**key).label("mean"),
        )
        .where(source.c.number.is_not(None))
        .cte(name)
    )


def select_quartile_neighbors(numbers: CTE) -> Select[Any]:
    """Return the query for the numbers around the quartiles: at most six for each key."""
    last = numbers.c.n - 1
    below = [last * quarter // QUARTERS for quarter in range(1, QUARTERS)]
    near = or_(*(numbers.c.place.in_([one, one + 1]) for one in below))
    return select(numbers.c.key, numbers.c.n, numbers.c.place, numbers.c.number).where(near)


def interpolate_quartiles(rows: Iterable[Any]) -> tuple[float, float, float]:
    """Return the quartiles from the rows of one key, interpolated between two numbers."""
    numbers_by_rank = {row.place: row.number for row in rows}
    last = max(row.n for row in rows) - 1
    first, median, third = (
        _interpolate_quartile(numbers_by_rank, last * quarter) for quarter in range(1, QUARTERS)
    )
    return first, median, third


def _interpolate_quartile(numbers_by_rank: dict[int, float], quarters: int) -> float:
    rank, share = divmod(quarters, QUARTERS)
    low = numbers_by_rank[rank]
    return low + (numbers_by_rank.get(rank + 1, low) - low) * share / QUARTERS


def build_distribution_queries(name: str, numbers: CTE, maximum: float) -> QueryBatch:
    """Return the queries for the distribution of numbers up to *maximum*."""
    unit = maximum or 1.0
    away = (numbers.c.number - numbers.c.mean) / unit
    squared = away * away
    moments = select(
        numbers.c.key,
        func.count().label("n"),
        func.max(numbers.c.mean).label("mean"),
        func.min(numbers.c.number).label("low"),
        func.max(numbers.c.number).label("high"),
        func.avg(squared, type_=Float).label("second"),
        func.avg(squared * away, type_=Float).label("third"),
        func.avg(squared * squared, type_=Float).label("fourth"),
    ).group_by(numbers.c.key)
    bin_index = _bin_index_expression(numbers.c.number, unit).label("place")
    bins = select(numbers.c.key, bin_index, func.count().label("n")).group_by(
        numbers.c.key, bin_index
    )
    return {
        f"{name} moments": moments,
        f"{name} quartiles": select_quartile_neighbors(numbers),
        f"{name} bins": bins,
    }


def _bin_index_expression(number: Any, maximum: float) -> Any:
    """Return the histogram bin of a number: one of ten, or one beyond either end."""
    width = maximum / BIN_COUNT
    edges = [
        (number >= width * (index - EDGE_TOLERANCE), index)
        for index in range(BIN_COUNT - 1, -1, -1)
    ]
    return case((number > maximum + width * EDGE_TOLERANCE, BIN_COUNT), *edges, else_=BELOW_BIN)


def read_distribution(
    name: str, rows: dict[str, ResultRows], maximum: float, key: Hashable
) -> ScoreDistribution:
    """Return the distribution of one key from the rows of the queries called *name*."""
    rows_by_query = {
        what: [row for row in rows[f"{name} {what}"] if row.key == key]
        for what in ("moments", "quartiles", "bins")
    }
    if not rows_by_query["moments"]:
        return compute_distribution(None, maximum, {})
    [moments_row] = rows_by_query["moments"]
    moments = ScoreMoments(
        moments_row.n,
        moments_row.mean,
        (moments_row.low, moments_row.high),
        (moments_row.second, moments_row.third, moments_row.fourth),
        interpolate_quartiles(rows_by_query["quartiles"]),
        maximum or 1.0,
    )
    return compute_distribution(
        moments, maximum, {row.place: row.n for row in rows_by_query["bins"]}
    )
