"""Linear scales from numbers to positions, with round ticks."""

from dataclasses import dataclass
from math import ceil
from typing import Final

STEPS: Final = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
MAX_TICKS: Final = 5
"""Maximum number of steps on a scale, so that it is easy to read."""


@dataclass(frozen=True, slots=True)
class LinearScale:
    """A linear scale that maps *low* to *start* and *high* to *end*.

    >>> LinearScale(0, 100, 40, 240).position(25)
    90.0
    """

    low: float
    high: float
    start: float
    end: float

    def position(self, value: float) -> float:
        """Return the position of a number, clamped to the ends of the scale."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def choose_ticks(maximum: int) -> tuple[int, ...]:
    """Return a few round ticks from 0 to at least *maximum*.

    >>> choose_ticks(33), choose_ticks(0)
    ((0, 10, 20, 30, 40), (0, 1))
    """
    needed = max(maximum, 1)
    step = next((one for one in STEPS if needed / one <= MAX_TICKS), ceil(needed / MAX_TICKS))
    return tuple(range(0, ceil(needed / step) * step + 1, step))
