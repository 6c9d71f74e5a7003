"""The figures of the parts and problems of an assignment, by sums over the class."""

from collections.abc import Sequence
from dataclasses import dataclass
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

from api.services.analytics.asking import Asked, Rows, flag, sum_if
from api.services.analytics.cells import PART, PROBLEM, Cells
from api.services.analytics.items import Items
from api.services.analytics.reading import micros_of
from api.services.analytics.spreads import (
    numbered,
    quartiles_asked,
    quartiles_of,
    spread_asked,
    spread_of,
)
from api.tables import Draw
from grader.analysis import (
    IDLE_SECONDS,
    NEARLY,
    Attempts,
    Distribution,
    Gain,
    ItemStatistics,
    ItemSums,
    Reliability,
    TableSums,
    Times,
    attempts_to_correct,
    item_statistics,
    reliability_of,
    spread,
)

__all__ = ["Answered", "Summed", "summed", "sums_asked"]

SECOND: Final = 1_000_000
ALONE: Final = "alone"
PAIR: Final = ("item", "rest", "total")
COMPLETE: Final = ("complete", "others", "all")


@dataclass(frozen=True, slots=True)
class Answered:
    """How many answered a part, and what later attempts brought; *follows* counts answers.

    *follows* are right for the student's own earlier answers.
    """

    answered: int
    follows: int
    attempts: Attempts
    gain: Gain


@dataclass(frozen=True, slots=True)
class Summed:
    """The figures of all parts and problems of an assignment, each in their order.

    *opened* are measured; *over*: the time of all of them is over.
    """

    opened: int
    over: bool
    scores: Distribution
    reliability: Reliability
    parts: tuple[ItemStatistics, ...]
    answered: tuple[Answered, ...]
    problems: tuple[ItemStatistics, ...]
    times: tuple[Times, ...]


def sums_asked(cells: Cells) -> Asked:
    """Return the questions that `summed` needs answers to."""
    opened = cells.opened.c
    totals = (
        select(cells.scored.c.level.label("key"), func.max(cells.scored.c.total).label("number"))
        .where(cells.scored.c.level == PART)
        .group_by(cells.scored.c.level, cells.scored.c.student_id)
    )
    return {
        "opened": select(func.count().label("n"), func.min(opened.over).label("over")),
        "units": _units(cells.scored, cells.ranked),
        "ordered": _ordered(cells.ranked),
        "answered": _answered(cells.firsts),
        "solved": _solved(cells.firsts),
        **_times(cells.firsts),
        **spread_asked("totals", numbered(totals, "totals"), cells.items.maximum),
    }


def _units(scored: CTE, ranked: CTE) -> Select[Any]:
    """Return the question for the sums of each unit: a row for each part and problem."""
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
    """Return the sums by which a spread is known."""
    here = case((condition, number))
    return (
        func.count(here).label(f"{name}_n"),
        func.sum(here).label(f"{name}_sum"),
        func.sum(here * here).label(f"{name}_squares"),
        func.min(here).label(f"{name}_low"),
        func.max(here).label(f"{name}_high"),
    )


def _ordered(ranked: CTE) -> Select[Any]:
    """Return the question for units times rests with both in order.

    Of a unit that everybody has all or nothing of it is told by the sums already.
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


def _answered(firsts: CTE) -> Select[Any]:
    one = firsts.c
    known = one.credit.is_not(None) & one.best.is_not(None)
    below = known & (one.credit < NEARLY)
    return select(
        one.item.label("unit"),
        func.count().label("answered"),
        func.sum(one.follows).label("follows"),
        func.sum(flag(known)).label("n"),
        sum_if(known, one.credit).label("first"),
        sum_if(known, one.best).label("better"),
        func.sum(flag(below)).label("improvable"),
        func.sum(flag(below & (one.best > one.credit + (1 - NEARLY)))).label("improved"),
    ).group_by(one.item)


def _solved(firsts: CTE) -> Select[Any]:
    """Return the question for the attempts at which students were right; null for never."""
    one = firsts.c
    return (
        select(one.item.label("unit"), one.solved_at.label("at"), func.count().label("n"))
        .where(one.best.is_not(None))
        .group_by(one.item, one.solved_at)
    )


def _times(firsts: CTE) -> Asked:
    """Return the questions for the times from the opening of a problem to the first answer in it.

    Who never opened the page, but sent answers only, has no time.
    """
    one = firsts.c
    place = func.row_number(type_=Integer).over(
        partition_by=(one.problem, one.student_id), order_by=(one.received_at, one.item)
    )
    earliest = select(firsts, place.label("at")).subquery().c
    took = (
        select(
            earliest.problem.label("key"),
            ((earliest.received_at - micros_of(Draw.opened_at)) / (SECOND + 0.0)).label("took"),
        )
        .join(
            Draw,
            (Draw.problem_id == earliest.problem_id)
            & (Draw.student_id == earliest.student_id)
            & (Draw.number == earliest.draw),
        )
        .where(earliest.at == 1)
        .cte("took")
    )
    # Nobody's opening and first answer are the same moment who has seen the page before.
    there = took.c.took != 0
    capped = case((took.c.took > IDLE_SECONDS, cast(IDLE_SECONDS, Float)), else_=took.c.took)
    numbers = select(took.c.key, capped.label("number")).where(there, took.c.took >= 0)
    idle = select(took.c.key, func.count().label("n")).where(took.c.took > IDLE_SECONDS)
    return {
        "times": quartiles_asked(numbered(numbers, "times")),
        "idle": idle.group_by(took.c.key),
    }


def summed(items: Items, rows: dict[str, Rows]) -> Summed:
    """Return the figures by the answers to what was asked."""
    parts = _table([item.most for item in items.items], rows, PART)
    problems = _table(items.worths, rows, PROBLEM)
    [opened] = rows["opened"]
    return Summed(
        opened=opened.n,
        over=bool(opened.over),
        scores=spread_of("totals", rows, items.maximum, PART),
        reliability=reliability_of(parts),
        parts=item_statistics(parts),
        answered=tuple(_counts(at, rows) for at in range(len(items.items))),
        problems=item_statistics(problems),
        times=tuple(_time(at, rows) for at in range(len(items.problems))),
    )


def _table(maxima: Sequence[float], rows: dict[str, Rows], level: int) -> TableSums:
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


def _counts(at: int, rows: dict[str, Rows]) -> Answered:
    row = next((one for one in rows["answered"] if one.unit == at), None)
    solved = {one.at: one.n for one in rows["solved"] if one.unit == at}
    attempts = attempts_to_correct(
        {attempt: n for attempt, n in solved.items() if attempt is not None},
        never=solved.get(None, 0),
    )
    if row is None:
        return Answered(0, 0, attempts, Gain(0, None, None, None, 0, 0))
    return Answered(row.answered, row.follows, attempts, _gain(row))


def _gain(row: Any) -> Gain:
    if not row.n:
        return Gain(0, None, None, None, 0, 0)
    first, best = row.first / row.n, row.better / row.n
    return Gain(row.n, first, best, best - first, row.improvable, row.improved)


def _time(at: int, rows: dict[str, Rows]) -> Times:
    near = [row for row in rows["times"] if row.key == at]
    if not near:
        return Times(0, None, None, 0)
    low, median, high = quartiles_of(near)
    return Times(near[0].n, median, (low, high), sum(r.n for r in rows["idle"] if r.key == at))
