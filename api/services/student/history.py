"""History of submissions: a student's own, one in full, and its receipt."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership, load_course_membership
from api.auth.principal import Principal
from api.auth.roles import is_permitted
from api.core.clock import to_micros
from api.core.errors import Forbidden, NotFound
from api.db.engine import fetch_one
from api.db.models import Assignment, AssignmentProblem, Report, ReportAnswer, Submission
from api.http.pagination import Cursor, apply_keyset
from api.schemas.student.work import ReceiptProof, StaffSubmission, StudentSubmission
from api.services.assignments.release import compute_results_visibility
from api.services.assignments.rules import load_student_rules
from api.services.attachments.submitted import (
    load_attachment_digests,
    load_submitted_attachments,
)
from api.services.engine.variants import VariantCache
from api.services.grades import ProgressKey
from api.services.student.outcomes import (
    load_graded_answers,
    load_submissions,
    serialize_submission,
)
from api.services.student.problem_session import ProblemSession
from api.services.submissions.pending_submissions import compute_receipt_digest
from api.services.submissions.staff_view import build_staff_submission
from grader.json_values import from_json
from grader.policy import SubmissionRules

ANONYMIZED_FIELDS: Final[Mapping[str, None]] = dict.fromkeys(
    ("student", "author", "received_at", "late_credit", "receipt")
)
"""Fields of a submission that are hidden from TAs in anonymous grading.

The digest of the receipt is computed from the student's id: a TA with the roster
could find the student.
"""
BLIND_RECEIPT_FIELDS: Final[Mapping[str, None]] = dict.fromkeys(
    ("student", "received_at", "digest", "document", "attachments")
)
"""Fields of a receipt that are hidden from TAs in anonymous grading."""
DOCUMENT_DIGEST_QUERY: Final = (
    select(Report.digest)
    .join(ReportAnswer, ReportAnswer.report_id == Report.id)
    .where(ReportAnswer.submission_id == bindparam("submission"))
    .limit(1)
)
ANONYMOUS_DIGEST_MESSAGE: Final = (
    "This assignment is graded anonymously, and a digest reveals whose work it "
    "is. An instructor can compare it."
)
BATCH_SIZE: Final = 25
NO_SUBMISSION = "There is no such submission."
NO_RECEIPT = "There is no such receipt."
SUBMISSION_QUERY: Final = (
    select(Submission, AssignmentProblem, Assignment)
    .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
    .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
    .where(Submission.id == bindparam("submission"))
)


def iter_own_submissions(
    session: Session, problem_session: ProblemSession, *, after: Cursor | None, limit: int
) -> Iterator[StudentSubmission]:
    """Yield up to *limit* of the student's submissions to a problem, newest first.

    Reads small batches: a submission may have 256 KiB, and a page ends at 1 MiB.
    """
    problem = problem_session.assigned.problem
    statement = select(Submission).where(
        Submission.problem_id == problem.id, Submission.student_id == problem_session.student_id
    )
    while limit > 0:
        batch = apply_keyset(
            statement, Submission.sequence, Submission.id, after=after, order="descending"
        )
        rows = session.scalars(batch.limit(min(limit, BATCH_SIZE))).all()
        yield from _serialize_submissions(session, problem_session, rows)
        if len(rows) < BATCH_SIZE:
            return
        limit -= len(rows)
        after = Cursor("sequence", rows[-1].sequence, rows[-1].id)


def load_student_submissions_by_id(
    session: Session, problem_session: ProblemSession, ids: Collection[UUID]
) -> Sequence[StudentSubmission]:
    """Return the submissions with the given *ids*, as the student sees them, in any order."""
    return _serialize_submissions(session, problem_session, load_submissions(session, ids))


def _serialize_submissions(
    session: Session, problem_session: ProblemSession, rows: Sequence[Submission]
) -> Sequence[StudentSubmission]:
    answers, problem, results = (
        load_graded_answers(session, rows),
        problem_session.assigned.problem,
        problem_session.results_visibility,
    )
    attachments = load_submitted_attachments(session, [row.id for row in rows])
    return [
        serialize_submission(
            row, answers[row.id], problem, results=results, attachments=attachments.get(row.id, ())
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _SubmissionRow:
    """Submission with its problem and assignment."""

    submission: Submission
    problem: AssignmentProblem
    assignment: Assignment


def _find_submission(session: Session, submission: UUID) -> _SubmissionRow | None:
    row = fetch_one(session, SUBMISSION_QUERY, submission=submission)
    return None if row is None else _SubmissionRow(*row)


def load_submission_view(
    session: Session, caller: Principal, submission: UUID, *, variants: VariantCache, now: datetime
) -> StudentSubmission | StaffSubmission:
    """Return a submission: a student's own as currently visible, for staff any with its record."""
    row = _find_submission(session, submission)
    if row is None:
        raise NotFound(NO_SUBMISSION)
    try:
        member = load_course_membership(session, caller, row.assignment.course_id)
    except NotFound as error:
        raise NotFound(NO_SUBMISSION) from error
    answers = load_graded_answers(session, [row.submission])[submission]
    if member.is_staff:
        member.require("see_submissions")
        is_blind = member.cannot_see_names_in(row.assignment)
        response = build_staff_submission(
            session,
            row.submission,
            answers,
            row.problem,
            member,
            variants=variants,
            is_blind=is_blind,
        )
        return response.model_copy(update=ANONYMIZED_FIELDS) if is_blind else response
    visibility = compute_results_visibility(
        row.assignment, _load_visible_submission_rules(session, member, row, now), now=now
    )
    attachments = load_submitted_attachments(session, [submission]).get(submission, ())
    return serialize_submission(
        row.submission, answers, row.problem, results=visibility, attachments=attachments
    )


