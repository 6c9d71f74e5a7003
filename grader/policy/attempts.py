"""Admission of answers, and the attempts that they use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from grader.policy.timeline import Rules

__all__ = [
    "Admission",
    "Answered",
    "Offered",
    "Refused",
    "Why",
    "admit",
    "attempts_used",
    "next_attempt_at",
]

Why: TypeAlias = Literal["not_released", "deadline_passed", "attempts_exhausted", "cool_down"]
"""The reason why an answer is refused."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One stored answer of a student to a part, with the grading that counts now.

    *sequence* orders the answers, *at* is the time of arrival. *attempt* is the number of the
    attempt that it used, None if it cost nothing. *value* is the digest of the reading, empty if
    there is none. *status* and *credit* are those of the grading (None: a person has yet to grade),
    *manual* is set if a person gave it. *admitted_late* is the late credit when the answer was
    accepted.
    """

    submission: str
    sequence: int
    at: int
    attempt: int | None
    value: str
    status: str
    credit: Fraction | None
    admitted_late: Fraction
    manual: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
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


class Refused(Exception):  # noqa: N818 - an outcome, not an error
    """A submission was refused.

    *code* is the reason, *parts* where it applies, *retry_at* when the submission would be accepted
    (None: waiting does not help), *said* the message to the student.
    """

    def __init__(
        self, code: Why, said: str, *, parts: tuple[str, ...] = (), retry_at: int | None = None
    ) -> None:
        super().__init__(said)
        self.code: Why = code
        self.said = said
        self.parts = parts
        self.retry_at = retry_at


def admit(
    rules: Rules,
    at: int,
    *,
    answers: Mapping[str, Offered],
    earlier: Mapping[str, Sequence[Answered]],
) -> Admission:
    """Return the terms of the *answers* to some parts, which arrived at the instant *at*.

    *earlier* has the student's earlier answers to each part. A repeated value that counted before
    costs nothing. Raises `Refused` for the whole submission.
    """
    late = rules.late_credit(at)
    if late is None:
        raise _not_open(rules, at)
    repeats = {
        part: first
        for part, offered in answers.items()
        if (first := _same_before(offered, earlier.get(part, ()))) is not None
    }
    costing = [part for part, one in answers.items() if one.costs and part not in repeats]
    used = {part: attempts_used(earlier.get(part, ())) for part in costing}
    _check_limit(rules, used, others=len(used) < len(answers))
    _check_cool_down(rules, at, earlier={part: earlier.get(part, ()) for part in costing})
    attempts = {part: used[part] + 1 if part in used else None for part in answers}
    return Admission(attempts, repeats, late)


def attempts_used(answered: Iterable[Answered]) -> int:
    """Return the number of attempts that the answers to a part have used."""
    return max((one.attempt for one in answered if one.attempt is not None), default=0)


def next_attempt_at(rules: Rules, earlier: Iterable[Answered]) -> int | None:
    """Return when the cool-down allows the next attempt at a part; None if none is running.

    The cool-down starts at the last attempt by sequence, because a clock may be set back.
    """
    counted = [one for one in earlier if one.attempt is not None]
    if not counted or not rules.cool_down:
        return None
    return max(counted, key=lambda one: one.sequence).at + rules.cool_down


def _not_open(rules: Rules, at: int) -> Refused:
    opens = rules.opens_after(at)
    if opens is not None:
        return Refused(
            "not_released",
            "The assignment is not open yet, so the answers were not taken.",
            retry_at=opens,
        )
    return Refused("deadline_passed", "The deadline has passed, so the answers were not taken.")


def _same_before(offered: Offered, earlier: Sequence[Answered]) -> str | None:
    """Return the first submission whose answer used an attempt for the same value.

    An answer that costs nothing, such as a text, may otherwise repeat only the last one: it counts.
    """
    if not offered.value:
        return None
    same = [one for one in earlier if one.attempt is not None and one.value == offered.value]
    if same or offered.costs:
        return min(same, key=lambda one: one.sequence).submission if same else None
    read = [one for one in earlier if one.value]
    last = max(read, key=lambda one: one.sequence, default=None)
    return last.submission if last and last.value == offered.value else None


def _check_limit(rules: Rules, used: Mapping[str, int], *, others: bool) -> None:
    """Raise `Refused` if a part has no attempt left; *others* is set if there are more parts."""
    parts = tuple(part for part, number in used.items() if rules.attempts_left(number) == 0)
    if not parts:
        return
    said = f"No attempt is left at {_listed(parts)}: {_limit(rules.attempts)}."
    if others or len(parts) < len(used):
        said += f" Send the other parts without {'it' if len(parts) == 1 else 'them'}."
    raise Refused("attempts_exhausted", said, parts=parts)


def _check_cool_down(rules: Rules, at: int, *, earlier: Mapping[str, Sequence[Answered]]) -> None:
    """Raise `Refused` if the last attempt is closer than the cool-down, before or after *at*."""
    if not rules.cool_down:
        return
    free = {part: next_attempt_at(rules, answered) for part, answered in earlier.items()}
    waits = {
        part: then
        for part, then in free.items()
        if then is not None and abs(at - (then - rules.cool_down)) < rules.cool_down
    }
    if waits:
        said = (
            f"It is too early for another attempt at {_listed(tuple(waits))}. No attempt was used; "
            "wait, and send it again."
        )
        raise Refused("cool_down", said, parts=tuple(waits), retry_at=max(waits.values()))


def _limit(attempts: int | None) -> str:
    few = {0: "none is allowed", 1: "the one allowed is used"}
    return few.get(attempts or 0, f"all {attempts} are used")


def _listed(parts: tuple[str, ...]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
