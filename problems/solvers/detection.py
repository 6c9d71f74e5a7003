"""Outputs of YOLO detectors: channels of a head, grids, tensors, numbers of boxes.

Versions 1 to 5 follow the papers and the code of YOLOv5, 8 and 11 the code of
Ultralytics. Sources: Redmon et al., You Only Look Once (2016), YOLO9000 (2017), YOLOv3
(2018); Bochkovskiy, Wang and Liao, YOLOv4 (2020); Li et al., Generalized Focal Loss
(2020), for *reg_max*.
"""

from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Pair, Shape, as_integer, as_pair
from problems.solvers.geometry import move_channels
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

FIRST_VERSION: Final = 1
ANCHOR_FREE_VERSIONS: Final = (8, 11)
DEFAULT_BOXES: Final = {1: 2, 2: 5, 3: 3, 4: 3, 5: 3, 8: 1, 11: 1}
STRIDES: Final = {1: (64,), 2: (32,)}
THREE_SCALES: Final = (32, 16, 8)


def yolo_depth(version: int, classes: int, *, boxes: int | None = None, reg_max: int = 16) -> int:
    """Return the output depth of YOLO *version* 1 to 5, 8 or 11: numbers per grid cell.

    The depth is the same at each scale. A box has four coordinates and an objectness.
    Version 1 has ``boxes*5 + classes``, with class scores per cell; versions 2 to 5
    have ``boxes * (5 + classes)``. *boxes* defaults to 2 in version 1, to 5 in version
    2 and to 3 in versions 3 to 5. Versions 8 and 11 have no anchors and no objectness,
    and each coordinate is a distribution over *reg_max* distances:
    ``4*reg_max + classes``.

    >>> yolo_depth(1, 80), yolo_depth(3, 80), yolo_depth(8, 80)
    (90, 255, 144)
    """
    count, scores = _boxes_per_cell(version, boxes), as_integer(classes, "classes")
    if version in ANCHOR_FREE_VERSIONS:
        return 4 * as_integer(reg_max, "reg_max") + scores
    return count * 5 + scores if version == FIRST_VERSION else count * (5 + scores)


def yolo_box_depth(version: int, classes: int) -> int:
    """Return the numbers per decoded box of YOLO *version* 2 to 5, 8 or 11.

    A box has four coordinates, an objectness up to version 5, and the class scores.

    >>> yolo_box_depth(5, 80), yolo_box_depth(8, 80)
    (85, 84)
    """
    if _require_version(version) == FIRST_VERSION:
        raise SolverError("the boxes of version 1 have no class scores of their own")
    return (4 if version in ANCHOR_FREE_VERSIONS else 5) + as_integer(classes, "classes")


def yolo_grid(size: Pair, stride: int) -> tuple[int, int]:
    """Return the grid (rows, columns) of a detector with this *stride*.

    *size* is (height, width) or one side. Raise `SolverError` if the stride does not
    divide it.

    >>> yolo_grid(416, 32)
    (13, 13)
    """
    step = as_integer(stride, "stride")
    sides = as_pair(size, "size")
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
    """Return the output shapes of YOLO *version* for an image of *size*.

    The coarsest grid comes first. The strides are 64 in version 1, 32 in version 2, and
    32, 16 and 8 from version 3 on; the depth is `yolo_depth`. The *layout* is ``HWC``
    or ``CHW``.

    >>> yolo_output_shapes(3, 416, 80)
    ((13, 13, 255), (26, 26, 255), (52, 52, 255))
    """
    if layout not in {"HWC", "CHW"}:
        raise SolverError(f"layout must be HWC or CHW, not {layout}")
    depth = yolo_depth(version, classes, boxes=boxes, reg_max=reg_max)
    shapes = [(*grid, depth) for grid in _list_grid_sizes(version, size)]
    return tuple(shape if layout == "HWC" else move_channels(shape, "HWC") for shape in shapes)


def yolo_boxes(version: int, size: Pair, *, boxes: int | None = None) -> int:
    """Return the number of boxes that YOLO *version* predicts for an image of *size*.

    ``rows * columns * boxes``, summed over all scales. Versions 8 and 11 predict one
    box per cell.

    >>> yolo_boxes(1, 448), yolo_boxes(3, 416), yolo_boxes(8, 640)
    (98, 10647, 8400)
    """
    count = _boxes_per_cell(version, boxes)
    return sum(rows * columns * count for rows, columns in _list_grid_sizes(version, size))


def _require_version(version: int) -> int:
    if as_integer(version, "version") not in DEFAULT_BOXES:
        known = ", ".join(map(str, DEFAULT_BOXES))
        raise SolverError(f"version must be one of {known}, not {version}")
    return version


def _boxes_per_cell(version: int, boxes: int | None) -> int:
    """Return the boxes per cell, by default the usual number for the *version*."""
    usual = DEFAULT_BOXES[_require_version(version)]
    if boxes is not None and version in ANCHOR_FREE_VERSIONS:
        raise SolverError(f"version {version} has one box a cell and no anchors")
    return usual if boxes is None else as_integer(boxes, "boxes")


def _list_grid_sizes(version: int, size: Pair) -> list[tuple[int, int]]:
    return [yolo_grid(size, stride) for stride in STRIDES.get(version, THREE_SCALES)]


# What students do instead.


