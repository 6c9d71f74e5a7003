"""Channels of detection heads other than YOLO's, and anchor counts on their grids.

The channels are the numbers per position of a map. *classes* does not include a
background. Sources: Girshick, Fast R-CNN (2015); Ren et al., Faster R-CNN (2015); Liu
et al., SSD (2016); Lin et al., Focal Loss (RetinaNet, 2017); Tian et al., FCOS (2019).
"""

from collections.abc import Mapping
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Pair, as_integer, as_pair, require_bool
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_LEVELS: Final = 20
COORDINATES: Final = 4


def ssd_depth(classes: int, anchors: int, *, branch: str = "all") -> int:
    """Return the channels of SSD's head on a map with *anchors* boxes per position.

    *anchors* are SSD's default boxes. *branch* is ``class`` for
    ``anchors * (classes + 1)``, which includes a background, ``box`` for
    ``anchors * 4``, or ``all`` for both.

    >>> ssd_depth(20, 6, branch="class"), ssd_depth(20, 6)
    (126, 150)
    """
    count = as_integer(anchors, "anchors")
    return _count_branch_channels(
        {"class": count * (as_integer(classes, "classes") + 1), "box": count * COORDINATES}, branch
    )


def retinanet_depth(classes: int, *, anchors: int = 9, branch: str = "class") -> int:
    """Return the channels of RetinaNet's heads.

    *branch* is ``class`` for ``anchors * classes`` (a sigmoid per class, no
    background), ``box`` for ``anchors * 4``, or ``all`` for both.

    >>> retinanet_depth(80), retinanet_depth(80, branch="box")
    (720, 36)
    """
    count = as_integer(anchors, "anchors")
    return _count_branch_channels(
        {"class": count * as_integer(classes, "classes"), "box": count * COORDINATES}, branch
    )


def rpn_depth(anchors: int = 9, *, branch: str = "all", scores: int = 2) -> int:
    """Return the channels of a region proposal network.

    *branch* is ``class`` for ``anchors * scores``, ``box`` for ``anchors * 4``, or
    ``all`` for both. The paper has 2 *scores* (object or not), later versions a single
    one.

    >>> rpn_depth(9, branch="class"), rpn_depth(9, branch="box"), rpn_depth(3, scores=1)
    (18, 36, 15)
    """
    if scores not in {1, 2}:
        raise SolverError(f"scores must be 1 or 2, not {scores}")
    count = as_integer(anchors, "anchors")
    return _count_branch_channels({"class": count * scores, "box": count * COORDINATES}, branch)


def fcos_depth(classes: int, *, branch: str = "all") -> int:
    """Return the channels of FCOS: *branch* ``class``, ``box``, ``centerness`` or ``all``.

    There are no anchors: a position has *classes* scores, 4 distances and 1 centerness.

    >>> fcos_depth(80)
    85
    """
    return _count_branch_channels(
        {"class": as_integer(classes, "classes"), "box": COORDINATES, "centerness": 1}, branch
    )


def rcnn_depth(classes: int, *, branch: str = "class", background_box: bool = False) -> int:
    """Return the outputs of Fast R-CNN per region: *branch* ``class``, ``box`` or ``all``.

    ``class`` has ``classes + 1`` scores, which include a background. ``box`` has a box
    per class, ``4 * classes``; with *background_box*, as in torchvision, the background
    has one too.

    >>> rcnn_depth(20), rcnn_depth(20, branch="box")
    (21, 80)
    """
    count = as_integer(classes, "classes")
    boxes = count + require_bool(background_box, "background_box")
    return _count_branch_channels({"class": count + 1, "box": COORDINATES * boxes}, branch)


