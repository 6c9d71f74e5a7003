"""What YOLO detectors put out: channels of a head, grids, tensors, numbers of boxes.

Versions 1 to 5 are those of the papers and of YOLOv5's code, 8 and 11 those of Ultralytics' code.
Sources: Redmon et al., You Only Look Once (2016), YOLO9000 (2017), YOLOv3 (2018); Bochkovskiy,
Wang and Liao, YOLOv4 (2020); Li et al., Generalized Focal Loss (2020), for *reg_max*.
"""

from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Pair, Shape, pair, whole
from problems.solvers.geometry import relaid
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "yolo_box_depth",
    "yolo_boxes",
    "yolo_depth",
    "yolo_grid",
    "yolo_output_shapes",
]

FIRST: Final = 1
ANCHOR_FREE: Final = (8, 11)
DEFAULT_BOXES: Final = {1: 2, 2: 5, 3: 3, 4: 3, 5: 3, 8: 1, 11: 1}
STRIDES: Final = {1: (64,), 2: (32,)}
THREE_SCALES: Final = (32, 16, 8)


def yolo_depth(version: int, classes: int, *, boxes: int | None = None, reg_max: int = 16) -> int:
    """Return the numbers per grid cell that YOLO *version* 1 to 5, 8 or 11 gives, at each scale.

    A box has four coordinates and an objectness. Version 1: ``boxes*5 + classes``, the class scores
    belonging to the cell; versions 2 to 5: ``boxes * (5 + classes)``. The usual *boxes* are 2, 5,
    and 3 from version 3 on. Versions 8 and 11 have no anchors and no objectness, and each
    coordinate is a distribution over *reg_max* distances: ``4*reg_max + classes``.

    >>> yolo_depth(1, 80), yolo_depth(3, 80), yolo_depth(8, 80)
    (90, 255, 144)
    """
    count, scores = _boxes(version, boxes), whole(classes, "classes")
    if version in ANCHOR_FREE:
        return 4 * whole(reg_max, "reg_max") + scores
    return count * 5 + scores if version == FIRST else count * (5 + scores)


def yolo_box_depth(version: int, classes: int) -> int:
    """Return the numbers of one decoded box of YOLO *version* 2 to 5, 8 or 11.

    Four coordinates, an objectness up to version 5, and the class scores.

    >>> yolo_box_depth(5, 80), yolo_box_depth(8, 80)
    (85, 84)
    """
    if _known(version) == FIRST:
        raise SolverError("the boxes of version 1 have no class scores of their own")
    return (4 if version in ANCHOR_FREE else 5) + whole(classes, "classes")


def yolo_grid(size: Pair, stride: int) -> tuple[int, int]:
    """Return rows and columns of the grid of a detector that divides an image by *stride*.

    *size* is (height, width) or one side. A stride that does not divide it is a `SolverError`.

    >>> yolo_grid(416, 32)
    (13, 13)
    """
    step = whole(stride, "stride")
    sides = pair(size, "size")
    if any(side % step for side in sides):
        raise SolverError(f"a stride of {step} does not divide an image of {sides[0]}×{sides[1]}")
    return sides[0] // step, sides[1] // step


def yolo_output_shapes(
    version: int,
    size: Pair,
    classes: int,
    *,
    boxes: int | None = None,
    reg_max: int = 16,
    layout: str = "HWC",
) -> tuple[Shape, ...]:
    """Return the shapes that YOLO *version* puts out for an image of *size*, coarsest grid first.

    The strides are 64 (version 1), 32 (version 2), and 32, 16 and 8 from version 3 on; the depth
    is that of `yolo_depth`. The layout is ``HWC`` or ``CHW``.

    >>> yolo_output_shapes(3, 416, 80)
    ((13, 13, 255), (26, 26, 255), (52, 52, 255))
    """
    if layout not in {"HWC", "CHW"}:
        raise SolverError(f"layout must be HWC or CHW, not {layout}")
    depth = yolo_depth(version, classes, boxes=boxes, reg_max=reg_max)
    shapes = [(*grid, depth) for grid in _grids(version, size)]
    return tuple(shape if layout == "HWC" else relaid(shape, "HWC") for shape in shapes)


def yolo_boxes(version: int, size: Pair, *, boxes: int | None = None) -> int:
    """Return how many boxes YOLO *version* predicts for an image of *size*, over all scales.

    Rows times columns times *boxes*, added up; versions 8 and 11 predict one box a cell.

    >>> yolo_boxes(1, 448), yolo_boxes(3, 416), yolo_boxes(8, 640)
    (98, 10647, 8400)
    """
    count = _boxes(version, boxes)
    return sum(rows * columns * count for rows, columns in _grids(version, size))


def _known(version: int) -> int:
    if whole(version, "version") not in DEFAULT_BOXES:
        known = ", ".join(map(str, DEFAULT_BOXES))
        raise SolverError(f"version must be one of {known}, not {version}")
    return version


