"""Statistics of a class for a column of the gradebook."""

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import fsum
from typing import Final

from api.services.gradebook.cells import GradeCell
from api.services.gradebook.totals import CourseTotal
from grader.policy import Score

DECIMAL_PLACES: Final = 6
HUNDRED: Final = Fraction(100)
FLAGS: Final = ("missing", "waiting", "excused", "late")
"""Properties of a cell of which a summary counts the students."""


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
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


def summarize_column(
    cells: Iterable[tuple[GradeCell, int]], below_share: Fraction
) -> ColumnStatistics:
    """Return the summary of an assignment from its cells, each with its number of students.

    Missing work counts 0, excused students do not count. If some work waits for grading, the graded
    share stands for all of it. *below* counts students with less than *below_share* of their
    maximum.
    """
    numbers: list[float] = []
    below = 0
    flags: Counter[str] = Counter()
    for cell, count in cells:
        flags.update({flag: count for flag in FLAGS if getattr(cell, flag)})
        mark = cell.graded_score
        if mark is not None:
            numbers += [_scale_score(mark, cell.possible)] * count
            below += count * is_below(mark.score, below_share, mark.possible)
    return _build_statistics(numbers, below, **{flag: flags[flag] for flag in FLAGS})


def _scale_score(mark: Score, possible: Fraction) -> float:
    """Return a score scaled to the maximum *possible*."""
    score = mark.score if mark.possible == possible else mark.score * possible / mark.possible
    return score.numerator / score.denominator


def summarize_totals(
    totals: Iterable[tuple[CourseTotal, int]], below_share: Fraction
) -> ColumnStatistics:
    """Return the summary of course totals in percent, each with its number of students."""
    numbers: list[float] = []
    below = waiting = 0
    for total, count in totals:
        waiting += count * total.waiting
        if total.percent is not None:
            numbers += [total.percent.numerator / total.percent.denominator] * count
            below += count * is_below(total.percent, below_share, HUNDRED)
    return _build_statistics(numbers, below, waiting=waiting)


def is_below(score: Fraction, share: Fraction, possible: Fraction) -> bool:
    """Return whether *score* is less than *share* of *possible*, without creating a `Fraction`."""
    return (
        score.numerator * share.denominator * possible.denominator
        < share.numerator * possible.numerator * score.denominator
    )


def _build_statistics(numbers: list[float], below: int, **counts: int) -> ColumnStatistics:
    if not numbers:
        return ColumnStatistics(0, None, None, 0, **counts)
    mean = round(fsum(numbers) / len(numbers), DECIMAL_PLACES)
    return ColumnStatistics(
        len(numbers), mean, round(statistics.median(numbers), DECIMAL_PLACES), below, **counts
    )
