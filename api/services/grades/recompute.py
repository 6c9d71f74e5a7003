"""Recomputation of standings and grades; every changed grade is recorded with its cause."""

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
from api.db.models import AssignmentProblem, Grade, GradeChange, Standing
from api.db.upserts import insert_all, insert_missing, upsert
from api.services.grades.answers import Given, Key, given_answers
from api.services.grades.assignment import (
    PosedProblem,
    WholeAssignment,
    load_assignment,
    standings_of,
)
from api.services.grades.parts import part_text, parts_text, read_part
from api.services.grades.tallies import Tally, grade_values, tally
from grader.policy import Answered, PartStanding, Rules, stand

__all__ = [
    "Cause",
    "grade_change",
    "grade_row",
    "parts_of",
    "refresh",
    "refresh_all",
    "refresh_each",
    "standing_row",
    "tallies_of",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of a change in grades: its *kind* (submission, regrade, ...), id and author."""

    kind: str
    id: UUID | None
    author_id: UUID | None
    at: datetime


def refresh(session: Session, keys: Collection[Key], *, cause: Cause) -> None:
    """Recompute the standings of *keys*, and the grades of their assignments."""
    refresh_each(session, dict.fromkeys(keys, cause))


def refresh_each(session: Session, causes: Mapping[Key, Cause]) -> None:
    """Recompute standings, each with its own cause, and the grades of their assignments.

    Rows are locked in the order of their ids, to avoid deadlocks.
    """
    if not causes:
        return
    session.flush()
    keys_of: defaultdict[UUID, list[Key]] = defaultdict(list)
    assignments = _assignments_of(session, {key.problem_id for key in causes})
    for key in sorted(causes):
        keys_of[assignments[key.problem_id]].append(key)
    for assignment_id, keys in sorted(keys_of.items()):
        by_student = {key.student_id: causes[key] for key in keys}
        here = load_assignment(session, assignment_id, by_student)
        _stand(session, here, keys)
        _grade(session, here, by_student)


def refresh_all(
    session: Session, assignment_id: UUID, students: Collection[UUID], *, cause: Cause
) -> None:
    """Recompute all standings of *students* in an assignment, and their grades."""
    session.flush()
    here = load_assignment(session, assignment_id, students)
    # Lock before reading the answers; otherwise a concurrent submission could be missed.
    found = session.execute(
        select(Standing.problem_id, Standing.student_id)
        .where(
            Standing.problem_id.in_([one.row.id for one in here.problems]),
            Standing.student_id.in_(students),
        )
        .order_by(Standing.problem_id, Standing.student_id)
        .with_for_update()
    ).all()
    _stand(session, here, sorted(Key(*row) for row in found))
    _grade(session, here, dict.fromkeys(students, cause))


def _assignments_of(session: Session, problems: Collection[UUID]) -> dict[UUID, UUID]:
    rows = session.execute(
        select(AssignmentProblem.id, AssignmentProblem.assignment_id).where(
            AssignmentProblem.id.in_(problems)
        )
    )
    return {row[0]: row[1] for row in rows}


def _stand(session: Session, here: WholeAssignment, keys: Collection[Key]) -> None:
    """Compute and store the standings of *keys*."""
    posed = {one.row.id: one for one in here.problems}
    keys = [key for key in keys if key.problem_id in posed]
    if not keys:
        return
    answers = given_answers(session, keys)
    rows = []
    for key in keys:
        parts = parts_of(posed[key.problem_id], answers[key], here.rules[key.student_id])
        found = tally(here, posed[key.problem_id], key.student_id, parts)
        last = answers[key][-1][1] if answers[key] else None
        told = parts_text(part_text(part, one) for part, one in parts.items())
        rows.append(standing_row(key, told, found, last))
    upsert(session, Standing, rows, version=True)


def standing_row(
    key: tuple[Any, Any], parts: JsonText, found: Tally, last: Answered | None
) -> dict[str, Any]:
    """Return the row of a standing; *last* is the student's latest answer, if any.

    *key* holds the ids of the problem and the student.
    """
    return {
        "problem_id": key[0],
        "student_id": key[1],
        "sequence": last.sequence if last else 0,
        "parts": parts,
        "score": found.graded.score,
        "possible": found.graded.possible,
        "waiting": found.graded.waiting,
        "last_at": from_micros(last.at) if last else None,
    }


def parts_of(
    problem: PosedProblem, answers: Iterable[Given], rules: Rules
) -> dict[str, PartStanding]:
    """Compute the progress in each part of a problem from the answers."""
    given: defaultdict[str, list[Answered]] = defaultdict(list)
    for part, answer in answers:
        given[part].append(answer)
    return {part.id: stand(rules, given[part.id], text=part.text) for part in problem.asked}


def _grade(session: Session, here: WholeAssignment, causes: Mapping[UUID, Cause]) -> None:
    """Compute and store the grades of students in an assignment, and record each change."""
    before = _held_scores(session, here, causes)
    standings = standings_of(session, here, causes)
    rows = [
        grade_row(here, student, tallies_of(here, student, standings), at=cause.at)
        for student, cause in causes.items()
    ]
    upsert(session, Grade, rows, version=True)
    changes = [
        grade_change(row, before.get(row["student_id"]), causes[row["student_id"]])
        for row in rows
        if before.get(row["student_id"]) != row["score"]
    ]
    insert_all(session, GradeChange, changes)


def tallies_of(
    here: WholeAssignment, student: UUID, standings: Mapping[tuple[UUID, UUID], Mapping[str, Any]]
) -> dict[UUID, Tally]:
    """Return a student's total in each problem of an assignment, from stored *standings*."""
    found = {}
    for one in here.problems:
        told = standings.get((one.row.id, student), {})
        parts = {part: read_part(kept) for part, kept in told.items()}
        found[one.row.id] = tally(here, one, student, parts)
    return found


def grade_row(
    here: WholeAssignment, student: UUID, tallies: Mapping[UUID, Tally], *, at: datetime
) -> dict[str, Any]:
    """Return the row of a student's grade in an assignment."""
    return {
        "assignment_id": here.assignment.id,
        "student_id": student,
        **grade_values(here, student, tallies),
        "updated_at": at,
    }


def _held_scores(
    session: Session, here: WholeAssignment, causes: Mapping[UUID, Cause]
) -> dict[UUID, Fraction | None]:
    """Lock the grades of students and return their scores; insert missing rows first.

    A transaction that changes another problem of the same student waits for this lock, and then
    reads the standing that this one wrote. The row is inserted first because a missing row cannot
    be locked.
    """
    students = sorted(causes)
    insert_missing(session, Grade, [_no_grade(here, one, causes[one].at) for one in students])
    rows = session.execute(
        select(Grade.student_id, Grade.score)
        .where(Grade.assignment_id == here.assignment.id, Grade.student_id.in_(students))
        .order_by(Grade.student_id)
        .with_for_update()
    )
    return {row[0]: row[1] for row in rows}


def _no_grade(here: WholeAssignment, student: UUID, at: datetime) -> dict[str, Any]:
    return {
        "assignment_id": here.assignment.id,
        "student_id": student,
        "possible": Fraction(0),
        "updated_at": at,
    }


def grade_change(row: Mapping[str, Any], before: Fraction | None, cause: Cause) -> dict[str, Any]:
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
        "at": cause.at,
    }
