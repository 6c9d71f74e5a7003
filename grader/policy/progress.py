"""Progress of a student at one part: the answer that counts, its late credit and attempt factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from grader.grading.result import FREE_STATUSES
from grader.policy.attempts import StoredAnswer, count_used_attempts
from grader.policy.timeline import FULL_CREDIT, ZERO, SubmissionRules


@dataclass(frozen=True, slots=True)
class PartProgress:
    """Progress of a student at a part: the answer that counts, and its credit.

    *counts* is the submission whose answer counts, *status* its status, *manual* whether a person
    graded it, *attempt* the number of the attempt that it counts as (None for a text). *credit* is
    *raw* times *attempt_factor* times *late_factor*, None while nothing is graded. *waiting* is set
    if an answer that may still raise it waits for a person. *late_days* is the number of late days
    that kept the answer in time.
    """

    attempts_used: int = 0
    counts: str | None = None
    raw: Fraction | None = None
    attempt_factor: Fraction = FULL_CREDIT
    late_factor: Fraction = FULL_CREDIT
    credit: Fraction | None = None
    waiting: bool = False
    status: str = ""
    manual: bool = False
    attempt: int | None = None
    late_days: int = 0


NO_PROGRESS: Final = PartProgress()
"""Progress in a part without answers."""


def evaluate_part_progress(
    rules: SubmissionRules, answered: Sequence[StoredAnswer], *, text: bool = False
) -> PartProgress:
    """Return the progress of a student from the answers to a part, in any order.

    The best answer counts, so that answering again never costs anything; of texts, the last one
    counts.
    """
    ordered = sorted(answered, key=lambda item: item.sequence)
    if not ordered:
        return NO_PROGRESS
    earned = (
        [_compute_last_text_credit(rules, ordered)]
        if text
        else _compute_earned_credits(rules, ordered)
    )
    best = max(earned, key=_credit_sort_key)
    return PartProgress(
        attempts_used=count_used_attempts(ordered),
        counts=best.answer.submission,
        raw=best.answer.credit,
        attempt_factor=best.attempt_factor,
        late_factor=best.late_factor,
        credit=best.credit,
        waiting=any(_may_raise_credit(one, best.credit) for one in earned),
        status=best.answer.status,
        manual=best.answer.manual,
        attempt=best.number,
        late_days=rules.late_days_needed_at(best.answer.submitted_at)
        if best.late_factor == 1
        else 0,
    )


class _EarnedCredit(NamedTuple):
    """An answer with the attempt that it counts as, and the factors of attempt and lateness.

    *credit* is the credit after policy; None until the answer is graded.
    """

    answer: StoredAnswer
    number: int | None
    attempt_factor: Fraction
    late_factor: Fraction
    credit: Fraction | None

    @classmethod
    def from_answer(
        cls,
        answer: StoredAnswer,
        number: int | None,
        attempt_factor: Fraction,
        late_factor: Fraction,
    ) -> "_EarnedCredit":
        """Return the answer with its credit after the two factors."""
        credit = answer.credit
        for factor in (attempt_factor, late_factor):
            if credit and factor != 1:  # exact products are slow, and most factors are 1
                credit *= factor
        return cls(answer, number, attempt_factor, late_factor, credit)


def _compute_earned_credits(
    rules: SubmissionRules, ordered: Sequence[StoredAnswer]
) -> list[_EarnedCredit]:
    """Return the credit of each answer.

    An answer that used no attempt counts as the attempt that it would have used, or as the first
    answer with the same value: an answer that a regrade made readable takes nothing from the later
    ones.
    """
    earned: list[_EarnedCredit] = []
    first: dict[str, int] = {}
    used = 0
    for answer in ordered:
        number = answer.attempt or first.get(answer.value, used + 1)
        used = max(used, answer.attempt or 0)
        if answer.value:
            first.setdefault(answer.value, number)
        earned.append(
            _EarnedCredit.from_answer(
                answer, number, rules.attempt_factor(number), _compute_late_credit(rules, answer)
            )
        )
    return earned


def _compute_last_text_credit(
    rules: SubmissionRules, ordered: Sequence[StoredAnswer]
) -> _EarnedCredit:
    """Return the last text with its credit; an empty text does not replace the text before it.

    Neither does a repetition of the text: the first answer with that text counts.
    """
    written = [one for one in ordered if one.status not in FREE_STATUSES]
    last = (written or ordered)[-1]
    for answer in reversed(written):
        if not answer.value or answer.value != last.value:
            break
        last = answer
    return _EarnedCredit.from_answer(last, None, FULL_CREDIT, _compute_late_credit(rules, last))


def _compute_late_credit(rules: SubmissionRules, answer: StoredAnswer) -> Fraction:
    """Return the late credit: the better of that at admission and that by the current rules."""
    if answer.admitted_late == 1:
        return FULL_CREDIT
    return max(answer.admitted_late, rules.late_credit_at(answer.submitted_at) or ZERO)


def _credit_sort_key(earned: _EarnedCredit) -> tuple[Fraction, bool, bool]:
    """Return the sort key whose maximum counts; of equal answers, the earliest.

    If none earns anything, an answer that could be read counts before one that could not.
    """
    return (
        earned.credit or ZERO,
        earned.answer.status not in FREE_STATUSES,
        earned.credit is not None,
    )


def _may_raise_credit(earned: _EarnedCredit, credit: Fraction | None) -> bool:
    if earned.credit is not None:
        return False
    return credit is None or earned.attempt_factor * earned.late_factor > credit
