"""Admission of submissions: attempts, deadline and late days, decided under the writer's locks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import PROBLEM_NOT_FOUND_MESSAGE
from api.core.clock import from_micros, to_micros
from api.core.errors import Conflict, NotFound, RateLimited, ServiceError
from api.core.ids import new_id
from api.db.models import Assignment
from api.services.assignments.release import Visibility, compute_results_visibility
from api.services.assignments.visible_verdicts import mask_unreleased_status
from api.services.engine.grading_pool import is_expensive
from api.services.engine.variant_identity import load_identity_at
from api.services.engine.variants import VariantCache
from api.services.submissions import late_days
from api.services.submissions.admission_data import AdmissionContext
from api.services.submissions.cache.submission_cache import StudentProblemState
from api.services.submissions.grading import (
    AnswerGrader,
    add_attachments_to_values,
    select_carried_inputs,
)
from api.services.submissions.pending_submissions import PendingSubmission, compute_receipt_digest
from api.services.submissions.stored_answers import serialize_answers
from api.services.submissions.variant_assignment import VariantAssignment
from grader.grading.result import FREE_STATUSES
from grader.policy import Admission, AdmissionError, SubmissionRules, admit_answers

MAX_SUBMISSIONS_PER_PROBLEM: Final = 1_000
"""Maximum number of submissions of a student to one problem."""
PROBLEM_CHANGED_MESSAGE: Final = "The problem has just changed. Look at it again, then answer."


@dataclass(frozen=True, slots=True)
class AdmittedSubmission:
    """An admitted entry, with the *context* of the decision.

    *id_text* is *id* as text, as responses show it. *stored_answers* are the answers by part in
    their stored form. *visibility* says whether the student sees verdicts at the time of receipt.
    *late_days* is the total spent on the assignment, this submission included.
    *has_spared_late_days*: the submission came after the due time, late days are left, and none was
    spent.
    """

    id: UUID
    id_text: str
    entry: PendingSubmission
    stored_answers: Mapping[str, object]
    context: AdmissionContext
    sequence: int
    admission: Admission
    rules: SubmissionRules
    visibility: Visibility
    late_days: int = 0
    has_spared_late_days: bool = False

    @property
    def state(self) -> StudentProblemState:
        """The student's state in the problem before this submission."""
        return self.context.state

    @property
    def assignment(self) -> Assignment:
        """The assignment of the submission."""
        return self.context.grading_context.assignment

    @property
    def receipt_digest(self) -> str:
        """The SHA-256 digest of the receipt."""
        entry = self.entry
        key = entry.ids.id_texts[:2]
        return compute_receipt_digest(
            self.id_text,
            key,
            self.sequence,
            entry.received_at,
            self.stored_answers,
            document=entry.source.digest if entry.source else None,
            attachments=entry.attachment_digests,
        )


def admit_submission(
    session: Session,
    entry: PendingSubmission,
    context: AdmissionContext,
    *,
    variants: VariantCache,
    answer_grader: AnswerGrader,
) -> AdmittedSubmission:
    """Admit *entry*; grade it again if the student submitted an earlier part in the meantime.

    The entry was graded outside of the transaction, from a snapshot. Its version or the answers
    that it carries forward may have changed since.
    """
    state, assignment = context.state, context.grading_context.assignment
    if state.sequence >= MAX_SUBMISSIONS_PER_PROBLEM:
        raise Conflict(
            f"You have reached the limit of {MAX_SUBMISSIONS_PER_PROBLEM} submissions to this "
            "problem; ask your instructor."
        )
    if context.version_id != entry.variant_assignment.version_id:
        entry = entry._replace(
            variant_assignment=_move_draw_to_version(session, entry, context.version_id),
            last_sequence=-1,
        )
    if state.sequence != entry.last_sequence:
        entry = _refresh_grading(
            session, entry, state, variants=variants, answer_grader=answer_grader
        )
    decision = _decide_admission(session, entry, context)
    if decision.late_days:
        days, now = decision.late_days, entry.received_at
        late_days.store_late_day_total(
            session, assignment, entry.student_id, days=days, spent_at=now
        )
    submission_id = new_id()
    return AdmittedSubmission(
        submission_id,
        str(submission_id),
        entry,
        serialize_answers(entry.answers, entry.answer_results),
        context,
        state.sequence + 1,
        **decision._asdict(),
    )


class _AdmissionDecision(NamedTuple):
    """The admission of an entry: the rules applied, and the total of late days spent."""

    admission: Admission
    rules: SubmissionRules
    visibility: Visibility
    late_days: int = 0
    has_spared_late_days: bool = False


