"""The way to the channels of other detectors' heads, and to the number of anchors.

A is the number of anchors at a position, C that of the classes.
"""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Said, Step, Tracer, formula
from grader.values import Tensor
from problems.solvers.bounds import pair
from problems.solvers.heads import (
    anchor_count,
    fcos_depth,
    pyramid_grids,
    rcnn_depth,
    retinanet_depth,
    rpn_depth,
    ssd_depth,
)
from problems.traces.tracing import counted_up, listed, tracers

__all__ = ["TRACERS"]

BRANCHES: Final = {"class": "D_cls", "box": "D_box", "centerness": "D_ctr"}


def _branches(given: SimpleNamespace, sources: Mapping[str, str], **letters: int) -> Iterator[Step]:
    """Yield the formula of the branch that is asked for, or those of all and their sum."""
    asked = sources if given.branch == "all" else {given.branch: sources[given.branch]}
    found = [formula(BRANCHES[name], source, **letters) for name, source in asked.items()]
    yield from found
    if given.branch == "all":
        names = [step.name for step in found]
        known = {step.name: step.number for step in found}
        yield formula("D", " + ".join(names), **known)


def _ssd(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Each anchor has a score for each class and the background, and 4 coordinates.")
    sources = {"class": "A*(C + 1)", "box": "A*4"}
    yield from _branches(given, sources, A=given.anchors, C=given.classes)


def _retinanet(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Each anchor has a sigmoid for each class, no background, and 4 coordinates.")
    sources = {"class": "A*C", "box": "A*4"}
    yield from _branches(given, sources, A=given.anchors, C=given.classes)


def _rpn(given: SimpleNamespace) -> Iterator[Step]:
    scores = "two scores, object or not" if given.scores > 1 else "one score"
    yield Said(f"Each anchor has {scores}, and 4 coordinates.")
    sources = {"class": "A*2" if given.scores > 1 else "A", "box": "A*4"}
    yield from _branches(given, sources, A=given.anchors)


def _fcos(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("A position has no anchors: class scores, 4 distances, 1 centerness.")
    sources = {"class": "C", "box": "4", "centerness": "1"}
    yield from _branches(given, sources, C=given.classes)


def _rcnn(given: SimpleNamespace) -> Iterator[Step]:
    boxed = " and a box" if given.background_box else ""
    yield Said(f"A region has a score and a box for each class, a score{boxed} for the background.")
    sources = {"class": "C + 1", "box": "4*(C + 1)" if given.background_box else "4*C"}
    yield from _branches(given, sources, C=given.classes)


def _pyramid_grids(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("A map has the side of the image over its stride, rounded up.")
    for number, stride in enumerate(given.strides, start=1):
        yield formula(f"W_{number}", "ceil(W/S)", W=given.size, S=stride)
    yield Array("sides", Tensor.of(given.result))


def _anchor_count(given: SimpleNamespace) -> Iterator[Step]:
    sides = [pair(grid, "grid") for grid in given.grids]
    several = isinstance(given.anchors, (tuple, list))
    each = given.anchors if several else (given.anchors,) * len(sides)
    rows = [
        ((high, wide), count, high * wide * count)
        for (high, wide), count in zip(sides, each, strict=True)
    ]
    yield Said("A map has its anchors at each of its positions.")
    yield listed(("map", "anchors a position", "anchors"), rows)
    yield counted_up("N", [count for *_, count in rows])


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        ssd_depth: _ssd,
        retinanet_depth: _retinanet,
        rpn_depth: _rpn,
        fcos_depth: _fcos,
        rcnn_depth: _rcnn,
        pyramid_grids: _pyramid_grids,
        anchor_count: _anchor_count,
    }
)
