"""Queries on an assignment as a whole, shared by all its statistics."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.models import Assignment
from api.services.analytics.items import AssignmentItems, collect_items
from api.services.analytics.queries.answer_filters import MeasuredAttempt, select_students
from api.services.analytics.queries.deadline_passed import build_past_deadline_condition
from api.services.analytics.queries.item_statistics import (
    AssignmentStatistics,
    build_assignment_statistics_queries,
    read_assignment_statistics,
)
from api.services.analytics.queries.part_scores import PartScoreQueries
from api.services.analytics.queries.query_batch import (
    QueryBatch,
    ResultRows,
    run_reusable_queries,
)
from api.services.analytics.queries.unit_scores import UnitScoreQueries
from api.services.grades import load_problems


@dataclass(frozen=True, slots=True)
class AnalyticsData:
    """Statistics of all parts and problems, with the rows of the other queries."""

    items: AssignmentItems
    statistics: AssignmentStatistics
    rows: dict[str, ResultRows]


def build_unit_score_queries(
    session: Session,
    assignment: Assignment,
    *,
    attempt: MeasuredAttempt,
    section: UUID | None,
    now: datetime,
) -> UnitScoreQueries:
    """Return the relations of an assignment, for the students who count."""
    students = select_students(assignment.course_id, section)
    items = collect_items(load_problems(session, assignment.id))
    past_deadline = build_past_deadline_condition(session, assignment, students, now=now)
    return UnitScoreQueries(
        PartScoreQueries(assignment, items, students, past_deadline, by_best=attempt == "best")
    )


def load_analytics_data(
    session: Session,
    units: UnitScoreQueries,
    key: Hashable,
    build_extra_queries: Callable[[], QueryBatch],
) -> AnalyticsData:
    """Load the statistics of an assignment and the rows of extra queries in one statement.

    The extra queries must depend on nothing but the units and *key*.
    """
    rows = run_reusable_queries(
        session,
        (units.part_scores.to_key(), key),
        lambda: build_assignment_statistics_queries(units) | build_extra_queries(),
    )
    items = units.part_scores.items
    return AnalyticsData(items, read_assignment_statistics(items, rows), rows)
