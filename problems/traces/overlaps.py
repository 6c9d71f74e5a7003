"""The way to the overlap of two boxes: their common part, its area, and what it is compared to.

The boxes are A and B, and so are their areas; I is what they share, U what they cover together, H
the smallest box around both.
"""

from collections.abc import Iterator
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Formula, Rows, Said, Step, Tracer, formula
from grader.values import Number, simplest
from problems.solvers.boxes import Box, box_of, boxes_of, formatted
from problems.solvers.overlaps import (
    OVERLAP,
    ciou,
    diou,
    giou,
    intersection_area,
    iou,
    iou_matrix,
    union_area,
)
from problems.traces.boxes import CORNERS, LETTERS, corners_said
from problems.traces.reals import real
from problems.traces.tracing import listed, tracers

__all__ = ["TRACERS", "shares_of"]

DISTANCE: Final = "D: the squared distance of the centres. C: the squared diagonal around both."
PAIRS: Final = "Each box with each of the others: what they share, over what they cover together."


def shares_of(one: Box, two: Box) -> tuple[Number, Number, Number]:
    """Return what two boxes share, what they cover together, and the one over the other.

    >>> shares_of(Box(0, 0, 4, 4), Box(2, 1, 6, 5))
    (6, 26, Fraction(3, 13))
    """
    shared = OVERLAP.share(one, two)
    union = OVERLAP.compared(one, two, shared)
    return shared, union, simplest(Fraction(shared) / union)


class _Pair:
    """Two boxes, and the steps to what each measure of their overlap is made of."""

    def __init__(self, given: SimpleNamespace) -> None:
        self.given = given
        known = {"fmt": given.fmt, "inclusive": given.inclusive}
        self.one = box_of(given.box, "the first box", **known)
        self.two = box_of(given.other, "the second box", **known)
        self.shared, self.union, self.iou = shares_of(self.one, self.two)
        self.corners = {
            f"{letter[0]}_{name}{letter[-1]}": number
            for name, box in (("A", self.one), ("B", self.two))
            for letter, number in zip(LETTERS[CORNERS], formatted(box, CORNERS), strict=True)
        }

    def table(self) -> Iterator[Step]:
        """Yield the corners of both boxes."""
        fmt, inclusive = self.given.fmt, self.given.inclusive
        yield from corners_said(fmt, inclusive=inclusive, boxes="both boxes")
        rows = [
            (name, *formatted(box, CORNERS)) for name, box in (("A", self.one), ("B", self.two))
        ]
        yield Rows(("box", *LETTERS[CORNERS]), tuple(rows))

    def meeting(self) -> Iterator[Step]:
        """Yield the common part: its sides, nothing where the boxes are apart, and its area."""
        yield from self.table()
        sides = {}
        for name, axis in (("w", "x"), ("h", "y")):
            source = f"min({axis}_A2, {axis}_B2) - max({axis}_A1, {axis}_B1)"
            found = formula(name, source, **self.corners)
            if found.number < 0:
                found = formula(name, f"max({source}, 0)", **self.corners)
            sides[name] = found.number
            yield found
        yield formula("I", "w*h", **sides)

    def joined(self) -> Iterator[Step]:
        """Yield the steps to the area that both cover."""
        yield from self.meeting()
        for name in "AB":
            sides = "*".join(f"({axis}_{name}2 - {axis}_{name}1)" for axis in "xy")
            yield formula(name, sides, **self.corners)
        yield formula("U", "A + B - I", A=self.one.area, B=self.two.area, I=self.shared)

    def ratio(self) -> Iterator[Step]:
        """Yield the steps to the intersection over union."""
        yield from self.joined()
        yield formula("IoU", "I/U", I=self.shared, U=self.union)

    def hull(self) -> tuple[Formula, Formula]:
        """Return the sides of the smallest box around both."""
        sides = (
            (f"{name}_H", f"max({axis}_A2, {axis}_B2) - min({axis}_A1, {axis}_B1)")
            for name, axis in (("w", "x"), ("h", "y"))
        )
        wide, high = (formula(name, source, **self.corners) for name, source in sides)
        return wide, high

    def distance(self) -> tuple[Number, tuple[Step, ...]]:
        """Return the squared distance of the centres over the squared diagonal, and the steps."""
        centres = {
            f"{axis}_{name}": at
            for name, box in (("A", self.one), ("B", self.two))
            for axis, at in zip("xy", box.centre, strict=True)
        }
        apart = formula("D", "(x_A - x_B)**2 + (y_A - y_B)**2", **centres)
        wide, high = self.hull()
        diagonal = formula("C", "w_H**2 + h_H**2", w_H=wide.number, h_H=high.number)
        ratio = formula("R", "D/C", D=apart.number, C=diagonal.number)
        return ratio.number, (Said(DISTANCE), apart, wide, high, diagonal, ratio)


def _intersection(given: SimpleNamespace) -> Iterator[Step]:
    yield from _Pair(given).meeting()


def _union(given: SimpleNamespace) -> Iterator[Step]:
    yield from _Pair(given).joined()


def _iou(given: SimpleNamespace) -> Iterator[Step]:
    yield from _Pair(given).ratio()


def _giou(given: SimpleNamespace) -> Iterator[Step]:
    both = _Pair(given)
    yield from both.ratio()
    wide, high = both.hull()
    around = formula("H", "w_H*h_H", w_H=wide.number, h_H=high.number)
    yield Said("The smallest box around both:")
    yield from (wide, high, around)
    yield formula("GIoU", "IoU - (H - U)/H", IoU=both.iou, H=around.number, U=both.union)


def _diou(given: SimpleNamespace) -> Iterator[Step]:
    both = _Pair(given)
    ratio, steps = both.distance()
    yield from both.ratio()
    yield from steps
    yield formula("DIoU", "IoU - R", IoU=both.iou, R=ratio)


def _ciou(given: SimpleNamespace) -> Iterator[Step]:
    both = _Pair(given)
    ratio, steps = both.distance()
    yield from both.ratio()
    yield from steps
    sides = {"w_A": both.one.width, "h_A": both.one.height}
    sides |= {"w_B": both.two.width, "h_B": both.two.height}
    yield Said("v compares the shapes of the boxes, by the angles of their diagonals.")
    shapes = real("v", "4/pi**2*(atan(w_B/h_B) - atan(w_A/h_A))**2", **sides)
    yield shapes
    if not shapes.number:
        yield formula("CIoU", "IoU - R", IoU=both.iou, R=ratio)
        return
    weight = real("alpha", "v/(1 - IoU + v)", v=shapes.number, IoU=both.iou)
    yield weight
    known = {"IoU": both.iou, "R": ratio, "alpha": weight.number, "v": shapes.number}
    yield real("CIoU", "IoU - R - alpha*v", **known)


def _matrix(given: SimpleNamespace) -> Iterator[Step]:
    known = {"fmt": given.fmt, "inclusive": given.inclusive}
    rows, columns = (
        boxes_of(given.boxes, "boxes", **known),
        boxes_of(given.others, "others", **known),
    )
    if given.inclusive:
        yield Said("The last pixel belongs to each box, which is one wider and one higher for it.")
    yield Said(PAIRS)
    pairs = [
        (at, to, *shares_of(one, two))
        for at, one in enumerate(rows, start=1)
        for to, two in enumerate(columns, start=1)
    ]
    yield listed(("row", "column", "I", "U", "IoU"), pairs)
    yield Array("IoU", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        intersection_area: _intersection,
        union_area: _union,
        iou: _iou,
        giou: _giou,
        diou: _diou,
        ciou: _ciou,
        iou_matrix: _matrix,
    }
)
