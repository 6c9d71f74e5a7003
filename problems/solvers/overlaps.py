"""Overlap of two boxes: intersection over union and its generalizations.

Formats and units are those of `boxes`. Sources: Rezatofighi et al., Generalized
Intersection over Union (2019); Zheng et al., Distance-IoU Loss (2020).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, Tensor, simplify_number
from problems.solvers.boxes import Box, RawBox, box_wrong_versions, parse_box, parse_boxes
from problems.solvers.wrong_versions import build_wrong_versions, replace_formula


@dataclass(frozen=True, slots=True)
class OverlapMeasure:
    """Overlap of two boxes: an *intersection* divided by a *denominator*.

    *denominator* takes both boxes and the area of their intersection.
    """

    intersection: Callable[[Box, Box], Number]
    denominator: Callable[[Box, Box, Number], Number]

    def denominator_area(self, first: Box, second: Box) -> Number:
        """Return the area that the intersection is divided by."""
        return self.denominator(first, second, self.intersection(first, second))

    def __call__(self, first: Box, second: Box) -> Number:
        """Return the intersection divided by the denominator."""
        shared = self.intersection(first, second)
        return simplify_number(Fraction(shared) / self.denominator(first, second, shared))


def intersection_area(
    box: RawBox, other: RawBox, *, fmt: str = "xyxy", inclusive: bool = False
) -> Number:
    """Return the area of the intersection of two boxes; 0 if they are disjoint.

    It is ``max(0, min(right) - max(left)) * max(0, min(bottom) - max(top))``.

    >>> intersection_area((0, 0, 4, 4), (2, 1, 6, 5))
    6
    """
    return _intersection_area(*_parse_box_pair(box, other, fmt=fmt, inclusive=inclusive))


def union_area(box: RawBox, other: RawBox, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the area of the union of two boxes: ``A + B - intersection``.

    >>> union_area((0, 0, 4, 4), (2, 1, 6, 5))
    26
    """
    return IOU_MEASURE.denominator_area(*_parse_box_pair(box, other, fmt=fmt, inclusive=inclusive))


