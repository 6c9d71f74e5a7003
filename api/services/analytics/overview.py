"""Statistics of a whole assignment."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, Integer, Select, func, literal, select
from sqlalchemy.orm import Session

from api.db.models import Assignment, Grade
from api.schemas.analytics.assignment import AssignmentAnalytics
from api.schemas.analytics.statistics import DistributionOut, FlagOut, ReliabilityOut
from api.services.analytics.parts import find_item_flags, serialize_flags, serialize_problems
from api.services.analytics.queries.answer_filters import MeasuredAttempt, StudentQuery
from api.services.analytics.queries.assignment import (
    AnalyticsData,
    build_unit_score_queries,
    load_analytics_data,
)
from api.services.analytics.queries.distributions import (
    build_distribution_queries,
    read_distribution,
    select_ranked_numbers,
)
from api.services.analytics.queries.groups import load_key_doubt_flags
from api.services.analytics.queries.part_scores import PartScoreQueries
from api.services.analytics.queries.query_batch import (
    QueryBatch,
    cast_fraction_to_float,
    run_reusable_queries,
    statement_key,
)
from api.services.analytics.queries.unit_scores import UnitScoreQueries
from api.services.analytics.summary import summarize_wrong_answers
from api.services.analytics.wrong_answers import WrongAnswerQueries
from api.services.enrolment.sections import check_section_exists

PERCENT: Final = 100
ALL_GRADES_KEY: Final = 0
"""Key of the grades if all are of one assignment."""


def compute_assignment_analytics(
    session: Session,
    assignment: Assignment,
    *,
    attempt: MeasuredAttempt,
    section: UUID | None,
    now: datetime,
) -> AssignmentAnalytics:
    """Return the statistics of an assignment, with at most a dozen queries for any class size."""
    check_section_exists(session, assignment.course_id, section)
    units = build_unit_score_queries(session, assignment, attempt=attempt, section=section, now=now)
    part_scores = units.part_scores
    data = load_analytics_data(
        session, units, "assignment", lambda: _build_wrong_answer_queries(units)
    )
    statistics = data.statistics
    return AssignmentAnalytics(
        assignment=assignment.id,
        as_of=now,
        attempt=attempt,
        section=section,
        students=count_students(session, part_scores.students),
        opened=statistics.opened,
        blank_is_zero=statistics.all_past_deadline,
        grades=_load_grade_distribution(session, part_scores),
        scores=DistributionOut.model_validate(statistics.scores),
        reliability=ReliabilityOut.model_validate(statistics.reliability),
        problems=serialize_problems(data),
        wrong=summarize_wrong_answers(session, data),
        flags=tuple(_collect_flags(session, data)),
    )


def _build_wrong_answer_queries(units: UnitScoreQueries) -> QueryBatch:
    items = units.part_scores.items.items
    queries = WrongAnswerQueries(
        units, [index for index, item in enumerate(items) if not item.by_person]
    )
    return queries.build_key_doubt_queries() | queries.build_summary_query()


def count_students(session: Session, students: StudentQuery) -> int:
    """Return the number of students in a query of students."""
    return session.scalar(select(func.count()).select_from(students.subquery())) or 0


def grade_percent_expression() -> Any:
    """Return a grade as a percentage of the graded points; null if there are none.

    Points that wait for a person are excluded, including those already in the score.
    """
    possible = cast_fraction_to_float(Grade.possible) - cast_fraction_to_float(
        Grade.pending_possible
    )
    score = cast_fraction_to_float(Grade.score) - cast_fraction_to_float(Grade.pending_score)
    return PERCENT * score / func.nullif(possible, 0.0, type_=Float)


def build_grade_distribution_queries(grades: Select[Any]) -> QueryBatch:
    """Return the queries for the distribution of grades by their *key*."""
    return build_distribution_queries(
        "grades",
        select_ranked_numbers(
            grades.add_columns(grade_percent_expression().label("number")), "marks"
        ),
        PERCENT,
    )


def _load_grade_distribution(session: Session, part_scores: PartScoreQueries) -> DistributionOut:
    grade_keys = select(literal(ALL_GRADES_KEY, Integer).label("key")).where(
        Grade.assignment_id == part_scores.assignment.id,
        Grade.student_id.in_(part_scores.students),
    )
    rows = run_reusable_queries(
        session,
        ("grades", part_scores.assignment.id, statement_key(part_scores.students)),
        lambda: build_grade_distribution_queries(grade_keys),
    )
    return DistributionOut.model_validate(
        read_distribution("grades", rows, PERCENT, ALL_GRADES_KEY)
    )


def _collect_flags(session: Session, data: AnalyticsData) -> list[FlagOut]:
    """Return the flags of all parts, in the order of the parts."""
    answer_flags = load_key_doubt_flags(session, data)
    return [
        flag
        for index, item in enumerate(data.items.items)
        for flag in (
            *find_item_flags(data, index),
            *serialize_flags(item, answer_flags.get(index, ())),
        )
    ]
