"""Distributions of numbers, computed by the database: moments, quartiles and a histogram."""

from collections.abc import Hashable, Iterable
from typing import Any, Final

from sqlalchemy import CTE, Float, Integer, Select, case, func, or_, select

from api.services.analytics.queries.query_batch import Asked, Rows
from grader.analysis import Distribution, Moments, distribution
from grader.analysis.distribution import BELOW, BINS, PLACES

__all__ = ["numbered", "quartiles_asked", "quartiles_of", "spread_asked", "spread_of"]

SLACK: Final = 10.0**-PLACES / 2
"""What is so near to the edge of a bin, as a share of its width, stands on it."""
QUARTERS: Final = 4


def numbered(values: Select[Any] | CTE, name: str) -> CTE:
    """Return the numbers (*key*, *number*) with their *place*, from 0, among the *n* of their key.

    *mean* is the mean of the key.
    """
    own = values.subquery() if isinstance(values, Select) else values
    key: dict[str, Any] = {"partition_by": own.c.key}
    return (
        select(
            own.c.key,
            own.c.number,
            (func.row_number(type_=Integer).over(**key, order_by=own.c.number) - 1).label("place"),
            func.count().over(**key).label("n"),
            func.avg(own.c.number, type_=Float).over(**key).label("mean"),
        )
        .where(own.c.number.is_not(None))
        .cte(name)
    )


def quartiles_asked(numbers: CTE) -> Select[Any]:
    """Return the query for the numbers around the quartiles: at most six for each key."""
    last = numbers.c.n - 1
    below = [last * quarter // QUARTERS for quarter in range(1, QUARTERS)]
    near = or_(*(numbers.c.place.in_([one, one + 1]) for one in below))
    return select(numbers.c.key, numbers.c.n, numbers.c.place, numbers.c.number).where(near)


def quartiles_of(rows: Iterable[Any]) -> tuple[float, float, float]:
    """Return the quartiles from the rows of one key, interpolated between two numbers."""
    at = {row.place: row.number for row in rows}
    last = max(row.n for row in rows) - 1
    first, median, third = (_between(at, last * quarter) for quarter in range(1, QUARTERS))
    return first, median, third


def _between(at: dict[int, float], quarters: int) -> float:
    place, share = divmod(quarters, QUARTERS)
    low = at[place]
    return low + (at.get(place + 1, low) - low) * share / QUARTERS


def spread_asked(name: str, numbers: CTE, maximum: float) -> Asked:
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
    at = _bin(numbers.c.number, unit).label("place")
    bins = select(numbers.c.key, at, func.count().label("n")).group_by(numbers.c.key, at)
    return {
        f"{name} moments": moments,
        f"{name} quartiles": quartiles_asked(numbers),
        f"{name} bins": bins,
    }


def _bin(number: Any, maximum: float) -> Any:
    """Return the histogram bin of a number: one of ten, or one beyond either end."""
    width = maximum / BINS
    edges = [(number >= width * (at - SLACK), at) for at in range(BINS - 1, -1, -1)]
    return case((number > maximum + width * SLACK, BINS), *edges, else_=BELOW)


def spread_of(name: str, rows: dict[str, Rows], maximum: float, key: Hashable) -> Distribution:
    """Return the distribution of one key from the rows of the queries called *name*."""
    of = {
        what: [row for row in rows[f"{name} {what}"] if row.key == key]
        for what in ("moments", "quartiles", "bins")
    }
    if not of["moments"]:
        return distribution(None, maximum, {})
    [one] = of["moments"]
    moments = Moments(
        one.n,
        one.mean,
        (one.low, one.high),
        (one.second, one.third, one.fourth),
        quartiles_of(of["quartiles"]),
        maximum or 1.0,
    )
    return distribution(moments, maximum, {row.place: row.n for row in of["bins"]})
