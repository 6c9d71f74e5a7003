"""A submission as staff see it: graded again, to show the key and patterns of wrong answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.db.models import AssignmentProblem, Submission
from api.schemas.grading.report_quotes import ReportQuote
from api.schemas.student.work import StaffOutcome, StaffSubmission
from api.services.assignments.release import Visibility
from api.services.attachments.submitted import load_submitted_attachments
from api.services.engine.variants import VariantCache
from api.services.grades import ProgressKey, load_answers
from api.services.reports.uploads.quotes import load_report_quotes
from api.services.review.identity_masks import NO_MASK, IdentityMask, load_identity_masks
from api.services.student.outcomes import (
    GradedAnswer,
    serialize_outcome,
    serialize_submission_fields,
)
from api.services.submissions.grading import collect_carried_values
from grader.diagnosis.patterns import describe_key_resemblances
from grader.grading.explain import explain_result
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.json_values import from_json
from grader.kinds import KINDS
from grader.reading.grammar.number_styles import NumberStyle
from grader.variants.variant import Variant
from problems.registry import REGISTRY

ALL_RESULTS = Visibility(now=True)
ANSWER_FIELDS: Final = ("typed", "read_as", "explanation", "record")
"""Fields of an outcome that quote the answer."""


def build_staff_submission(
    session: Session,
    submission: Submission,
    answers: Sequence[GradedAnswer],
    problem: AssignmentProblem,
    member: CourseMembership,
    *,
    variants: VariantCache,
    is_blind: bool,
) -> StaffSubmission:
    """Return a submission with its numbers, and the record, key and patterns of each answer.

    *is_blind*: the member grades without names, and sees only the submitted text of a report.
    """
    version = answers[0][1].version_id if answers else submission.version_id
    variant = variants.get_variant(session, version, submission.position)
    quotes = load_report_quotes(session, submission, is_blind=is_blind)
    attachments = load_submitted_attachments(session, [submission.id], is_blind=is_blind)
    masks = load_identity_masks(session, [submission.student_id]) if is_blind else {}
    mask = masks.get(submission.student_id, NO_MASK)
    results = _grade_again(session, submission, variant, numbers=member.course.numbers)
    outcomes = [
        _build_staff_outcome(
            answer, submission, variant, results[answer[0].part], quotes.get(answer[0].part)
        )
        for answer in answers
    ]
    return StaffSubmission(
        course=member.course.id,
        student=submission.student_id,
        author=submission.author_id,
        version=submission.version_id,
        position=submission.position,
        seed=variant.seed,
        results=tuple(_mask_outcome(outcome, mask) for outcome in outcomes),
        attachments=attachments.get(submission.id, ()),
        **serialize_submission_fields(submission, answers, problem),
    )


def _mask_outcome(outcome: StaffOutcome, mask: IdentityMask) -> StaffOutcome:
    """Return an outcome with the name and the address of the student masked in their answer."""
    return outcome.model_copy(
        update={field: mask.apply_to_json(getattr(outcome, field)) for field in ANSWER_FIELDS}
    )


def _grade_again(
    session: Session, submission: Submission, variant: Variant, *, numbers: str | None
) -> Mapping[str, PartResult]:
    """Grade a submission with today's code and the values that it carried forward at the time."""
    key = ProgressKey(submission.problem_id, submission.student_id)
    earlier = load_answers(session, [key])[key]
    style: NumberStyle | None = numbers  # type: ignore[assignment]  # a course holds a style or none
    results = grade(
        variant,
        {part: from_json(told) for part, told in submission.answers.items()},
        registry=REGISTRY,
        carried=collect_carried_values(earlier, draw=submission.draw, before=submission.id),
        numbers=style,
    )
    return {result.part: result for result in results}


def _build_staff_outcome(
    graded: GradedAnswer,
    submission: Submission,
    variant: Variant,
    result: PartResult,
    quote: ReportQuote | None,
) -> StaffOutcome:
    answer, grading = graded
    part = variant.problem.get_part(answer.part)
    key, kind = variant.keys.get(part.id), KINDS[part.kind]
    explanation: Any = grading.record.get("explanation") or explain_result(result, part)
    return StaffOutcome(
        **serialize_outcome(graded, submission, results=ALL_RESULTS),
        mistakes=tuple(answer.mistakes.split("|")) if answer.mistakes else (),
        key=kind.format_key(key, part),
        accepted=kind.describe_accepted(part, key),
        patterns=describe_key_resemblances(result),
        explanation=tuple(explanation),
        record=grading.record | {"typed": submission.answers.get(answer.part)},
        quote=quote,
    )
