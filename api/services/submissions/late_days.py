"""Late days: a budget for the course, spent by itself when somebody hands in late."""

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
    """Return the rules for a submission at a time, and the late days to be spent in all for them.

    As many days are spent as keep the work from being late, and none (0) where it is not, or where
    the budget does not reach so far. Who spends them holds the enrolment before (`holding`).
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
    """Return how many late days a student has left in a course."""
    told = {"course": course.id, "students": [student]}
    row = session.execute(SPENT, told).one_or_none()
    return max(0, course.late_day_budget - (row[1] if row else 0))


def spend(
    session: Session, assignment: Assignment, student: UUID, *, days: int, at: datetime
) -> None:
    """Note that *days* of the budget are spent on an assignment in all."""
    row = {
        "assignment_id": assignment.id,
        "student_id": student,
        "days": days,
        "spent_at": at,
    }
    upsert(session, LateDays, [row])