def _decide_admission(
    session: Session, entry: PendingSubmission, context: AdmissionContext
) -> _AdmissionDecision:
    """Return the admission of *entry*; raise the error that its author reads.

    Late days are spent on an answer that may count. While some are left, an answer that does not
    count, such as an unreadable one, is admitted without spending them. Whether it may count
    depends on the results that the student would see after spending them: they may be hidden again.
    """
    assignment, state = context.grading_context.assignment, context.state
    rules, days = context.grading_context.rules[entry.student_id], 0
    visibility = compute_results_visibility(assignment, rules, now=entry.received_at)
    credit = rules.late_credit_at(to_micros(entry.received_at))
    if credit == 1 or not assignment.timeline.get("late_days"):
        return _AdmissionDecision(
            _admit_or_raise(rules, entry, state, visibility=visibility), rules, visibility
        )
    extended_rules, days = late_days.resolve_rules_and_late_days(
        session, assignment, student=entry.student_id, received_at=entry.received_at
    )
    visibility_after = compute_results_visibility(assignment, extended_rules, now=entry.received_at)
    admission = _admit_or_raise(extended_rules, entry, state, visibility=visibility_after)
    if _has_countable_answer(entry, state, visibility_after):
        return _AdmissionDecision(admission, extended_rules, visibility_after, days)
    late = credit or Fraction(0)
    return _AdmissionDecision(
        replace(admission, late=late), rules, visibility, has_spared_late_days=days > 0
    )


def _move_draw_to_version(
    session: Session, entry: PendingSubmission, version_id: UUID
) -> VariantAssignment:
    """Return the draw in the new version; raise `Conflict` if the numbers differ there."""
    old = entry.variant_assignment
    numbers = load_identity_at(session, old.version_id, old.position)
    if load_identity_at(session, version_id, old.position) != numbers:
        raise Conflict(PROBLEM_CHANGED_MESSAGE)
    return replace(old, version_id=version_id)


def _has_countable_answer(
    entry: PendingSubmission, state: StudentProblemState, visibility: Visibility
) -> bool:
    """Tell whether any answer may count: readable, and different from all earlier ones."""
    return any(
        mask_unreleased_status(result.status, result.form_mismatch, results=visibility)
        not in FREE_STATUSES
        and all(result.value != other.value for other in state.answers.get(part, ()))
        for part, result in entry.answer_results.items()
    )


class StaleGrading(Exception):  # noqa: N818  # it requests a retry
    """An entry has to be graded again, which takes too long for a transaction of the writer."""


def _refresh_grading(
    session: Session,
    entry: PendingSubmission,
    state: StudentProblemState,
    *,
    variants: VariantCache,
    answer_grader: AnswerGrader,
) -> PendingSubmission:
    """Grade *entry* again with the answers stored since; skip it if the parts use none of them.

    Raises `StaleGrading` if grading may take long, because the writer holds its locks meanwhile.
    """
    variant_assignment, carried_values = (
        entry.variant_assignment,
        state.carried_values.get(entry.variant_assignment.number, {}),
    )
    variant = variants.get_variant(
        session, variant_assignment.version_id, variant_assignment.position
    )
    if entry.last_sequence >= 0:
        earlier_inputs, current_inputs = (
            select_carried_inputs(variant, entry.answers, one)
            for one in (entry.carried_values, carried_values)
        )
        if earlier_inputs == current_inputs:
            return entry._replace(last_sequence=state.sequence)
    if is_expensive(entry.answers) or answer_grader.has_slow_part(
        variant_assignment, entry.answers
    ):
        raise StaleGrading
    answer_results = answer_grader.grade(
        variant,
        variant_assignment,
        entry.answers,
        carried_values=carried_values,
        number_style=entry.number_style,
    )
    if answer_results.keys() != entry.answers.keys():
        raise Conflict(PROBLEM_CHANGED_MESSAGE)
    return entry._replace(
        answer_results=add_attachments_to_values(answer_results, entry.attachments),
        carried_values=carried_values,
        last_sequence=state.sequence,
    )


def _admit_or_raise(
    rules: SubmissionRules,
    entry: PendingSubmission,
    state: StudentProblemState,
    *,
    visibility: Visibility,
) -> Admission:
    """Apply the policy to *entry*; raise the error that its author reads if it refuses."""
    try:
        return admit_answers(
            rules,
            to_micros(entry.received_at),
            answers={
                part: result.to_policy_answer(results_shown=visibility.now)
                for part, result in entry.answer_results.items()
            },
            earlier=state.answers,
        )
    except AdmissionError as refused:
        raise _to_service_error(refused, entry) from refused


def _to_service_error(refused: AdmissionError, entry: PendingSubmission) -> ServiceError:
    match refused.code:
        case "not_released":
            return NotFound(PROBLEM_NOT_FOUND_MESSAGE)
        case "deadline_passed" | "attempts_exhausted":
            return Conflict(refused.message, code=refused.code)
        case "cool_down":
            retry_at = from_micros(refused.retry_at or 0)
            wait = max(1, -int((entry.received_at - retry_at).total_seconds() // 1))
            return RateLimited(refused.message, code="cool_down", retry_after=wait)
