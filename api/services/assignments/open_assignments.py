"""Assignments of a course that are still open, with the number of students at work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, not_, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.db.models import AssignmentProblem, Draw
from api.schemas.assignments.assignments import StaffAssignment
from api.services.analytics.overview import count_students
from api.services.analytics.queries.deadline_passed import build_past_deadline_condition
from api.services.assignments.views import list_assignments
from api.services.courses.active_students import select_active_students


@dataclass(frozen=True, slots=True)
class OpenAssignment:
    """Assignment that is open for *students*, of whom *begun* have opened a problem."""

    assignment: StaffAssignment
    students: int
    begun: int


def list_open_assignments(
    session: Session, member: CourseMembership, *, now: datetime
) -> tuple[OpenAssignment, ...]:
    """Return the assignments of a course in which a student can still earn credit, in order.

    *member* must be staff.
    """
    return tuple(_iterate_open_assignments(session, member, now=now))


def _iterate_open_assignments(
    session: Session, member: CourseMembership, *, now: datetime
) -> Iterator[OpenAssignment]:
    students = select_active_students(member.course.id)
    for row, assignment in list_assignments(session, member, category=None, now=now):
        if not isinstance(assignment, StaffAssignment) or assignment.published_at is None:
            continue
        if assignment.times.state == "planned":
            continue
        still_open = students.where(
            not_(build_past_deadline_condition(session, row, students, now=now))
        )
        if count := count_students(session, still_open):
            yield OpenAssignment(
                assignment, count, _count_started(session, assignment.id, still_open)
            )


def _count_started(session: Session, assignment: UUID, students: Select[UUID]) -> int:
    """Return how many of *students* have opened a problem of an assignment."""
    problems = select(AssignmentProblem.id).where(
        AssignmentProblem.assignment_id == assignment, AssignmentProblem.removed_at.is_(None)
    )
    query = select(func.count(Draw.student_id.distinct())).where(
        Draw.problem_id.in_(problems), Draw.student_id.in_(students)
    )
    return session.scalar(query) or 0
