"""Depth of the output of YOLO detectors: how many numbers each grid cell carries.

Source: Redmon et al., You Only Look Once (2016), YOLO9000 (2017), YOLOv3 (2018).
"""

from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import whole
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "yolo_depth"]

FIRST: Final = 1
DEFAULT_BOXES: Final = {1: 2, 2: 5, 3: 3}


def yolo_depth(version: int, classes: int, *, boxes: int | None = None) -> int:
    """Return the numbers per grid cell that YOLO *version* 1, 2 or 3 gives, at each scale.

    A box has four coordinates and an objectness. Version 1: ``boxes*5 + classes``, the class scores
    belonging to the cell; versions 2 and 3: ``boxes * (5 + classes)``. The papers' *boxes* are 2, 5
    and 3.

    >>> yolo_depth(1, 80), yolo_depth(3, 80)
    (90, 255)
    """
    if version not in DEFAULT_BOXES:
        raise SolverError(f"version must be 1, 2 or 3, not {version}")
    count = DEFAULT_BOXES[version] if boxes is None else whole(boxes, "boxes")
    scores = whole(classes, "classes")
    return count * 5 + scores if version == FIRST else count * (5 + scores)


SOLVERS: Final[tuple[Solver, ...]] = (yolo_depth,)


def _boxes(given: SimpleNamespace) -> int:
    return int(DEFAULT_BOXES[given.version] if given.boxes is None else given.boxes)


TWINS: Final[tuple[Twin, ...]] = twins_of(
    yolo_depth,
    {
        "boxes_times_five_plus_classes": instead(
            yolo_depth, lambda given: _boxes(given) * 5 + given.classes
        ),
        "class_scores_per_box": instead(
            yolo_depth, lambda given: _boxes(given) * (5 + given.classes)
        ),
        "objectness_left_out": instead(
            yolo_depth, lambda given: yolo_depth(**vars(given)) - _boxes(given)
        ),
        "one_anchor": told(yolo_depth, boxes=1),
        "background_counted": told(yolo_depth, classes=lambda given: given.classes + 1),
    },
)
