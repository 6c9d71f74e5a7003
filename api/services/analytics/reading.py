"""Which students count, and what they did in an assignment: by a fixed number of queries.

Where a row for each student and part is read, ids are texts of 32 hexadecimal digits and moments
microseconds: to make objects of them takes longer than all the rest.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, Select, String, case, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from api.errors import FieldError, Invalid
from api.tables import (
    Answer,
    Assignment,
    AssignmentProblem,
    Draw,
    Enrolment,
    Excuse,
    ProblemVersion,
    Section,
    Standing,
)
from grader.result import FREE

__all__ = [
    "Drawn",
    "First",
    "Hex",
    "Numbers",
    "Posed",
    "Students",
    "Which",
    "check_section",
    "counted",
    "excused",
    "first_answers",
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


class First(NamedTuple):
    """The first readable answer of a student to a part.

    *best* is the best credit of any answer, *solved_at* the attempt that was right first.
    """

    problem_id: Hex
    student_id: Hex
    part: str
    answer_id: Hex
    draw: int
    status: str
    credit: float | None
    value: str
    mistakes: str
    received_at: int
    best: float | None
    solved_at: int | None

    @property
    def follows(self) -> bool:
        """Whether it is right for the student's own earlier answers, not by the key."""
        return self.status == "follow_through"

    @property
    def is_right(self) -> bool:
        """Whether it has full credit by the key."""
        return self.credit is not None and self.credit >= 1 and not self.follows

    @property
    def is_wrong(self) -> bool:
        """Whether it has less than full credit by the key."""
        return self.credit is not None and self.credit < 1 and not self.follows


BEST, SOLVED = (First._fields.index(name) for name in ("best", "solved_at"))


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem of the assignment with its version."""

    row: AssignmentProblem
    version: ProblemVersion

    @property
    def id(self) -> Hex:
        """The id of the problem in its assignment."""
        return self.row.id.hex


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
    found = select(Enrolment.user_id).where(
        Enrolment.course_id == course_id,
        Enrolment.role == "student",
        Enrolment.is_test.is_(False),
        Enrolment.withdrawn_at.is_(None),
    )
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
    return tuple(Posed(row, version) for row, version in rows)


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
    rows = session.execute(
        select(
            hex_of(Draw.problem_id),
            hex_of(Draw.student_id),
            Draw.number,
            hex_of(Draw.version_id),
            Draw.position,
            micros_of(Draw.opened_at),
        ).where(Draw.problem_id.in_(problems), Draw.student_id.in_(students))
    ).all()
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


def first_answers(
    session: Session, problems: Collection[UUID], students: Students
) -> Iterable[First]:
    """Return the first readable answers, with what came of later ones.

    A repeated answer costs nothing and tells nothing new, so it does not count as solving. All
    answers are read in their order: to have the database find the first of each takes longer.
    """
    solved = case(
        ((Answer.credit_float >= 1) & Answer.repeats.is_(None), func.coalesce(Answer.attempt, 1))
    )
    rows = session.execute(
        select(
            hex_of(Answer.problem_id),
            hex_of(Answer.student_id),
            Answer.part,
            hex_of(Answer.id),
            Answer.draw,
            Answer.status,
            Answer.credit_float,
            Answer.value,
            Answer.mistakes,
            micros_of(Answer.received_at),
            Answer.credit_float,
            solved,
        )
        .where(
            Answer.problem_id.in_(problems),
            Answer.student_id.in_(students),
            Answer.status.not_in(FREE),
        )
        .order_by(Answer.problem_id, Answer.student_id, Answer.sequence)
    )
    found: dict[tuple[Hex, Hex, str], list[Any]] = {}
    for row in rows.all():
        *_, best, solved_at = row
        first = found.setdefault((row[0], row[1], row[2]), [*row])
        if best is not None and (first[BEST] is None or best > first[BEST]):
            first[BEST] = best
        if solved_at is not None and (first[SOLVED] is None or solved_at < first[SOLVED]):
            first[SOLVED] = solved_at
    return map(First._make, found.values())


def raw_credits(
    session: Session, problems: Collection[UUID], students: Students
) -> dict[tuple[Hex, Hex], dict[str, Any]]:
    """Return by problem and student what counts of each part, as the standings keep it."""
    rows = session.execute(
        select(Standing.problem_id, Standing.student_id, Standing.parts).where(
            Standing.problem_id.in_(problems), Standing.student_id.in_(students)
        )
    )
    return {(problem.hex, student.hex): parts for problem, student, parts in rows}
