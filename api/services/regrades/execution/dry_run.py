"""Dry run of a chunk: the changes by another version, and their effect on scores and grades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.db.models import (
    AssignmentProblem,
    ProblemVersion,
    Regrade,
    RegradeChange,
    RegradeChunk,
    RegradeStudent,
)
from api.db.upserts import insert_rows, update_rows
from api.services.regrades.changes import AnswerChange, count_changes, find_changes
from api.services.regrades.execution.chunk_data import (
    load_graded_answers,
    load_job,
    load_submissions_to_grade,
)
from api.services.regrades.execution.grading_jobs import JobGrader
from api.services.regrades.runs import count_chunk_submissions, load_compatible_versions
from api.services.regrades.totals import compute_scores_before_and_after
from grader.kinds import KINDS

__all__ = ["DryRunResult", "dry_run_chunk", "load_chunk_students", "store_dry_run"]


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
        grade(load_job(session, problem.id, submissions)) if submissions else {},
        manual_parts={part["id"] for part in version.parts if KINDS[part["kind"]].by_person},
    )
    totals = compute_scores_before_and_after(session, run, problem, students, answers, changes)
    counted = {student: told for student, told in totals.items() if students[student]}
    counts = count_changes(answers, changes, counted)
    return DryRunResult(count_chunk_submissions(session, run, chunk), changes, totals, counts)


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
