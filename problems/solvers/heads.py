"""Channels of the heads of other detectors, and how many anchors lie on their grids.

Each position of a map carries that many numbers; *classes* are the objects' classes, without a
background. Sources: Girshick, Fast R-CNN (2015); Ren et al., Faster R-CNN (2015); Liu et al., SSD
(2016); Lin et al., Focal Loss (RetinaNet, 2017); Tian et al., FCOS (2019).
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Pair, flag, pair, whole
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "anchor_count",
    "fcos_depth",
    "pyramid_grids",
    "rcnn_depth",
    "retinanet_depth",
    "rpn_depth",
    "ssd_depth",
]

MAX_LEVELS: Final = 20
COORDINATES: Final = 4


def ssd_depth(classes: int, anchors: int, *, branch: str = "all") -> int:
    """Return the channels of SSD's head on a map with *anchors* default boxes a position.

    ``class``: ``anchors * (classes + 1)``, a background among the classes; ``box``:
    ``anchors * 4``; ``all``: both.

    >>> ssd_depth(20, 6, branch="class"), ssd_depth(20, 6)
    (126, 150)
    """
    count = whole(anchors, "anchors")
    return _branch(
        {"class": count * (whole(classes, "classes") + 1), "box": count * COORDINATES}, branch
    )


def retinanet_depth(classes: int, *, anchors: int = 9, branch: str = "class") -> int:
    """Return the channels of one of RetinaNet's two heads: *branch* ``class``, ``box`` or ``all``.

    ``anchors * classes``, each class having a sigmoid and no background; ``anchors * 4``.

    >>> retinanet_depth(80), retinanet_depth(80, branch="box")
    (720, 36)
    """
    count = whole(anchors, "anchors")
    return _branch({"class": count * whole(classes, "classes"), "box": count * COORDINATES}, branch)


def rpn_depth(anchors: int = 9, *, branch: str = "all", scores: int = 2) -> int:
    """Return the channels of a region proposal network: *branch* ``class``, ``box`` or ``all``.

    ``anchors * scores``: the paper has 2 scores (object or not), its later forms a single one;
    ``anchors * 4``.

    >>> rpn_depth(9, branch="class"), rpn_depth(9, branch="box"), rpn_depth(3, scores=1)
    (18, 36, 15)
    """
    if scores not in {1, 2}:
        raise SolverError(f"scores must be 1 or 2, not {scores}")
    count = whole(anchors, "anchors")
    return _branch({"class": count * scores, "box": count * COORDINATES}, branch)


def fcos_depth(classes: int, *, branch: str = "all") -> int:
    """Return the channels of FCOS at a position: ``class``, ``box``, ``centerness`` or ``all``.

    There are no anchors: *classes* scores, 4 distances, 1 centerness.

    >>> fcos_depth(80)
    85
    """
    return _branch(
        {"class": whole(classes, "classes"), "box": COORDINATES, "centerness": 1}, branch
    )


def rcnn_depth(classes: int, *, branch: str = "class", background_box: bool = False) -> int:
    """Return what Fast R-CNN puts out for a region: *branch* ``class``, ``box`` or ``all``.

    ``classes + 1`` scores, a background among them; a box for each class, ``4 * classes``, in
    torchvision (*background_box*) one for the background too.

    >>> rcnn_depth(20), rcnn_depth(20, branch="box")
    (21, 80)
    """
    count = whole(classes, "classes")
    boxes = count + flag(background_box, "background_box")
    return _branch({"class": count + 1, "box": COORDINATES * boxes}, branch)


def pyramid_grids(size: int, strides: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sides of the maps that divide a square image by *strides*, rounded up.

    Layers with padding ``same`` round up each time they halve.

    >>> pyramid_grids(800, (8, 16, 32, 64, 128))
    (100, 50, 25, 13, 7)
    """
    side = whole(size, "size")
    return tuple(-(-side // whole(stride, "stride")) for stride in _levels(strides, "strides"))


def anchor_count(grids: tuple[Pair, ...], anchors: int | tuple[int, ...]) -> int:
    """Return how many anchors, or default boxes, lie on all *grids* together.

    A grid is a side or (rows, columns); *anchors* a position are one number for all grids or one
    for each: ``sum(rows * columns * anchors)``.

    >>> anchor_count((38, 19, 10, 5, 3, 1), (4, 6, 6, 6, 4, 4))
    8732
    """
    return sum(rows * columns * each for rows, columns, each in _placed(grids, anchors))


def _branch(channels: Mapping[str, int], branch: str) -> int:
    if branch == "all":
        return sum(channels.values())
    if branch not in channels:
        raise SolverError(f"branch must be one of {', '.join(channels)}, all, not {branch}")
    return channels[branch]


def _levels(value: object, what: str) -> tuple[object, ...]:
    if not isinstance(value, (tuple, list)) or not 0 < len(value) <= MAX_LEVELS:
        raise SolverError(f"{what} must be a list of at most {MAX_LEVELS}, one for each map")
    return tuple(value)


def _placed(grids: object, anchors: object) -> list[tuple[int, int, int]]:
    """Return rows, columns and anchors a position of each grid."""
    sides = [pair(grid, "each grid") for grid in _levels(grids, "grids")]
    each = anchors if isinstance(anchors, (tuple, list)) else (anchors,) * len(sides)
    if len(each) != len(sides):
        raise SolverError(
            f"{len(sides)} grids have {len(sides)} numbers of anchors, not {len(each)}"
        )
    return [
        (rows, columns, whole(count, "anchors"))
        for (rows, columns), count in zip(sides, each, strict=True)
    ]


# What students do instead.


def _classes_plus(count: int) -> Solver:
    """Return the change of the classes by *count*."""
    return lambda given: given.classes + count


def _box_per_class(given: SimpleNamespace) -> int:
    """Return the channels with four coordinates for each class."""
    if given.branch != "box":
        raise SolverError("no box is asked for")
    return retinanet_depth(**vars(given)) * int(given.classes)


def _one_box(given: SimpleNamespace) -> int:
    return _branch({"class": given.classes + 1, "box": COORDINATES}, given.branch)


def _of_all(given: SimpleNamespace) -> str:
    """Return the branch of class scores, where all branches are asked for."""
    if given.branch != "all":
        raise SolverError("one branch is asked for")
    return "class"


def _one_grid(given: SimpleNamespace) -> int:
    rows, columns, each = _placed(given.grids, given.anchors)[0]
    return rows * columns * each


def _sides_only(given: SimpleNamespace) -> int:
    return sum(rows * each for rows, _, each in _placed(given.grids, given.anchors))


def _rounded_down(given: SimpleNamespace) -> tuple[int, ...]:
    return tuple(given.size // stride for stride in given.strides)


SOLVERS: Final[tuple[Solver, ...]] = (
    ssd_depth,
    retinanet_depth,
    rpn_depth,
    fcos_depth,
    rcnn_depth,
    pyramid_grids,
    anchor_count,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        ssd_depth,
        {
            "background_left_out": told(ssd_depth, classes=_classes_plus(-1)),
            "background_twice": told(ssd_depth, classes=_classes_plus(1)),
            "one_anchor": told(ssd_depth, anchors=1),
            "coordinates_left_out": told(ssd_depth, branch=_of_all),
        },
    ),
    *twins_of(
        retinanet_depth,
        {
            "background_counted": told(retinanet_depth, classes=_classes_plus(1)),
            "one_anchor": told(retinanet_depth, anchors=1),
            "box_for_each_class": instead(retinanet_depth, _box_per_class),
            "coordinates_left_out": told(retinanet_depth, branch=_of_all),
        },
    ),
    *twins_of(
        rpn_depth,
        {
            "other_scores": told(rpn_depth, scores=lambda given: 3 - given.scores),
            "one_anchor": told(rpn_depth, anchors=1),
            "coordinates_left_out": told(rpn_depth, branch=_of_all),
        },
    ),
    *twins_of(
        fcos_depth,
        {
            "background_counted": told(fcos_depth, classes=_classes_plus(1)),
            "centerness_left_out": instead(
                fcos_depth, lambda given: fcos_depth(**vars(given)) - (given.branch == "all")
            ),
            "coordinates_left_out": told(fcos_depth, branch=_of_all),
        },
    ),
    *twins_of(
        rcnn_depth,
        {
            "background_left_out": instead(
                rcnn_depth,
                lambda given: rcnn_depth(**vars(given)) - (given.branch != "box"),
            ),
            "background_twice": instead(
                rcnn_depth,
                lambda given: rcnn_depth(**vars(given)) + (given.branch != "box"),
            ),
            "one_box_for_all": instead(rcnn_depth, _one_box),
            "coordinates_left_out": told(rcnn_depth, branch=_of_all),
        },
    ),
    *twins_of(pyramid_grids, {"grid_rounded_down": instead(pyramid_grids, _rounded_down)}),
    *twins_of(
        anchor_count,
        {
            "one_anchor": told(anchor_count, anchors=1),
            "one_scale": instead(anchor_count, _one_grid),
            "grid_not_squared": instead(anchor_count, _sides_only),
        },
    ),
)
