"""Open work for the staff of a course: answers, requests, unexplained mistakes and regrades."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
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
from api.services.analytics.overview import how_many, percent
from api.services.analytics.queries.answers import Students, counted
from api.services.analytics.queries.query_batch import flag
from api.services.engine.assigned_variant import draw_of
from api.services.engine.variant_identity import DRAW_HASH, SEED, variant_of, version_of
from api.services.regrades.runs import ACTIVE
from api.services.review.queue import progress_of_parts
from grader.grading.result import FREE

__all__ = ["course_attention"]

GROUP: Final = 3
"""So many students with one and the same answer are no coincidence."""
TEXT: Final = "text"


def course_attention(session: Session, member: Member, *, now: datetime) -> CourseAttention:
    """Return the open work in each assignment of a course.

    Each kind takes one query for all assignments, except the answers to grade.
    """
    students = counted(member.course.id, None)
    assignments = session.scalars(
        select(Assignment)
        .where(Assignment.course_id == member.course.id, Assignment.deleted_at.is_(None))
        .order_by(Assignment.position, Assignment.id)
    ).all()
    found = _Found.read(session, [one.id for one in assignments], students)
    return CourseAttention(
        course=member.course.id,
        students=how_many(session, students),
        assignments=tuple(_told(session, member, one, found, now=now) for one in assignments),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """Open work by assignment."""

    grades: Mapping[UUID, "_Grades"]
    requests: Mapping[UUID, int]
    unexplained: Mapping[UUID, int]
    regrades: Mapping[UUID, list[RegradeUnderWay]]

    @classmethod
    def read(cls, session: Session, assignments: list[UUID], students: Students) -> "_Found":
        return cls(
            _grades(session, assignments, students),
            _requests(session, assignments, students),
            _unexplained(session, assignments, students),
            _regrades(session, assignments),
        )


@dataclass(frozen=True, slots=True)
class _Grades:
    """Number of students who submitted and who wait for grading, and the mean grade in percent."""

    handed_in: int = 0
    waiting: int = 0
    mean: float | None = None


def _told(
    session: Session, member: Member, assignment: Assignment, found: _Found, *, now: datetime
) -> AssignmentAttention:
    grades = found.grades[assignment.id]
    # The counts by part are slow, so query them only if something waits.
    waits = bool(grades.waiting)
    parts = progress_of_parts(session, member, assignment, now=now) if waits else ()
    return AssignmentAttention(
        assignment=assignment.id,
        handed_in=grades.handed_in,
        mean=grades.mean,
        to_mark=sum(one.waiting for one in parts),
        failures=sum(one.waiting for one in parts if one.kind != TEXT),
        requests=found.requests.get(assignment.id, 0),
        unexplained=found.unexplained.get(assignment.id, 0),
        regrades=tuple(found.regrades[assignment.id]),
    )


def _grades(
    session: Session, assignments: list[UUID], students: Students
) -> defaultdict[UUID, _Grades]:
    """Return the summed grades of each assignment."""
    rows = session.execute(
        select(
            Grade.assignment_id,
            func.sum(flag(Grade.begun)),
            func.sum(flag(Grade.waiting)),
            func.avg(percent(), type_=Float),
        )
        .where(Grade.assignment_id.in_(assignments), Grade.student_id.in_(students))
        .group_by(Grade.assignment_id)
    )
    found: defaultdict[UUID, _Grades] = defaultdict(_Grades)
    for assignment, handed_in, waiting, mean in rows:
        found[assignment] = _Grades(handed_in, waiting, mean)
    return found


def _requests(session: Session, assignments: list[UUID], students: Students) -> Mapping[UUID, int]:
    # Few requests, many answers: a correlated subquery per request is faster.
    of = (
        select(AssignmentProblem.assignment_id)
        .join(Answer, Answer.problem_id == AssignmentProblem.id)
        .where(
            Answer.id == RegradeRequest.answer_id,
            Answer.student_id.in_(students),
            *_set(assignments),
        )
        .scalar_subquery()
    )
    each = select(of.label("assignment")).where(RegradeRequest.status == "open").subquery()
    own = each.c.assignment
    rows = session.execute(select(own, func.count()).where(own.is_not(None)).group_by(own))
    return {row[0]: row[1] for row in rows}


def _set(assignments: list[UUID]) -> tuple[Any, ...]:
    return (
        AssignmentProblem.assignment_id.in_(assignments),
        AssignmentProblem.removed_at.is_(None),
    )


def _unexplained(
    session: Session, assignments: list[UUID], students: Students
) -> Mapping[UUID, int]:
    """Return by assignment the number of groups of equal wrong answers without a known mistake.

    Answers to different variants are not equal, even with the same text, as in the results.
    """
    groups = (
        select(AssignmentProblem.assignment_id.label("assignment"))
        .join(Answer, Answer.problem_id == AssignmentProblem.id)
        .join(Draw, draw_of(Answer))
        .join(ProblemVersion, version_of(Draw))
        .join(Variant, variant_of(Draw))
        .where(
            *_set(assignments),
            Answer.student_id.in_(students),
            Answer.status.not_in((*FREE, "follow_through")),
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
        .having(func.count(Answer.student_id.distinct()) >= GROUP)
        .subquery()
    )
    rows = session.execute(select(groups.c.assignment, func.count()).group_by(groups.c.assignment))
    return {row[0]: row[1] for row in rows}


def _regrades(
    session: Session, assignments: list[UUID]
) -> defaultdict[UUID, list[RegradeUnderWay]]:
    rows = session.execute(
        select(AssignmentProblem.assignment_id, Regrade.id, AssignmentProblem.slug, Regrade.status)
        .join(AssignmentProblem, AssignmentProblem.id == Regrade.problem_id)
        .where(Regrade.status.in_(ACTIVE), *_set(assignments))
        .order_by(Regrade.created_at, Regrade.id)
    )
    found: defaultdict[UUID, list[RegradeUnderWay]] = defaultdict(list)
    for assignment, run, problem, status in rows:
        found[assignment].append(
            RegradeUnderWay.model_validate({"id": run, "problem": problem, "status": status})
        )
    return found
