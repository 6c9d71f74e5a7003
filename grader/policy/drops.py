"""Dropped scores: selection of the lowest, and exact sums."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

CACHED_INTEGERS: Final = 1024
MAX_DENOMINATOR_BITS: Final = 2_048
"""Maximum length of a denominator; sums of odd fractions could exceed it.

Python writes no number of more than 4,300 digits.
"""
ROUNDING_DENOMINATOR: Final = 10**12
"""Denominator to which a sum with a longer one is rounded."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score out of the possible points."""

    score: Fraction
    possible: Fraction

    @property
    def percent(self) -> Fraction:
        """The score in percent of the possible points, which must be positive."""
        return Fraction(100) * self.score / self.possible

    def subtract(self, other: "Score") -> "Score":
        """Return the difference of both numbers."""
        return Score(self.score - other.score, self.possible - other.possible)

    def scale_by(self, scale: Fraction) -> "Score":
        """Return both numbers multiplied by *scale*."""
        return self if scale == 1 else Score(self.score * scale, self.possible * scale)


NO_SCORE: Final = Score(Fraction(0), Fraction(0))


def sum_fractions(numbers: Iterable[Fraction]) -> Fraction:
    """Return the sum of exact *numbers*; integers are summed separately, which is faster.

    A sum whose denominator exceeds 600 digits is rounded to twelve decimals.

    >>> sum_fractions([Fraction(1), Fraction(1, 2), Fraction(2)])
    Fraction(7, 2)
    """
    whole, broken = 0, []
    for number in numbers:
        top, bottom = number.as_integer_ratio()
        if bottom == 1:
            whole += top
        else:
            broken.append(number)
    total = _get_cached_fraction(whole)
    for number in broken:
        total = _limit_denominator(total + number)
    return total


def _limit_denominator(number: Fraction) -> Fraction:
    """Return *number*, rounded if its denominator is too long to store or display."""
    if number.denominator.bit_length() <= MAX_DENOMINATOR_BITS:
        return number
    return Fraction(round(number * ROUNDING_DENOMINATOR), ROUNDING_DENOMINATOR)


@lru_cache(maxsize=CACHED_INTEGERS)
def _get_cached_fraction(number: int) -> Fraction:
    """Return an integer as a fraction, which takes longer to make than to add."""
    return Fraction(number)


def sum_scores(scores: Iterable[Score]) -> Score:
    """Return the sum of *scores*."""
    items = list(scores)
    if not items:
        return NO_SCORE
    return Score(
        sum_fractions(item.score for item in items), sum_fractions(item.possible for item in items)
    )


def select_lowest_to_drop(
    scores: Mapping[str, Score], drop_count: int, *, waiting: Collection[str] = ()
) -> frozenset[str]:
    """Return the names of the *drop_count* lowest *scores* by percentage; one score always stays.

    Of equal percentages, drop the score with more points first, which leaves the best total; then
    the later one. Three kinds of scores stay: those without possible points, those *waiting* to be
    graded, and those above the percentage of the rest, which happens if the lowest score waits.
    Dropped scores leave the total and the maximum.
    """
    remaining = {name: score for name, score in scores.items() if score.possible > 0}
    graded = [name for name in reversed(remaining) if name not in waiting]
    lowest_first = sorted(graded, key=lambda name: (scores[name].percent, -scores[name].possible))
    dropped = lowest_first[: max(min(drop_count, len(remaining) - 1), 0)]
    for position, name in enumerate(dropped):
        score = remaining.pop(name)
        if score.percent > sum_scores(remaining.values()).percent:
            return frozenset(dropped[:position])
    return frozenset(dropped)