def pyramid_grids(size: int, strides: tuple[int, ...]) -> tuple[int, ...]:
    """Return the map sides of a square image at each of the *strides*, rounded up.

    Layers with padding ``same`` round up each time they halve the size.

    >>> pyramid_grids(800, (8, 16, 32, 64, 128))
    (100, 50, 25, 13, 7)
    """
    side = as_integer(size, "size")
    return tuple(
        -(-side // as_integer(stride, "stride")) for stride in _parse_levels(strides, "strides")
    )


def anchor_count(grids: tuple[Pair, ...], anchors: int | tuple[int, ...]) -> int:
    """Return the number of anchors (default boxes) on all *grids* together.

    ``sum(rows * columns * anchors)``. A grid is a side or (rows, columns); *anchors* is
    the number per position, for all grids or one for each.

    >>> anchor_count((38, 19, 10, 5, 3, 1), (4, 6, 6, 6, 4, 4))
    8732
    """
    return sum(rows * columns * each for rows, columns, each in _grid_anchors(grids, anchors))


def _count_branch_channels(channels: Mapping[str, int], branch: str) -> int:
    if branch == "all":
        return sum(channels.values())
    if branch not in channels:
        raise SolverError(f"branch must be one of {', '.join(channels)}, all, not {branch}")
    return channels[branch]


def _parse_levels(value: object, what: str) -> tuple[object, ...]:
    if not isinstance(value, (tuple, list)) or not 0 < len(value) <= MAX_LEVELS:
        raise SolverError(f"{what} must be a list of at most {MAX_LEVELS}, one for each map")
    return tuple(value)


def _grid_anchors(grids: object, anchors: object) -> list[tuple[int, int, int]]:
    """Return the rows, columns and anchors per position of each grid."""
    sides = [as_pair(grid, "each grid") for grid in _parse_levels(grids, "grids")]
    each = anchors if isinstance(anchors, (tuple, list)) else (anchors,) * len(sides)
    if len(each) != len(sides):
        raise SolverError(
            f"{len(sides)} grids have {len(sides)} numbers of anchors, not {len(each)}"
        )
    return [
        (rows, columns, as_integer(count, "anchors"))
        for (rows, columns), count in zip(sides, each, strict=True)
    ]


# What students do instead.


def _add_to_classes(count: int) -> Solver:
    """Return an argument change that adds *count* to the classes."""
    return lambda args: args.classes + count


def _depth_with_class_boxes(args: SolverArguments) -> int:
    """Return the channels with four coordinates per class."""
    if args.branch != "box":
        raise SolverError("no box is asked for")
    return retinanet_depth(**vars(args)) * int(args.classes)


def _depth_with_one_box(args: SolverArguments) -> int:
    return _count_branch_channels({"class": args.classes + 1, "box": COORDINATES}, args.branch)


def _class_branch_for_all(args: SolverArguments) -> str:
    """Return the branch ``class``, or raise `SolverError` unless ``all`` is requested."""
    if args.branch != "all":
        raise SolverError("one branch is asked for")
    return "class"


def _anchors_of_first_grid(args: SolverArguments) -> int:
    rows, columns, each = _grid_anchors(args.grids, args.anchors)[0]
    return rows * columns * each


def _anchors_of_grid_rows(args: SolverArguments) -> int:
    return sum(rows * each for rows, _, each in _grid_anchors(args.grids, args.anchors))


def _grids_rounded_down(args: SolverArguments) -> tuple[int, ...]:
    return tuple(args.size // stride for stride in args.strides)


SOLVERS: Final[tuple[Solver, ...]] = (
    ssd_depth,
    retinanet_depth,
    rpn_depth,
    fcos_depth,
    rcnn_depth,
    pyramid_grids,
    anchor_count,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        ssd_depth,
        {
            "background_left_out": replace_arguments(ssd_depth, classes=_add_to_classes(-1)),
            "background_twice": replace_arguments(ssd_depth, classes=_add_to_classes(1)),
            "one_anchor": replace_arguments(ssd_depth, anchors=1),
            "coordinates_left_out": replace_arguments(ssd_depth, branch=_class_branch_for_all),
        },
    ),
    *build_wrong_versions(
        retinanet_depth,
        {
            "background_counted": replace_arguments(retinanet_depth, classes=_add_to_classes(1)),
            "one_anchor": replace_arguments(retinanet_depth, anchors=1),
            "box_for_each_class": replace_formula(retinanet_depth, _depth_with_class_boxes),
            "coordinates_left_out": replace_arguments(
                retinanet_depth, branch=_class_branch_for_all
            ),
        },
    ),
    *build_wrong_versions(
        rpn_depth,
        {
            "other_scores": replace_arguments(rpn_depth, scores=lambda args: 3 - args.scores),
            "one_anchor": replace_arguments(rpn_depth, anchors=1),
            "coordinates_left_out": replace_arguments(rpn_depth, branch=_class_branch_for_all),
        },
    ),
    *build_wrong_versions(
        fcos_depth,
        {
            "background_counted": replace_arguments(fcos_depth, classes=_add_to_classes(1)),
            "centerness_left_out": replace_formula(
                fcos_depth, lambda args: fcos_depth(**vars(args)) - (args.branch == "all")
            ),
            "coordinates_left_out": replace_arguments(fcos_depth, branch=_class_branch_for_all),
        },
    ),
    *build_wrong_versions(
        rcnn_depth,
        {
            "background_left_out": replace_formula(
                rcnn_depth,
                lambda args: rcnn_depth(**vars(args)) - (args.branch != "box"),
            ),
            "background_twice": replace_formula(
                rcnn_depth,
                lambda args: rcnn_depth(**vars(args)) + (args.branch != "box"),
            ),
            "one_box_for_all": replace_formula(rcnn_depth, _depth_with_one_box),
            "coordinates_left_out": replace_arguments(rcnn_depth, branch=_class_branch_for_all),
        },
    ),
    *build_wrong_versions(
        pyramid_grids, {"grid_rounded_down": replace_formula(pyramid_grids, _grids_rounded_down)}
    ),
    *build_wrong_versions(
        anchor_count,
        {
            "one_anchor": replace_arguments(anchor_count, anchors=1),
            "one_scale": replace_formula(anchor_count, _anchors_of_first_grid),
            "grid_not_squared": replace_formula(anchor_count, _anchors_of_grid_rows),
        },
    ),
)
