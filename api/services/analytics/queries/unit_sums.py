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
        "units": _select_unit_sums(units.ranked_scores),
        "ordered": _select_sorted_products(units.ranked_scores),
    }


def _select_unit_sums(ranked: CTE) -> Select[Any]:
    """Return the query for the sums of each unit: one row per part and problem.

    The students who have every unit are those who have every settled one. Otherwise few would be
    left while texts are being graded, and the reliability would be that of a handful.
    """
    columns = ranked.c
    has_points = columns.points.is_not(None)
    used = (
        select(columns.level, func.count(columns.unit.distinct()).label("units"))
        .where(has_points, columns.settled == 1)
        .group_by(columns.level)
        .cte("used")
    )
    pair = columns.rest.is_not(None)
    complete = and_(has_points, columns.settled == 1, columns.graded_units == used.c.units)
    points, rest, graded = columns.points, columns.rest, columns.graded
    spreads = (
        (ALONE, has_points, points),
        *zip(PAIR, (pair,) * 3, (points, rest, points + rest), strict=True),
        *zip(COMPLETE, (complete,) * 3, (points, graded - points, graded), strict=True),
    )
    full = case(
        (columns.before + columns.n <= columns.full, columns.n),
        (columns.before < columns.full, columns.full - columns.before),
    )
    extreme = (points == 0) | (points == columns.most)
    return (
        select(
            columns.level,
            columns.unit,
            *(
                column
                for name, condition, number in spreads
                for column in _spread_columns(name, condition, number, columns.n)
            ),
            sum_if(pair, columns.n * points * rest).label("product"),
            sum_if(pair, full * rest * columns.most).label("best"),
            func.min(case((pair, condition_to_integer(extreme)))).label("two_valued"),
        )
        .outerjoin(used, used.c.level == columns.level)
        .group_by(columns.level, columns.unit)
    )


def _spread_columns(name: str, condition: Any, number: Any, n: Any) -> tuple[Any, ...]:
    """Return the columns that describe the spread of a number that *n* students have.

    They are the count, sum, sum of squares, minimum and maximum.
    """
    selected = case((condition, number))
    return (
        func.sum(case((selected.is_not(None), n))).label(f"{name}_n"),
        func.sum(n * selected).label(f"{name}_sum"),
        func.sum(n * selected * selected).label(f"{name}_squares"),
        func.min(selected).label(f"{name}_low"),
        func.max(selected).label(f"{name}_high"),
    )


def _select_sorted_products(ranked: CTE) -> Select[Any]:
    """Return the query for the sum of products of points and rests, both sorted descending.

    Each sorted series is a step function over the students. The steps of both, in order, have the
    lowest number so far as their value. Units whose students all have all or nothing are left out:
    the other sums suffice for them.
    """
    columns = ranked.c
    between = (columns.points != 0) & (columns.points != columns.most) & columns.rest.is_not(None)
    unlike = (
        select(columns.level, columns.unit).where(between).group_by(columns.level, columns.unit)
    )
    chosen = columns.rest.is_not(None) & tuple_(columns.level, columns.unit).in_(unlike)
    unit = (columns.level, columns.unit)
    nothing = cast(null(), Float)

    def select_steps(order: Any, points: Any, rest: Any) -> Select[Any]:
        before = func.sum(columns.n).over(partition_by=unit, order_by=order.desc(), rows=(None, -1))
        return select(
            *unit,
            columns.pairs,
            func.coalesce(cast(before, Integer), 0).label("start"),
            points.label("points"),
            rest.label("rest"),
        ).where(chosen)

    steps = union_all(
        select_steps(columns.points, columns.points, nothing),
        select_steps(columns.rest, nothing, columns.rest),
    ).subquery()
    step = steps.c
    window: dict[str, Any] = {"partition_by": (step.level, step.unit), "order_by": step.start}
    end = func.coalesce(func.lead(step.start, type_=Integer).over(**window), step.pairs)
    values = select(
        step.level,
        step.unit,
        (end - step.start).label("length"),
        func.min(step.points).over(**window).label("points"),
        func.min(step.rest).over(**window).label("rest"),
    ).subquery()
    product = func.sum(values.c.length * values.c.points * values.c.rest).label("product")
    return select(values.c.level, values.c.unit, product).group_by(values.c.level, values.c.unit)


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
