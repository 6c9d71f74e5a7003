"""Admission of answers, and the attempts that they use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.policy.timeline import SubmissionRules

DEADLINE_PASSED: Final = "The deadline has passed, so the answers were not taken."
NOT_OPEN: Final = "The assignment is not open yet, so the answers were not taken."

RefusalReason: TypeAlias = Literal[
    "not_released", "deadline_passed", "attempts_exhausted", "cool_down"
]
"""Reason for refusing an answer."""


class StoredAnswer(NamedTuple):
    """One stored answer of a student to a part, with the grading that counts now.

    *sequence* orders the answers, *submitted_at* is the time of arrival. *attempt* is the number of
    the attempt that it used, None if it cost nothing. *value* is the digest of the reading, empty
    if there is none. *status* and *credit* are those of the grading (None: a person has yet to
    grade), *manual* is set if a person gave it. *admitted_late* is the late credit when the answer
    was accepted.
    """

    submission: str
    sequence: int
    submitted_at: int
    attempt: int | None
    value: str
    status: str
    credit: Fraction | None
    admitted_late: Fraction
    manual: bool = False


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """A new answer to a part: the digest of its reading, and whether it *costs* an attempt.

    An answer that could not be read, a text, and an answer that waits for a person because the key
    failed cost nothing.
    """

    value: str
    costs: bool


@dataclass(frozen=True, slots=True)
class Admission:
    """Terms of an accepted submission.

    *attempts* has the number of the attempt for each part, None if it costs nothing. *repeats* has
    the earlier submission with the same value, for each part that repeats one. *late* is the late
    credit.
    """

    attempts: Mapping[str, int | None]
    repeats: Mapping[str, str]
    late: Fraction


class AdmissionError(Exception):
    """A submission was refused.

    *code* is the reason, *parts* where it applies, *retry_at* when the submission would be accepted
    (None: waiting does not help), *message* the message to the student.
    """

    def __init__(
        self,
        code: RefusalReason,
        message: str,
        *,
        parts: tuple[str, ...] = (),
        retry_at: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code: RefusalReason = code
        self.message = message
        self.parts = parts
        self.retry_at = retry_at


def admit_answers(
    rules: SubmissionRules,
    instant: int,
    *,
    answers: Mapping[str, NewAnswer],
    earlier: Mapping[str, Sequence[StoredAnswer]],
) -> Admission:
    """Return the terms of the *answers* to some parts, which arrived at *instant*.

    *earlier* has the student's earlier answers to each part. A repeated value that counted before
    costs nothing. Raises `AdmissionError` for the whole submission.
    """
    late = rules.late_credit_at(instant)
    if late is None:
        raise _build_not_open_error(rules, instant)
    repeats = {
        part: first
        for part, offered in answers.items()
        if (first := _find_repeated_submission(offered, earlier.get(part, ()))) is not None
    }
    costing = [part for part, answer in answers.items() if answer.costs and part not in repeats]
    used = {part: count_used_attempts(earlier.get(part, ())) for part in costing}
    _check_attempt_limit(rules, used, others=len(used) < len(answers))
    _check_cool_down(rules, instant, earlier={part: earlier.get(part, ()) for part in costing})
    attempts = {part: used[part] + 1 if part in used else None for part in answers}
    return Admission(attempts, repeats, late)


def count_used_attempts(answered: Iterable[StoredAnswer]) -> int:
    """Return the number of attempts that the answers to a part have used."""
    return max((one.attempt for one in answered if one.attempt is not None), default=0)


def next_attempt_at(rules: SubmissionRules, earlier: Iterable[StoredAnswer]) -> int | None:
    """Return when the cool-down allows the next attempt at a part; None if none is running.

    The cool-down starts at the last attempt by sequence, because a clock may be set back.
    """
    counted = [one for one in earlier if one.attempt is not None]
    if not counted or not rules.cool_down:
        return None
    return max(counted, key=lambda item: item.sequence).submitted_at + rules.cool_down


def _build_not_open_error(rules: SubmissionRules, instant: int) -> AdmissionError:
    opens = rules.next_opening_after(instant)
    if opens is not None:
        return AdmissionError(
            "not_released",
            NOT_OPEN,
            retry_at=opens,
        )
    return AdmissionError("deadline_passed", DEADLINE_PASSED)


def _find_repeated_submission(offered: NewAnswer, earlier: Sequence[StoredAnswer]) -> str | None:
    """Return the first submission whose answer used an attempt for the same value.

    An answer that costs nothing, such as a text, may otherwise repeat only the last one: it counts.
    """
    if not offered.value:
        return None
    same = [one for one in earlier if one.attempt is not None and one.value == offered.value]
    if same or offered.costs:
        return min(same, key=lambda item: item.sequence).submission if same else None
    read = [one for one in earlier if one.value]
    last = max(read, key=lambda item: item.sequence, default=None)
    return last.submission if last and last.value == offered.value else None


def _check_attempt_limit(rules: SubmissionRules, used: Mapping[str, int], *, others: bool) -> None:
    """Raise `AdmissionError` if a part has no attempt left; with *others* there are more parts."""
    parts = tuple(part for part, number in used.items() if rules.attempts_left(number) == 0)
    if not parts:
        return
    message = (
        f"No attempt is left at {_join_names(parts)}: {_describe_attempt_limit(rules.attempts)}."
    )
    if others or len(parts) < len(used):
        message += f" Send the other parts without {'it' if len(parts) == 1 else 'them'}."
    raise AdmissionError("attempts_exhausted", message, parts=parts)


def _check_cool_down(
    rules: SubmissionRules, instant: int, *, earlier: Mapping[str, Sequence[StoredAnswer]]
) -> None:
    """Raise `AdmissionError` if the last attempt is within the cool-down of *instant*."""
    if not rules.cool_down:
        return
    free = {part: next_attempt_at(rules, answered) for part, answered in earlier.items()}
    waits = {
        part: then
        for part, then in free.items()
        if then is not None and abs(instant - (then - rules.cool_down)) < rules.cool_down
    }
    if waits:
        message = (
            f"It is too early for another attempt at {_join_names(tuple(waits))}. "
            "No attempt was used; wait, and send it again."
        )
        raise AdmissionError("cool_down", message, parts=tuple(waits), retry_at=max(waits.values()))


def _describe_attempt_limit(attempts: int | None) -> str:
    few = {0: "none is allowed", 1: "the only one has been used"}
    return few.get(attempts or 0, f"all {attempts} have been used")


def _join_names(parts: tuple[str, ...]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
