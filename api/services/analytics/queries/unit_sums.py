"""Sums over a class that describe its parts and problems: their queries and values."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    CTE,
    Float,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    null,
    select,
    tuple_,
    union_all,
)

from api.services.analytics.queries.query_batch import Asked, Rows, flag, sum_if
from api.services.analytics.queries.units import Units
from grader.analysis import ItemSums, TableSums, spread

__all__ = ["table_of", "units_asked"]

ALONE: Final = "alone"
PAIR: Final = ("item", "rest", "total")
COMPLETE: Final = ("complete", "others", "all")


def units_asked(units: Units) -> Asked:
    """Return the queries whose rows `table_of` needs."""
    return {"units": _units(units.scored, units.ranked), "ordered": _ordered(units.ranked)}


def _units(scored: CTE, ranked: CTE) -> Select[Any]:
    """Return the query for the sums of each unit: one row per part and problem."""
    used = (
        select(scored.c.level, func.count(scored.c.unit.distinct()).label("units"))
        .where(scored.c.points.is_not(None))
        .group_by(scored.c.level)
        .cte("used")
    )
    one = ranked.c
    here = one.points.is_not(None)
    pair, complete = one.rest.is_not(None), and_(here, one.there == used.c.units)
    alone = _sums(ALONE, here, one.points)
    pairs = zip(PAIR, (one.points, one.rest, one.points + one.rest), strict=True)
    whole = zip(COMPLETE, (one.points, one.earned - one.points, one.earned), strict=True)
    extreme = (one.points == 0) | (one.points == one.most)
    return (
        select(
            one.level,
            one.unit,
            *alone,
            *(column for name, number in pairs for column in _sums(name, pair, number)),
            *(column for name, number in whole for column in _sums(name, complete, number)),
            sum_if(pair, one.points * one.rest).label("product"),
            sum_if(pair & (one.place <= one.full), one.rest * one.most).label("best"),
            func.min(case((pair, flag(extreme)))).label("two_valued"),
        )
        .join(used, used.c.level == one.level)
        .group_by(one.level, one.unit)
    )


def _sums(name: str, condition: Any, number: Any) -> tuple[Any, ...]:
    """Return the columns that describe a spread: count, sum, squares, minimum and maximum."""
    here = case((condition, number))
    return (
        func.count(here).label(f"{name}_n"),
        func.sum(here).label(f"{name}_sum"),
        func.sum(here * here).label(f"{name}_squares"),
        func.min(here).label(f"{name}_low"),
        func.max(here).label(f"{name}_high"),
    )


def _ordered(ranked: CTE) -> Select[Any]:
    """Return the query for the sum of products of points and rests, both sorted descending.

    Units whose students all have all or nothing are left out: the other sums suffice for them.
    """
    one = ranked.c
    between = (one.points != 0) & (one.points != one.most) & one.rest.is_not(None)
    unlike = select(one.level, one.unit).where(between).group_by(one.level, one.unit)
    chosen = one.rest.is_not(None) & tuple_(one.level, one.unit).in_(unlike)
    place = func.row_number(type_=Integer).over(
        partition_by=(one.level, one.unit), order_by=one.points.desc()
    )
    nothing = cast(null(), Float)
    both = union_all(
        select(one.level, one.unit, one.place, one.rest, nothing.label("points")).where(chosen),
        select(one.level, one.unit, place, nothing, one.points).where(chosen),
    ).subquery()
    at = (both.c.level, both.c.unit, both.c.place)
    product = (func.max(both.c.rest) * func.max(both.c.points)).label("product")
    each = select(*at, product).group_by(*at).subquery()
    return select(each.c.level, each.c.unit, func.sum(each.c.product).label("product")).group_by(
        each.c.level, each.c.unit
    )


def table_of(maxima: Sequence[float], rows: dict[str, Rows], level: int) -> TableSums:
    """Return the sums of the units of a *level*; *maxima* holds the maximum points of each."""
    found = {row.unit: row for row in rows["units"] if row.level == level}
    ordered = {row.unit: row.product for row in rows["ordered"] if row.level == level}
    each = tuple(_item(most, found.get(at), ordered.get(at)) for at, most in enumerate(maxima))
    totals = next((_spread("all", row) for row in found.values() if row.all_n), spread(0))
    return TableSums(each, totals)


def _item(most: float, row: Any, ordered: float | None) -> ItemSums:
    if row is None:
        none = spread(0)
        return ItemSums(most, none, none, none, none, 0.0, 0.0, True, none, none)  # noqa: FBT003
    item, rest, total = (_spread(name, row) for name in PAIR)
    expected = item.n * item.mean * rest.mean if item.n else 0.0
    best = row.best or 0.0 if ordered is None else ordered
    return ItemSums(
        maximum=most,
        alone=_spread(ALONE, row),
        item=item,
        rest=rest,
        total=total,
        product=(row.product or 0.0) - expected,
        ordered=best - expected,
        two_valued=bool(row.two_valued),
        complete=_spread("complete", row),
        others=_spread("others", row),
    )


def _spread(name: str, row: Any) -> Any:
    n, total, squares, low, high = (
        getattr(row, f"{name}_{what}") for what in ("n", "sum", "squares", "low", "high")
    )
    return spread(n, total, squares, (low, high)) if n else spread(0)
