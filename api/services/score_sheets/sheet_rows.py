"""Rows of a score sheet: for each student and part, the answer that counts and its grading.

Answers may be large. One transaction reads the progress and the overrides of the class. The answers
that count follow in small batches, with one transaction per batch. If an answer is graded again
meanwhile, its row has another version, and an upload refuses the row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Answer, Assignment, Comment, Override, ProblemProgress, Submission
from api.http.byte_budget import MEBIBYTE
from api.services.exports.formats import SheetRow
from api.services.files.stored_bytes import ReadSessionFactory
from api.services.gradebook.students import GradebookStudent, load_active_students
from api.services.grades.assignment import GradingContext, VersionedProblem, load_grading_context
from api.services.score_sheets.csv_format import ROWS_PER_PIECE
from grader.grading.explain import format_typed_answer
from grader.json_values import from_json

BATCH_SIZE: Final = ROWS_PER_PIECE
"""Number of answers in memory at a time; the submission of each may have 256 KiB."""
UPLOAD_BATCH_SIZE: Final = 500
"""The same for an upload, which needs no text of answers."""
BATCH_BYTES: Final = 8 * MEBIBYTE
"""Memory that a batch holds."""
ROW_BYTES: Final = 2 * 1024
"""Memory that a sheet holds for each row that follows: progress, overrides and the student."""


@dataclass(frozen=True, slots=True)
class SheetRowWithIds:
    """Row of a sheet with the ids of its objects."""

    sheet_row: SheetRow
    assignment_id: UUID
    problem_id: UUID
    student: GradebookStudent
    answer_id: UUID


@dataclass(frozen=True, slots=True)
class _RowKey:
    """A row to come: the part, the student, and their progress in the part."""

    problem: VersionedProblem
    part: Mapping[str, Any]
    student: GradebookStudent
    progress: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SheetSource:
    """What the rows of an assignment are made of, without its answers.

    *keys* has the rows to come. *reasons* holds those of overrides by student, problem and part.
    """

    grading_context: GradingContext
    keys: Sequence[_RowKey]
    reasons: Mapping[tuple[UUID, UUID | None, str | None], str]

    @property
    def held_bytes(self) -> int:
        """Memory that the rows hold while they are read one after the other."""
        return BATCH_BYTES + ROW_BYTES * len(self.keys)

    def read_rows(self, reading: ReadSessionFactory) -> Iterator[SheetRowWithIds]:
        """Yield the rows; a few answers are in memory at a time, and no session between them."""
        for keys in _split_keys_into_chunks(self.keys, BATCH_SIZE):
            with reading() as session:
                rows = _build_rows(session, self, keys)
            yield from rows

    def load_rows_without_answers(self, session: Session) -> list[SheetRowWithIds]:
        """Return all rows, with "" in place of each answer."""
        return [
            row
            for keys in _split_keys_into_chunks(self.keys, UPLOAD_BATCH_SIZE)
            for row in _build_rows(session, self, keys, has_answers=False)
        ]


def load_sheet_source(
    session: Session, assignment: Assignment, *, problem: str = "", part: str = ""
) -> SheetSource:
    """Return the source of the rows of all or of one *problem* or *part*.

    The rows are sorted by problem, part and name.
    """
    students = load_active_students(session, assignment.course_id)
    ids = {student.id for student in students}
    context = load_grading_context(session, assignment.id, ids)
    standings = session.execute(
        select(ProblemProgress.student_id, ProblemProgress.problem_id, ProblemProgress.parts).where(
            ProblemProgress.problem_id.in_([one.row.id for one in context.problems])
        )
    )
    progress = {(student, problem_id): parts for student, problem_id, parts in standings}
    keys = [
        _RowKey(assigned, one, student, standing)
        for assigned in context.problems
        if problem in {"", assigned.row.slug}
        for one in assigned.version.parts
        if part in {"", one["id"]} and assigned.row.voided.get(one["id"]) != "out"
        for student in students
        if (standing := progress.get((student.id, assigned.row.id), {}).get(one["id"]))
        and standing["counts"] is not None
    ]
    return SheetSource(context, keys, _load_override_reasons(session, assignment))


def _split_keys_into_chunks(keys: Sequence[_RowKey], size: int) -> Iterator[Sequence[_RowKey]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _load_comments(session: Session, answer_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the last staff comment on each answer that its student can see."""
    rows = session.execute(
        select(Comment.answer_id, Comment.text)
        .join(Answer, Answer.id == Comment.answer_id)
        .where(
            Comment.answer_id.in_(answer_ids),
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
    session: Session, source: SheetSource, keys: Sequence[_RowKey], *, has_answers: bool = True
) -> list[SheetRowWithIds]:
    submission_ids = {UUID(key.progress["counts"]) for key in keys}
    columns = (Answer.submission_id, Answer.part, Answer.id, Answer.status, Answer.grading_id)
    answers = {
        (str(row.submission_id), row.part): row
        for row in session.execute(select(*columns).where(Answer.submission_id.in_(submission_ids)))
    }
    texts: dict[str, Mapping[str, Any]] = {}
    if has_answers:
        query = select(Submission.id, Submission.answers).where(Submission.id.in_(submission_ids))
        texts = {str(id_): values for id_, values in session.execute(query)}
    comments = _load_comments(session, [answer.id for answer in answers.values()])
    rows = []
    for key in keys:
        counts = key.progress["counts"]
        answer = answers[counts, key.part["id"]]
        typed = from_json(texts.get(counts, {}).get(key.part["id"]))
        text = format_typed_answer(typed) if has_answers else ""
        row = _build_row(source, key, answer, text, comments.get(answer.id, ""))
        assigned = key.problem.row
        rows.append(
            SheetRowWithIds(row, assigned.assignment_id, assigned.id, key.student, answer.id)
        )
    return rows


def _build_row(source: SheetSource, key: _RowKey, answer: Any, text: str, comment: str) -> SheetRow:
    student, assigned, part = key.student, key.problem, key.part
    possible = Fraction(part["points"])
    override_key = (student.id, assigned.row.id, part["id"])
    return SheetRow(
        submission_id=str(answer.submission_id),
        student=student.name,
        email=student.email,
        assignment=source.grading_context.assignment.title,
        problem=assigned.row.slug,
        part=part["id"],
        answer=text,
        status=answer.status,
        points=source.grading_context.overrides.get(
            override_key, _earned_points(key.progress, possible)
        ),
        possible=possible,
        comment=source.reasons.get(override_key, comment),
        grading=str(answer.grading_id),
        extra=assigned.row.extra,
    )


def _earned_points(progress: Mapping[str, Any], possible: Fraction) -> Fraction | None:
    return None if progress["credit"] is None else Fraction(progress["credit"]) * possible