def _anchors_per_cell(args: SolverArguments) -> int:
    """Return the boxes per cell, or raise `SolverError` for an anchor-free version."""
    if args.version in ANCHOR_FREE_VERSIONS:
        raise SolverError(f"version {args.version} has no anchors")
    return _boxes_per_cell(args.version, args.boxes)


def _require_anchor_free(args: SolverArguments) -> None:
    """Raise `SolverError` for a version with anchors."""
    if args.version not in ANCHOR_FREE_VERSIONS:
        raise SolverError(f"version {args.version} has anchors")


def _last_anchored_version(args: SolverArguments) -> int:
    _require_anchor_free(args)
    return 5


def _anchors_of_all_scales(args: SolverArguments) -> int:
    """Return the anchors per cell, summed over all scales."""
    scales = len(STRIDES.get(args.version, THREE_SCALES))
    if scales == 1:
        raise SolverError("there is one scale only")
    return _anchors_per_cell(args) * scales


def _depth_with_objectness(args: SolverArguments) -> int:
    _require_anchor_free(args)
    return yolo_depth(**vars(args)) + 1


def _boxes_of_one_scale(args: SolverArguments) -> int:
    rows, columns = _list_grid_sizes(args.version, args.size)[0]
    return rows * columns * _boxes_per_cell(args.version, args.boxes)


def _boxes_of_grid_rows(args: SolverArguments) -> int:
    """Return the boxes as if each grid had only one column."""
    count = _boxes_per_cell(args.version, args.boxes)
    return sum(rows * count for rows, _ in _list_grid_sizes(args.version, args.size))


def _replace_output_depth(change: Solver) -> Solver:
    """Return a wrong version of `yolo_output_shapes` whose depth comes from *change*."""

    def formula(args: SolverArguments) -> tuple[Shape, ...]:
        values = vars(args).copy()
        depth = {name: values[name] for name in ("version", "classes", "boxes", "reg_max")}
        wrong = as_integer(change(**depth), "the depth")
        right_shapes = yolo_output_shapes(**{**values, "layout": "HWC"})
        shapes = [(*shape[:2], wrong) for shape in right_shapes]
        return tuple(
            shape if args.layout == "HWC" else move_channels(shape, "HWC") for shape in shapes
        )

    return replace_formula(yolo_output_shapes, formula)


def _depth_without_coordinates(args: SolverArguments) -> int:
    """Return the depth without the four coordinates (or their distributions) of each box."""
    sides = args.reg_max if args.version in ANCHOR_FREE_VERSIONS else 1
    return yolo_depth(**vars(args)) - 4 * sides * _boxes_per_cell(args.version, args.boxes)


WRONG_DEPTHS: Final[dict[str, Solver]] = {
    "boxes_times_five_plus_classes": replace_formula(
        yolo_depth, lambda args: _anchors_per_cell(args) * 5 + args.classes
    ),
    "class_scores_per_box": replace_formula(
        yolo_depth, lambda args: _anchors_per_cell(args) * (5 + args.classes)
    ),
    "objectness_left_out": replace_formula(
        yolo_depth, lambda args: yolo_depth(**vars(args)) - _anchors_per_cell(args)
    ),
    "objectness_counted": replace_formula(yolo_depth, _depth_with_objectness),
    "coordinates_left_out": replace_formula(yolo_depth, _depth_without_coordinates),
    "one_anchor": replace_arguments(yolo_depth, boxes=1),
    "anchors_of_all_scales": replace_arguments(yolo_depth, boxes=_anchors_of_all_scales),
    "earlier_version": replace_arguments(yolo_depth, version=_last_anchored_version),
    "distribution_left_out": replace_arguments(yolo_depth, reg_max=1),
    "background_counted": replace_arguments(yolo_depth, classes=lambda args: args.classes + 1),
}

SOLVERS: Final[tuple[Solver, ...]] = (
    yolo_depth,
    yolo_box_depth,
    yolo_grid,
    yolo_output_shapes,
    yolo_boxes,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(yolo_depth, WRONG_DEPTHS),
    *build_wrong_versions(
        yolo_output_shapes,
        {mistake: _replace_output_depth(depth) for mistake, depth in WRONG_DEPTHS.items()},
    ),
    *build_wrong_versions(
        yolo_box_depth,
        {
            "objectness_left_out": replace_formula(
                yolo_box_depth,
                lambda args: (
                    yolo_box_depth(**vars(args)) - (args.version not in ANCHOR_FREE_VERSIONS)
                ),
            ),
            "coordinates_left_out": replace_formula(
                yolo_box_depth, lambda args: yolo_box_depth(**vars(args)) - 4
            ),
            "earlier_version": replace_arguments(yolo_box_depth, version=_last_anchored_version),
            "background_counted": replace_arguments(
                yolo_box_depth, classes=lambda args: args.classes + 1
            ),
        },
    ),
    *build_wrong_versions(
        yolo_boxes,
        {
            "one_anchor": replace_arguments(yolo_boxes, boxes=1),
            "anchors_of_all_scales": replace_arguments(yolo_boxes, boxes=_anchors_of_all_scales),
            "one_scale": replace_formula(yolo_boxes, _boxes_of_one_scale),
            "grid_not_squared": replace_formula(yolo_boxes, _boxes_of_grid_rows),
        },
    ),
)
