"""Active students of a course: neither test students nor withdrawn ones."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from api.db.models import Enrolment, User

__all__ = ["COUNTS", "PRESENT", "Audience", "audience", "students_who_count"]

PRESENT: Final[tuple[ColumnElement[bool], ...]] = (
    Enrolment.is_test.is_(False),
    Enrolment.withdrawn_at.is_(None),
)
"""What holds for the people of a course, whatever their role is."""

COUNTS: Final = (Enrolment.role == "student", *PRESENT)
"""What holds for the students who count."""


def students_who_count(course_id: UUID) -> Select[UUID]:
    """Return the query for the ids of the active students of a course."""
    return select(Enrolment.user_id).where(Enrolment.course_id == course_id, *COUNTS)


@dataclass(frozen=True, slots=True)
class Audience:
    """Number of active students of a course, and how many of them have no password yet."""

    students: int
    uninvited: int


def audience(session: Session, course_id: UUID) -> Audience:
    """Return how many students see what a course publishes."""
    statement = (
        select(func.count(), func.count().filter(~User.has_password))
        .select_from(Enrolment)
        .join(User, User.id == Enrolment.user_id)
        .where(Enrolment.course_id == course_id, *COUNTS)
    )
    students, uninvited = session.execute(statement).one()
    return Audience(students, uninvited)
