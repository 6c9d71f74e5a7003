"""Item statistics of the parts and problems of an assignment, from sums over the class."""

from dataclasses import dataclass

from sqlalchemy import func, select

from api.services.analytics.attempts import (
    AttemptStatistics,
    build_attempt_and_time_queries,
    read_attempt_statistics,
    read_time_statistics,
)
from api.services.analytics.items import AssignmentItems
from api.services.analytics.queries.distributions import (
    build_distribution_queries,
    read_distribution,
    select_ranked_numbers,
)
from api.services.analytics.queries.query_batch import QueryBatch, ResultRows
from api.services.analytics.queries.unit_scores import PART, PROBLEM, UnitScoreQueries
from api.services.analytics.queries.unit_sums import build_unit_sum_queries, read_table_sums
from grader.analysis import (
    FirstAnswerTimes,
    ItemStatistics,
    Reliability,
    ScoreDistribution,
    compute_item_statistics,
    estimate_reliability,
)


@dataclass(frozen=True, slots=True)
class AssignmentStatistics:
    """Statistics of all parts and problems of an assignment, each in their order.

    *opened* is the number of students measured; *all_past_deadline*: the time of all of them is
    over.
    """

    opened: int
    all_past_deadline: bool
    scores: ScoreDistribution
    reliability: Reliability
    parts: tuple[ItemStatistics, ...]
    attempts: tuple[AttemptStatistics, ...]
    problems: tuple[ItemStatistics, ...]
    times: tuple[FirstAnswerTimes, ...]


def build_assignment_statistics_queries(units: UnitScoreQueries) -> QueryBatch:
    """Return the queries whose rows `read_assignment_statistics` needs."""
    opened, scored = units.part_scores.opened_students.c, units.scores.c
    totals = (
        select(scored.level.label("key"), func.max(scored.total).label("number"))
        .where(scored.level == PART)
        .group_by(scored.level, scored.student_id)
    )
    return {
        "opened": select(func.count().label("n"), func.min(opened.over).label("over")),
        **build_unit_sum_queries(units),
        **build_attempt_and_time_queries(units.part_scores.first_answers),
        **build_distribution_queries(
            "totals", select_ranked_numbers(totals, "totals"), units.part_scores.items.maximum
        ),
    }


def read_assignment_statistics(
    items: AssignmentItems, rows: dict[str, ResultRows]
) -> AssignmentStatistics:
    """Return the statistics from the rows of `build_assignment_statistics_queries`."""
    parts = read_table_sums([item.max_points for item in items.items], rows, PART)
    problems = read_table_sums(items.problem_max_points, rows, PROBLEM)
    [opened] = rows["opened"]
    return AssignmentStatistics(
        opened=opened.n,
        all_past_deadline=bool(opened.over),
        scores=read_distribution("totals", rows, items.maximum, PART),
        reliability=estimate_reliability(parts),
        parts=compute_item_statistics(parts),
        attempts=tuple(read_attempt_statistics(index, rows) for index in range(len(items.items))),
        problems=compute_item_statistics(problems),
        times=tuple(read_time_statistics(number, rows) for number in range(len(items.problems))),
    )
