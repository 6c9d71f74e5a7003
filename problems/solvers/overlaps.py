"""How far two boxes overlap: intersection over union, and what generalises it.

Formats and units are those of `boxes`. Sources: Rezatofighi et al., Generalized Intersection over
Union (2019); Zheng et al., Distance-IoU Loss (2020).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.values import Number, Tensor, simplest
from problems.solvers.boxes import Box, box_of, boxes_of, misread
from problems.solvers.twins import instead, twins_of

__all__ = [
    "OVERLAP",
    "OVERLAPS",
    "SOLVERS",
    "TWINS",
    "Overlap",
    "ciou",
    "diou",
    "giou",
    "intersection_area",
    "iou",
    "iou_matrix",
    "union_area",
]


@dataclass(frozen=True, slots=True)
class Overlap:
    """The overlap of two boxes by its parts: what they *share*, and the whole it is *compared* to.

    *compared* takes the boxes and what they share.
    """

    share: Callable[[Box, Box], Number]
    compared: Callable[[Box, Box, Number], Number]

    def whole(self, one: Box, two: Box) -> Number:
        """Return the area that the shared one is compared to."""
        return self.compared(one, two, self.share(one, two))

    def __call__(self, one: Box, two: Box) -> Number:
        """Return the shared area over the whole."""
        shared = self.share(one, two)
        return simplest(Fraction(shared) / self.compared(one, two, shared))


def intersection_area(
    box: object, other: object, *, fmt: str = "xyxy", inclusive: bool = False
) -> Number:
    """Return the area that two boxes share; 0 where they do not meet.

    ``max(0, min(right) - max(left)) * max(0, min(bottom) - max(top))``.

    >>> intersection_area((0, 0, 4, 4), (2, 1, 6, 5))
    6
    """
    return _shared(*_both(box, other, fmt=fmt, inclusive=inclusive))


def union_area(box: object, other: object, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the area that two boxes cover together: ``A + B - intersection``.

    >>> union_area((0, 0, 4, 4), (2, 1, 6, 5))
    26
    """
    return OVERLAP.whole(*_both(box, other, fmt=fmt, inclusive=inclusive))


