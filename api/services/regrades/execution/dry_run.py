"""Dry run of a chunk: the changes by another version, and their effect on scores and grades."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.db.models import (
    AssignmentProblem,
    Grade,
    ProblemProgress,
    ProblemVersion,
    Regrade,
    RegradeChange,
    RegradeChunk,
    RegradeStudent,
)
from api.db.upserts import insert_rows, update_rows
from api.services.grades.answers import PartAnswer
from api.services.grades.projection import GradeProjection, ProjectedGrade
from api.services.regrades.changes import (
    AnswerChange,
    count_changes,
    find_changes,
    project_answers_by_student,
)
from api.services.regrades.execution.chunk_data import (
    AnswerWithGrading,
    load_graded_answers,
    load_regrade_job,
    load_submissions_to_grade,
)
from api.services.regrades.execution.grading_jobs import JobGrader
from api.services.regrades.runs import count_chunk_submissions, load_compatible_versions
from grader.kinds import KINDS


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """Result of the dry run of a chunk, valid for this number of *submissions*."""

    submissions: int
    changes: Sequence[AnswerChange]
    totals: Mapping[UUID, Mapping[str, Any]]
    counts: Mapping[str, int]


def load_chunk_students(session: Session, run: Regrade, chunk: int) -> dict[UUID, bool]:
    """Return the students of a chunk, and whether each counts in statistics."""
    rows = session.execute(
        select(RegradeStudent.student_id, RegradeStudent.counted)
        .where(RegradeStudent.regrade_id == run.id, RegradeStudent.chunk == chunk)
        .order_by(RegradeStudent.student_id)
    )
    return {row[0]: row[1] for row in rows}


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


def dry_run_chunk(session: Session, run: Regrade, chunk: int, *, grade: JobGrader) -> DryRunResult:
    """Grade all submissions of the students of a chunk by the new version."""
    version = session.get_one(ProblemVersion, run.to_version)
    problem = session.get_one(AssignmentProblem, run.problem_id)
    students = load_chunk_students(session, run, chunk)
    versions = dict.fromkeys(load_compatible_versions(session, version), version.id)
    submissions = load_submissions_to_grade(session, problem.id, students, versions)
    answers = load_graded_answers(session, problem.id, students)
    changes = find_changes(
        answers,
        grade(load_regrade_job(session, problem.id, submissions)) if submissions else {},
        manual_parts={part["id"] for part in version.parts if KINDS[part["kind"]].by_person},
    )
    totals = _compute_scores_by_stage(session, run, problem, students, answers, changes)
    counted = {student: told for student, told in totals.items() if students[student]}
    counts = count_changes(answers, changes, counted)
    return DryRunResult(count_chunk_submissions(session, run, chunk), changes, totals, counts)


def _compute_scores_by_stage(
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


def store_dry_run(
    session: Session, run: Regrade, chunk: RegradeChunk, result: DryRunResult
) -> None:
    """Store the dry run of a chunk, replacing an earlier one."""
    session.execute(
        delete(RegradeChange).where(
            RegradeChange.regrade_id == run.id, RegradeChange.chunk == chunk.number
        )
    )
    change_rows = [change.to_row(run.id, chunk.number) for change in result.changes]
    insert_rows(session, RegradeChange, change_rows)
    key = {"regrade_id": run.id}
    student_rows = [{**key, "student_id": total, **told} for total, told in result.totals.items()]
    update_rows(session, RegradeStudent, student_rows)
    run.counts = {
        name: run.counts.get(name, 0) + count - chunk.counts.get(name, 0)
        for name, count in result.counts.items()
    }
    run.total += result.submissions - chunk.submissions
    chunk.submissions, chunk.counts = result.submissions, dict(result.counts)
