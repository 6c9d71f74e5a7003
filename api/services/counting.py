"""Who counts in a course: its students, but not the test student nor who has left."""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from api.tables import Enrolment

__all__ = ["COUNTS", "PRESENT", "students_who_count"]

PRESENT: Final[tuple[ColumnElement[bool], ...]] = (
    Enrolment.is_test.is_(False),
    Enrolment.withdrawn_at.is_(None),
)
"""What holds for the people of a course, whatever their role is."""

COUNTS: Final = (Enrolment.role == "student", *PRESENT)
"""What holds for the students who count."""


def students_who_count(course_id: UUID) -> Select[UUID]:
    """Return the query for the ids of the students of a course who count."""
    return select(Enrolment.user_id).where(Enrolment.course_id == course_id, *COUNTS)
