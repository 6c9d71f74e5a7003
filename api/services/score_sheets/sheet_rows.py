"""Rows of a score sheet: for each student and part, the answer that counts and its grading."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Answer, Assignment, Comment, Override, Standing, Submission
from api.services.exports.formats import SheetRow
from api.services.gradebook.students import Student, counting
from api.services.grades.assignment import PosedProblem, WholeAssignment, load_assignment
from grader.grading.explain import typed_text
from grader.json_values import from_json

__all__ = ["Row", "sheet_rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """Row of a sheet with the ids of its objects."""

    row: SheetRow
    assignment_id: UUID
    problem_id: UUID
    student: Student
    answer_id: UUID


@dataclass(frozen=True, slots=True)
class _Found:
    """Data for the rows of an assignment.

    *said* holds comments by answer, *reasons* those of overrides by student, problem and part.
    """

    here: WholeAssignment
    students: Mapping[UUID, Student]
    parts: Mapping[tuple[UUID, UUID], Mapping[str, Any]]
    answers: Mapping[tuple[str, str], tuple[Answer, Submission]]
    said: Mapping[UUID, str]
    reasons: Mapping[tuple[UUID, UUID | None, str | None], str]


def sheet_rows(
    session: Session, assignment: Assignment, *, problem: str = "", part: str = ""
) -> list[Row]:
    """Return the rows, sorted by problem, part and name, of all or of one *problem* or *part*."""
    students = counting(session, assignment.course_id)
    found = _find(session, assignment, students)
    return [
        row
        for posed in found.here.problems
        if problem in {"", posed.row.slug}
        for one in posed.version.parts
        if part in {"", one["id"]} and posed.row.voided.get(one["id"]) != "out"
        for row in _rows(found, posed, one, students)
    ]


def _find(session: Session, assignment: Assignment, students: Sequence[Student]) -> _Found:
    ids = {one.id for one in students}
    here = load_assignment(session, assignment.id, ids)
    posed = [one.row.id for one in here.problems]
    standings = session.execute(
        select(Standing.problem_id, Standing.student_id, Standing.parts).where(
            Standing.problem_id.in_(posed)
        )
    )
    answers = session.execute(
        select(Answer, Submission)
        .join(Submission, Submission.id == Answer.submission_id)
        .where(Answer.problem_id.in_(posed))
    )
    return _Found(
        here,
        {one.id: one for one in students},
        {(problem, student): parts for problem, student, parts in standings},
        {(str(one.submission_id), one.part): (one, sent) for one, sent in answers},
        _said(session, posed),
        _reasons(session, assignment),
    )


def _said(session: Session, posed: Iterable[UUID]) -> dict[UUID, str]:
    """Return the last staff comment on each answer that its student can see."""
    rows = session.scalars(
        select(Comment)
        .join(Answer, Answer.id == Comment.answer_id)
        .where(
            Answer.problem_id.in_(posed),
            Comment.public,
            Comment.deleted_at.is_(None),
            Comment.author_id != Answer.student_id,
        )
        .order_by(Comment.created_at, Comment.id)
    )
    return {row.answer_id: row.text for row in rows}


def _reasons(
    session: Session, assignment: Assignment
) -> dict[tuple[UUID, UUID | None, str | None], str]:
    rows = session.scalars(
        select(Override).where(
            Override.assignment_id == assignment.id, Override.withdrawn_at.is_(None)
        )
    )
    return {(row.student_id, row.problem_id, row.part): row.reason for row in rows}


def _rows(
    found: _Found, posed: PosedProblem, part: Mapping[str, Any], students: Sequence[Student]
) -> Iterator[Row]:
    for student in students:
        kept = found.parts.get((posed.row.id, student.id), {}).get(part["id"])
        if kept is None or kept["counts"] is None:
            continue
        answer, submission = found.answers[kept["counts"], part["id"]]
        yield Row(
            _row(found, posed, part, kept, answer, submission),
            posed.row.assignment_id,
            posed.row.id,
            student,
            answer.id,
        )


def _row(
    found: _Found,
    posed: PosedProblem,
    part: Mapping[str, Any],
    kept: Mapping[str, Any],
    answer: Answer,
    submission: Submission,
) -> SheetRow:
    student = found.students[answer.student_id]
    possible = Fraction(part["points"])
    place = (student.id, posed.row.id, part["id"])
    return SheetRow(
        submission_id=str(submission.id),
        student=student.name,
        email=student.email,
        assignment=found.here.assignment.title,
        problem=posed.row.slug,
        part=part["id"],
        answer=typed_text(from_json(submission.answers.get(part["id"]))),
        status=answer.status,
        points=found.here.overrides.get(place, _earned(kept, possible)),
        possible=possible,
        comment=found.reasons.get(place, found.said.get(answer.id, "")),
        grading=str(answer.grading_id),
        extra=posed.row.extra,
    )


def _earned(kept: Mapping[str, Any], possible: Fraction) -> Fraction | None:
    return None if kept["credit"] is None else Fraction(kept["credit"]) * possible
