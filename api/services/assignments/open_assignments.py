"""Assignments of a course that are still open, with the number of students at work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, not_, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.db.models import AssignmentProblem, Draw
from api.schemas.assignments.assignments import StaffAssignment
from api.services.analytics.overview import how_many
from api.services.analytics.queries.deadline_passed import over_for
from api.services.assignments.viewing import in_course
from api.services.courses.active_students import students_who_count

__all__ = ["Ongoing", "ongoing"]


@dataclass(frozen=True, slots=True)
class Ongoing:
    """Assignment that is open for *students*, of whom *begun* have opened a problem."""

    assignment: StaffAssignment
    students: int
    begun: int


def ongoing(session: Session, member: Member, *, now: datetime) -> tuple[Ongoing, ...]:
    """Return the assignments of a course in which a student can still earn credit, in order.

    *member* must be staff.
    """
    return tuple(_ongoing(session, member, now=now))


def _ongoing(session: Session, member: Member, *, now: datetime) -> Iterator[Ongoing]:
    students = students_who_count(member.course.id)
    for row, told in in_course(session, member, category=None, now=now):
        if not isinstance(told, StaffAssignment) or told.published_at is None:
            continue
        if told.times.state == "planned":
            continue
        left = students.where(not_(over_for(session, row, students, now=now)))
        if count := how_many(session, left):
            yield Ongoing(told, count, _begun(session, told.id, left))


def _begun(session: Session, assignment: UUID, students: Select[UUID]) -> int:
    """Return how many of *students* have opened a problem of an assignment."""
    posed = select(AssignmentProblem.id).where(
        AssignmentProblem.assignment_id == assignment, AssignmentProblem.removed_at.is_(None)
    )
    found = select(func.count(Draw.student_id.distinct())).where(
        Draw.problem_id.in_(posed), Draw.student_id.in_(students)
    )
    return session.scalar(found) or 0
