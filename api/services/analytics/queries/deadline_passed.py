"""Database condition for the students who can earn no more credit in an assignment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select, true
from sqlalchemy.orm import Session

from api.db.models import Assignment, Course, Enrolment, Extension, LateDays
from api.services.analytics.queries.answers import Students
from api.services.analytics.queries.query_batch import text_of
from api.services.assignments.rules import GRANTED, rules_for
from api.services.gradebook.book import is_over

__all__ = ["over_for"]


def over_for(
    session: Session, assignment: Assignment, students: Students, *, now: datetime
) -> ColumnElement[bool]:
    """Return the condition on an enrollment that the student's time is over.

    Students with the same extensions and late days have the same rules, so one represents all. The
    number of students to check is that of the extensions and numbers of late days.
    """
    alike = _alike(assignment)
    each = students.with_only_columns(text_of(Enrolment.user_id).label("student"), *alike)
    student, *own = each.subquery().c
    statement = select(func.min(student), *own).group_by(*own)
    rows = session.execute(statement).all()
    course = session.get_one(Course, assignment.course_id)
    held = rules_for(session, assignment, course, [UUID(row[0]) for row in rows])
    over = [row for row in rows if is_over(held[UUID(row[0])], now=now)]
    if len(over) == len(rows):
        return true() if rows else false()
    return or_(false(), *(_same(alike, row[1:]) for row in over))


def _same(alike: tuple[Any, ...], known: Any) -> ColumnElement[bool]:
    return and_(*(one.element == value for one, value in zip(alike, known, strict=True)))


def _alike(assignment: Assignment) -> tuple[Any, ...]:
    """Return the columns that decide the rules of a student of a course."""
    told = {"course": assignment.course_id, "assignment": assignment.id}
    granted = select(Extension.student_id).where(*GRANTED, Extension.student_id.is_not(None))
    sections = select(Extension.section_id).where(*GRANTED, Extension.section_id.is_not(None))
    granted, sections = granted.params(told), sections.params(told)
    own = case((Enrolment.user_id.in_(granted), text_of(Enrolment.user_id)), else_="")
    section = case((Enrolment.section_id.in_(sections), text_of(Enrolment.section_id)), else_="")
    days = _days(LateDays.assignment_id == assignment.id)
    return own.label("own"), section.label("section"), days.label("days"), _spent(assignment)


def _days(*of: ColumnElement[bool]) -> Any:
    days = select(func.sum(LateDays.days)).where(LateDays.student_id == Enrolment.user_id, *of)
    return func.coalesce(days.scalar_subquery(), 0)


def _spent(assignment: Assignment) -> Any:
    """Return the late days spent in the whole course; 0 if the assignment allows none."""
    if not assignment.timeline.get("late_days"):
        return literal(0).label("spent")
    others = select(Assignment.id).where(
        Assignment.course_id == assignment.course_id, Assignment.deleted_at.is_(None)
    )
    return _days(LateDays.assignment_id.in_(others)).label("spent")
