"""The way to what YOLO detectors put out: numbers a cell, grids, boxes.

S is the stride, B the boxes a cell, C the classes, D the numbers a cell.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Rows, Said, Step, Tracer, formula, stated
from problems.solvers.bounds import pair
from problems.solvers.detection import (
    ANCHOR_FREE,
    DEFAULT_BOXES,
    FIRST,
    STRIDES,
    THREE_SCALES,
    yolo_box_depth,
    yolo_boxes,
    yolo_depth,
    yolo_grid,
    yolo_output_shapes,
)
from problems.traces.tracing import counted_up, tracers

__all__ = ["TRACERS"]

PER_CELL: Final = (
    "A cell has B boxes of 4 coordinates and an objectness, and one set of class scores."
)
PER_BOX: Final = "Each of the B boxes has 4 coordinates, an objectness, and a score for each class."
FREE: Final = "No anchors, no objectness: 4 coordinates of R numbers each, and the class scores."
FREE_BOX: Final = "A decoded box has 4 coordinates and a score for each class, no objectness."
ONE_BOX: Final = "A box has 4 coordinates, an objectness, and a score for each class."


def _depth(given: SimpleNamespace) -> Iterator[Step]:
    letters = {"B": _boxes_of(given), "C": given.classes}
    if given.version in ANCHOR_FREE:
        yield Said(FREE)
        yield formula("D", "4*R + C", R=given.reg_max, C=given.classes)
    elif given.version == FIRST:
        yield Said(PER_CELL)
        yield formula("D", "B*5 + C", **letters)
    else:
        yield Said(PER_BOX)
        yield formula("D", "B*(5 + C)", **letters)


def _boxes_of(given: SimpleNamespace) -> int:
    usual = DEFAULT_BOXES[given.version]
    return usual if given.boxes is None else int(given.boxes)


def _box_depth(given: SimpleNamespace) -> Iterator[Step]:
    free = given.version in ANCHOR_FREE
    yield Said(FREE_BOX if free else ONE_BOX)
    yield formula("D", "4 + C" if free else "4 + 1 + C", C=given.classes)


def _grid(given: SimpleNamespace) -> Iterator[Step]:
    height, width = pair(given.size, "size")
    yield Said("A cell is a square of S×S pixels.")
    for name, letter, side in (("rows", "H", height), ("columns", "W", width)):
        yield formula(name, f"{letter}/S", **{letter: side, "S": given.stride})
    yield stated("grid", given.result)


def _grids(given: SimpleNamespace) -> list[tuple[int, int, int]]:
    """Return stride, rows and columns of each scale."""
    strides = STRIDES.get(given.version, THREE_SCALES)
    return [(stride, *yolo_grid(given.size, stride)) for stride in strides]


def _output_shapes(given: SimpleNamespace) -> Iterator[Step]:
    steps = list(_depth(given))
    yield from steps
    depth = next(step.number for step in steps if isinstance(step, Formula))
    scales = _grids(given)
    several = "Each scale divides" if len(scales) > 1 else "The detector divides"
    yield Said(f"{several} the image by its stride.")
    rows = tuple((stride, (high, wide), depth) for stride, high, wide in scales)
    yield Rows(("stride", "grid", "numbers a cell"), rows)
    yield stated("shapes", given.result)


def _boxes(given: SimpleNamespace) -> Iterator[Step]:
    each, scales = _boxes_of(given), _grids(given)
    what = "one box" if each == 1 else f"{each} boxes"
    yield Said(f"Each cell predicts {what}.")
    counts = [high * wide * each for _, high, wide in scales]
    rows = [
        (stride, (high, wide), each, count)
        for (stride, high, wide), count in zip(scales, counts, strict=True)
    ]
    yield Rows(("stride", "grid", "boxes a cell", "boxes"), tuple(rows))
    yield counted_up("N", counts)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        yolo_depth: _depth,
        yolo_box_depth: _box_depth,
        yolo_grid: _grid,
        yolo_output_shapes: _output_shapes,
        yolo_boxes: _boxes,
    }
)
