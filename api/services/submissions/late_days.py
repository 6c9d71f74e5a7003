"""Late days: a budget for the course, spent automatically on late submissions."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.db.models import Assignment, Course, LateDays
from api.db.upserts import upsert_rows
from api.schemas.assignments.timeline import TimelineSpec
from api.services.assignments.rules import SPENT_LATE_DAYS, build_rules, load_accommodations
from grader.policy import SubmissionRules


def resolve_rules_and_late_days(
    session: Session, assignment: Assignment, *, student: UUID, received_at: datetime
) -> tuple[SubmissionRules, int]:
    """Return the rules for a submission at a time, and the total of late days that they need.

    The total is the smallest number of days that makes the work on time; 0 if it is on time
    already, or if the budget does not suffice. The caller must hold the lock on the enrollment
    (`writer.locks`) before it spends them.
    """
    course = session.get_one(Course, assignment.course_id)
    granted = load_accommodations(session, assignment, [student])[student]
    current_rules = build_rules(assignment, course, granted)
    spec = TimelineSpec.model_validate(assignment.timeline)
    if not (spec.late_days and course.late_day_budget) or _is_on_time(current_rules, received_at):
        return current_rules, 0
    max_days = min(
        spec.late_days, granted.late_days + _load_remaining_days(session, course, student)
    )
    for days in range(granted.late_days + 1, max_days + 1):
        extended_rules = build_rules(assignment, course, replace(granted, late_days=days))
        if _is_on_time(extended_rules, received_at):
            return extended_rules, days
    return current_rules, 0


def _is_on_time(student_rules: SubmissionRules, received_at: datetime) -> bool:
    return student_rules.late_credit_at(to_micros(received_at)) == 1


def _load_remaining_days(session: Session, course: Course, student: UUID) -> int:
    """Return the number of late days that a student has left in a course."""
    params = {"course": course.id, "students": [student]}
    row = session.execute(SPENT_LATE_DAYS, params).one_or_none()
    return max(0, course.late_day_budget - (row[1] if row else 0))


def store_late_day_total(
    session: Session, assignment: Assignment, student: UUID, *, days: int, spent_at: datetime
) -> None:
    """Store *days* as the total of late days spent on an assignment."""
    row = {
        "assignment_id": assignment.id,
        "student_id": student,
        "days": days,
        "spent_at": spent_at,
    }
    upsert_rows(session, LateDays, [row])
