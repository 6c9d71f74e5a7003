"""Filters of analytics: the students who count and their readable answers."""

from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from api.core.errors import FieldError, Invalid
from api.db.models import Answer, Enrolment, Section
from api.services.courses.active_students import students_who_count
from api.services.grades import PosedProblem
from grader.grading.result import FREE

__all__ = [
    "Hex",
    "Students",
    "Which",
    "answers_to",
    "check_section",
    "counted",
]

Which: TypeAlias = Literal["first", "best"]
"""By which attempt items are measured: later ones tell of persistence."""

Students: TypeAlias = Select[UUID]
"""A query for the ids of those who count."""

Hex: TypeAlias = str
"""The id of a row, in 32 hexadecimal digits."""


def check_section(session: Session, course_id: UUID, section: UUID | None) -> None:
    """Raise `Invalid` if *section* does not belong to the course."""
    if section is None:
        return
    found = session.get(Section, section)
    if found is None or found.course_id != course_id:
        raise Invalid(
            "Name a section of this course.",
            errors=(FieldError("section", "is no section of the course"),),
        )


def counted(course_id: UUID, section: UUID | None) -> Students:
    """Return the query for the students who count, of a course or of one section."""
    found = students_who_count(course_id)
    return found if section is None else found.where(Enrolment.section_id == section)


def answers_to(posed: PosedProblem, students: Students) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the readable answers of the students to a problem."""
    return (
        Answer.problem_id == posed.row.id,
        Answer.student_id.in_(students),
        Answer.status.not_in(FREE),
    )
