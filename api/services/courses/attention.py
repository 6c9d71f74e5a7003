"""Open work for the staff of a course: answers, requests, unexplained mistakes and regrades."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Draw,
    Grade,
    ProblemVersion,
    Regrade,
    RegradeRequest,
    Variant,
)
from api.schemas.courses.attention import AssignmentAttention, CourseAttention, RegradeUnderWay
from api.services.analytics.overview import count_students, grade_percent_expression
from api.services.analytics.queries.answer_filters import StudentQuery, select_students
from api.services.analytics.queries.query_batch import condition_to_integer
from api.services.engine.assigned_variant import draw_condition
from api.services.engine.variant_identity import (
    DRAW_HASH,
    SEED,
    variant_condition,
    version_condition,
)
from api.services.regrades.runs import ACTIVE_STATUSES
from api.services.review.queue import load_part_review_progress
from grader.grading.result import FREE_STATUSES

MIN_GROUP_SIZE: Final = 3
"""Number of students from which an identical answer is no coincidence."""
TEXT_KIND: Final = "text"


def load_course_attention(
    session: Session, member: CourseMembership, *, now: datetime
) -> CourseAttention:
    """Return the open work in each assignment of a course.

    Each kind takes one query for all assignments, except the answers to grade.
    """
    students = select_students(member.course.id, None)
    assignments = session.scalars(
        select(Assignment)
        .where(Assignment.course_id == member.course.id, Assignment.deleted_at.is_(None))
        .order_by(Assignment.position, Assignment.id)
    ).all()
    open_work = _OpenWork.load(session, [assignment.id for assignment in assignments], students)
    return CourseAttention(
        course=member.course.id,
        students=count_students(session, students),
        assignments=tuple(
            _serialize_assignment(session, member, assignment, open_work, now=now)
            for assignment in assignments
        ),
    )


@dataclass(frozen=True, slots=True)
class _OpenWork:
    """Open work by assignment."""

    grades: Mapping[UUID, "_GradeSummary"]
    requests: Mapping[UUID, int]
    unexplained: Mapping[UUID, int]
    regrades: Mapping[UUID, list[RegradeUnderWay]]

    @classmethod
    def load(cls, session: Session, assignments: list[UUID], students: StudentQuery) -> "_OpenWork":
        return cls(
            _load_grade_summaries(session, assignments, students),
            _count_open_requests(session, assignments, students),
            _count_unexplained_answer_groups(session, assignments, students),
            _load_active_regrades(session, assignments),
        )


@dataclass(frozen=True, slots=True)
class _GradeSummary:
    """Number of students who submitted and who wait for grading, and the mean grade in percent."""

    handed_in: int = 0
    waiting: int = 0
    mean: float | None = None


def _serialize_assignment(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    open_work: _OpenWork,
    *,
    now: datetime,
) -> AssignmentAttention:
    grades = open_work.grades[assignment.id]
    # The counts by part are slow, so query them only if something waits.
    is_waiting = bool(grades.waiting)
    parts = load_part_review_progress(session, member, assignment, now=now) if is_waiting else ()
    return AssignmentAttention(
        assignment=assignment.id,
        handed_in=grades.handed_in,
        mean=grades.mean,
        to_mark=sum(part.waiting for part in parts),
        failures=sum(part.waiting for part in parts if part.kind != TEXT_KIND),
        requests=open_work.requests.get(assignment.id, 0),
        unexplained=open_work.unexplained.get(assignment.id, 0),
        regrades=tuple(open_work.regrades[assignment.id]),
    )


def _load_grade_summaries(
    session: Session, assignments: list[UUID], students: StudentQuery
) -> defaultdict[UUID, _GradeSummary]:
    """Return the summed grades of each assignment."""
    rows = session.execute(
        select(
            Grade.assignment_id,
            func.sum(condition_to_integer(Grade.begun)),
            func.sum(condition_to_integer(Grade.waiting)),
            func.avg(grade_percent_expression(), type_=Float),
        )
        .where(Grade.assignment_id.in_(assignments), Grade.student_id.in_(students))
        .group_by(Grade.assignment_id)
    )
    summaries: defaultdict[UUID, _GradeSummary] = defaultdict(_GradeSummary)
    for assignment, handed_in, waiting, mean in rows:
        summaries[assignment] = _GradeSummary(handed_in, waiting, mean)
    return summaries


def _count_open_requests(
    session: Session, assignments: list[UUID], students: StudentQuery
) -> Mapping[UUID, int]:
    # Few requests, many answers: a correlated subquery per request is faster.
    request_assignment = (
        select(AssignmentProblem.assignment_id)
        .join(Answer, Answer.problem_id == AssignmentProblem.id)
        .where(
            Answer.id == RegradeRequest.answer_id,
            Answer.student_id.in_(students),
            *_assigned_problem_conditions(assignments),
        )
        .scalar_subquery()
    )
    open_requests = (
        select(request_assignment.label("assignment"))
        .where(RegradeRequest.status == "open")
        .subquery()
    )
    assignment_id = open_requests.c.assignment
    rows = session.execute(
        select(assignment_id, func.count())
        .where(assignment_id.is_not(None))
        .group_by(assignment_id)
    )
    return {row[0]: row[1] for row in rows}


def _assigned_problem_conditions(assignments: list[UUID]) -> tuple[Any, ...]:
    return (
        AssignmentProblem.assignment_id.in_(assignments),
        AssignmentProblem.removed_at.is_(None),
    )


def _count_unexplained_answer_groups(
    session: Session, assignments: list[UUID], students: StudentQuery
) -> Mapping[UUID, int]:
    """Return by assignment the number of groups of equal wrong answers without a known mistake.

    Answers to different variants are not equal, even with the same text, as in the results.
    """
    groups = (
        select(AssignmentProblem.assignment_id.label("assignment"))
        .join(Answer, Answer.problem_id == AssignmentProblem.id)
        .join(Draw, draw_condition(Answer))
        .join(ProblemVersion, version_condition(Draw))
        .join(Variant, variant_condition(Draw))
        .where(
            *_assigned_problem_conditions(assignments),
            Answer.student_id.in_(students),
            Answer.status.not_in((*FREE_STATUSES, "follow_through")),
            Answer.credit_float < 1,
            Answer.mistakes == "",
            Answer.manual.is_(False),
        )
        .group_by(
            AssignmentProblem.assignment_id,
            Answer.problem_id,
            Answer.part,
            Answer.value,
            DRAW_HASH,
            SEED,
        )
        .having(func.count(Answer.student_id.distinct()) >= MIN_GROUP_SIZE)
        .subquery()
    )
    rows = session.execute(select(groups.c.assignment, func.count()).group_by(groups.c.assignment))
    return {row[0]: row[1] for row in rows}


def _load_active_regrades(
    session: Session, assignments: list[UUID]
) -> defaultdict[UUID, list[RegradeUnderWay]]:
    rows = session.execute(
        select(AssignmentProblem.assignment_id, Regrade.id, AssignmentProblem.slug, Regrade.status)
        .join(AssignmentProblem, AssignmentProblem.id == Regrade.problem_id)
        .where(Regrade.status.in_(ACTIVE_STATUSES), *_assigned_problem_conditions(assignments))
        .order_by(Regrade.created_at, Regrade.id)
    )
    regrades: defaultdict[UUID, list[RegradeUnderWay]] = defaultdict(list)
    for assignment, run, problem, status in rows:
        regrades[assignment].append(
            RegradeUnderWay.model_validate({"id": run, "problem": problem, "status": status})
        )
    return regrades
