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
from api.db.upserts import insert_all, rewrite
from api.services.regrades.changes import Change, changes_of, counts_of
from api.services.regrades.execution.judging import Judge
from api.services.regrades.execution.loading import handed_of, job_of, stored_answers
from api.services.regrades.runs import family, submissions_of
from api.services.regrades.totals import totals_of
from grader.kinds import KINDS

__all__ = ["Examined", "examine", "store", "students_of"]


@dataclass(frozen=True, slots=True)
class Examined:
    """Result of the dry run of a chunk, valid for this number of *submissions*."""

    submissions: int
    changes: Sequence[Change]
    totals: Mapping[UUID, Mapping[str, Any]]
    counts: Mapping[str, int]


def students_of(session: Session, run: Regrade, chunk: int) -> dict[UUID, bool]:
    """Return the students of a chunk, and whether each counts in statistics."""
    rows = session.execute(
        select(RegradeStudent.student_id, RegradeStudent.counted)
        .where(RegradeStudent.regrade_id == run.id, RegradeStudent.chunk == chunk)
        .order_by(RegradeStudent.student_id)
    )
    return {row[0]: row[1] for row in rows}


def examine(session: Session, run: Regrade, chunk: int, *, judge: Judge) -> Examined:
    """Grade all submissions of the students of a chunk by the new version."""
    version = session.get_one(ProblemVersion, run.to_version)
    problem = session.get_one(AssignmentProblem, run.problem_id)
    students = students_of(session, run, chunk)
    versions = dict.fromkeys(family(session, version), version.id)
    handed = handed_of(session, problem.id, students, versions)
    stored = stored_answers(session, problem.id, students)
    changes = changes_of(
        stored,
        judge(job_of(session, problem.id, handed)) if handed else {},
        by_person={part["id"] for part in version.parts if KINDS[part["kind"]].by_person},
    )
    totals = totals_of(session, run, problem, students, stored, changes)
    counted = {student: told for student, told in totals.items() if students[student]}
    counts = counts_of(stored, changes, counted)
    return Examined(submissions_of(session, run, chunk), changes, totals, counts)


def store(session: Session, run: Regrade, chunk: RegradeChunk, examined: Examined) -> None:
    """Store the dry run of a chunk, replacing an earlier one."""
    session.execute(
        delete(RegradeChange).where(
            RegradeChange.regrade_id == run.id, RegradeChange.chunk == chunk.number
        )
    )
    changed = [one.row(run.id, chunk.number) for one in examined.changes]
    insert_all(session, RegradeChange, changed)
    own = {"regrade_id": run.id}
    told = [{**own, "student_id": one, **told} for one, told in examined.totals.items()]
    rewrite(session, RegradeStudent, told)
    run.counts = {
        name: run.counts.get(name, 0) + count - chunk.counts.get(name, 0)
        for name, count in examined.counts.items()
    }
    run.total += examined.submissions - chunk.submissions
    chunk.submissions, chunk.counts = examined.submissions, dict(examined.counts)
