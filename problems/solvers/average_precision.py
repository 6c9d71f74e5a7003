"""Average precision: the area under the precision-recall curve of ranked detections.

*scores* rank the detections, *matches* mark each as true (1) or false (0), and
*positives* is the number of true objects, whether detected or not. Results are exact
fractions. Sources: Everingham et al., The PASCAL Visual Object Classes Challenge
(2010); Lin et al., Microsoft COCO (2014).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Final, TypeAlias

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, Tensor, simplify_number
from problems.solvers.bounds import Grid, as_integer, as_numbers, as_rows
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

RECALL_STEPS: Final = {"11_point": 10, "coco_101": 100}

PrecisionRecallPoint: TypeAlias = tuple[Fraction, Fraction]
"""Recall and precision after one ranked detection, in this order."""


def precision_recall_curve(
    scores: Sequence[Number], matches: Sequence[int], positives: int
) -> Tensor:
    """Return a row (recall, precision) for each detection, highest score first.

    Each row counts the detections up to and including its own: ``TP / positives`` and
    ``TP / detections``. Detections with equal scores keep their order.

    >>> precision_recall_curve((0.9, 0.8, 0.7), (1, 0, 1), 2).cells
    (Fraction(1, 2), 1, Fraction(1, 2), Fraction(1, 2), 1, Fraction(2, 3))
    """
    points = _precision_recall_points(_rank_matches(scores, matches), positives)
    return Tensor(
        (len(points), 2), tuple(simplify_number(one) for point in points for one in point)
    )


def average_precision(
    scores: Sequence[Number], matches: Sequence[int], positives: int, *, method: str = "all_points"
) -> Number:
    """Return the average precision of detections ranked by their *scores*.

    The precision at a recall is interpolated: it is the largest precision at that
    recall or a higher one. ``all_points`` is the area under this envelope
    (PASCAL from 2010 on), ``11_point`` its mean at the recalls 0, 0.1, ..., 1
    (PASCAL 2007), and ``coco_101`` its mean at 0, 0.01, ..., 1.

    >>> average_precision((0.9, 0.8, 0.7), (1, 0, 1), 2)
    Fraction(5, 6)
    """
    return _area_under_curve(
        _precision_envelope(_precision_recall_points(_rank_matches(scores, matches), positives)),
        method,
    )


def mean_average_precision(values: Grid) -> Number:
    """Return the mean of average precisions, over classes and IoU thresholds.

    *values* holds one number per class, or one row per class and one column per IoU
    threshold.

    >>> mean_average_precision([[0.8, 0.4], [0.6, 0.2]])
    Fraction(1, 2)
    """
    cells = [cell for row in _as_nested_rows(values) for cell in row]
    return simplify_number(Fraction(sum(cells)) / len(cells))


def _rank_matches(scores: Sequence[Number], matches: Sequence[int]) -> list[int]:
    """Return the matches sorted by descending score."""
    score_values = as_numbers(scores, "scores")
    flags = _parse_matches(matches, len(score_values))
    return [
        flags[at] for at in sorted(range(len(score_values)), key=lambda index: -score_values[index])
    ]


def _parse_matches(matches: Sequence[int], count: int) -> list[int]:
    flags = [as_integer(one, "each match", least=0) for one in as_numbers(matches, "matches")]
    if len(flags) != count or max(flags) > 1:
        raise SolverError(f"matches must be 0 or 1 for each of {count} scores")
    return flags


def _precision_recall_points(ranked: list[int], positives: int) -> list[PrecisionRecallPoint]:
    hits = list(accumulate(ranked))
    total = as_integer(positives, "positives")
    if hits[-1] > total:
        raise SolverError(f"{hits[-1]} detections are true, but there are {total} objects")
    return [(Fraction(hit, total), Fraction(hit, rank)) for rank, hit in enumerate(hits, start=1)]


def _precision_envelope(points: list[PrecisionRecallPoint]) -> list[PrecisionRecallPoint]:
    """Return the points, each with the largest precision at its recall or later."""
    precisions = list(accumulate((height for _, height in reversed(points)), max))[::-1]
    return [(reached, height) for (reached, _), height in zip(points, precisions, strict=True)]


def _area_under_curve(points: list[PrecisionRecallPoint], method: str) -> Number:
    if method in RECALL_STEPS:
        return _mean_precision_at_recalls(points, RECALL_STEPS[method])
    if method != "all_points":
        raise SolverError(f"method must be all_points, {' or '.join(RECALL_STEPS)}, not {method}")
    before = (Fraction(0), *(reached for reached, _ in points))
    steps = zip(before, points, strict=False)
    return simplify_number(
        sum(((now - last) * height for last, (now, height) in steps), Fraction(0))
    )


def _mean_precision_at_recalls(points: list[PrecisionRecallPoint], steps: int) -> Number:
    """Return the mean precision at *steps* + 1 evenly spaced recalls from 0 to 1.

    The precision is 0 at recalls that are never reached.
    """
    recalls = [reached for reached, _ in points]
    positions = [bisect_left(recalls, Fraction(step, steps)) for step in range(steps + 1)]
    precisions = (points[place][1] for place in positions if place < len(points))
    return simplify_number(sum(precisions, Fraction(0)) / (steps + 1))


def _as_nested_rows(values: Grid) -> tuple[tuple[Number, ...], ...]:
    """Return *values* as rows; a flat list becomes one row."""
    items = values.tolist() if isinstance(values, np.ndarray) else values
    nested = isinstance(items, (tuple, list)) and items and isinstance(items[0], (tuple, list))
    return as_rows(items if nested else (items,), "values")


# What students do instead.


def _points_from_args(args: SolverArguments) -> list[PrecisionRecallPoint]:
    return _precision_recall_points(_rank_matches(args.scores, args.matches), args.positives)


def _area_by_trapezoids(args: SolverArguments) -> Number:
    """Return the area under the curve by the trapezoidal rule, without the envelope."""
    if args.method != "all_points":
        raise SolverError("precisions are read off at given recalls")
    points = _points_from_args(args)
    start = [(Fraction(0), points[0][1]), *points]
    areas = [
        (here - there) * (high + low) / 2
        for (there, low), (here, high) in zip(start, points, strict=False)
    ]
    return simplify_number(sum(areas, Fraction(0)))


def _precision_of_all_detections(args: SolverArguments) -> Number:
    """Return the share of all detections that are true."""
    return simplify_number(_points_from_args(args)[-1][1])


def _recall_of_all_detections(args: SolverArguments) -> Number:
    """Return the share of the objects that all detections reach."""
    return simplify_number(_points_from_args(args)[-1][0])


def _mean_above_recalls(args: SolverArguments) -> Number:
    """Return the mean of the largest precisions at recalls strictly above the fixed ones."""
    if args.method not in RECALL_STEPS:
        raise SolverError("no precision is read off at given recalls")
    points = _precision_envelope(_points_from_args(args))
    recalls = [reached for reached, _ in points]
    steps = RECALL_STEPS[args.method]
    positions = [bisect_right(recalls, Fraction(step, steps)) for step in range(steps + 1)]
    precisions = (points[index][1] for index in positions if index < len(points))
    return simplify_number(sum(precisions, Fraction(0)) / (steps + 1))


def _scores_in_listed_order(args: SolverArguments) -> tuple[int, ...]:
    """Return descending scores, which rank the detections in their listed order."""
    return tuple(range(len(as_numbers(args.matches, "matches")), 0, -1))


def _count_true_detections(args: SolverArguments) -> int:
    return sum(_rank_matches(args.scores, args.matches))


def _first_threshold_column(args: SolverArguments) -> list[Number]:
    rows = _as_nested_rows(args.values)
    if len(rows) == 1:
        raise SolverError("there is one row only")
    return [row[0] for row in rows]


OTHER_METHOD: Final = {"all_points": "11_point", "11_point": "all_points", "coco_101": "all_points"}

SOLVERS: Final[tuple[Solver, ...]] = (
    precision_recall_curve,
    average_precision,
    mean_average_precision,
)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        precision_recall_curve,
        {
            "scores_ignored": replace_arguments(
                precision_recall_curve, scores=_scores_in_listed_order
            ),
            "found_for_all": replace_arguments(
                precision_recall_curve, positives=_count_true_detections
            ),
        },
    ),
    *build_wrong_versions(
        average_precision,
        {
            "envelope_left_out": replace_formula(
                average_precision,
                lambda args: _area_under_curve(_points_from_args(args), args.method),
            ),
            "other_recalls": replace_arguments(
                average_precision, method=lambda args: OTHER_METHOD[args.method]
            ),
            "scores_ignored": replace_arguments(average_precision, scores=_scores_in_listed_order),
            "found_for_all": replace_arguments(average_precision, positives=_count_true_detections),
            "precision_for_area": replace_formula(average_precision, _precision_of_all_detections),
            "recall_for_area": replace_formula(average_precision, _recall_of_all_detections),
            "recall_strictly_above": replace_formula(average_precision, _mean_above_recalls),
            "trapezoids": replace_formula(average_precision, _area_by_trapezoids),
        },
    ),
    *build_wrong_versions(
        mean_average_precision,
        {
            "first_threshold_only": replace_arguments(
                mean_average_precision, values=_first_threshold_column
            ),
        },
    ),
)
