"""Late days per student: usage and refunds."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, InvalidInput
from api.db.models import Assignment, Course, LateDays
from api.schemas.assignments.exceptions import LateDaysChanged, LateDaysView, LateDayUse, RefundIn
from api.services.audit.change_context import ChangeContext, lock_and_refresh
from api.services.exceptions.students import load_student_enrolment
from api.services.grades.effects import recompute_grades


def load_late_days(session: Session, course: Course, user: UUID) -> LateDaysView:
    """Return a student's late day budget and where it was spent."""
    rows = session.execute(
        select(LateDays, Assignment)
        .join(Assignment, Assignment.id == LateDays.assignment_id)
        .where(
            Assignment.course_id == course.id,
            Assignment.deleted_at.is_(None),
            LateDays.student_id == user,
            LateDays.days > 0,
        )
        .order_by(LateDays.spent_at, Assignment.id)
    ).all()
    spent = sum(row.days for row, _ in rows)
    return LateDaysView(
        budget=course.late_day_budget,
        spent=spent,
        left=max(0, course.late_day_budget - spent),
        uses=tuple(
            LateDayUse(
                assignment=row.id,
                slug=row.slug,
                title=row.title,
                days=one.days,
                spent_at=one.spent_at,
            )
            for one, row in rows
        ),
    )


def refund_late_days(
    session: Session, act: ChangeContext, user: UUID, body: RefundIn
) -> LateDaysChanged:
    """Refund late days that a student spent on an assignment.

    Raises `Conflict` if the student spent fewer.
    """
    load_student_enrolment(session, act.course, user)
    assignment = session.get(Assignment, body.assignment)
    if assignment is None or assignment.course_id != act.course.id:
        raise InvalidInput.for_field("assignment", "is not an assignment of the course")
    lock_and_refresh(session, assignment)
    row = session.get(
        LateDays, {"assignment_id": assignment.id, "student_id": user}, with_for_update=True
    )
    spent = row.days if row is not None else 0
    if row is None or spent < body.days:
        raise Conflict(f"The student has only spent {spent} late days on this assignment.")
    with act.rollback_if_dry_run(session):
        row.days = spent - body.days
        act.record(
            session,
            "late_days.refunded",
            ("user", user),
            change=({"days": spent}, {"days": row.days, "assignment": str(assignment.id)}),
            reason=body.reason,
        )
        cause = act.to_grade_cause("late_days", assignment.id)
        effect = recompute_grades(session, act, [assignment], cause=cause, students=[user])
        return LateDaysChanged(late_days=load_late_days(session, act.course, user), effect=effect)