def _load_visible_submission_rules(
    session: Session, member: CourseMembership, row: _SubmissionRow, now: datetime
) -> SubmissionRules:
    """Return the rules for a student's own submission; raise `NotFound` if it is hidden (again)."""
    assignment = row.assignment
    hidden = assignment.deleted_at is not None or assignment.published_at is None
    if hidden or row.submission.student_id != member.student_id:
        raise NotFound(NO_SUBMISSION)
    rules = load_student_rules(session, member, [assignment])[assignment.id]
    if not rules.is_released(to_micros(now)):
        raise NotFound(NO_SUBMISSION)
    return rules


def load_receipt_proof(
    session: Session, caller: Principal, submission: UUID, *, digest: str | None = None
) -> ReceiptProof:
    """Return the data of a receipt, with its digest recomputed from the stored rows.

    The student can always see it, even after the assignment or the enrollment ended; so can the
    staff of the course. TAs of an anonymous assignment see neither student, time nor digest.
    Raises `Forbidden` if they ask to compare a *digest*.
    """
    row = _find_submission(session, submission)
    if row is None:
        raise NotFound(NO_RECEIPT)
    is_blind = _authorize_receipt_and_check_blind(session, caller, row)
    if is_blind and digest is not None:
        raise Forbidden(ANONYMOUS_DIGEST_MESSAGE)
    document = session.scalar(DOCUMENT_DIGEST_QUERY, {"submission": submission})
    attachments = load_attachment_digests(session, submission)
    proof = _build_receipt_proof(row, digest, document, attachments)
    return proof.model_copy(update=BLIND_RECEIPT_FIELDS) if is_blind else proof


def _build_receipt_proof(
    row: _SubmissionRow,
    digest: str | None,
    document: str | None,
    attachments: Mapping[str, str],
) -> ReceiptProof:
    submission = row.submission
    key = ProgressKey(submission.problem_id, submission.student_id)
    recomputed = compute_receipt_digest(
        submission.id,
        key,
        submission.sequence,
        submission.received_at,
        submission.answers,
        document=document,
        attachments=attachments,
    )
    return ReceiptProof(
        id=submission.id,
        valid=recomputed == submission.reply["receipt"]["digest"] and digest in {None, recomputed},
        digest=recomputed,
        assignment=row.assignment.id,
        problem=row.problem.slug,
        student=submission.student_id,
        sequence=submission.sequence,
        received_at=submission.received_at,
        answers={part: from_json(told) for part, told in submission.answers.items()},
        document=document,
        attachments=dict(attachments),
    )


def _authorize_receipt_and_check_blind(
    session: Session, caller: Principal, row: _SubmissionRow
) -> bool:
    """Return whether *caller* may see a receipt only without names.

    Raises `NotFound` if *caller* may not see it at all.
    """
    course = row.assignment.course_id
    if caller.only_course not in {None, course}:
        raise NotFound(NO_RECEIPT)
    if row.submission.student_id == caller.id and not caller.view_as:
        if not is_permitted("student", "see_own_work", scopes=caller.scopes):
            raise NotFound(NO_RECEIPT)
        return False
    try:
        member = load_course_membership(session, caller, course)
    except NotFound as error:
        raise NotFound(NO_RECEIPT) from error
    is_own = member.student_id == row.submission.student_id
    if not (is_own or member.has_permission("see_submissions")):
        raise NotFound(NO_RECEIPT)
    return member.cannot_see_names_in(row.assignment) and not is_own
