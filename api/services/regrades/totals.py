"""Effect of a regrade on the scores of students and on their grades in the assignment."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import AssignmentProblem, Grade, ProblemProgress, ProblemVersion, Regrade
from api.services.grades.answers import PartAnswer
from api.services.grades.projection import GradeProjection, ProjectedGrade
from api.services.regrades.changes import AnswerChange, project_answers_by_student
from api.services.regrades.execution.chunk_data import AnswerWithGrading

__all__ = ["changes_part_points", "compute_scores_before_and_after"]


def changes_part_points(session: Session, run: Regrade) -> bool:
    """Return whether the points of a part change, so that scores change without new answers."""
    if run.scope == "some":
        return False
    old, new = run.from_version, run.to_version
    return _load_part_points(session, old) != _load_part_points(session, new)


def _load_part_points(session: Session, version: UUID) -> dict[str, str]:
    """Return the points of each part of a version."""
    parts = session.get_one(ProblemVersion, version).parts
    return {part["id"]: part["points"] for part in parts}


def compute_scores_before_and_after(
    session: Session,
    run: Regrade,
    problem: AssignmentProblem,
    students: Collection[UUID],
    stored: Sequence[AnswerWithGrading],
    changes: Sequence[AnswerChange],
) -> dict[UUID, dict[str, Any]]:
    """Return score and grade of each student: before, after, and after without lowering.

    *stored* are all their answers to the problem. Only touched students are recomputed.
    """
    version = session.get_one(ProblemVersion, run.to_version) if run.scope == "all" else None
    moved = [change for change in changes if not change.flag]
    not_lowering = [one for one in moved if not one.lowers_credit]
    lowered = {one.old.student for one in moved if one.lowers_credit}
    touched = {one.old.student for one in moved}
    if changes_part_points(session, run):
        touched = set(students)
    before = _load_stored_scores_and_grades(session, problem, students)
    after, after_kept = before, before
    if touched:
        projection = GradeProjection.load(session, problem, touched)
        after = before | projection.project_grades(
            _project_answers_including_unanswered(touched, stored, moved), version=version
        )
        without_lowering = projection.project_grades(
            _project_answers_including_unanswered(lowered, stored, not_lowering), version=version
        )
        after_kept = after | without_lowering
    stages = {"before": before, "after": after, "kept": after_kept}
    return {
        student: {
            f"{what}_{when}": getattr(those[student], what)
            for when, those in stages.items()
            for what in ProjectedGrade._fields
        }
        for student in students
    }


def _project_answers_including_unanswered(
    students: Collection[UUID], stored: Sequence[AnswerWithGrading], changes: Sequence[AnswerChange]
) -> dict[UUID, list[PartAnswer]]:
    """Return the answers of each of *students* after *changes*, including students without any."""
    answers = project_answers_by_student(
        (one for one in stored if one.student in students), changes
    )
    return {student: answers.get(student, []) for student in students}


def _load_stored_scores_and_grades(
    session: Session, problem: AssignmentProblem, students: Collection[UUID]
) -> dict[UUID, ProjectedGrade]:
    """Return the stored scores and grades."""
    scores = session.execute(
        select(ProblemProgress.student_id, ProblemProgress.score).where(
            ProblemProgress.problem_id == problem.id, ProblemProgress.student_id.in_(students)
        )
    )
    grades = session.execute(
        select(Grade.student_id, Grade.score).where(
            Grade.assignment_id == problem.assignment_id, Grade.student_id.in_(students)
        )
    )
    score, grade = {row[0]: row[1] for row in scores}, {row[0]: row[1] for row in grades}
    return {student: ProjectedGrade(score.get(student), grade.get(student)) for student in students}
