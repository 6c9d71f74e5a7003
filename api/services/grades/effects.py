"""Recomputation of grades after a change of rules, and the differences that it makes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from api.db.models import Assignment, AssignmentProblem, Enrolment, Grade, Standing, User
from api.schemas.shared.effects import Effect, GradeMove, OutOf
from api.services.audit.change_context import Act
from api.services.courses.active_students import PRESENT
from api.services.grades import Cause, refresh_all

__all__ = ["Marks", "compared", "marks_in", "settle"]

CHUNK: Final = 500
LARGEST: Final = 10
NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Mark:
    """The compared columns of a grade."""

    score: Fraction | None
    possible: Fraction


Marks: TypeAlias = Mapping[tuple[UUID, UUID], _Mark]
"""Grades by assignment and student."""


@dataclass(frozen=True, slots=True)
class _Move:
    """A grade that changed."""

    assignment: UUID
    student: UUID
    before: _Mark | None
    after: _Mark

    @property
    def by(self) -> Fraction:
        """The increase of the score, negative for a decrease."""
        old = self.before.score if self.before else None
        return (self.after.score or NOTHING) - (old or NOTHING)


def settle(
    session: Session,
    act: Act,
    assignments: Iterable[Assignment],
    *,
    cause: Cause,
    students: Sequence[UUID] | None = None,
) -> Effect:
    """Recompute the grades of *students*, or of all who may be affected; return the differences."""
    rows = list(assignments)
    before = marks_in(session, rows)
    seen: set[UUID] = set()
    for row in rows:
        who = _concerned(session, row) if students is None else students
        for at in range(0, len(who), CHUNK):
            refresh_all(session, row.id, who[at : at + CHUNK], cause=cause)
        seen |= set(who)
    return compared(session, act, before, marks_in(session, rows), seen=len(seen))


def marks_in(session: Session, assignments: Iterable[Assignment]) -> Marks:
    """Return all current grades in *assignments*."""
    found = session.execute(
        select(Grade.assignment_id, Grade.student_id, Grade.score, Grade.possible).where(
            Grade.assignment_id.in_([row.id for row in assignments])
        )
    )
    return {(row[0], row[1]): _Mark(row[2], row[3]) for row in found}


def compared(session: Session, act: Act, before: Marks, after: Marks, *, seen: int) -> Effect:
    """Compare two sets of grades; *seen* is the number of students whose grades were recomputed."""
    moves = [
        _Move(*key, before.get(key), mark)
        for key, mark in after.items()
        if _differ(before.get(key), mark)
    ]
    return _told(session, act, moves, seen)


def _differ(before: _Mark | None, after: _Mark) -> bool:
    """Tell whether a grade changed; a new one without a score does not count."""
    return after.score is not None if before is None else before != after


def _concerned(session: Session, assignment: Assignment) -> list[UUID]:
    """Return the students whose grades may change: those with a standing or a grade.

    If a part gives full points to everybody, all enrolled students count too.
    """
    standing = (
        select(Standing.student_id)
        .join(AssignmentProblem, AssignmentProblem.id == Standing.problem_id)
        .where(AssignmentProblem.assignment_id == assignment.id)
    )
    graded = select(Grade.student_id).where(Grade.assignment_id == assignment.id)
    enrolled = select(Enrolment.user_id).where(
        Enrolment.course_id == assignment.course_id,
        Enrolment.role == "student",
        Enrolment.withdrawn_at.is_(None),
    )
    more = (enrolled,) if _gives(session, assignment) else ()
    return sorted(session.scalars(union(standing, graded, *more)))


def _gives(session: Session, assignment: Assignment) -> bool:
    """Tell whether a part gives full points to everybody, even without a submission."""
    voided = session.scalars(
        select(AssignmentProblem.voided).where(
            AssignmentProblem.assignment_id == assignment.id,
            AssignmentProblem.removed_at.is_(None),
        )
    )
    return any("full" in one.values() for one in voided)


def _told(session: Session, act: Act, moves: Sequence[_Move], seen: int) -> Effect:
    names = _names(session, act, {one.student for one in moves})
    counted = [one for one in moves if one.student in names]
    largest = sorted(counted, key=lambda one: (-abs(one.by), one.assignment, one.student))
    return Effect(
        dry_run=act.dry_run,
        students=seen,
        changed=len(counted),
        up=sum(one.by > 0 for one in counted),
        down=sum(one.by < 0 for one in counted),
        largest=tuple(_shown(one, names) for one in largest[:LARGEST]),
    )


def _names(session: Session, act: Act, students: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of those of *students* who count in the course."""
    rows = session.execute(
        select(User.id, User.name)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(
            Enrolment.course_id == act.course.id,
            *PRESENT,
            User.id.in_(students),
        )
    )
    return {row[0]: row[1] for row in rows}


def _shown(move: _Move, names: Mapping[UUID, str]) -> GradeMove:
    old = move.before
    return GradeMove(
        assignment=move.assignment,
        student=move.student,
        name=names[move.student],
        before=None if old is None else OutOf(score=old.score, possible=old.possible),
        after=OutOf(score=move.after.score, possible=move.after.possible),
    )
