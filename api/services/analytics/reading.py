"""Which students count, and what they did in an assignment: by a fixed number of queries.

Where a row for each student is read, ids are texts of 32 hexadecimal digits and moments
microseconds: to make objects of them takes longer than all the rest.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, Select, String, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from api.errors import FieldError, Invalid
from api.services.counting import students_who_count
from api.tables import (
    Assignment,
    AssignmentProblem,
    Draw,
    Enrolment,
    Excuse,
    ProblemVersion,
    Section,
    Standing,
)

__all__ = [
    "Drawn",
    "Hex",
    "Numbers",
    "Posed",
    "Students",
    "Which",
    "check_section",
    "counted",
    "excused",
    "hex_of",
    "micros_of",
    "numbers_drawn",
    "posed_problems",
    "raw_credits",
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


class Drawn(NamedTuple):
    """Which numbers, and when the student saw them first."""

    numbers: Numbers
    opened_at: int


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


def hex_of(column: Any) -> Any:
    """Return an id as a text: both databases write it with or without hyphens."""
    return func.replace(cast(column, String(36)), "-", "")


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


def excused(
    session: Session, assignment: Assignment, students: Students
) -> set[tuple[Hex, Hex | None]]:
    """Return who need not do which problem; None is all of them."""
    rows = session.execute(
        select(Excuse.student_id, Excuse.problem_id).where(
            Excuse.assignment_id == assignment.id,
            Excuse.student_id.in_(students),
            Excuse.withdrawn_at.is_(None),
        )
    )
    return {(student.hex, problem.hex if problem else None) for student, problem in rows}


def numbers_drawn(
    session: Session, problems: Collection[UUID], students: Students
) -> dict[Hex, dict[tuple[Hex, int], Drawn]]:
    """Return by problem the numbers that students saw, by student and number of the draw."""
    statement = select(
        hex_of(Draw.problem_id),
        hex_of(Draw.student_id),
        Draw.number,
        hex_of(Draw.version_id),
        Draw.position,
        micros_of(Draw.opened_at),
    ).where(Draw.problem_id.in_(problems), Draw.student_id.in_(students))
    rows = session.connection().execute(statement).all()
    hashes = _draw_hashes(session, {row[3] for row in rows})
    found: dict[Hex, dict[tuple[Hex, int], Drawn]] = {one.hex: {} for one in problems}
    for problem, student, number, version, position, opened_at in rows:
        drawn = Drawn(Numbers(hashes[version], position), opened_at)
        found[problem][student, number] = drawn
    return found


def _draw_hashes(session: Session, versions: Collection[Hex]) -> dict[Hex, str]:
    rows = session.execute(
        select(ProblemVersion.id, ProblemVersion.draw_hash).where(
            ProblemVersion.id.in_([UUID(one) for one in versions])
        )
    )
    return {row[0].hex: row[1] for row in rows}


def raw_credits(
    session: Session, problems: Collection[UUID], students: Students
) -> dict[tuple[Hex, Hex], dict[str, Any]]:
    """Return by problem and student what counts of each part, as the standings keep it."""
    statement = select(
        hex_of(Standing.problem_id), hex_of(Standing.student_id), Standing.parts
    ).where(Standing.problem_id.in_(problems), Standing.student_id.in_(students))
    return {row[:2]: row[2] for row in session.connection().execute(statement).all()}
