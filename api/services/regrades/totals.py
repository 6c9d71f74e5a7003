"""Effect of a regrade on the scores of students and on their grades in the assignment."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import AssignmentProblem, Grade, ProblemVersion, Regrade, Standing
from api.services.grades.answers import Given
from api.services.grades.projection import Figures, Outlook
from api.services.regrades.changes import Change, given_by
from api.services.regrades.execution.loading import Stored

__all__ = ["everybody_shifts", "totals_of"]


def everybody_shifts(session: Session, run: Regrade) -> bool:
    """Return whether the points of a part change, so that scores change without new answers."""
    if run.scope == "some":
        return False
    old, new = run.from_version, run.to_version
    return _worth(session, old) != _worth(session, new)


def _worth(session: Session, version: UUID) -> dict[str, str]:
    """Return the points of each part of a version."""
    parts = session.get_one(ProblemVersion, version).parts
    return {part["id"]: part["points"] for part in parts}


def totals_of(
    session: Session,
    run: Regrade,
    problem: AssignmentProblem,
    students: Collection[UUID],
    stored: Sequence[Stored],
    changes: Sequence[Change],
) -> dict[UUID, dict[str, Any]]:
    """Return score and grade of each student: before, after, and after without lowering.

    *stored* are all their answers to the problem. Only touched students are recomputed.
    """
    version = session.get_one(ProblemVersion, run.to_version) if run.scope == "all" else None
    moved = [one for one in changes if not one.flag]
    kept = [one for one in moved if not one.is_lowering]
    lowered = {one.old.student for one in moved if one.is_lowering}
    touched = {one.old.student for one in moved}
    if everybody_shifts(session, run):
        touched = set(students)
    before = _before(session, problem, students)
    after, after_kept = before, before
    if touched:
        outlook = Outlook.of(session, problem, touched)
        after = before | outlook.figures(_of(touched, stored, moved), version=version)
        found = outlook.figures(_of(lowered, stored, kept), version=version)
        after_kept = after | found
    turns = {"before": before, "after": after, "kept": after_kept}
    return {
        student: {
            f"{what}_{when}": getattr(those[student], what)
            for when, those in turns.items()
            for what in Figures._fields
        }
        for student in students
    }


def _of(
    students: Collection[UUID], stored: Sequence[Stored], changes: Sequence[Change]
) -> dict[UUID, list[Given]]:
    """Return the answers of each of *students* after *changes*, including students without any."""
    found = given_by((one for one in stored if one.student in students), changes)
    return {student: found.get(student, []) for student in students}


def _before(
    session: Session, problem: AssignmentProblem, students: Collection[UUID]
) -> dict[UUID, Figures]:
    """Return the stored scores and grades."""
    scores = session.execute(
        select(Standing.student_id, Standing.score).where(
            Standing.problem_id == problem.id, Standing.student_id.in_(students)
        )
    )
    grades = session.execute(
        select(Grade.student_id, Grade.score).where(
            Grade.assignment_id == problem.assignment_id, Grade.student_id.in_(students)
        )
    )
    score, grade = {row[0]: row[1] for row in scores}, {row[0]: row[1] for row in grades}
    return {one: Figures(score.get(one), grade.get(one)) for one in students}
