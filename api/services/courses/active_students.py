"""Active students of a course: neither test students nor withdrawn ones."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from api.db.models import Enrolment, User

ACTIVE_PEOPLE: Final[tuple[ColumnElement[bool], ...]] = (
    Enrolment.is_test.is_(False),
    Enrolment.withdrawn_at.is_(None),
)
"""Conditions for the active people of a course, in any role."""

ACTIVE_STUDENTS: Final = (Enrolment.role == "student", *ACTIVE_PEOPLE)
"""Conditions for the students who count in statistics."""


def select_active_students(course_id: UUID) -> Select[UUID]:
    """Return the query for the ids of the active students of a course."""
    return select(Enrolment.user_id).where(Enrolment.course_id == course_id, *ACTIVE_STUDENTS)


@dataclass(frozen=True, slots=True)
class AudienceSize:
    """Number of active students of a course, and how many of them have no password yet."""

    students: int
    uninvited: int


def count_audience(session: Session, course_id: UUID) -> AudienceSize:
    """Return how many students see what a course publishes."""
    statement = (
        select(func.count(), func.count().filter(~User.has_password))
        .select_from(Enrolment)
        .join(User, User.id == Enrolment.user_id)
        .where(Enrolment.course_id == course_id, *ACTIVE_STUDENTS)
    )
    students, uninvited = session.execute(statement).one()
    return AudienceSize(students, uninvited)
