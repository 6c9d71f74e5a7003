"""Rows of a score sheet: for each student and part, the answer that counts and its grading."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Answer, Assignment, Comment, Override, ProblemProgress, Submission
from api.services.exports.formats import SheetRow
from api.services.gradebook.students import GradebookStudent, load_active_students
from api.services.grades.assignment import GradingContext, VersionedProblem, load_grading_context
from grader.grading.explain import format_typed_answer
from grader.json_values import from_json


@dataclass(frozen=True, slots=True)
class SheetRowWithIds:
    """Row of a sheet with the ids of its objects."""

    sheet_row: SheetRow
    assignment_id: UUID
    problem_id: UUID
    student: GradebookStudent
    answer_id: UUID


@dataclass(frozen=True, slots=True)
class _SheetData:
    """Data for the rows of an assignment.

    *comments* holds comments by answer, *reasons* those of overrides by student, problem and part.
    """

    grading_context: GradingContext
    students: Mapping[UUID, GradebookStudent]
    parts: Mapping[tuple[UUID, UUID], Mapping[str, Any]]
    answers: Mapping[tuple[str, str], tuple[Answer, Submission]]
    comments: Mapping[UUID, str]
    reasons: Mapping[tuple[UUID, UUID | None, str | None], str]


def load_sheet_rows(
    session: Session, assignment: Assignment, *, problem: str = "", part: str = ""
) -> list[SheetRowWithIds]:
    """Return the rows, sorted by problem, part and name, of all or of one *problem* or *part*."""
    students = load_active_students(session, assignment.course_id)
    data = _load_sheet_data(session, assignment, students)
    return [
        row
        for posed in data.grading_context.problems
        if problem in {"", posed.row.slug}
        for one in posed.version.parts
        if part in {"", one["id"]} and posed.row.voided.get(one["id"]) != "out"
        for row in _build_rows(data, posed, one, students)
    ]


def _load_sheet_data(
    session: Session, assignment: Assignment, students: Sequence[GradebookStudent]
) -> _SheetData:
    ids = {student.id for student in students}
    grading_context = load_grading_context(session, assignment.id, ids)
    problem_ids = [problem.row.id for problem in grading_context.problems]
    standings = session.execute(
        select(ProblemProgress.problem_id, ProblemProgress.student_id, ProblemProgress.parts).where(
            ProblemProgress.problem_id.in_(problem_ids)
        )
    )
    answers = session.execute(
        select(Answer, Submission)
        .join(Submission, Submission.id == Answer.submission_id)
        .where(Answer.problem_id.in_(problem_ids))
    )
    return _SheetData(
        grading_context,
        {student.id: student for student in students},
        {(problem, student): parts for problem, student, parts in standings},
        {(str(answer.submission_id), answer.part): (answer, sent) for answer, sent in answers},
        _load_comments(session, problem_ids),
        _load_override_reasons(session, assignment),
    )


def _load_comments(session: Session, problem_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the last staff comment on each answer that its student can see."""
    rows = session.scalars(
        select(Comment)
        .join(Answer, Answer.id == Comment.answer_id)
        .where(
            Answer.problem_id.in_(problem_ids),
            Comment.public,
            Comment.deleted_at.is_(None),
            Comment.author_id != Answer.student_id,
        )
        .order_by(Comment.created_at, Comment.id)
    )
    return {row.answer_id: row.text for row in rows}


def _load_override_reasons(
    session: Session, assignment: Assignment
) -> dict[tuple[UUID, UUID | None, str | None], str]:
    rows = session.scalars(
        select(Override).where(
            Override.assignment_id == assignment.id, Override.withdrawn_at.is_(None)
        )
    )
    return {(row.student_id, row.problem_id, row.part): row.reason for row in rows}


def _build_rows(
    data: _SheetData,
    posed: VersionedProblem,
    part: Mapping[str, Any],
    students: Sequence[GradebookStudent],
) -> Iterator[SheetRowWithIds]:
    for student in students:
        progress = data.parts.get((posed.row.id, student.id), {}).get(part["id"])
        if progress is None or progress["counts"] is None:
            continue
        answer, submission = data.answers[progress["counts"], part["id"]]
        yield SheetRowWithIds(
            _build_row(data, posed, part, progress, answer, submission),
            posed.row.assignment_id,
            posed.row.id,
            student,
            answer.id,
        )


def _build_row(
    data: _SheetData,
    posed: VersionedProblem,
    part: Mapping[str, Any],
    progress: Mapping[str, Any],
    answer: Answer,
    submission: Submission,
) -> SheetRow:
    student = data.students[answer.student_id]
    possible = Fraction(part["points"])
    key = (student.id, posed.row.id, part["id"])
    return SheetRow(
        submission_id=str(submission.id),
        student=student.name,
        email=student.email,
        assignment=data.grading_context.assignment.title,
        problem=posed.row.slug,
        part=part["id"],
        answer=format_typed_answer(from_json(submission.answers.get(part["id"]))),
        status=answer.status,
        points=data.grading_context.overrides.get(key, _earned_points(progress, possible)),
        possible=possible,
        comment=data.reasons.get(key, data.comments.get(answer.id, "")),
        grading=str(answer.grading_id),
        extra=posed.row.extra,
    )


def _earned_points(progress: Mapping[str, Any], possible: Fraction) -> Fraction | None:
    return None if progress["credit"] is None else Fraction(progress["credit"]) * possible
