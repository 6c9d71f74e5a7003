"""What a class has in a column of the gradebook, in a few numbers."""

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import fsum
from typing import Final

from api.services.gradebook.cells import Cell, Total
from grader.policy import Mark

__all__ = ["Summary", "of_column", "of_totals"]

PLACES: Final = 6
HUNDRED: Final = Fraction(100)


@dataclass(frozen=True, slots=True)
class Summary:
    """How many count in a column, their mean and median in points, and how many do not count.

    *below* are those who count and have less than the share that was asked about.
    """

    counted: int
    mean: float | None
    median: float | None
    below: int
    missing: int = 0
    waiting: int = 0
    excused: int = 0
    late: int = 0


def of_column(cells: Iterable[Cell], share: Fraction) -> Summary:
    """Return the summary of an assignment; who is missing counts with 0, who is excused does not.

    Where something waits, what is marked stands for all of it. *below* counts those with less than
    *share* of what is possible for them. Cells that are written alike are worked out once.
    """
    every = list(cells)
    numbers: list[float] = []
    below = 0
    alike = Counter((one.written, one.waiting) for one in every)
    one_of = {(one.written, one.waiting): one for one in every}
    for key, count in alike.items():
        mark = one_of[key].settled
        if mark is not None:
            numbers += [_points(mark, one_of[key].possible)] * count
            below += count * _is_below(mark.score, share, mark.possible)
    return _summary(
        numbers,
        below,
        missing=sum(one.missing for one in every),
        waiting=sum(one.waiting for one in every),
        excused=sum(one.excused for one in every),
        late=sum(one.late for one in every),
    )


def _points(mark: Mark, possible: Fraction) -> float:
    """Return the points of a mark, out of as many as are *possible* in all."""
    score = mark.score if mark.possible == possible else mark.score * possible / mark.possible
    return score.numerator / score.denominator


def of_totals(totals: Iterable[Total], share: Fraction) -> Summary:
    """Return the summary of the totals of a course, in percent."""
    every = list(totals)
    counted = [one.percent for one in every if one.percent is not None]
    return _summary(
        [one.numerator / one.denominator for one in counted],
        sum(_is_below(one, share, HUNDRED) for one in counted),
        waiting=sum(one.waiting for one in every),
    )


def _is_below(score: Fraction, share: Fraction, possible: Fraction) -> bool:
    """Tell whether *score* is less than a share of *possible*, without a new fraction."""
    return (
        score.numerator * share.denominator * possible.denominator
        < share.numerator * possible.numerator * score.denominator
    )


def _summary(numbers: list[float], below: int, **counts: int) -> Summary:
    if not numbers:
        return Summary(0, None, None, 0, **counts)
    mean = round(fsum(numbers) / len(numbers), PLACES)
    return Summary(len(numbers), mean, round(statistics.median(numbers), PLACES), below, **counts)