def _boxes(version: int, boxes: int | None) -> int:
    """Return the boxes a cell, the usual ones of the *version* where none are given."""
    usual = DEFAULT_BOXES[_known(version)]
    if boxes is not None and version in ANCHOR_FREE:
        raise SolverError(f"version {version} has one box a cell and no anchors")
    return usual if boxes is None else whole(boxes, "boxes")


def _grids(version: int, size: Pair) -> list[tuple[int, int]]:
    return [yolo_grid(size, stride) for stride in STRIDES.get(version, THREE_SCALES)]


# What students do instead.


def _anchored(given: SimpleNamespace) -> int:
    """Return the boxes a cell of a version that has anchors, or their like."""
    if given.version in ANCHOR_FREE:
        raise SolverError(f"version {given.version} has no anchors")
    return _boxes(given.version, given.boxes)


def _anchor_free(given: SimpleNamespace) -> None:
    """Refuse a version that has anchors."""
    if given.version not in ANCHOR_FREE:
        raise SolverError(f"version {given.version} has anchors")


def _version_five(given: SimpleNamespace) -> int:
    _anchor_free(given)
    return 5


def _all_scales(given: SimpleNamespace) -> int:
    """Return the anchors of all scales together."""
    scales = len(STRIDES.get(given.version, THREE_SCALES))
    if scales == 1:
        raise SolverError("there is one scale only")
    return _anchored(given) * scales


def _with_objectness(given: SimpleNamespace) -> int:
    _anchor_free(given)
    return yolo_depth(**vars(given)) + 1


def _one_scale(given: SimpleNamespace) -> int:
    rows, columns = _grids(given.version, given.size)[0]
    return rows * columns * _boxes(given.version, given.boxes)


def _sides_only(given: SimpleNamespace) -> int:
    """Return the boxes of one row of each grid."""
    count = _boxes(given.version, given.boxes)
    return sum(rows * count for rows, _ in _grids(given.version, given.size))


def _of_one_scale(change: Solver) -> Solver:
    """Return the shapes with another depth."""

    def formula(given: SimpleNamespace) -> tuple[Shape, ...]:
        named = vars(given).copy()
        depth = {name: named[name] for name in ("version", "classes", "boxes", "reg_max")}
        wrong = whole(change(**depth), "the depth")
        found = yolo_output_shapes(**{**named, "layout": "HWC"})
        shapes = [(*shape[:2], wrong) for shape in found]
        return tuple(shape if given.layout == "HWC" else relaid(shape, "HWC") for shape in shapes)

    return instead(yolo_output_shapes, formula)


def _without_coordinates(given: SimpleNamespace) -> int:
    """Return the depth without the four coordinates of each box, or what stands for them."""
    sides = given.reg_max if given.version in ANCHOR_FREE else 1
    return yolo_depth(**vars(given)) - 4 * sides * _boxes(given.version, given.boxes)


DEPTHS: Final[dict[str, Solver]] = {
    "boxes_times_five_plus_classes": instead(
        yolo_depth, lambda given: _anchored(given) * 5 + given.classes
    ),
    "class_scores_per_box": instead(
        yolo_depth, lambda given: _anchored(given) * (5 + given.classes)
    ),
    "objectness_left_out": instead(
        yolo_depth, lambda given: yolo_depth(**vars(given)) - _anchored(given)
    ),
    "objectness_counted": instead(yolo_depth, _with_objectness),
    "coordinates_left_out": instead(yolo_depth, _without_coordinates),
    "one_anchor": told(yolo_depth, boxes=1),
    "anchors_of_all_scales": told(yolo_depth, boxes=_all_scales),
    "earlier_version": told(yolo_depth, version=_version_five),
    "distribution_left_out": told(yolo_depth, reg_max=1),
    "background_counted": told(yolo_depth, classes=lambda given: given.classes + 1),
}

SOLVERS: Final[tuple[Solver, ...]] = (
    yolo_depth,
    yolo_box_depth,
    yolo_grid,
    yolo_output_shapes,
    yolo_boxes,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(yolo_depth, DEPTHS),
    *twins_of(
        yolo_output_shapes, {mistake: _of_one_scale(depth) for mistake, depth in DEPTHS.items()}
    ),
    *twins_of(
        yolo_box_depth,
        {
            "objectness_left_out": instead(
                yolo_box_depth,
                lambda given: yolo_box_depth(**vars(given)) - (given.version not in ANCHOR_FREE),
            ),
            "coordinates_left_out": instead(
                yolo_box_depth, lambda given: yolo_box_depth(**vars(given)) - 4
            ),
            "earlier_version": told(yolo_box_depth, version=_version_five),
            "background_counted": told(yolo_box_depth, classes=lambda given: given.classes + 1),
        },
    ),
    *twins_of(
        yolo_boxes,
        {
            "one_anchor": told(yolo_boxes, boxes=1),
            "anchors_of_all_scales": told(yolo_boxes, boxes=_all_scales),
            "one_scale": instead(yolo_boxes, _one_scale),
            "grid_not_squared": instead(yolo_boxes, _sides_only),
        },
    ),
)
