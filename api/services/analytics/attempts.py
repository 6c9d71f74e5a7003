"""Attempts, gain and time: how a class arrived at its answers."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CTE, Float, Integer, Select, case, cast, func, select

from api.db.models import Draw
from api.services.analytics.queries.distributions import numbered, quartiles_asked, quartiles_of
from api.services.analytics.queries.query_batch import Asked, Rows, flag, micros_of, sum_if
from api.services.engine.assigned_variant import draw_of
from grader.analysis import IDLE_SECONDS, NEARLY, Attempts, Gain, Times, attempts_to_correct

__all__ = ["Answered", "answered_of", "attempts_asked", "times_of"]

SECOND: Final = 1_000_000
NO_GAIN: Final = Gain(0, None, None, None, 0, 0)


@dataclass(frozen=True, slots=True)
class Answered:
    """Counts of the answers to a part, and the gain of later attempts.

    *follows* counts the first answers that are right given the student's own earlier answers.
    """

    answered: int
    follows: int
    attempts: Attempts
    gain: Gain


def attempts_asked(firsts: CTE) -> Asked:
    """Return the queries whose rows `answered_of` and `times_of` need."""
    return {"answered": _answered(firsts), "solved": _solved(firsts), **_times(firsts)}


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
    """Return the query that counts students by the attempt that was right; null means never."""
    one = firsts.c
    return (
        select(one.item.label("unit"), one.solved_at.label("at"), func.count().label("n"))
        .where(one.best.is_not(None))
        .group_by(one.item, one.solved_at)
    )


def _times(firsts: CTE) -> Asked:
    """Return the queries for the time from opening a problem to the first answer in it.

    Students who submitted answers without opening the page have no time.
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
        .join(Draw, draw_of(earliest))
        .where(earliest.at == 1)
        .cte("took")
    )
    # A time of 0 means that the student answered without seeing the page before.
    there = took.c.took != 0
    capped = case((took.c.took > IDLE_SECONDS, cast(IDLE_SECONDS, Float)), else_=took.c.took)
    numbers = select(took.c.key, capped.label("number")).where(there, took.c.took >= 0)
    idle = select(took.c.key, func.count().label("n")).where(took.c.took > IDLE_SECONDS)
    return {
        "times": quartiles_asked(numbered(numbers, "times")),
        "idle": idle.group_by(took.c.key),
    }


def answered_of(at: int, rows: dict[str, Rows]) -> Answered:
    """Return the counts, attempts and gain of the part at index *at*."""
    row = next((one for one in rows["answered"] if one.unit == at), None)
    solved = {one.at: one.n for one in rows["solved"] if one.unit == at}
    attempts = attempts_to_correct(
        {attempt: n for attempt, n in solved.items() if attempt is not None},
        never=solved.get(None, 0),
    )
    if row is None:
        return Answered(0, 0, attempts, NO_GAIN)
    return Answered(row.answered, row.follows, attempts, _gain(row))


def _gain(row: Any) -> Gain:
    if not row.n:
        return NO_GAIN
    first, best = row.first / row.n, row.better / row.n
    return Gain(row.n, first, best, best - first, row.improvable, row.improved)


def times_of(number: int, rows: dict[str, Rows]) -> Times:
    """Return the median, quartiles and idle count of the times that a problem took."""
    near = [row for row in rows["times"] if row.key == number]
    if not near:
        return Times(0, None, None, 0)
    low, median, high = quartiles_of(near)
    idle = sum(row.n for row in rows["idle"] if row.key == number)
    return Times(near[0].n, median, (low, high), idle)
