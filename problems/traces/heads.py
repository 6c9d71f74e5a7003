"""Tracers for the head channels of other detectors, and for the number of anchors.

A is the number of anchors per position, C the number of classes.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from grader.display.steps import Array, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Tensor
from problems.solvers.bounds import as_pair
from problems.solvers.heads import (
    anchor_count,
    fcos_depth,
    pyramid_grids,
    rcnn_depth,
    retinanet_depth,
    rpn_depth,
    ssd_depth,
)
from problems.traces.tracing import TracedArguments, build_table, build_tracers, sum_formula

BRANCH_SYMBOLS: Final = {"class": "D_cls", "box": "D_box", "centerness": "D_ctr"}


def _trace_branches(
    args: TracedArguments, sources: Mapping[str, str], **letters: int
) -> Iterator[SolutionStep]:
    """Yield the formula of the selected branch, or of all branches and their sum."""
    selected = sources if args.branch == "all" else {args.branch: sources[args.branch]}
    formulas = [
        build_formula(BRANCH_SYMBOLS[name], source, **letters) for name, source in selected.items()
    ]
    yield from formulas
    if args.branch == "all":
        names = [step.name for step in formulas]
        known = {step.name: step.number for step in formulas}
        yield build_formula("D", " + ".join(names), **known)


def _trace_ssd_depth(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Each anchor has a score for each class and the background, and 4 coordinates.")
    sources = {"class": "A*(C + 1)", "box": "A*4"}
    yield from _trace_branches(args, sources, A=args.anchors, C=args.classes)


def _trace_retinanet_depth(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(
        "Each anchor has a sigmoid for each class, no background score, and 4 coordinates."
    )
    sources = {"class": "A*C", "box": "A*4"}
    yield from _trace_branches(args, sources, A=args.anchors, C=args.classes)


def _trace_rpn_depth(args: TracedArguments) -> Iterator[SolutionStep]:
    scores = "two scores (object or not)" if args.scores > 1 else "one score"
    yield TextStep(f"Each anchor has {scores}, and 4 coordinates.")
    sources = {"class": "A*2" if args.scores > 1 else "A", "box": "A*4"}
    yield from _trace_branches(args, sources, A=args.anchors)


def _trace_fcos_depth(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("A position has no anchors: class scores, 4 distances, 1 centerness.")
    sources = {"class": "C", "box": "4", "centerness": "1"}
    yield from _trace_branches(args, sources, C=args.classes)


def _trace_rcnn_depth(args: TracedArguments) -> Iterator[SolutionStep]:
    boxed = " and a box" if args.background_box else ""
    yield TextStep(
        f"A region has a score and a box for each class, and a score{boxed} for the background."
    )
    sources = {"class": "C + 1", "box": "4*(C + 1)" if args.background_box else "4*C"}
    yield from _trace_branches(args, sources, C=args.classes)


def _trace_pyramid_grids(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("The side of a map is that of the image divided by its stride, rounded up.")
    for number, stride in enumerate(args.strides, start=1):
        yield build_formula(f"W_{number}", "ceil(W/S)", W=args.size, S=stride)
    yield Array("sides", Tensor.from_nested(args.result))


def _trace_anchor_count(args: TracedArguments) -> Iterator[SolutionStep]:
    sides = [as_pair(grid, "grid") for grid in args.grids]
    several = isinstance(args.anchors, (tuple, list))
    each = args.anchors if several else (args.anchors,) * len(sides)
    rows = [
        ((high, wide), count, high * wide * count)
        for (high, wide), count in zip(sides, each, strict=True)
    ]
    yield TextStep("A map has its anchors at each of its positions.")
    yield build_table(("map", "anchors a position", "anchors"), rows)
    yield sum_formula("N", [count for *_, count in rows])


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        ssd_depth: _trace_ssd_depth,
        retinanet_depth: _trace_retinanet_depth,
        rpn_depth: _trace_rpn_depth,
        fcos_depth: _trace_fcos_depth,
        rcnn_depth: _trace_rcnn_depth,
        pyramid_grids: _trace_pyramid_grids,
        anchor_count: _trace_anchor_count,
    }
)
