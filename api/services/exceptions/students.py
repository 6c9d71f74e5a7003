"""Lookup of students for exceptions."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import InvalidInput, NotFound
from api.db.models import Course, Enrolment


def load_student_enrolment(
    session: Session, course: Course, user: UUID, *, field: str = ""
) -> Enrolment:
    """Return the enrollment of an active student.

    Raises `InvalidInput` at *field* if there is none, or `NotFound` without a *field*.
    """
    enrolment = session.scalar(
        select(Enrolment).where(
            Enrolment.course_id == course.id,
            Enrolment.user_id == user,
            Enrolment.role == "student",
            Enrolment.withdrawn_at.is_(None),
        )
    )
    if enrolment is None and field:
        raise InvalidInput.for_field(field, "is not a student of the course")
    if enrolment is None:
        raise NotFound("There is no such student in this course.")
    return enrolment


def list_section_students(session: Session, course: Course, section_id: UUID | None) -> list[UUID]:
    """Return the students of a section, including those who left the course, ordered by id."""
    return sorted(
        session.scalars(
            select(Enrolment.user_id).where(
                Enrolment.course_id == course.id,
                Enrolment.section_id == section_id,
                Enrolment.role == "student",
            )
        )
    )


def filter_ever_enrolled(session: Session, course: Course, users: Collection[UUID]) -> list[UUID]:
    """Return those of *users* who are or were enrolled in a course, ordered by id."""
    return sorted(
        session.scalars(
            select(Enrolment.user_id).where(
                Enrolment.course_id == course.id, Enrolment.user_id.in_(users)
            )
        )
    )
