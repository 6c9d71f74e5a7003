"""From numbers to places: straight scales with round ticks."""

from dataclasses import dataclass
from math import ceil
from typing import Final

__all__ = ["Scale", "counting"]

STEPS: Final = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
TICKS: Final = 5
"""So many steps at most make a scale that is read at a glance."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from the numbers *low* to *high* to the places *start* to *end*.

    >>> Scale(0, 100, 40, 240).at(25)
    90.0
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a number; what lies outside is put on the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def counting(most: int) -> tuple[int, ...]:
    """Return round ticks from 0 to at least *most*, a handful of them.

    >>> counting(33), counting(0)
    ((0, 10, 20, 30, 40), (0, 1))
    """
    needed = max(most, 1)
    step = next((one for one in STEPS if needed / one <= TICKS), ceil(needed / TICKS))
    return tuple(range(0, ceil(needed / step) * step + 1, step))
