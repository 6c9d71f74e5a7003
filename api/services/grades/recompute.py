"""Recomputation of progress and grades; every changed grade is recorded with its cause."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import from_micros
from api.core.ids import new_id
from api.core.json_text import JsonText
from api.db.models import AssignmentProblem, Grade, GradeChange, ProblemProgress
from api.db.upserts import insert_missing_rows, insert_rows, upsert_rows
from api.services.grades.answers import PartAnswer, ProgressKey, load_policy_answers
from api.services.grades.assignment import (
    GradingContext,
    StoredProgress,
    VersionedProblem,
    load_grading_context,
    load_stored_progress,
)
from api.services.grades.parts import (
    deserialize_part_progress,
    join_part_members,
    serialize_part_progress_member,
)
from api.services.grades.problem_totals import (
    ProblemTotal,
    build_grade_values,
    compute_problem_total,
)
from grader.policy import PartProgress, StoredAnswer, SubmissionRules, evaluate_part_progress


@dataclass(frozen=True, slots=True)
class GradeCause:
    """The cause of a change in grades: its *kind* (submission, regrade, ...), id and author."""

    kind: str
    id: UUID | None
    author_id: UUID | None
    timestamp: datetime


def recompute_progress(
    session: Session, keys: Collection[ProgressKey], *, cause: GradeCause
) -> None:
    """Recompute the progress of *keys*, and the grades of their assignments."""
    recompute_progress_by_cause(session, dict.fromkeys(keys, cause))


def recompute_progress_by_cause(session: Session, causes: Mapping[ProgressKey, GradeCause]) -> None:
    """Recompute progress, each key with its own cause, and the grades of their assignments.

    Rows are locked in the order of their ids, to avoid deadlocks.
    """
    if not causes:
        return
    session.flush()
    keys_by_assignment: defaultdict[UUID, list[ProgressKey]] = defaultdict(list)
    assignments = _load_assignment_ids(session, {key.problem_id for key in causes})
    for key in sorted(causes):
        keys_by_assignment[assignments[key.problem_id]].append(key)
    for assignment_id, keys in sorted(keys_by_assignment.items()):
        by_student = {key.student_id: causes[key] for key in keys}
        context = load_grading_context(session, assignment_id, by_student)
        _compute_and_store_progress(session, context, keys)
        _compute_and_store_grades(session, context, by_student)


def recompute_student_grades(
    session: Session, assignment_id: UUID, students: Collection[UUID], *, cause: GradeCause
) -> None:
    """Recompute all progress of *students* in an assignment, and their grades."""
    session.flush()
    context = load_grading_context(session, assignment_id, students)
    # Lock before reading the answers; otherwise a concurrent submission could be missed.
    rows = session.execute(
        select(ProblemProgress.problem_id, ProblemProgress.student_id)
        .where(
            ProblemProgress.problem_id.in_([problem.row.id for problem in context.problems]),
            ProblemProgress.student_id.in_(students),
        )
        .order_by(ProblemProgress.problem_id, ProblemProgress.student_id)
        .with_for_update()
    ).all()
    _compute_and_store_progress(session, context, sorted(ProgressKey(*row) for row in rows))
    _compute_and_store_grades(session, context, dict.fromkeys(students, cause))


def _load_assignment_ids(session: Session, problems: Collection[UUID]) -> dict[UUID, UUID]:
    rows = session.execute(
        select(AssignmentProblem.id, AssignmentProblem.assignment_id).where(
            AssignmentProblem.id.in_(problems)
        )
    )
    return {row[0]: row[1] for row in rows}


def _compute_and_store_progress(
    session: Session, context: GradingContext, keys: Collection[ProgressKey]
) -> None:
    """Compute and store the progress of *keys*."""
    problems = {problem.row.id: problem for problem in context.problems}
    keys = [key for key in keys if key.problem_id in problems]
    if not keys:
        return
    answers = load_policy_answers(session, keys)
    rows = []
    for key in keys:
        parts = compute_part_progress(
            problems[key.problem_id], answers[key], context.rules[key.student_id]
        )
        total = compute_problem_total(context, problems[key.problem_id], key.student_id, parts)
        last = answers[key][-1][1] if answers[key] else None
        parts_json = join_part_members(
            serialize_part_progress_member(part, one) for part, one in parts.items()
        )
        rows.append(build_progress_row(key, parts_json, total, last))
    upsert_rows(session, ProblemProgress, rows, increments_version=True)


def build_progress_row(
    key: tuple[UUID, UUID], parts: JsonText, total: ProblemTotal, last: StoredAnswer | None
) -> dict[str, Any]:
    """Return a progress row; *last* is the student's latest answer, if any.

    *key* holds the ids of the problem and the student.
    """
    return {
        "problem_id": key[0],
        "student_id": key[1],
        "sequence": last.sequence if last else 0,
        "parts": parts,
        "score": total.graded.score,
        "possible": total.graded.possible,
        "waiting": total.graded.waiting,
        "last_at": from_micros(last.submitted_at) if last else None,
    }


def compute_part_progress(
    problem: VersionedProblem, answers: Iterable[PartAnswer], rules: SubmissionRules
) -> dict[str, PartProgress]:
    """Compute the progress in each part of a problem from the answers."""
    answers_by_part: defaultdict[str, list[StoredAnswer]] = defaultdict(list)
    for part, answer in answers:
        answers_by_part[part].append(answer)
    return {
        part.id: evaluate_part_progress(rules, answers_by_part[part.id], text=part.is_text)
        for part in problem.parts
    }


def _compute_and_store_grades(
    session: Session, context: GradingContext, causes: Mapping[UUID, GradeCause]
) -> None:
    """Compute and store the grades of students in an assignment, and record each change."""
    before = _lock_and_load_scores(session, context, causes)
    progress = load_stored_progress(session, context, causes)
    rows = [
        build_grade_row(
            context,
            student,
            compute_problem_totals(context, student, progress),
            updated_at=cause.timestamp,
        )
        for student, cause in causes.items()
    ]
    upsert_rows(session, Grade, rows, increments_version=True)
    changes = [
        build_grade_change_row(row, before.get(row["student_id"]), causes[row["student_id"]])
        for row in rows
        if before.get(row["student_id"]) != row["score"]
    ]
    insert_rows(session, GradeChange, changes)


def compute_problem_totals(
    context: GradingContext, student: UUID, progress: StoredProgress
) -> dict[UUID, ProblemTotal]:
    """Return a student's total in each problem of an assignment, from stored *progress*."""
    return {
        problem.row.id: compute_stored_total(context, problem, student, progress)
        for problem in context.problems
    }


