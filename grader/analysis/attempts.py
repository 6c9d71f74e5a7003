"""What several attempts bring, and how long the first answer takes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grader.analysis.figures import Column, Floats, column

__all__ = [
    "IDLE_SECONDS",
    "Attempts",
    "Gain",
    "Solved",
    "Times",
    "attempts_to_correct",
    "first_to_best",
    "time_to_first",
]

IDLE_SECONDS: Final = 1800
"""Who takes longer than half an hour was not at it all the time: longer times count as this."""
TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Solved:
    """How many were right first at this *attempt*, and the share of all who were by then."""

    attempt: int
    count: int
    share_by_then: float


@dataclass(frozen=True, slots=True)
class Attempts:
    """At which attempt *n* students were right; *mean* and *median* are of those who ever were."""

    n: int
    never: int
    mean: float | None
    median: float | None
    by_attempt: tuple[Solved, ...]


@dataclass(frozen=True, slots=True)
class Gain:
    """The mean credit of *n* students at first and at best, between 0 and 1.

    *improvable* had less than full credit at first, *improved* of them did better later.
    """

    n: int
    first: float | None
    best: float | None
    gain: float | None
    improvable: int
    improved: int


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the opening to the first answer of *n* students, of whom *idle* were capped."""

    n: int
    median: float | None
    quartiles: tuple[float, float] | None
    idle: int


def attempts_to_correct(solved_at: Sequence[int | None]) -> Attempts:
    """Return how many attempts being right took; None is a student who never was."""
    counts = Counter(at for at in solved_at if at is not None)
    rows, solved = [], 0
    for attempt in sorted(counts):
        solved += counts[attempt]
        rows.append(Solved(attempt, counts[attempt], solved / len(solved_at)))
    known = np.array(list(counts.elements()), dtype=np.float64)
    mean, median = (float(np.mean(known)), float(np.median(known))) if solved else (None, None)
    return Attempts(len(solved_at), len(solved_at) - solved, mean, median, tuple(rows))


def first_to_best(first: Column, best: Column) -> Gain:
    """Return what later attempts brought; the credits of a student stand at the same place.

    A student who lacks either credit is left out.
    """
    earlier, later = column(first), column(best)
    if earlier.size != later.size:
        raise ValueError("There are as many first credits as best ones.")
    both = ~np.isnan(earlier) & ~np.isnan(later)
    earlier, later = earlier[both], later[both]
    if not earlier.size:
        return Gain(0, None, None, None, 0, 0)
    open_ = earlier < 1 - TINY
    return Gain(
        n=earlier.size,
        first=float(earlier.mean()),
        best=float(later.mean()),
        gain=float((later - earlier).mean()),
        improvable=int(open_.sum()),
        improved=int((open_ & (later > earlier + TINY)).sum()),
    )


def time_to_first(seconds: Column) -> Times:
    """Return the median and the middle half of the times, longer ones counted as half an hour.

    Who has no time, or one below 0 (an answer taken over from elsewhere), is left out.
    """
    given = column(seconds)
    known: Floats = given[~np.isnan(given) & (given >= 0)]
    if not known.size:
        return Times(0, None, None, 0)
    capped = np.minimum(known, IDLE_SECONDS)
    low, median, high = map(float, np.quantile(capped, (0.25, 0.5, 0.75)))
    return Times(known.size, median, (low, high), int((known > IDLE_SECONDS).sum()))