def iou(box: RawBox, other: RawBox, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the intersection over union of two boxes, from 0 to 1.

    >>> iou((0, 0, 4, 4), (2, 1, 6, 5))
    Fraction(3, 13)
    """
    return IOU_MEASURE(*_parse_box_pair(box, other, fmt=fmt, inclusive=inclusive))


def giou(box: RawBox, other: RawBox, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the generalized IoU of two boxes, from -1 to 1.

    It is ``IoU - (hull - union) / hull``, where the hull is the area of the smallest
    box that contains both.

    >>> giou((0, 0, 1, 1), (2, 0, 3, 1))
    Fraction(-1, 3)
    """
    return _generalized_iou(*_parse_box_pair(box, other, fmt=fmt, inclusive=inclusive), IOU_MEASURE)


def diou(box: RawBox, other: RawBox, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the distance IoU of two boxes, from -1 to 1: ``IoU - d**2 / c**2``.

    Here d is the distance between the centers, and c the diagonal of the smallest box
    that contains both.

    >>> diou((0, 0, 1, 1), (2, 0, 3, 1))
    Fraction(-2, 5)
    """
    return _distance_iou(*_parse_box_pair(box, other, fmt=fmt, inclusive=inclusive), IOU_MEASURE)


def ciou(box: RawBox, other: RawBox, *, fmt: str = "xyxy", inclusive: bool = False) -> float:
    """Return the complete IoU of two boxes: ``DIoU - alpha * v``.

    *other* is the ground truth. ``v = 4/pi**2 * (atan(w'/h') - atan(w/h))**2`` compares
    the aspect ratios, and ``alpha = v / (1-IoU+v)``.

    >>> ciou((0, 0, 2, 2), (0, 0, 2, 2))
    1.0
    """
    return _complete_iou(*_parse_box_pair(box, other, fmt=fmt, inclusive=inclusive), IOU_MEASURE)


def iou_matrix(
    boxes: object, others: object, *, fmt: str = "xyxy", inclusive: bool = False
) -> Tensor:
    """Return the IoU of each of *boxes* (rows) with each of *others* (columns).

    >>> iou_matrix([[0, 0, 2, 2]], [[0, 0, 2, 1], [5, 5, 6, 6]]).cells
    (Fraction(1, 2), 0)
    """
    return _overlap_matrix(boxes, others, IOU_MEASURE, fmt=fmt, inclusive=inclusive)


def _parse_box_pair(box: RawBox, other: RawBox, *, fmt: str, inclusive: bool) -> tuple[Box, Box]:
    return (
        parse_box(box, "the first box", fmt=fmt, inclusive=inclusive),
        parse_box(other, "the second box", fmt=fmt, inclusive=inclusive),
    )


def _overlap_matrix(
    boxes: object, others: object, overlap: OverlapMeasure, *, fmt: str, inclusive: bool
) -> Tensor:
    rows = parse_boxes(boxes, "boxes", fmt=fmt, inclusive=inclusive)
    columns = parse_boxes(others, "others", fmt=fmt, inclusive=inclusive)
    cells = tuple(overlap(row, two) for row in rows for two in columns)
    return Tensor((len(rows), len(columns)), cells)


def _intersection_area(first: Box, second: Box) -> Number:
    width, height = _intersection_sides(first, second)
    return max(width, 0) * max(height, 0)


def _intersection_sides(first: Box, second: Box) -> tuple[Number, Number]:
    """Return the width and height of the intersection, negative where the boxes are apart."""
    width = min(first.right, second.right) - max(first.left, second.left)
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    return width, height


def _union_area(first: Box, second: Box, intersection_area: Number) -> Number:
    return first.area + second.area - intersection_area


def _enclosing_box(first: Box, second: Box) -> Box:
    return Box(
        min(first.left, second.left),
        min(first.top, second.top),
        max(first.right, second.right),
        max(first.bottom, second.bottom),
    )


def _generalized_iou(first: Box, second: Box, overlap: OverlapMeasure) -> Number:
    hull = _enclosing_box(first, second).area
    return simplify_number(
        overlap(first, second) - Fraction(hull - overlap.denominator_area(first, second)) / hull
    )


def _distance_iou(first: Box, second: Box, overlap: OverlapMeasure) -> Number:
    hull = _enclosing_box(first, second)
    distance = sum((a - b) ** 2 for a, b in zip(first.center, second.center, strict=True))
    return simplify_number(
        overlap(first, second) - Fraction(distance) / (hull.width**2 + hull.height**2)
    )


def _complete_iou(first: Box, second: Box, overlap: OverlapMeasure) -> float:
    angles = [math.atan(Fraction(box.width) / box.height) for box in (first, second)]
    shapes = 4 / math.pi**2 * (angles[1] - angles[0]) ** 2
    penalty_divisor = 1 - float(overlap(first, second)) + shapes
    return float(_distance_iou(first, second, overlap)) - (
        shapes**2 / penalty_divisor if shapes else 0.0
    )


IOU_MEASURE: Final = OverlapMeasure(_intersection_area, _union_area)


# What students do instead.


def _unclipped_intersection(first: Box, second: Box) -> Number:
    """Return the product of the sides of the intersection, without clipping them at 0."""
    width, height = _intersection_sides(first, second)
    return width * height


# Wrong overlaps; solvers that decide by an overlap reuse them.
WRONG_MEASURES: Final[dict[str, OverlapMeasure]] = {
    "union_left_out": OverlapMeasure(
        _intersection_area, lambda first, two, _: first.area + two.area
    ),
    "over_smaller_box": OverlapMeasure(
        _intersection_area, lambda first, two, _: min(first.area, two.area)
    ),
    "overlap_not_clipped": OverlapMeasure(_unclipped_intersection, _union_area),
}

IOU_VARIANTS: Final[dict[Solver, Callable[[Box, Box, OverlapMeasure], object]]] = {
    iou: lambda first, two, overlap: overlap(first, two),
    giou: _generalized_iou,
    diou: _distance_iou,
    ciou: _complete_iou,
}


def _box_pair_from_args(args: SolverArguments) -> tuple[Box, Box]:
    return _parse_box_pair(args.box, args.other, fmt=args.fmt, inclusive=args.inclusive)


def _replace_overlap_measure(solver: Solver, overlap: OverlapMeasure) -> Solver:
    """Return *solver* with another *overlap* measure."""
    return replace_formula(
        solver, lambda args: IOU_VARIANTS[solver](*_box_pair_from_args(args), overlap)
    )


def _replace_matrix_overlap_measure(overlap: OverlapMeasure) -> Solver:
    """Return `iou_matrix` with another *overlap* measure."""
    return replace_formula(
        iou_matrix,
        lambda args: _overlap_matrix(
            args.boxes, args.others, overlap, fmt=args.fmt, inclusive=args.inclusive
        ),
    )


def _make_plain_iou_version(solver: Solver) -> Solver:
    return replace_formula(solver, lambda args: iou(**vars(args)))


SOLVERS: Final[tuple[Solver, ...]] = (
    intersection_area,
    union_area,
    iou,
    giou,
    diou,
    ciou,
    iou_matrix,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *(
        twin
        for solver in SOLVERS
        for twin in build_wrong_versions(solver, box_wrong_versions(solver))
    ),
    *(
        WrongVersion(mistake, solver.__name__, _replace_overlap_measure(solver, overlap))
        for solver in IOU_VARIANTS
        for mistake, overlap in WRONG_MEASURES.items()
    ),
    *build_wrong_versions(
        iou_matrix,
        {
            mistake: _replace_matrix_overlap_measure(wrong)
            for mistake, wrong in WRONG_MEASURES.items()
        },
    ),
    *(
        WrongVersion("penalty_left_out", solver.__name__, _make_plain_iou_version(solver))
        for solver in (giou, diou, ciou)
    ),
    *build_wrong_versions(
        intersection_area,
        {
            "overlap_not_clipped": replace_formula(
                intersection_area, lambda args: _unclipped_intersection(*_box_pair_from_args(args))
            )
        },
    ),
    *build_wrong_versions(
        union_area,
        {
            "union_left_out": replace_formula(
                union_area,
                lambda args: WRONG_MEASURES["union_left_out"].denominator_area(
                    *_box_pair_from_args(args)
                ),
            )
        },
    ),
)
