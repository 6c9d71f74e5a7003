"""Scores of parts and answers as text, with what attempts and lateness take from them."""

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from api.pages.layout.formatting import format_score, format_share
from api.pages.student.components.states import StatusLabel, label_answer
from api.schemas.student.problem import PartView
from api.schemas.student.work import PartOutcome, StaffSubmission, StudentSubmission
from grader.grading.result import FREE_STATUSES
from grader.policy import format_attempt


def format_part_score(part: PartView) -> str:
    """Return the score of a part and why it is below the credit of its answer, or ""."""
    standing = part.standing
    if standing is None or standing.score is None:
        return ""
    factors: dict[str, Fraction] = {}
    if standing.credit and standing.score == standing.credit * part.points:
        if standing.attempt is not None:
            factors[format_attempt(standing.attempt)] = standing.attempt_credit
        factors["late"] = standing.late_credit
    return format_score(standing.score, part.points, factors)


def describe_next_attempt(part: PartView, attempt_credits: Sequence[Fraction]) -> str:
    """Return what the next attempt at a part is worth, and the one after it, before it is used.

    Empty if every attempt is worth the same, and for a text, which a TA grades.
    """
    if part.kind == "text" or len(set(attempt_credits)) <= 1:
        return ""
    worth = [_get_attempt_credit(attempt_credits, part.attempts_used + ahead) for ahead in range(2)]
    text = f"This attempt is worth {format_share(worth[0])}"
    if part.attempts_left == 1 or worth[0] == worth[1]:
        return f"{text} of the points."
    return f"{text} of the points, the next one {format_share(worth[1])}."


def _get_attempt_credit(attempt_credits: Sequence[Fraction], used: int) -> Fraction:
    """Return the credit of an attempt after *used* others; the last entry holds for all later."""
    return Fraction(attempt_credits[min(used, len(attempt_credits) - 1)])


def format_answer_score(
    submission: StudentSubmission | StaffSubmission,
    outcome: PartOutcome,
    attempt_credits: Sequence[Fraction],
) -> str:
    """Return the points of an answer as they count, or "" without a result.

    A repeated answer counts as an earlier attempt, so it has no points of its own.
    """
    if outcome.score is None or outcome.status in FREE_STATUSES or outcome.repeats is not None:
        return ""
    factors: dict[str, Fraction] = {}
    if outcome.attempt is not None and attempt_credits:
        index = min(outcome.attempt, len(attempt_credits)) - 1
        factors[format_attempt(outcome.attempt)] = Fraction(attempt_credits[index])
    if submission.late_credit is not None:
        factors["late"] = Fraction(submission.late_credit)
    score = Fraction(outcome.score)
    reasons = factors if score else {}
    return format_score(score * prod(factors.values()), Fraction(outcome.points), reasons)


def explain_counting_answer(part: PartView) -> str:
    """Return which other answer counts, or what grading or a correction made of this one."""
    current_result = part.standing
    if current_result is None or part.last is None or current_result.waiting:
        return ""
    is_other_answer = current_result.submission not in {None, part.last.submission}
    if current_result.status == part.last.status and not is_other_answer:
        return ""
    label: StatusLabel = label_answer(
        current_result.status, current_result.credit, manual=current_result.manual
    )
    if is_other_answer and not current_result.credit:
        return ""
    if is_other_answer:
        score = format_part_score(part)
        result = ", ".join(filter(None, (label.words.lower(), score)))
        return f"Your best answer so far: {result}."
    if label == label_answer(part.last.status, None):
        return ""
    return f"Result now: {label.words.lower()}."