def compute_stored_total(
    context: GradingContext,
    problem: VersionedProblem,
    student: UUID,
    progress: StoredProgress,
) -> ProblemTotal:
    """Return a student's total in a problem, from stored *progress*."""
    stored_parts = progress.get((student, problem.row.id), {})
    parts = {part: deserialize_part_progress(kept) for part, kept in stored_parts.items()}
    return compute_problem_total(context, problem, student, parts)


def build_grade_row(
    context: GradingContext,
    student: UUID,
    totals: Mapping[UUID, ProblemTotal],
    *,
    updated_at: datetime,
) -> dict[str, Any]:
    """Return the row of a student's grade in an assignment."""
    return {
        "assignment_id": context.assignment.id,
        "student_id": student,
        **build_grade_values(context, student, totals),
        "updated_at": updated_at,
    }


def _lock_and_load_scores(
    session: Session, context: GradingContext, causes: Mapping[UUID, GradeCause]
) -> dict[UUID, Fraction | None]:
    """Lock the grades of students and return their scores; insert missing rows first.

    A transaction that changes another problem of the same student waits for this lock, and then
    reads the progress that this one wrote. The row is inserted first because a missing row cannot
    be locked.
    """
    students = sorted(causes)
    insert_missing_rows(
        session,
        Grade,
        [
            _build_empty_grade_row(context, student, causes[student].timestamp)
            for student in students
        ],
    )
    rows = session.execute(
        select(Grade.student_id, Grade.score)
        .where(Grade.assignment_id == context.assignment.id, Grade.student_id.in_(students))
        .order_by(Grade.student_id)
        .with_for_update()
    )
    return {row[0]: row[1] for row in rows}


def _build_empty_grade_row(
    context: GradingContext, student: UUID, updated_at: datetime
) -> dict[str, Any]:
    return {
        "assignment_id": context.assignment.id,
        "student_id": student,
        "possible": Fraction(0),
        "updated_at": updated_at,
    }


def build_grade_change_row(
    row: Mapping[str, Any], before: Fraction | None, cause: GradeCause
) -> dict[str, Any]:
    """Return the row that records a change of the score from *before* to that of *row*."""
    return {
        "id": new_id(),
        "assignment_id": row["assignment_id"],
        "student_id": row["student_id"],
        "before": before,
        "after": row["score"],
        "cause": cause.kind,
        "cause_id": cause.id,
        "author_id": cause.author_id,
        "at": cause.timestamp,
    }
