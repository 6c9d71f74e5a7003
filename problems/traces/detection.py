"""Tracers for the outputs of YOLO detectors: numbers per cell, grids, boxes.

S is the stride, B the boxes per cell, C the classes, D the numbers per cell.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import (
    Formula,
    Rows,
    SolutionStep,
    TextStep,
    Tracer,
    build_formula,
    build_value_step,
)
from problems.solvers.bounds import as_pair
from problems.solvers.detection import (
    ANCHOR_FREE_VERSIONS,
    DEFAULT_BOXES,
    FIRST_VERSION,
    STRIDES,
    THREE_SCALES,
    yolo_box_depth,
    yolo_boxes,
    yolo_depth,
    yolo_grid,
    yolo_output_shapes,
)
from problems.traces.tracing import TracedArguments, build_tracers, sum_formula

CELL_DEPTH_SENTENCE: Final = (
    "A cell has B boxes with 4 coordinates and an objectness each, and one set of class scores."
)
BOX_DEPTH_SENTENCE: Final = (
    "Each of the B boxes has 4 coordinates, an objectness and a score for each class."
)
ANCHOR_FREE_DEPTH_SENTENCE: Final = (
    "No anchors and no objectness: 4 coordinates of R numbers each, and the class scores."
)
ANCHOR_FREE_BOX_SENTENCE: Final = (
    "A decoded box has 4 coordinates and a score for each class, but no objectness."
)
ANCHOR_BOX_SENTENCE: Final = "A box has 4 coordinates, an objectness and a score for each class."


def _trace_yolo_depth(args: TracedArguments) -> Iterator[SolutionStep]:
    letters = {"B": _boxes_per_cell(args), "C": args.classes}
    if args.version in ANCHOR_FREE_VERSIONS:
        yield TextStep(ANCHOR_FREE_DEPTH_SENTENCE)
        yield build_formula("D", "4*R + C", R=args.reg_max, C=args.classes)
    elif args.version == FIRST_VERSION:
        yield TextStep(CELL_DEPTH_SENTENCE)
        yield build_formula("D", "B*5 + C", **letters)
    else:
        yield TextStep(BOX_DEPTH_SENTENCE)
        yield build_formula("D", "B*(5 + C)", **letters)


def _boxes_per_cell(args: TracedArguments) -> int:
    default = DEFAULT_BOXES[args.version]
    return default if args.boxes is None else int(args.boxes)


def _trace_yolo_box_depth(args: TracedArguments) -> Iterator[SolutionStep]:
    free = args.version in ANCHOR_FREE_VERSIONS
    yield TextStep(ANCHOR_FREE_BOX_SENTENCE if free else ANCHOR_BOX_SENTENCE)
    yield build_formula("D", "4 + C" if free else "4 + 1 + C", C=args.classes)


def _trace_yolo_grid(args: TracedArguments) -> Iterator[SolutionStep]:
    height, width = as_pair(args.size, "size")
    yield TextStep("A cell is a square of S×S pixels.")
    for name, letter, side in (("rows", "H", height), ("columns", "W", width)):
        yield build_formula(name, f"{letter}/S", **{letter: side, "S": args.stride})
    yield build_value_step("grid", args.result)


def _list_scale_grids(args: TracedArguments) -> list[tuple[int, int, int]]:
    """Return the (stride, rows, columns) of each scale."""
    strides = STRIDES.get(args.version, THREE_SCALES)
    return [(stride, *yolo_grid(args.size, stride)) for stride in strides]


def _trace_yolo_output_shapes(args: TracedArguments) -> Iterator[SolutionStep]:
    steps = list(_trace_yolo_depth(args))
    yield from steps
    depth = next(step.number for step in steps if isinstance(step, Formula))
    scales = _list_scale_grids(args)
    several = "Each scale divides" if len(scales) > 1 else "The detector divides"
    yield TextStep(f"{several} the image by its stride.")
    rows = tuple((stride, (high, wide), depth) for stride, high, wide in scales)
    yield Rows(("stride", "grid", "numbers a cell"), rows)
    yield build_value_step("shapes", args.result)


def _trace_yolo_boxes(args: TracedArguments) -> Iterator[SolutionStep]:
    boxes_per_cell, scales = _boxes_per_cell(args), _list_scale_grids(args)
    what = "one box" if boxes_per_cell == 1 else f"{boxes_per_cell} boxes"
    yield TextStep(f"Each cell predicts {what}.")
    counts = [high * wide * boxes_per_cell for _, high, wide in scales]
    rows = [
        (stride, (high, wide), boxes_per_cell, count)
        for (stride, high, wide), count in zip(scales, counts, strict=True)
    ]
    yield Rows(("stride", "grid", "boxes a cell", "boxes"), tuple(rows))
    yield sum_formula("N", counts)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        yolo_depth: _trace_yolo_depth,
        yolo_box_depth: _trace_yolo_box_depth,
        yolo_grid: _trace_yolo_grid,
        yolo_output_shapes: _trace_yolo_output_shapes,
        yolo_boxes: _trace_yolo_boxes,
    }
)
