"""Statistics of attempts: the gain from later ones, and the time to the first answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = [
    "IDLE_SECONDS",
    "NEARLY",
    "Attempts",
    "Gain",
    "Solved",
    "Times",
    "attempts_to_correct",
]

IDLE_SECONDS: Final = 1800
"""Longer times are capped at half an hour: the student did other things in between."""
NEARLY: Final = 1 - 1e-9
"""A credit below this is less than full."""


@dataclass(frozen=True, slots=True)
class Solved:
    """Number of students first right at this *attempt*, and the share of all right by then."""

    attempt: int
    count: int
    share_by_then: float


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts that *n* students needed; *mean* and *median* cover those who were ever right."""

    n: int
    never: int
    mean: float | None
    median: float | None
    by_attempt: tuple[Solved, ...]


@dataclass(frozen=True, slots=True)
class Gain:
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
class Times:
    """Seconds from opening to the first answer, for *n* students; *idle* of them were capped."""

    n: int
    median: float | None
    quartiles: tuple[float, float] | None
    idle: int


def attempts_to_correct(solved_at: Mapping[int, int], *, never: int = 0) -> Attempts:
    """Return the attempts needed, from students per attempt of their first right answer.

    *never* is the number of students who were never right.
    """
    n, rows, solved = sum(solved_at.values()) + never, [], 0
    for attempt in sorted(solved_at):
        solved += solved_at[attempt]
        rows.append(Solved(attempt, solved_at[attempt], solved / n))
    if not solved:
        return Attempts(n, never, None, None, ())
    mean = sum(attempt * count for attempt, count in solved_at.items()) / solved
    return Attempts(
        n, never, mean, (_at(rows, (solved - 1) // 2) + _at(rows, solved // 2)) / 2, tuple(rows)
    )


def _at(rows: Iterable[Solved], place: int) -> int:
    """Return the attempt of the student at a position, counted from 0, in the order of attempts."""
    for row in rows:
        place -= row.count
        if place < 0:
            return row.attempt
    raise IndexError(place)
