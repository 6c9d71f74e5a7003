"""Statistics of attempts: the gain from later ones, and the time to the first answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

IDLE_SECONDS: Final = 1800
"""Cap on times, half an hour: in longer ones the student did other things."""
FULL_CREDIT_THRESHOLD: Final = 1 - 1e-9
"""Credit below which an answer has less than full credit."""


@dataclass(frozen=True, slots=True)
class AttemptSuccesses:
    """Number of students first right at this *attempt*, and the share of all right by then."""

    attempt: int
    count: int
    share_by_then: float


@dataclass(frozen=True, slots=True)
class AttemptsToCorrect:
    """Attempts that *n* students needed; *mean* and *median* cover those who were ever right."""

    n: int
    never: int
    mean: float | None
    median: float | None
    by_attempt: tuple[AttemptSuccesses, ...]


@dataclass(frozen=True, slots=True)
class RetryGain:
    """Mean credit of *n* students at the first and at the best attempt, between 0 and 1.

    *improvable* students had less than full credit at first; *improved* of them did better later.
    """

    n: int
    first: float | None
    best: float | None
    gain: float | None
    improvable: int
    improved: int


@dataclass(frozen=True, slots=True)
class FirstAnswerTimes:
    """Seconds from opening to the first answer, for *n* students; *idle* of them were capped."""

    n: int
    median: float | None
    quartiles: tuple[float, float] | None
    idle: int


def compute_attempts_to_correct(
    solved_at: Mapping[int, int], *, never: int = 0
) -> AttemptsToCorrect:
    """Return the attempts needed, from students per attempt of their first right answer.

    *never* is the number of students who were never right.
    """
    n, rows, solved = sum(solved_at.values()) + never, [], 0
    for attempt in sorted(solved_at):
        solved += solved_at[attempt]
        rows.append(AttemptSuccesses(attempt, solved_at[attempt], solved / n))
    if not solved:
        return AttemptsToCorrect(n, never, None, None, ())
    mean = sum(attempt * count for attempt, count in solved_at.items()) / solved
    return AttemptsToCorrect(
        n,
        never,
        mean,
        (_find_attempt_at_rank(rows, (solved - 1) // 2) + _find_attempt_at_rank(rows, solved // 2))
        / 2,
        tuple(rows),
    )


def _find_attempt_at_rank(rows: Iterable[AttemptSuccesses], rank: int) -> int:
    """Return the attempt of the student at a position, counted from 0, in the order of attempts."""
    for row in rows:
        rank -= row.count
        if rank < 0:
            return row.attempt
    raise IndexError(rank)
