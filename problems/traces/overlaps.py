"""Tracers for the overlap of two boxes: intersection, union, and their ratios.

A and B are the boxes and their areas; I is the intersection, U the union, H the
smallest box around both.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from grader.display.steps import Array, Formula, Rows, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Number, simplify_number
from problems.solvers.boxes import Box, format_box, parse_box, parse_boxes
from problems.solvers.overlaps import (
    IOU_MEASURE,
    ciou,
    diou,
    giou,
    intersection_area,
    iou,
    iou_matrix,
    union_area,
)
from problems.traces.boxes import BOX_LETTERS, CORNER_FORMAT, describe_box_conventions
from problems.traces.reals import build_real_formula
from problems.traces.tracing import TracedArguments, build_table, build_tracers

DISTANCE_SENTENCE: Final = (
    "D: the squared distance between the centers. C: the squared diagonal of the enclosing box."
)
PAIRS_SENTENCE: Final = (
    "Each pair of boxes: the area of the intersection divided by the area of the union."
)


def measure_overlap(first: Box, second: Box) -> tuple[Number, Number, Number]:
    """Return the intersection, the union and the IoU of two boxes.

    >>> measure_overlap(Box(0, 0, 4, 4), Box(2, 1, 6, 5))
    (6, 26, Fraction(3, 13))
    """
    shared = IOU_MEASURE.intersection(first, second)
    union = IOU_MEASURE.denominator(first, second, shared)
    return shared, union, simplify_number(Fraction(shared) / union)


class _BoxPair:
    """Two boxes, and the steps to each component of their overlap measures."""

    def __init__(self, args: TracedArguments) -> None:
        self.args = args
        known = {"fmt": args.fmt, "inclusive": args.inclusive}
        self.first = parse_box(args.box, "the first box", **known)
        self.second = parse_box(args.other, "the second box", **known)
        self.shared, self.union, self.iou = measure_overlap(self.first, self.second)
        self.corners = {
            f"{letter[0]}_{name}{letter[-1]}": number
            for name, box in (("A", self.first), ("B", self.second))
            for letter, number in zip(
                BOX_LETTERS[CORNER_FORMAT], format_box(box, CORNER_FORMAT), strict=True
            )
        }

    def trace_corners(self) -> Iterator[SolutionStep]:
        """Yield the corners of both boxes."""
        fmt, inclusive = self.args.fmt, self.args.inclusive
        yield from describe_box_conventions(fmt, inclusive=inclusive, boxes="both boxes")
        rows = [
            (name, *format_box(box, CORNER_FORMAT))
            for name, box in (("A", self.first), ("B", self.second))
        ]
        yield Rows(("box", *BOX_LETTERS[CORNER_FORMAT]), tuple(rows))

    def trace_intersection(self) -> Iterator[SolutionStep]:
        """Yield the steps to the intersection: its sides, 0 if the boxes are apart, and area."""
        yield from self.trace_corners()
        sides = {}
        for name, axis in (("w", "x"), ("h", "y")):
            source = f"min({axis}_A2, {axis}_B2) - max({axis}_A1, {axis}_B1)"
            side = build_formula(name, source, **self.corners)
            if side.number < 0:
                side = build_formula(name, f"max({source}, 0)", **self.corners)
            sides[name] = side.number
            yield side
        yield build_formula("I", "w*h", **sides)

    def trace_union(self) -> Iterator[SolutionStep]:
        """Yield the steps to the area of the union."""
        yield from self.trace_intersection()
        for name in "AB":
            sides = "*".join(f"({axis}_{name}2 - {axis}_{name}1)" for axis in "xy")
            yield build_formula(name, sides, **self.corners)
        yield build_formula("U", "A + B - I", A=self.first.area, B=self.second.area, I=self.shared)

    def trace_iou(self) -> Iterator[SolutionStep]:
        """Yield the steps to the intersection over union."""
        yield from self.trace_union()
        yield build_formula("IoU", "I/U", I=self.shared, U=self.union)

    def enclosing_side_formulas(self) -> tuple[Formula, Formula]:
        """Return the formulas of width and height of the smallest enclosing box."""
        sides = (
            (f"{name}_H", f"max({axis}_A2, {axis}_B2) - min({axis}_A1, {axis}_B1)")
            for name, axis in (("w", "x"), ("h", "y"))
        )
        wide, high = (build_formula(name, source, **self.corners) for name, source in sides)
        return wide, high

    def derive_center_distance_ratio(self) -> tuple[Number, tuple[SolutionStep, ...]]:
        """Return the squared center distance over the squared diagonal, and the steps to it."""
        centres = {
            f"{axis}_{name}": at
            for name, box in (("A", self.first), ("B", self.second))
            for axis, at in zip("xy", box.center, strict=True)
        }
        distance = build_formula("D", "(x_A - x_B)**2 + (y_A - y_B)**2", **centres)
        wide, high = self.enclosing_side_formulas()
        diagonal = build_formula("C", "w_H**2 + h_H**2", w_H=wide.number, h_H=high.number)
        ratio = build_formula("R", "D/C", D=distance.number, C=diagonal.number)
        return ratio.number, (TextStep(DISTANCE_SENTENCE), distance, wide, high, diagonal, ratio)


def _trace_intersection_area(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _BoxPair(args).trace_intersection()


def _trace_union_area(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _BoxPair(args).trace_union()


def _trace_iou(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _BoxPair(args).trace_iou()


def _trace_giou(args: TracedArguments) -> Iterator[SolutionStep]:
    pair = _BoxPair(args)
    yield from pair.trace_iou()
    wide, high = pair.enclosing_side_formulas()
    around = build_formula("H", "w_H*h_H", w_H=wide.number, h_H=high.number)
    yield TextStep("The smallest enclosing box:")
    yield from (wide, high, around)
    yield build_formula("GIoU", "IoU - (H - U)/H", IoU=pair.iou, H=around.number, U=pair.union)


def _trace_diou(args: TracedArguments) -> Iterator[SolutionStep]:
    pair = _BoxPair(args)
    ratio, steps = pair.derive_center_distance_ratio()
    yield from pair.trace_iou()
    yield from steps
    yield build_formula("DIoU", "IoU - R", IoU=pair.iou, R=ratio)


def _trace_ciou(args: TracedArguments) -> Iterator[SolutionStep]:
    pair = _BoxPair(args)
    ratio, steps = pair.derive_center_distance_ratio()
    yield from pair.trace_iou()
    yield from steps
    sides = {"w_A": pair.first.width, "h_A": pair.first.height}
    sides |= {"w_B": pair.second.width, "h_B": pair.second.height}
    yield TextStep("v compares the aspect ratios of the boxes by the angles of their diagonals.")
    shapes = build_real_formula("v", "4/pi**2*(atan(w_B/h_B) - atan(w_A/h_A))**2", **sides)
    yield shapes
    if not shapes.number:
        yield build_formula("CIoU", "IoU - R", IoU=pair.iou, R=ratio)
        return
    weight = build_real_formula("alpha", "v/(1 - IoU + v)", v=shapes.number, IoU=pair.iou)
    yield weight
    known = {"IoU": pair.iou, "R": ratio, "alpha": weight.number, "v": shapes.number}
    yield build_real_formula("CIoU", "IoU - R - alpha*v", **known)


def _trace_iou_matrix(args: TracedArguments) -> Iterator[SolutionStep]:
    known = {"fmt": args.fmt, "inclusive": args.inclusive}
    rows, columns = (
        parse_boxes(args.boxes, "boxes", **known),
        parse_boxes(args.others, "others", **known),
    )
    if args.inclusive:
        yield TextStep(
            "The last pixel belongs to each box, which is therefore one pixel wider and higher."
        )
    yield TextStep(PAIRS_SENTENCE)
    pairs = [
        (index, to, *measure_overlap(row, two))
        for index, row in enumerate(rows, start=1)
        for to, two in enumerate(columns, start=1)
    ]
    yield build_table(("row", "column", "I", "U", "IoU"), pairs)
    yield Array("IoU", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        intersection_area: _trace_intersection_area,
        union_area: _trace_union_area,
        iou: _trace_iou,
        giou: _trace_giou,
        diou: _trace_diou,
        ciou: _trace_ciou,
        iou_matrix: _trace_iou_matrix,
    }
)
