"""Database condition for the students who can earn no more credit in an assignment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select, true
from sqlalchemy.orm import Session

from api.db.models import Assignment, Course, Enrolment, Extension, LateDays
from api.services.analytics.queries.answer_filters import StudentQuery
from api.services.analytics.queries.query_batch import cast_to_text
from api.services.assignments.rules import ACTIVE_EXTENSIONS, load_rules
from api.services.gradebook.gradebook_data import is_earning_period_over


def build_past_deadline_condition(
    session: Session, assignment: Assignment, students: StudentQuery, *, now: datetime
) -> ColumnElement[bool]:
    """Return the condition on an enrollment that the student's time is over.

    Students with the same extensions and late days have the same rules, so one represents all. The
    number of students to check is that of the extensions and numbers of late days.
    """
    rule_columns = _student_rule_columns(assignment)
    each = students.with_only_columns(
        cast_to_text(Enrolment.user_id).label("student"), *rule_columns
    )
    student, *group_columns = each.subquery().c
    statement = select(func.min(student), *group_columns).group_by(*group_columns)
    rows = session.execute(statement).all()
    course = session.get_one(Course, assignment.course_id)
    rules = load_rules(session, assignment, course, [UUID(row[0]) for row in rows])
    past_rows = [row for row in rows if is_earning_period_over(rules[UUID(row[0])], now=now)]
    if not past_rows:
        return false()
    if len(past_rows) == len(rows):
        return true()
    return or_(*(_equal_values_condition(rule_columns, row[1:]) for row in past_rows))


def _equal_values_condition(columns: tuple[Any, ...], expected: Any) -> ColumnElement[bool]:
    return and_(*(column.element == value for column, value in zip(columns, expected, strict=True)))


def _student_rule_columns(assignment: Assignment) -> tuple[Any, ...]:
    """Return the columns that decide the rules of a student of a course."""
    params = {"course": assignment.course_id, "assignment": assignment.id}
    granted = select(Extension.student_id).where(
        *ACTIVE_EXTENSIONS, Extension.student_id.is_not(None)
    )
    sections = select(Extension.section_id).where(
        *ACTIVE_EXTENSIONS, Extension.section_id.is_not(None)
    )
    granted, sections = granted.params(params), sections.params(params)
    own_extension = case(
        (Enrolment.user_id.in_(granted), cast_to_text(Enrolment.user_id)), else_=""
    )
    section = case(
        (Enrolment.section_id.in_(sections), cast_to_text(Enrolment.section_id)), else_=""
    )
    days = _late_days_sum_expression(LateDays.assignment_id == assignment.id)
    return (
        own_extension.label("own"),
        section.label("section"),
        days.label("days"),
        _spent_late_days_expression(assignment),
    )


def _late_days_sum_expression(*conditions: ColumnElement[bool]) -> Any:
    days = select(func.sum(LateDays.days)).where(
        LateDays.student_id == Enrolment.user_id, *conditions
    )
    return func.coalesce(days.scalar_subquery(), 0)


def _spent_late_days_expression(assignment: Assignment) -> Any:
    """Return the late days spent in the whole course; 0 if the assignment allows none."""
    if not assignment.timeline.get("late_days"):
        return literal(0).label("spent")
    others = select(Assignment.id).where(
        Assignment.course_id == assignment.course_id, Assignment.deleted_at.is_(None)
    )
    return _late_days_sum_expression(LateDays.assignment_id.in_(others)).label("spent")
