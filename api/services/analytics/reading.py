"""Which students count, and which problems an assignment has."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, Select, select, type_coerce
from sqlalchemy.orm import Session

from api.errors import FieldError, Invalid
from api.services.counting import students_who_count
from api.tables import (
    Assignment,
    AssignmentProblem,
    Enrolment,
    ProblemVersion,
    Section,
)

__all__ = [
    "Hex",
    "Numbers",
    "Posed",
    "Students",
    "Which",
    "check_section",
    "counted",
    "micros_of",
    "posed_problems",
]

Which: TypeAlias = Literal["first", "best"]
"""By which attempt items are measured: later ones tell of persistence."""

Students: TypeAlias = Select[UUID]
"""A query for the ids of those who count."""


Hex: TypeAlias = str
"""The id of a row, in 32 hexadecimal digits."""


class Numbers(NamedTuple):
    """The numbers that a student had: equal for versions that mark the same numbers anew."""

    draw_hash: str
    position: int


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem of the assignment with its version; *id* is that of its row."""

    id: Hex
    row: AssignmentProblem
    version: ProblemVersion


def check_section(session: Session, course_id: UUID, section: UUID | None) -> None:
    """Raise `Invalid` where *section* is none of the course."""
    if section is None:
        return
    found = session.get(Section, section)
    if found is None or found.course_id != course_id:
        raise Invalid(
            "Name a section of this course.",
            errors=(FieldError("section", "is no section of the course"),),
        )


def counted(course_id: UUID, section: UUID | None) -> Students:
    """Return the query for the students of a course, or of one section, who count."""
    found = students_who_count(course_id)
    return found if section is None else found.where(Enrolment.section_id == section)


def micros_of(column: Any) -> Any:
    """Return a moment as it is stored."""
    return type_coerce(column, BigInteger)


def posed_problems(session: Session, assignment: Assignment) -> tuple[Posed, ...]:
    """Return the problems of an assignment in their order."""
    rows = session.execute(
        select(AssignmentProblem, ProblemVersion)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id,
            AssignmentProblem.removed_at.is_(None),
        )
        .order_by(AssignmentProblem.position, AssignmentProblem.id)
    )
    return tuple(Posed(row.id.hex, row, version) for row, version in rows)
