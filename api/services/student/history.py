"""History of submissions: a student's own, one in full, and its receipt."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import Caller, Member, course_member
from api.auth.roles import permitted
from api.core.clock import to_micros
from api.core.errors import Forbidden, NotFound
from api.db.engine import find_one
from api.db.models import Assignment, AssignmentProblem, Submission
from api.http.pagination import Cursor, keyset
from api.schemas.student.work import ReceiptProof, StaffSubmission, StudentSubmission
from api.services.assignments.release import results_shown
from api.services.assignments.rules import rules_of
from api.services.engine.variants import Variants
from api.services.grades import Key
from api.services.student.outcomes import graded_answers, shown_submission, stored
from api.services.student.problem_session import Seat
from api.services.submissions.entries import receipt_digest
from api.services.submissions.staff_view import staff_submission
from grader.json_values import from_json
from grader.policy import Rules

__all__ = ["last_submissions", "own_submissions", "receipt", "submission_view"]

NAMELESS: Final[Mapping[str, None]] = dict.fromkeys(
    ("student", "author", "received_at", "late_credit", "receipt")
)
"""What a grader is not told of a submission that is marked without names.

The digest of the receipt is made of the student's id: with the roster at hand one could find it.
"""
COMPARES_NAMES: Final = (
    "This assignment is marked without names, and a digest tells whose work it is. An instructor "
    "can compare it."
)
BATCH_SIZE: Final = 25
NO_SUBMISSION = "There is no such submission."
NO_RECEIPT = "There is no such receipt."
PLACED: Final = (
    select(Submission, AssignmentProblem, Assignment)
    .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
    .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
    .where(Submission.id == bindparam("submission"))
)


def own_submissions(
    session: Session, seat: Seat, *, after: Cursor | None, limit: int
) -> Iterator[StudentSubmission]:
    """Yield up to *limit* of the student's submissions to a problem, newest first.

    Reads small batches: a submission may have 256 KiB, and a page ends at 1 MiB.
    """
    problem = seat.posed.problem
    statement = select(Submission).where(
        Submission.problem_id == problem.id, Submission.student_id == seat.student_id
    )
    while limit > 0:
        batch = keyset(
            statement, Submission.sequence, Submission.id, after=after, order="descending"
        )
        rows = session.scalars(batch.limit(min(limit, BATCH_SIZE))).all()
        yield from _shown(session, seat, rows)
        if len(rows) < BATCH_SIZE:
            return
        limit -= len(rows)
        after = Cursor("sequence", rows[-1].sequence, rows[-1].id)


def last_submissions(
    session: Session, seat: Seat, ids: Collection[UUID]
) -> Sequence[StudentSubmission]:
    """Return the submissions with the given *ids*, as the student sees them, in any order."""
    return _shown(session, seat, stored(session, ids))


def _shown(session: Session, seat: Seat, rows: Sequence[Submission]) -> Sequence[StudentSubmission]:
    answers, problem, results = graded_answers(session, rows), seat.posed.problem, seat.results
    return [shown_submission(one, answers[one.id], problem, results=results) for one in rows]


@dataclass(frozen=True, slots=True)
class _Found:
    """Submission with its problem and assignment."""

    submission: Submission
    problem: AssignmentProblem
    assignment: Assignment


def _find(session: Session, submission: UUID) -> _Found | None:
    row = find_one(session, PLACED, submission=submission)
    return None if row is None else _Found(*row)


def submission_view(
    session: Session, caller: Caller, submission: UUID, *, variants: Variants, now: datetime
) -> StudentSubmission | StaffSubmission:
    """Return a submission: a student's own as currently visible, for staff any with its record."""
    found = _find(session, submission)
    if found is None:
        raise NotFound(NO_SUBMISSION)
    try:
        member = course_member(session, caller, found.assignment.course_id)
    except NotFound as error:
        raise NotFound(NO_SUBMISSION) from error
    answers = graded_answers(session, [found.submission])[submission]
    if member.is_staff:
        member.need("see_submissions")
        told = staff_submission(
            session, found.submission, answers, found.problem, member, variants=variants
        )
        is_blind = member.is_blind_to(found.assignment)
        return told.model_copy(update=NAMELESS) if is_blind else told
    shown = results_shown(found.assignment, _own_rules(session, member, found, now), now=now)
    return shown_submission(found.submission, answers, found.problem, results=shown)


def _own_rules(session: Session, member: Member, found: _Found, now: datetime) -> Rules:
    """Return the rules for a student's own submission; raise `NotFound` if it is hidden (again)."""
    assignment = found.assignment
    hidden = assignment.deleted_at is not None or assignment.published_at is None
    if hidden or found.submission.student_id != member.student_id:
        raise NotFound(NO_SUBMISSION)
    held = rules_of(session, member, [assignment])[assignment.id]
    if not held.released(to_micros(now)):
        raise NotFound(NO_SUBMISSION)
    return held


def receipt(
    session: Session, caller: Caller, submission: UUID, *, digest: str | None = None
) -> ReceiptProof:
    """Return the data of a receipt, with its digest recomputed from the stored rows.

    The student can always see it, even after the assignment or the enrollment ended; so can the
    staff of the course. Graders of an anonymous assignment see neither student, time nor digest.
    Raises `Forbidden` if they ask to compare a *digest*.
    """
    found = _find(session, submission)
    if found is None:
        raise NotFound(NO_RECEIPT)
    is_blind = _reach_receipt(session, caller, found)
    if is_blind and digest is not None:
        raise Forbidden(COMPARES_NAMES)
    proof = _proof(found, digest)
    if is_blind:
        return proof.model_copy(update=dict.fromkeys(("student", "received_at", "digest")))
    return proof


def _proof(found: _Found, digest: str | None) -> ReceiptProof:
    one = found.submission
    key = Key(one.problem_id, one.student_id)
    again = receipt_digest(one.id, key, one.sequence, one.received_at, one.answers)
    return ReceiptProof(
        id=one.id,
        valid=again == one.reply["receipt"]["digest"] and digest in {None, again},
        digest=again,
        assignment=found.assignment.id,
        problem=found.problem.slug,
        student=one.student_id,
        sequence=one.sequence,
        received_at=one.received_at,
        answers={part: from_json(told) for part, told in one.answers.items()},
    )


def _reach_receipt(session: Session, caller: Caller, found: _Found) -> bool:
    """Return whether *caller* may see a receipt only without names.

    Raises `NotFound` if *caller* may not see it at all.
    """
    course = found.assignment.course_id
    if caller.only_course not in {None, course}:
        raise NotFound(NO_RECEIPT)
    if found.submission.student_id == caller.id and not caller.view_as:
        if not permitted("student", "see_own_work", scopes=caller.scopes):
            raise NotFound(NO_RECEIPT)
        return False
    try:
        member = course_member(session, caller, course)
    except NotFound as error:
        raise NotFound(NO_RECEIPT) from error
    own = member.student_id == found.submission.student_id
    if not (own or member.may("see_submissions")):
        raise NotFound(NO_RECEIPT)
    return member.is_blind_to(found.assignment) and not own
