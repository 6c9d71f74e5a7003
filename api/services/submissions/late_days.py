"""Late days: a budget for the course, spent automatically on late submissions."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.db.models import Assignment, Course, LateDays
from api.db.upserts import upsert
from api.schemas.assignments.timeline import TimelineSpec
from api.services.assignments.rules import SPENT, granted_to, rules
from grader.policy import Rules

__all__ = ["spend", "with_late_days"]


def with_late_days(
    session: Session, assignment: Assignment, *, student: UUID, at: datetime
) -> tuple[Rules, int]:
    """Return the rules for a submission at a time, and the total of late days that they need.

    The total is the smallest number of days that makes the work on time; 0 if it is on time
    already, or if the budget does not suffice. The caller must hold the lock on the enrollment
    (`writer.locks`) before it spends them.
    """
    course = session.get_one(Course, assignment.course_id)
    granted = granted_to(session, assignment, [student])[student]
    now = rules(assignment, course, granted)
    spec = TimelineSpec.model_validate(assignment.timeline)
    if not (spec.late_days and course.late_day_budget) or _is_on_time(now, at):
        return now, 0
    most = min(spec.late_days, granted.late_days + _left_of_budget(session, course, student))
    for days in range(granted.late_days + 1, most + 1):
        more = rules(assignment, course, replace(granted, late_days=days))
        if _is_on_time(more, at):
            return more, days
    return now, 0


def _is_on_time(held: Rules, at: datetime) -> bool:
    return held.late_credit(to_micros(at)) == 1


def _left_of_budget(session: Session, course: Course, student: UUID) -> int:
    """Return the number of late days that a student has left in a course."""
    told = {"course": course.id, "students": [student]}
    row = session.execute(SPENT, told).one_or_none()
    return max(0, course.late_day_budget - (row[1] if row else 0))


def spend(
    session: Session, assignment: Assignment, student: UUID, *, days: int, at: datetime
) -> None:
    """Store *days* as the total of late days spent on an assignment."""
    row = {
        "assignment_id": assignment.id,
        "student_id": student,
        "days": days,
        "spent_at": at,
    }
    upsert(session, LateDays, [row])
