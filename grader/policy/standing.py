"""Progress of a student at one part: the best of the answers, or the last text."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.grading.result import FREE
from grader.policy.attempts import Answered, attempts_used
from grader.policy.timeline import FULL, NOTHING, Rules

__all__ = ["PartStanding", "stand"]


@dataclass(frozen=True, slots=True)
class PartStanding:
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
    attempt_factor: Fraction = FULL
    late_factor: Fraction = FULL
    credit: Fraction | None = None
    waiting: bool = False
    status: str = ""
    manual: bool = False
    attempt: int | None = None
    late_days: int = 0


def stand(rules: Rules, answered: Sequence[Answered], *, text: bool = False) -> PartStanding:
    """Return the progress of a student from the answers to a part, in any order.

    The best answer counts, so that answering again never costs anything; of texts, the last one
    counts.
    """
    ordered = sorted(answered, key=lambda one: one.sequence)
    if not ordered:
        return PartStanding()
    earned = [_last_text(rules, ordered)] if text else _earned(rules, ordered)
    best = max(earned, key=_rank)
    return PartStanding(
        attempts_used=attempts_used(ordered),
        counts=best.answer.submission,
        raw=best.answer.credit,
        attempt_factor=best.attempt_factor,
        late_factor=best.late_factor,
        credit=best.credit,
        waiting=any(_may_raise(one, best.credit) for one in earned),
        status=best.answer.status,
        manual=best.answer.manual,
        attempt=best.number,
        late_days=rules.late_days_at(best.answer.at) if best.late_factor == 1 else 0,
    )


@dataclass(frozen=True, slots=True)
class _Earned:
    """An answer with the attempt that it counts as, and the factors of attempt and lateness.

    *credit* is the credit after policy; None until the answer is graded.
    """

    answer: Answered
    number: int | None
    attempt_factor: Fraction
    late_factor: Fraction
    credit: Fraction | None

    @classmethod
    def of(
        cls, answer: Answered, number: int | None, attempt_factor: Fraction, late_factor: Fraction
    ) -> "_Earned":
        """Return the answer with its credit after the two factors."""
        credit = answer.credit
        for factor in (attempt_factor, late_factor):
            if credit and factor != 1:  # exact products are slow, and most factors are 1
                credit *= factor
        return cls(answer, number, attempt_factor, late_factor, credit)


def _earned(rules: Rules, ordered: Sequence[Answered]) -> list[_Earned]:
    """Return the credit of each answer.

    An answer that used no attempt counts as the attempt that it would have used, or as the first
    answer with the same value: an answer that a regrade made readable takes nothing from the later
    ones.
    """
    earned: list[_Earned] = []
    first: dict[str, int] = {}
    used = 0
    for one in ordered:
        number = one.attempt or first.get(one.value, used + 1)
        used = max(used, one.attempt or 0)
        if one.value:
            first.setdefault(one.value, number)
        earned.append(_Earned.of(one, number, rules.attempt_factor(number), _late(rules, one)))
    return earned


def _last_text(rules: Rules, ordered: Sequence[Answered]) -> _Earned:
    """Return the last text with its credit; an empty text does not replace the text before it.

    Neither does a repetition of the text: the first answer with that text counts.
    """
    written = [one for one in ordered if one.status not in FREE]
    last = (written or ordered)[-1]
    for one in reversed(written):
        if not one.value or one.value != last.value:
            break
        last = one
    return _Earned.of(last, None, FULL, _late(rules, last))


def _late(rules: Rules, one: Answered) -> Fraction:
    """Return the late credit: the better of that at admission and that by the current rules."""
    if one.admitted_late == 1:
        return FULL
    return max(one.admitted_late, rules.late_credit(one.at) or NOTHING)


def _rank(one: _Earned) -> tuple[Fraction, bool, bool]:
    """Return the sort key whose maximum counts; of equal answers, the earliest.

    If none earns anything, an answer that could be read counts before one that could not.
    """
    return one.credit or NOTHING, one.answer.status not in FREE, one.credit is not None


def _may_raise(one: _Earned, credit: Fraction | None) -> bool:
    if one.credit is not None:
        return False
    return credit is None or one.attempt_factor * one.late_factor > credit
