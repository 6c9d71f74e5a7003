"""Attempts, gain and time: how a class arrived at its answers."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CTE, Float, Select, case, cast, func, select

from api.db.models import Draw
from api.services.analytics.queries.distributions import (
    interpolate_quartiles,
    select_quartile_neighbors,
    select_ranked_numbers,
)
from api.services.analytics.queries.query_batch import (
    QueryBatch,
    ResultRows,
    cast_timestamp_to_micros,
    condition_to_integer,
    sum_if,
)
from api.services.engine.assigned_variant import draw_condition
from grader.analysis import (
    FULL_CREDIT_THRESHOLD,
    IDLE_SECONDS,
    AttemptsToCorrect,
    FirstAnswerTimes,
    RetryGain,
    compute_attempts_to_correct,
)

MICROSECONDS_PER_SECOND: Final = 1_000_000
NO_GAIN: Final = RetryGain(0, None, None, None, 0, 0)


@dataclass(frozen=True, slots=True)
class AttemptStatistics:
    """Counts of the answers to a part, and the gain of later attempts.

    *follow_through_count* counts the first answers that are right given the student's own earlier
    answers.
    """

    answer_count: int
    follow_through_count: int
    attempts: AttemptsToCorrect
    gain: RetryGain


def build_attempt_and_time_queries(firsts: CTE) -> QueryBatch:
    """Return the queries whose rows `read_attempt_statistics` and `read_time_statistics` need."""
    return {
        "answered": _select_answer_counts(firsts),
        "solved": _select_student_counts_by_solving_attempt(firsts),
        **_build_first_answer_time_queries(firsts),
    }


def _select_answer_counts(firsts: CTE) -> Select[Any]:
    first = firsts.c
    known = first.credit.is_not(None) & first.best.is_not(None)
    below = known & (first.credit < FULL_CREDIT_THRESHOLD)
    return select(
        first.item.label("unit"),
        func.count().label("answered"),
        func.sum(first.follows).label("follows"),
        func.sum(condition_to_integer(known)).label("n"),
        sum_if(known, first.credit).label("first"),
        sum_if(known, first.best).label("better"),
        func.sum(condition_to_integer(below)).label("improvable"),
        func.sum(
            condition_to_integer(below & (first.best > first.credit + (1 - FULL_CREDIT_THRESHOLD)))
        ).label("improved"),
    ).group_by(first.item)


def _select_student_counts_by_solving_attempt(firsts: CTE) -> Select[Any]:
    """Return the query that counts students by the attempt that was right; null means never."""
    first = firsts.c
    return (
        select(first.item.label("unit"), first.solved_at.label("at"), func.count().label("n"))
        .where(first.best.is_not(None))
        .group_by(first.item, first.solved_at)
    )


def _build_first_answer_time_queries(firsts: CTE) -> QueryBatch:
    """Return the queries for the time from opening a problem to the first answer in it.

    Students who submitted answers without opening the page have no time.
    """
    key_columns = (firsts.c.problem, firsts.c.problem_id, firsts.c.student_id)
    # A student never returns to an earlier variant, so the first answer is to the lowest draw.
    earliest = (
        select(
            *key_columns,
            func.min(firsts.c.draw).label("draw"),
            func.min(firsts.c.received_at).label("received_at"),
        )
        .group_by(*key_columns)
        .subquery()
        .c
    )
    took = (
        select(
            earliest.problem.label("key"),
            (
                (earliest.received_at - cast_timestamp_to_micros(Draw.opened_at))
                / (MICROSECONDS_PER_SECOND + 0.0)
            ).label("took"),
        )
        .join(Draw, draw_condition(earliest))
        .cte("took")
    )
    # A time of 0 means that the student answered without seeing the page before.
    has_opened = took.c.took != 0
    capped = case((took.c.took > IDLE_SECONDS, cast(IDLE_SECONDS, Float)), else_=took.c.took)
    numbers = select(took.c.key, capped.label("number")).where(has_opened, took.c.took >= 0)
    idle = select(took.c.key, func.count().label("n")).where(took.c.took > IDLE_SECONDS)
    return {
        "times": select_quartile_neighbors(select_ranked_numbers(numbers, "times")),
        "idle": idle.group_by(took.c.key),
    }


def read_attempt_statistics(item_index: int, rows: dict[str, ResultRows]) -> AttemptStatistics:
    """Return the counts, attempts and gain of the part at index *item_index*."""
    row = next((one for one in rows["answered"] if one.unit == item_index), None)
    solved = {one.at: one.n for one in rows["solved"] if one.unit == item_index}
    attempts = compute_attempts_to_correct(
        {attempt: n for attempt, n in solved.items() if attempt is not None},
        never=solved.get(None, 0),
    )
    if row is None:
        return AttemptStatistics(0, 0, attempts, NO_GAIN)
    return AttemptStatistics(row.answered, row.follows, attempts, _compute_retry_gain(row))


def _compute_retry_gain(row: Any) -> RetryGain:
    if not row.n:
        return NO_GAIN
    first, best = row.first / row.n, row.better / row.n
    return RetryGain(row.n, first, best, best - first, row.improvable, row.improved)


def read_time_statistics(problem_index: int, rows: dict[str, ResultRows]) -> FirstAnswerTimes:
    """Return the median, quartiles and idle count of the times that a problem took."""
    near = [row for row in rows["times"] if row.key == problem_index]
    if not near:
        return FirstAnswerTimes(0, None, None, 0)
    low, median, high = interpolate_quartiles(near)
    idle = sum(row.n for row in rows["idle"] if row.key == problem_index)
    return FirstAnswerTimes(near[0].n, median, (low, high), idle)
