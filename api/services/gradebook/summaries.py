"""Statistics of a class for a column of the gradebook."""

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
    """Number of students who count in a column, their mean and median, and the other counts.

    Mean and median are in points, or in percent for totals. *below* counts the students under the
    requested share.
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
    """Return the summary of an assignment; missing work counts 0, excused students do not count.

    If some work waits for grading, the graded share stands for all of it. *below* counts students
    with less than *share* of their own maximum. Equal cells are computed once.
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
    """Return a score scaled to the maximum *possible*."""
    score = mark.score if mark.possible == possible else mark.score * possible / mark.possible
    return score.numerator / score.denominator


def of_totals(totals: Iterable[Total], share: Fraction) -> Summary:
    """Return the summary of course totals, in percent."""
    every = list(totals)
    counted = [one.percent for one in every if one.percent is not None]
    return _summary(
        [one.numerator / one.denominator for one in counted],
        sum(_is_below(one, share, HUNDRED) for one in counted),
        waiting=sum(one.waiting for one in every),
    )


def _is_below(score: Fraction, share: Fraction, possible: Fraction) -> bool:
    """Return whether *score* is less than *share* of *possible*, without creating a `Fraction`."""
    return (
        score.numerator * share.denominator * possible.denominator
        < share.numerator * possible.numerator * score.denominator
    )


def _summary(numbers: list[float], below: int, **counts: int) -> Summary:
    if not numbers:
        return Summary(0, None, None, 0, **counts)
    mean = round(fsum(numbers) / len(numbers), PLACES)
    return Summary(len(numbers), mean, round(statistics.median(numbers), PLACES), below, **counts)
