"""Dropped scores: selection of the lowest, and exact sums."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

__all__ = ["NO_MARK", "Mark", "added", "lowest", "together"]

WHOLE_KEPT: Final = 1024
MAX_DENOMINATOR_BITS: Final = 2_048
"""Python writes no number of more than 4,300 digits; sums of odd fractions could have that many."""
FINEST: Final = 10**12
"""A sum with a longer denominator is rounded to this many parts of a point."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A score out of the possible points."""

    score: Fraction
    possible: Fraction

    @property
    def percent(self) -> Fraction:
        """The score in percent of the possible points, which must be positive."""
        return Fraction(100) * self.score / self.possible

    def without(self, other: "Mark") -> "Mark":
        """Return the difference of both numbers."""
        return Mark(self.score - other.score, self.possible - other.possible)

    def times(self, scale: Fraction) -> "Mark":
        """Return both numbers multiplied by *scale*."""
        return self if scale == 1 else Mark(self.score * scale, self.possible * scale)


NO_MARK: Final = Mark(Fraction(0), Fraction(0))


def added(numbers: Iterable[Fraction]) -> Fraction:
    """Return the sum of exact *numbers*; integers are summed separately, which is faster.

    A sum whose denominator exceeds 600 digits is rounded to twelve decimals.

    >>> added([Fraction(1), Fraction(1, 2), Fraction(2)])
    Fraction(7, 2)
    """
    whole, broken = 0, []
    for one in numbers:
        top, bottom = one.as_integer_ratio()
        if bottom == 1:
            whole += top
        else:
            broken.append(one)
    total = _whole(whole)
    for one in broken:
        total = _bounded(total + one)
    return total


def _bounded(number: Fraction) -> Fraction:
    """Return *number*, rounded if its denominator is too long to store or display."""
    if number.denominator.bit_length() <= MAX_DENOMINATOR_BITS:
        return number
    return Fraction(round(number * FINEST), FINEST)


@lru_cache(maxsize=WHOLE_KEPT)
def _whole(number: int) -> Fraction:
    """Return an integer as a fraction, which takes longer to make than to add."""
    return Fraction(number)


def together(marks: Iterable[Mark]) -> Mark:
    """Return the sum of *marks*."""
    every = list(marks)
    if not every:
        return NO_MARK
    return Mark(added(one.score for one in every), added(one.possible for one in every))


def lowest(
    marks: Mapping[str, Mark], number: int, *, waiting: Collection[str] = ()
) -> frozenset[str]:
    """Return the names of the *number* lowest *marks* by percentage; one mark always stays.

    Of equal ones, the one with more points is dropped first, which leaves the best percentage; then
    the later one. A mark without possible points is not dropped, nor one that is *waiting*, because
    it is not known yet. Nor is a mark above the percentage of the rest, which is possible if the
    lowest one waits.
    """
    left = {name: mark for name, mark in marks.items() if mark.possible > 0}
    known = [name for name in reversed(left) if name not in waiting]
    worst = sorted(known, key=lambda name: (marks[name].percent, -marks[name].possible))
    dropped = worst[: max(min(number, len(left) - 1), 0)]
    for place, name in enumerate(dropped):
        mark = left.pop(name)
        if mark.percent > together(left.values()).percent:
            return frozenset(dropped[:place])
    return frozenset(dropped)
