"""Recomputation of grades after a change of rules, and the differences that it makes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from api.db.models import Assignment, AssignmentProblem, Enrolment, Grade, ProblemProgress, User
from api.schemas.shared.effects import Effect, GradeMove, OutOf
from api.services.audit.change_context import ChangeContext
from api.services.courses.active_students import ACTIVE_PEOPLE
from api.services.grades import GradeCause, recompute_student_grades

CHUNK_SIZE: Final = 500
MAX_LISTED_CHANGES: Final = 10
NO_POINTS: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class _GradeValues:
    """The compared columns of a grade."""

    score: Fraction | None
    possible: Fraction


GradesByStudent: TypeAlias = Mapping[tuple[UUID, UUID], _GradeValues]
"""Grades by assignment and student."""


@dataclass(frozen=True, slots=True)
class _GradeDifference:
    """A grade that changed."""

    assignment: UUID
    student: UUID
    before: _GradeValues | None
    after: _GradeValues

    @property
    def increase(self) -> Fraction:
        """The increase of the score, negative for a decrease."""
        old = self.before.score if self.before else None
        return (self.after.score or NO_POINTS) - (old or NO_POINTS)


def recompute_grades(
    session: Session,
    context: ChangeContext,
    assignments: Iterable[Assignment],
    *,
    cause: GradeCause,
    students: Sequence[UUID] | None = None,
) -> Effect:
    """Recompute the grades of *students*, or of all who may be affected; return the differences."""
    rows = list(assignments)
    before = load_grades(session, rows)
    seen: set[UUID] = set()
    for row in rows:
        student_ids = _load_affected_students(session, row) if students is None else students
        for start in range(0, len(student_ids), CHUNK_SIZE):
            recompute_student_grades(
                session, row.id, student_ids[start : start + CHUNK_SIZE], cause=cause
            )
        seen |= set(student_ids)
    return compare_grades(
        session, context, before, load_grades(session, rows), recomputed_count=len(seen)
    )


def load_grades(session: Session, assignments: Iterable[Assignment]) -> GradesByStudent:
    """Return all current grades in *assignments*."""
    rows = session.execute(
        select(Grade.assignment_id, Grade.student_id, Grade.score, Grade.possible).where(
            Grade.assignment_id.in_([row.id for row in assignments])
        )
    )
    return {(row[0], row[1]): _GradeValues(row[2], row[3]) for row in rows}


def compare_grades(
    session: Session,
    context: ChangeContext,
    before: GradesByStudent,
    after: GradesByStudent,
    *,
    recomputed_count: int,
) -> Effect:
    """Compare two sets of grades; *recomputed_count* is the number of recomputed students."""
    moves = [
        _GradeDifference(*key, before.get(key), mark)
        for key, mark in after.items()
        if _is_changed(before.get(key), mark)
    ]
    return _serialize_effect(session, context, moves, recomputed_count)


def _is_changed(before: _GradeValues | None, after: _GradeValues) -> bool:
    """Tell whether a grade changed; a new one without a score does not count."""
    return after.score is not None if before is None else before != after


def _load_affected_students(session: Session, assignment: Assignment) -> list[UUID]:
    """Return the students whose grades may change: those with progress or a grade.

    If a part gives full points to everybody, all enrolled students count too.
    """
    with_progress = (
        select(ProblemProgress.student_id)
        .join(AssignmentProblem, AssignmentProblem.id == ProblemProgress.problem_id)
        .where(AssignmentProblem.assignment_id == assignment.id)
    )
    graded = select(Grade.student_id).where(Grade.assignment_id == assignment.id)
    enrolled = select(Enrolment.user_id).where(
        Enrolment.course_id == assignment.course_id,
        Enrolment.role == "student",
        Enrolment.withdrawn_at.is_(None),
    )
    more = (enrolled,) if _grants_full_points(session, assignment) else ()
    return sorted(session.scalars(union(with_progress, graded, *more)))


def _grants_full_points(session: Session, assignment: Assignment) -> bool:
    """Tell whether a part gives full points to everybody, even without a submission."""
    voided = session.scalars(
        select(AssignmentProblem.voided).where(
            AssignmentProblem.assignment_id == assignment.id,
            AssignmentProblem.removed_at.is_(None),
        )
    )
    return any("full" in one.values() for one in voided)


def _serialize_effect(
    session: Session,
    context: ChangeContext,
    moves: Sequence[_GradeDifference],
    recomputed_count: int,
) -> Effect:
    names = _load_active_names(session, context, {move.student for move in moves})
    counted = [move for move in moves if move.student in names]
    largest = sorted(counted, key=lambda item: (-abs(item.increase), item.assignment, item.student))
    return Effect(
        dry_run=context.dry_run,
        students=recomputed_count,
        changed=len(counted),
        up=sum(one.increase > 0 for one in counted),
        down=sum(one.increase < 0 for one in counted),
        largest=tuple(_serialize_difference(one, names) for one in largest[:MAX_LISTED_CHANGES]),
    )


def _load_active_names(
    session: Session, context: ChangeContext, students: Iterable[UUID]
) -> dict[UUID, str]:
    """Return the names of those of *students* who count in the course."""
    rows = session.execute(
        select(User.id, User.name)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(
            Enrolment.course_id == context.course.id,
            *ACTIVE_PEOPLE,
            User.id.in_(students),
        )
    )
    return {row[0]: row[1] for row in rows}


def _serialize_difference(move: _GradeDifference, names: Mapping[UUID, str]) -> GradeMove:
    old = move.before
    return GradeMove(
        assignment=move.assignment,
        student=move.student,
        name=names[move.student],
        before=None if old is None else OutOf(score=old.score, possible=old.possible),
        after=OutOf(score=move.after.score, possible=move.after.possible),
    )
