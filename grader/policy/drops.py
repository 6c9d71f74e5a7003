"""Which of several marks are dropped."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

__all__ = ["NO_MARK", "Mark", "lowest"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A score out of what was possible."""

    score: Fraction
    possible: Fraction

    @property
    def percent(self) -> Fraction:
        """The score in percent of what was possible, which is more than nothing."""
        return Fraction(100) * self.score / self.possible

    def without(self, other: "Mark") -> "Mark":
        """Return what is left of both numbers."""
        return Mark(self.score - other.score, self.possible - other.possible)


NO_MARK: Final = Mark(Fraction(0), Fraction(0))


def lowest(
    marks: Mapping[str, Mark], number: int, *, waiting: Collection[str] = ()
) -> frozenset[str]:
    """Return the *number* lowest of *marks* by percentage, though never the last one that is left.

    Of equal ones the one with more points goes first, which leaves the best percentage; then the
    later. What had no points is not dropped, nor what is *waiting*: its mark is not known yet.
    """
    order = [name for name, mark in marks.items() if mark.possible > 0]
    known = [name for name in reversed(order) if name not in waiting]
    worst = sorted(known, key=lambda name: (marks[name].percent, -marks[name].possible))
    return frozenset(worst[: max(min(number, len(order) - 1), 0)])