def iou(box: object, other: object, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the intersection of two boxes over their union, from 0 to 1.

    >>> iou((0, 0, 4, 4), (2, 1, 6, 5))
    Fraction(3, 13)
    """
    return OVERLAP(*_both(box, other, fmt=fmt, inclusive=inclusive))


def giou(box: object, other: object, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the generalised IoU of two boxes, from -1 to 1: ``IoU - (hull - union) / hull``.

    The hull is the area of the smallest box around both.

    >>> giou((0, 0, 1, 1), (2, 0, 3, 1))
    Fraction(-1, 3)
    """
    return _generalised(*_both(box, other, fmt=fmt, inclusive=inclusive), OVERLAP)


def diou(box: object, other: object, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the distance IoU of two boxes, from -1 to 1: ``IoU - d**2 / c**2``.

    *d* is the distance of the centres, *c* the diagonal of the smallest box around both.

    >>> diou((0, 0, 1, 1), (2, 0, 3, 1))
    Fraction(-2, 5)
    """
    return _distanced(*_both(box, other, fmt=fmt, inclusive=inclusive), OVERLAP)


def ciou(box: object, other: object, *, fmt: str = "xyxy", inclusive: bool = False) -> float:
    """Return the complete IoU of two boxes, *other* being the truth: ``DIoU - alpha * v``.

    ``v = 4/pi**2 * (atan(w'/h') - atan(w/h))**2`` compares the shapes, ``alpha = v / (1-IoU+v)``.

    >>> ciou((0, 0, 2, 2), (0, 0, 2, 2))
    1.0
    """
    return _completed(*_both(box, other, fmt=fmt, inclusive=inclusive), OVERLAP)


def iou_matrix(
    boxes: object, others: object, *, fmt: str = "xyxy", inclusive: bool = False
) -> Tensor:
    """Return the IoU of each of *boxes* (rows) with each of *others* (columns).

    >>> iou_matrix([[0, 0, 2, 2]], [[0, 0, 2, 1], [5, 5, 6, 6]]).cells
    (Fraction(1, 2), 0)
    """
    return _table(boxes, others, OVERLAP, fmt=fmt, inclusive=inclusive)


def _both(box: object, other: object, *, fmt: str, inclusive: bool) -> tuple[Box, Box]:
    return (
        box_of(box, "the first box", fmt=fmt, inclusive=inclusive),
        box_of(other, "the second box", fmt=fmt, inclusive=inclusive),
    )


def _table(boxes: object, others: object, overlap: Overlap, *, fmt: str, inclusive: bool) -> Tensor:
    rows = boxes_of(boxes, "boxes", fmt=fmt, inclusive=inclusive)
    columns = boxes_of(others, "others", fmt=fmt, inclusive=inclusive)
    cells = tuple(overlap(one, two) for one in rows for two in columns)
    return Tensor((len(rows), len(columns)), cells)


def _shared(one: Box, two: Box) -> Number:
    width, height = _meeting(one, two)
    return max(width, 0) * max(height, 0)


def _meeting(one: Box, two: Box) -> tuple[Number, Number]:
    """Return width and height of what two boxes share; negative where they are apart."""
    width = min(one.right, two.right) - max(one.left, two.left)
    height = min(one.bottom, two.bottom) - max(one.top, two.top)
    return width, height


def _united(one: Box, two: Box, shared: Number) -> Number:
    return one.area + two.area - shared


def _hull(one: Box, two: Box) -> Box:
    return Box(
        min(one.left, two.left),
        min(one.top, two.top),
        max(one.right, two.right),
        max(one.bottom, two.bottom),
    )


def _generalised(one: Box, two: Box, overlap: Overlap) -> Number:
    hull = _hull(one, two).area
    return simplest(overlap(one, two) - Fraction(hull - overlap.whole(one, two)) / hull)


def _distanced(one: Box, two: Box, overlap: Overlap) -> Number:
    hull = _hull(one, two)
    distance = sum((a - b) ** 2 for a, b in zip(one.centre, two.centre, strict=True))
    return simplest(overlap(one, two) - Fraction(distance) / (hull.width**2 + hull.height**2))


def _completed(one: Box, two: Box, overlap: Overlap) -> float:
    turns = [math.atan(Fraction(box.width) / box.height) for box in (one, two)]
    shapes = 4 / math.pi**2 * (turns[1] - turns[0]) ** 2
    apart = 1 - float(overlap(one, two)) + shapes
    return float(_distanced(one, two, overlap)) - (shapes**2 / apart if shapes else 0.0)


OVERLAP: Final = Overlap(_shared, _united)


# What students do instead.


def _product(one: Box, two: Box) -> Number:
    """Return the sides of the intersection multiplied, whatever their signs."""
    width, height = _meeting(one, two)
    return width * height


# Wrong overlaps; whatever is decided by an overlap reuses them.
OVERLAPS: Final[dict[str, Overlap]] = {
    "union_left_out": Overlap(_shared, lambda one, two, _: one.area + two.area),
    "over_smaller_box": Overlap(_shared, lambda one, two, _: min(one.area, two.area)),
    "overlap_not_clipped": Overlap(_product, _united),
}

MEASURES: Final[dict[Solver, Callable[[Box, Box, Overlap], object]]] = {
    iou: lambda one, two, overlap: overlap(one, two),
    giou: _generalised,
    diou: _distanced,
    ciou: _completed,
}


def _pair_of(given: SimpleNamespace) -> tuple[Box, Box]:
    return _both(given.box, given.other, fmt=given.fmt, inclusive=given.inclusive)


def _measured_by(solver: Solver, overlap: Overlap) -> Solver:
    """Return the measure *solver* with another *overlap*."""
    return instead(solver, lambda given: MEASURES[solver](*_pair_of(given), overlap))


def _matrix_by(overlap: Overlap) -> Solver:
    """Return `iou_matrix` with another *overlap*."""
    return instead(
        iou_matrix,
        lambda given: _table(
            given.boxes, given.others, overlap, fmt=given.fmt, inclusive=given.inclusive
        ),
    )


def _without_penalty(solver: Solver) -> Solver:
    return instead(solver, lambda given: iou(**vars(given)))


SOLVERS: Final[tuple[Solver, ...]] = (
    intersection_area,
    union_area,
    iou,
    giou,
    diou,
    ciou,
    iou_matrix,
)

TWINS: Final[tuple[Twin, ...]] = (
    *(twin for solver in SOLVERS for twin in twins_of(solver, misread(solver))),
    *(
        Twin(mistake, solver.__name__, _measured_by(solver, overlap))
        for solver in MEASURES
        for mistake, overlap in OVERLAPS.items()
    ),
    *twins_of(iou_matrix, {mistake: _matrix_by(wrong) for mistake, wrong in OVERLAPS.items()}),
    *(
        Twin("penalty_left_out", solver.__name__, _without_penalty(solver))
        for solver in (giou, diou, ciou)
    ),
    *twins_of(
        intersection_area,
        {
            "overlap_not_clipped": instead(
                intersection_area, lambda given: _product(*_pair_of(given))
            )
        },
    ),
    *twins_of(
        union_area,
        {
            "union_left_out": instead(
                union_area, lambda given: OVERLAPS["union_left_out"].whole(*_pair_of(given))
            )
        },
    ),
)
