"""Preparation of a submission: identity, rules, variant and replays, before grading."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import PROBLEM_NOT_FOUND_MESSAGE, AssignedProblem, CourseMembership
from api.core.clock import to_micros
from api.core.errors import ContentTooLarge, FieldError, Forbidden, InvalidInput, NotFound
from api.services.assignments.rules import load_student_rules
from api.services.attachments.submitted import resolve_attachments
from api.services.engine.assigned_variant import compute_variant_assignment
from api.services.engine.grading_pool import is_expensive
from api.services.engine.variants import VariantCache
from api.services.grades import ProgressKey
from api.services.submissions.cache.loader import load_submitter
from api.services.submissions.cache.state_loader import load_states
from api.services.submissions.cache.submission_cache import (
    CachedSubmitter,
    StudentProblemState,
    SubmissionCache,
)
from api.services.submissions.grading import AnswerGrader, add_attachments_to_values
from api.services.submissions.pending_submissions import (
    AttachmentSource,
    PendingSubmission,
    ReportSource,
    StoredSubmission,
    compute_fingerprint,
)
from api.services.submissions.writer.replays import find_replay
from grader.definitions.name_checks import suggest_similar
from grader.definitions.problem import Problem
from grader.kinds import KINDS
from grader.reading import RawAnswer
from grader.reading.grammar.number_styles import NumberStyle
from grader.reading.lengths import total_length_of_texts_and_long_numbers
from grader.variants.variant import Variant


@dataclass(frozen=True, slots=True)
class SubmissionRequest:
    """A request to submit: the answers, the idempotency key if any, and the time of receipt.

    *source* is the report that the answers were confirmed from, None for typed answers.
    *attachments* are the ids of attachments by part.
    """

    answers: Mapping[str, RawAnswer]
    idempotency_key: str | None
    received_at: datetime
    source: ReportSource | None = None
    attachments: Mapping[str, UUID] = field(default_factory=dict)

    def compute_fingerprint(self, problem_id: UUID, student_id: UUID) -> str:
        """Return the digest of this request to a problem."""
        return compute_fingerprint(problem_id, student_id, self.answers, self.attachments)


class PreparedSubmission(NamedTuple):
    """A submission before grading: its student, problem and variant.

    *from_cache*: the rules came from the cache and may be stale.
    """

    submitter: CachedSubmitter
    state: StudentProblemState
    request: SubmissionRequest
    variant: Variant
    from_cache: bool
    attachments: Mapping[str, AttachmentSource] = MappingProxyType({})

    def is_expensive(self, answer_grader: AnswerGrader) -> bool:
        """Tell whether grading may take long: then it must not run on the event loop."""
        return is_expensive(self.request.answers) or answer_grader.has_slow_part(
            self.state.variant_assignment, self.request.answers
        )

    def grade(self, answer_grader: AnswerGrader) -> PendingSubmission:
        """Grade the submission and return it ready for the writer."""
        submitter, state, request = self.submitter, self.state, self.request
        course, problem_id = submitter.grading_context.course, submitter.problem.row.id
        number_style: NumberStyle | None = course.numbers  # type: ignore[assignment]  # a style or none
        carried_values = state.carried_values.get(state.variant_assignment.number, {})
        return PendingSubmission(
            author_id=submitter.author_id,
            student_id=submitter.student_id,
            course_id=course.id,
            assignment_id=submitter.grading_context.assignment.id,
            problem_id=problem_id,
            problem_slug=submitter.problem.row.slug,
            token_id=submitter.credential.token_id,
            variant_assignment=state.variant_assignment,
            received_at=request.received_at,
            answers=request.answers,
            idempotency_key=request.idempotency_key,
            answer_results=add_attachments_to_values(
                answer_grader.grade(
                    self.variant,
                    state.variant_assignment,
                    request.answers,
                    carried_values=carried_values,
                    number_style=number_style,
                ),
                self.attachments,
            ),
            carried_values=carried_values,
            last_sequence=state.sequence,
            number_style=number_style,
            fingerprint=request.compute_fingerprint(problem_id, submitter.student_id),
            submitter=submitter,
            from_cache=self.from_cache,
            source=request.source,
            attachments=self.attachments,
        )


def prepare_submission(
    session: Session,
    assigned_problem: AssignedProblem,
    request: SubmissionRequest,
    *,
    variants: VariantCache,
    cache: SubmissionCache,
) -> PreparedSubmission | StoredSubmission:
    """Return a submission ready for grading, or the reply to the same request made before.

    Nothing is decided here that others could change before the write: the writer checks limits and
    the deadline, and numbers the submission. The identity and state are cached for the next
    request.
    """
    member, problem = assigned_problem.member, assigned_problem.problem
    _check_may_submit(member)
    request_fingerprint = request.compute_fingerprint(problem.id, member.student_id)
    replay = find_replay(session, member.caller.id, request.idempotency_key, request_fingerprint)
    if replay is not None:
        return replay
    check_released(session, assigned_problem, now=request.received_at)
    problem_definition = variants.get_problem(assigned_problem.version)
    check_parts(problem_definition, request.answers)
    _check_size(problem_definition, request.answers)
    attachments = _find_attachments(session, assigned_problem, request)
    submitter = load_submitter(
        session, assigned_problem, cache, parts=[part.id for part in problem_definition.parts]
    )
    initial_assignment = compute_variant_assignment(assigned_problem, 0, student=member.student_id)
    key = ProgressKey(problem.id, member.student_id)
    state = load_states(
        session, {key: initial_assignment}, change_counters=submitter.change_counters
    )[key]
    variant = variants.get_variant(
        session, state.variant_assignment.version_id, state.variant_assignment.position
    )
    cache.put_state(submitter.ids.progress_key, state)
    if not member.caller.view_as:
        cache.put_submitter(submitter)
    if member.caller.seen_at is not None:
        cache.put_last_use(submitter.credential.digest, member.caller.seen_at)
    return PreparedSubmission(
        submitter, state, request, variant, from_cache=False, attachments=attachments
    )


def _find_attachments(
    session: Session, assigned_problem: AssignedProblem, request: SubmissionRequest
) -> dict[str, AttachmentSource]:
    digests = resolve_attachments(session, assigned_problem, request.answers, request.attachments)
    return {
        part: AttachmentSource(request.attachments[part], digest)
        for part, digest in digests.items()
    }


def prepare_from_cache(
    digest: bytes,
    assignment: UUID,
    problem: str,
    request: SubmissionRequest,
    *,
    variants: VariantCache,
    cache: SubmissionCache,
) -> PreparedSubmission | None:
    """Prepare a submission from the cache alone; *digest* is that of the caller's credential.

    Return None if the cache lacks something or the request is unusual: then use
    `prepare_submission`.
    """
    submitter = cache.get_submitter(digest, assignment, problem)
    if (
        request.attachments
        or submitter is None
        or not submitter.credential.is_valid(
            cache.get_last_use(submitter.credential), now=request.received_at
        )
    ):
        return None
    state = cache.get_state(submitter.ids.progress_key)
    if state is None or not request.answers.keys() <= submitter.parts:
        return None
    variant = variants.get_cached_variant(
        state.variant_assignment.version_id, state.variant_assignment.position
    )
    if variant is None or not submitter.rules.is_released(to_micros(request.received_at)):
        return None
    if is_expensive(request.answers) and _count_excess_characters(variant.problem, request.answers):
        return None
    return PreparedSubmission(submitter, state, request, variant, from_cache=True)


def _check_may_submit(member: CourseMembership) -> None:
    if member.viewing:
        raise Forbidden("You are viewing as a student. Only the test student can submit.")
    if member.is_staff:
        raise Forbidden("Staff submit as the test student: send the header X-View-As: test.")


def check_parts(problem: Problem, answers: Mapping[str, RawAnswer]) -> None:
    """Raise `InvalidInput` if *answers* name a part that the problem does not have."""
    part_names = [part.id for part in problem.parts]
    unknown_parts = [part for part in answers if part not in part_names]
    if unknown_parts:
        raise InvalidInput(
            f"The problem has the parts {', '.join(part_names)}.",
            errors=tuple(
                FieldError(
                    f"answers.{part[:80]}",
                    f"is not a part of the problem{suggest_similar(part, part_names)}",
                )
                for part in unknown_parts[:20]
            ),
        )


def _check_size(problem: Problem, answers: Mapping[str, RawAnswer]) -> None:
    """Raise `ContentTooLarge` if *answers* have more characters than all parts accept together."""
    if _count_excess_characters(problem, answers) > 0:
        length = total_length_of_texts_and_long_numbers(answers.values())
        raise ContentTooLarge(
            f"The answers have {length:,} characters; the parts of this problem "
            f"accept at most {_max_characters(problem):,} together. Shorten them."
        )


def _count_excess_characters(problem: Problem, answers: Mapping[str, RawAnswer]) -> int:
    """Return the number of characters in *answers* above the limit, 0 if there are none."""
    return max(
        0, total_length_of_texts_and_long_numbers(answers.values()) - _max_characters(problem)
    )


def _max_characters(problem: Problem) -> int:
    return sum(KINDS[part.kind].max_characters for part in problem.parts)


def check_released(session: Session, assigned_problem: AssignedProblem, *, now: datetime) -> None:
    """Raise `NotFound` if a student may not see the problems of an assignment yet."""
    member = assigned_problem.member
    if member.is_staff:
        return
    rules = load_student_rules(session, member, [assigned_problem.assignment])[
        assigned_problem.assignment.id
    ]
    if not rules.is_released(to_micros(now)):
        raise NotFound(PROBLEM_NOT_FOUND_MESSAGE)
