"""Average precision: the area under the curve of precision over recall of ranked detections.

*scores* rank the detections, *matches* say of each whether it is true (1) or false (0), *positives*
is the number of true objects, found or not. Results are exact fractions. Sources: Everingham et
al., The PASCAL Visual Object Classes Challenge (2010); Lin et al., Microsoft COCO (2014).
"""

from bisect import bisect_left
from fractions import Fraction
from itertools import accumulate
from types import SimpleNamespace
from typing import Final, TypeAlias

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, Tensor, simplest
from problems.solvers.bounds import numbers, rows_of, whole
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "average_precision",
    "mean_average_precision",
    "precision_recall_curve",
]

STEPS: Final = {"11_point": 10, "coco_101": 100}

Point: TypeAlias = tuple[Fraction, Fraction]
"""Recall and precision down to one detection."""


def precision_recall_curve(scores: object, matches: object, positives: int) -> Tensor:
    """Return a row (recall, precision) for each detection, the highest score first.

    Each row counts the detections down to its own: ``TP / positives`` and ``TP / detections``.
    Detections of equal score stay in their order.

    >>> precision_recall_curve((0.9, 0.8, 0.7), (1, 0, 1), 2).cells
    (Fraction(1, 2), 1, Fraction(1, 2), Fraction(1, 2), 1, Fraction(2, 3))
    """
    points = _curve(_ranked(scores, matches), positives)
    return Tensor((len(points), 2), tuple(simplest(one) for point in points for one in point))


def average_precision(
    scores: object, matches: object, positives: int, *, method: str = "all_points"
) -> Number:
    """Return the average precision of detections ranked by their *scores*.

    At each recall counts the envelope: the largest precision at that recall or a higher one.
    ``all_points`` is the area under it (PASCAL from 2010 on); ``11_point`` its mean at the recalls
    0, 0.1, ..., 1 (PASCAL 2007); ``coco_101`` its mean at 0, 0.01, ..., 1.

    >>> average_precision((0.9, 0.8, 0.7), (1, 0, 1), 2)
    Fraction(5, 6)
    """
    return _area(_envelope(_curve(_ranked(scores, matches), positives)), method)


def mean_average_precision(values: object) -> Number:
    """Return the mean of average precisions: of one a class, or a row a class and a column an IoU.

    >>> mean_average_precision([[0.8, 0.4], [0.6, 0.2]])
    Fraction(1, 2)
    """
    cells = [cell for row in _rows(values) for cell in row]
    return simplest(Fraction(sum(cells)) / len(cells))


def _ranked(scores: object, matches: object) -> list[int]:
    """Return the matches, that of the highest score first."""
    marks = numbers(scores, "scores")
    found = _flags(matches, len(marks))
    return [found[at] for at in sorted(range(len(marks)), key=lambda at: -marks[at])]


def _flags(matches: object, count: int) -> list[int]:
    found = [whole(one, "each match", least=0) for one in numbers(matches, "matches")]
    if len(found) != count or max(found) > 1:
        raise SolverError(f"matches must be 0 or 1 for each of {count} scores")
    return found


def _curve(ranked: list[int], positives: int) -> list[Point]:
    hits = list(accumulate(ranked))
    total = whole(positives, "positives")
    if hits[-1] > total:
        raise SolverError(f"{hits[-1]} detections are true, but there are {total} objects")
    return [(Fraction(hit, total), Fraction(hit, rank)) for rank, hit in enumerate(hits, start=1)]


def _envelope(points: list[Point]) -> list[Point]:
    """Return the points, each with the largest precision from it on."""
    heights = list(accumulate((height for _, height in reversed(points)), max))[::-1]
    return [(reached, height) for (reached, _), height in zip(points, heights, strict=True)]


def _area(points: list[Point], method: str) -> Number:
    if method in STEPS:
        return _mean_at(points, STEPS[method])
    if method != "all_points":
        raise SolverError(f"method must be all_points, {' or '.join(STEPS)}, not {method}")
    before = (Fraction(0), *(reached for reached, _ in points))
    steps = zip(before, points, strict=False)
    return simplest(sum(((now - last) * height for last, (now, height) in steps), Fraction(0)))


def _mean_at(points: list[Point], steps: int) -> Number:
    """Return the mean precision at *steps* + 1 recalls from 0 to 1; 0 where none is reached."""
    recalls = [reached for reached, _ in points]
    places = [bisect_left(recalls, Fraction(step, steps)) for step in range(steps + 1)]
    heights = (points[place][1] for place in places if place < len(points))
    return simplest(sum(heights, Fraction(0)) / (steps + 1))


def _rows(values: object) -> tuple[tuple[Number, ...], ...]:
    """Return *values* as rows; a flat list is one row."""
    items = values.tolist() if isinstance(values, np.ndarray) else values
    nested = isinstance(items, (tuple, list)) and items and isinstance(items[0], (tuple, list))
    return rows_of(items if nested else (items,), "values")


# What students do instead.


def _points_of(given: SimpleNamespace) -> list[Point]:
    return _curve(_ranked(given.scores, given.matches), given.positives)


def _trapezoids(given: SimpleNamespace) -> Number:
    """Return the area under the straight lines between the points."""
    if given.method != "all_points":
        raise SolverError("precisions are read off at given recalls")
    points = _points_of(given)
    start = [(Fraction(0), points[0][1]), *points]
    areas = [
        (here - there) * (high + low) / 2
        for (there, low), (here, high) in zip(start, points, strict=False)
    ]
    return simplest(sum(areas, Fraction(0)))


def _falling(given: SimpleNamespace) -> tuple[int, ...]:
    """Return scores that leave the detections in the order in which they are listed."""
    return tuple(range(len(numbers(given.matches, "matches")), 0, -1))


def _found(given: SimpleNamespace) -> int:
    return sum(_ranked(given.scores, given.matches))


def _first_column(given: SimpleNamespace) -> list[Number]:
    rows = _rows(given.values)
    if len(rows) == 1:
        raise SolverError("there is one row only")
    return [row[0] for row in rows]


OTHER_METHOD: Final = {"all_points": "11_point", "11_point": "all_points", "coco_101": "all_points"}

SOLVERS: Final[tuple[Solver, ...]] = (
    precision_recall_curve,
    average_precision,
    mean_average_precision,
)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        precision_recall_curve,
        {
            "scores_ignored": told(precision_recall_curve, scores=_falling),
            "found_for_all": told(precision_recall_curve, positives=_found),
        },
    ),
    *twins_of(
        average_precision,
        {
            "envelope_left_out": instead(
                average_precision, lambda given: _area(_points_of(given), given.method)
            ),
            "other_recalls": told(
                average_precision, method=lambda given: OTHER_METHOD[given.method]
            ),
            "scores_ignored": told(average_precision, scores=_falling),
            "found_for_all": told(average_precision, positives=_found),
            "trapezoids": instead(average_precision, _trapezoids),
        },
    ),
    *twins_of(
        mean_average_precision,
        {
            "first_threshold_only": told(mean_average_precision, values=_first_column),
        },
    ),
)
