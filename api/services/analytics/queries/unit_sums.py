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

from api.services.analytics.queries.query_batch import (
    QueryBatch,
    ResultRows,
    condition_to_integer,
    sum_if,
)
from api.services.analytics.queries.unit_scores import UnitScoreQueries
from grader.analysis import ItemSums, TableSums, compute_deviation_sums

ALONE: Final = "alone"
PAIR: Final = ("item", "rest", "total")
COMPLETE: Final = ("complete", "others", "all")


def build_unit_sum_queries(units: UnitScoreQueries) -> QueryBatch:
    """Return the queries whose rows `read_table_sums` needs."""
    return {
        "units": _select_unit_sums(units.scores, units.ranked_scores),
        "ordered": _select_sorted_products(units.ranked_scores),
    }


def _select_unit_sums(scored: CTE, ranked: CTE) -> Select[Any]:
    """Return the query for the sums of each unit: one row per part and problem.

    The students who have every unit are those who have every settled one. Otherwise few would be
    left while texts are being graded, and the reliability would be that of a handful.
    """
    used = (
        select(scored.c.level, func.count(scored.c.unit.distinct()).label("units"))
        .where(scored.c.points.is_not(None), scored.c.settled == 1)
        .group_by(scored.c.level)
        .cte("used")
    )
    columns = ranked.c
    has_points = columns.points.is_not(None)
    pair = columns.rest.is_not(None)
    complete = and_(has_points, columns.settled == 1, columns.graded_units == used.c.units)
    alone = _spread_columns(ALONE, has_points, columns.points)
    pairs = zip(PAIR, (columns.points, columns.rest, columns.points + columns.rest), strict=True)
    whole = zip(
        COMPLETE,
        (columns.points, columns.graded - columns.points, columns.graded),
        strict=True,
    )
    extreme = (columns.points == 0) | (columns.points == columns.most)
    return (
        select(
            columns.level,
            columns.unit,
            *alone,
            *(column for name, number in pairs for column in _spread_columns(name, pair, number)),
            *(
                column
                for name, number in whole
                for column in _spread_columns(name, complete, number)
            ),
            sum_if(pair, columns.points * columns.rest).label("product"),
            sum_if(pair & (columns.place <= columns.full), columns.rest * columns.most).label(
                "best"
            ),
            func.min(case((pair, condition_to_integer(extreme)))).label("two_valued"),
        )
        .outerjoin(used, used.c.level == columns.level)
        .group_by(columns.level, columns.unit)
    )


def _spread_columns(name: str, condition: Any, number: Any) -> tuple[Any, ...]:
    """Return the columns that describe a spread: count, sum, squares, minimum and maximum."""
    selected = case((condition, number))
    return (
        func.count(selected).label(f"{name}_n"),
        func.sum(selected).label(f"{name}_sum"),
        func.sum(selected * selected).label(f"{name}_squares"),
        func.min(selected).label(f"{name}_low"),
        func.max(selected).label(f"{name}_high"),
    )


def _select_sorted_products(ranked: CTE) -> Select[Any]:
    """Return the query for the sum of products of points and rests, both sorted descending.

    Units whose students all have all or nothing are left out: the other sums suffice for them.
    """
    columns = ranked.c
    between = (columns.points != 0) & (columns.points != columns.most) & columns.rest.is_not(None)
    unlike = (
        select(columns.level, columns.unit).where(between).group_by(columns.level, columns.unit)
    )
    chosen = columns.rest.is_not(None) & tuple_(columns.level, columns.unit).in_(unlike)
    points_rank = func.row_number(type_=Integer).over(
        partition_by=(columns.level, columns.unit), order_by=columns.points.desc()
    )
    nothing = cast(null(), Float)
    both = union_all(
        select(
            columns.level, columns.unit, columns.place, columns.rest, nothing.label("points")
        ).where(chosen),
        select(columns.level, columns.unit, points_rank, nothing, columns.points).where(chosen),
    ).subquery()
    key_columns = (both.c.level, both.c.unit, both.c.place)
    product = (func.max(both.c.rest) * func.max(both.c.points)).label("product")
    each = select(*key_columns, product).group_by(*key_columns).subquery()
    return select(each.c.level, each.c.unit, func.sum(each.c.product).label("product")).group_by(
        each.c.level, each.c.unit
    )


def read_table_sums(maxima: Sequence[float], rows: dict[str, ResultRows], level: int) -> TableSums:
    """Return the sums of the units of a *level*; *maxima* holds the maximum points of each."""
    rows_by_unit = {row.unit: row for row in rows["units"] if row.level == level}
    ordered = {row.unit: row.product for row in rows["ordered"] if row.level == level}
    each = tuple(
        _read_item_sums(most, rows_by_unit.get(index), ordered.get(index))
        for index, most in enumerate(maxima)
    )
    totals = next(
        (_read_spread("all", row) for row in rows_by_unit.values() if row.all_n),
        compute_deviation_sums(0),
    )
    return TableSums(each, totals)


def _read_item_sums(most: float, row: Any, ordered: float | None) -> ItemSums:
    if row is None:
        none = compute_deviation_sums(0)
        return ItemSums(most, none, none, none, none, 0.0, 0.0, True, none, none)  # noqa: FBT003
    item, rest, total = (_read_spread(name, row) for name in PAIR)
    expected = item.n * item.mean * rest.mean if item.n else 0.0
    best = row.best or 0.0 if ordered is None else ordered
    return ItemSums(
        maximum=most,
        all_scores=_read_spread(ALONE, row),
        item=item,
        rest=rest,
        total=total,
        product=(row.product or 0.0) - expected,
        sorted_product=best - expected,
        two_valued=bool(row.two_valued),
        complete=_read_spread("complete", row),
        others=_read_spread("others", row),
    )


def _read_spread(name: str, row: Any) -> Any:
    n, total, squares, low, high = (
        getattr(row, f"{name}_{what}") for what in ("n", "sum", "squares", "low", "high")
    )
    return (
        compute_deviation_sums(n, total, squares, (low, high)) if n else compute_deviation_sums(0)
    )
