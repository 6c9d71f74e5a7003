"""Export of all submissions of a course with their results, in pieces, for research and appeals."""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Attachment,
    Course,
    Enrolment,
    Submission,
    User,
)
from api.http.byte_budget import MEBIBYTE
from api.services.attachments.submitted import SUBMITTED_QUERY
from api.services.courses.active_students import ACTIVE_STUDENTS
from api.services.files.stored_bytes import ReadSessionFactory

BATCH_SIZE: Final = 10
"""Number of submissions in memory at a time; each may have some hundred KiB."""
HELD_BYTES: Final = 8 * MEBIBYTE
"""Memory that an export holds: a batch of submissions with their answers."""
PSEUDONYM_DIGITS: Final = 16
LOWEST_ID: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ExportScope:
    """Scope of an export: a course, perhaps *only* some assignments, perhaps *pseudonymous*."""

    course: Course
    only: frozenset[UUID] | None = None
    pseudonymous: bool = False


def compute_export_pseudonym(course: Course, entity_id: UUID) -> str:
    """Return the pseudonym of a student or a submission, the same in every file of the course."""
    secret = bytes.fromhex(course.secret)
    return hmac.digest(secret, f"export|{entity_id}".encode(), "sha256").hex()[:PSEUDONYM_DIGITS]


def export_submissions(reading: ReadSessionFactory, scope: ExportScope) -> Iterator[str]:
    """Yield a JSON line for each submission, oldest first.

    Each piece uses its own session, so a slow reader holds no transaction. Submissions are only
    ever added: the export contains all submissions that exist at the start and no later ones.
    Results are those at the time when their piece is read.
    """
    after = LOWEST_ID
    with reading() as session:
        last = session.scalar(select(Submission.id).order_by(Submission.id.desc()).limit(1))
    while last is not None:
        with reading() as session:
            rows = _load_batch(session, scope, after, last)
            ids = [row[0].id for row in rows]
            answers, attachments = _load_answers(session, ids), _load_attachments(session, ids)
        for row in rows:
            yield _serialize_submission(
                scope, row, answers.get(row[0].id, ()), attachments.get(row[0].id, ())
            )
        if len(rows) < BATCH_SIZE:
            return
        after = rows[-1][0].id


def _load_batch(session: Session, scope: ExportScope, after: UUID, last: UUID) -> Sequence[Any]:
    query = (
        select(Submission, AssignmentProblem, Assignment, User)
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
        .join(User, User.id == Submission.student_id)
        .join(
            Enrolment,
            (Enrolment.course_id == Assignment.course_id)
            & (Enrolment.user_id == Submission.student_id),
        )
        .where(
            Assignment.course_id == scope.course.id,
            Assignment.deleted_at.is_(None),
            *ACTIVE_STUDENTS,
            Submission.id > after,
            Submission.id <= last,
        )
    )
    if scope.only is not None:
        query = query.where(Assignment.id.in_(scope.only))
    return session.execute(query.order_by(Submission.id).limit(BATCH_SIZE)).all()


def _load_answers(session: Session, submissions: Sequence[UUID]) -> dict[UUID, list[Answer]]:
    rows = session.scalars(
        select(Answer)
        .where(Answer.submission_id.in_(submissions))
        .order_by(Answer.submission_id, Answer.id)
    )
    answers_by_submission: dict[UUID, list[Answer]] = {}
    for row in rows:
        answers_by_submission.setdefault(row.submission_id, []).append(row)
    return answers_by_submission


def _load_attachments(
    session: Session, submissions: Sequence[UUID]
) -> dict[UUID, list[Attachment]]:
    rows = session.execute(SUBMITTED_QUERY, {"submissions": submissions})
    attachments: dict[UUID, list[Attachment]] = {}
    for submission, attachment in rows:
        attachments.setdefault(submission, []).append(attachment)
    return attachments


def _serialize_submission(
    scope: ExportScope, row: Any, answers: Sequence[Answer], attachments: Sequence[Attachment]
) -> str:
    submission, problem, assignment, user = row
    data: dict[str, Any] = {
        "submission": _serialize_id(scope, submission.id),
        "student": _serialize_student(scope, user),
        "assignment": {"id": str(assignment.id), "slug": assignment.slug},
        "problem": problem.slug,
        "version": str(submission.version_id),
        "variant": submission.position,
        "draw": submission.draw,
        "sequence": submission.sequence,
        "received_at": submission.received_at.isoformat(),
        "answers": submission.answers,
        "results": [_serialize_result(scope, answer) for answer in answers],
        "attachments": {one.part: _serialize_attachment(scope, one) for one in attachments},
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def _serialize_id(scope: ExportScope, entity_id: UUID) -> str:
    return (
        compute_export_pseudonym(scope.course, entity_id) if scope.pseudonymous else str(entity_id)
    )


def _serialize_attachment(scope: ExportScope, attachment: Attachment) -> Mapping[str, str]:
    """Return the id of an attachment, with the digest of its file if names are exported."""
    if scope.pseudonymous:
        return {"id": compute_export_pseudonym(scope.course, attachment.id)}
    return {"id": str(attachment.id), "digest": attachment.digest}


def _serialize_student(scope: ExportScope, user: User) -> Mapping[str, str | None]:
    if scope.pseudonymous:
        return {"id": compute_export_pseudonym(scope.course, user.id)}
    return {
        "id": str(user.id),
        "name": user.name,
        "email": user.email,
        "student_number": user.student_number,
    }


def _serialize_result(scope: ExportScope, answer: Answer) -> dict[str, Any]:
    return {
        "part": answer.part,
        "status": answer.status,
        "credit": None if answer.credit is None else str(answer.credit),
        "credit_number": answer.credit_float,
        "attempt": answer.attempt,
        "late_credit": str(answer.late),
        "repeats": None if answer.repeats is None else _serialize_id(scope, answer.repeats),
        "read_as": answer.shown,
        "value": answer.value,
        "mistakes": [name for name in answer.mistakes.split("|") if name],
        "by_hand": answer.manual,
    }
