"""Anchors and grid cells: which of them answers for an object, and how boxes are written by them.

A cell is (row, column), a centre (x, y), an image or a grid (height, width), an anchor's size
(width, height). Sources: Ren et al., Faster R-CNN (2015); Liu et al., SSD (2016); Redmon et al.,
You Only Look Once (2016), YOLO9000 (2017), YOLOv3 (2018); the code of YOLOv5.
"""

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, magnitude, simplest
from problems.solvers.bounds import Pair, numbers, pair, rows_of, whole
from problems.solvers.boxes import MAX_BOXES, READ_AS, Box, box_of, formatted
from problems.solvers.overlaps import OVERLAP, OVERLAPS, Overlap
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "anchor_deltas",
    "best_anchor",
    "cell_offset",
    "decode_deltas",
    "decode_yolo_box",
    "responsible_cell",
]

MAX_EXPONENT: Final = 20
YOLO_BOXES: Final = (2, 3, 5)


def responsible_cell(center: object, image: Pair, grid: Pair) -> tuple[int, int]:
    """Return the cell (row, column) of *grid* in which the *center* (x, y) of an object lies.

    ``floor(y * rows / height), floor(x * columns / width)``, counted from 0. A centre outside of
    the image is a `SolverError`.

    >>> responsible_cell((250, 100), (448, 448), 7)
    (1, 3)
    """
    x, y = _on_grid(center, image, grid)
    return math.floor(y), math.floor(x)


def cell_offset(center: object, image: Pair, grid: Pair) -> tuple[Number, Number]:
    """Return where in its cell the *center* of an object lies: (x, y), from 0 to 1.

    >>> cell_offset((250, 100), (448, 448), 7)
    (Fraction(29, 32), Fraction(9, 16))
    """
    x, y = _on_grid(center, image, grid)
    return simplest(Fraction(x) % 1), simplest(Fraction(y) % 1)


def best_anchor(size: object, anchors: object, *, first: int = 0) -> int:
    """Return the number of the anchor whose shape has the largest IoU with an object's *size*.

    All are (width, height), laid on a common centre; equals go to the earlier one. *first* is the
    number of the first anchor.

    >>> best_anchor((30, 60), [[10, 13], [33, 61], [116, 90]])
    1
    """
    return _best(size, anchors, OVERLAP) + whole(first, "first", least=0)


def decode_yolo_box(
    offsets: object, cell: object, anchor: object, *, stride: Number = 1, version: int = 3
) -> tuple[float, ...]:
    """Return the box (centre x, centre y, width, height) that YOLO's *offsets* (x, y, w, h) mean.

    Versions 2 and 3: ``x = (sigmoid(tx) + column) * stride``, ``w = anchor_w * exp(tw)``. Version
    5: ``x = (2*sigmoid(tx) - 0.5 + column) * stride``, ``w = anchor_w * (2*sigmoid(tw))**2``. The
    *cell* is (row, column); the *anchor* is in the unit of the result.

    >>> decode_yolo_box((0, 0, 0, 0), (3, 5), (116, 90), stride=32)
    (176.0, 112.0, 116.0, 90.0)
    """
    if version not in YOLO_BOXES:
        raise SolverError(f"version must be 2, 3 or 5, not {version}")
    tx, ty, tw, th = _exponents(offsets)
    (row, column), (step,) = _two(cell, "the cell"), numbers((stride,), "stride")
    width, height = _two(anchor, "the anchor", positive=True)
    modern = version == max(YOLO_BOXES)
    x, y = ((2 * _sigmoid(t) - 0.5 if modern else _sigmoid(t)) for t in (tx, ty))
    wider, higher = ((4 * _sigmoid(t) ** 2 if modern else math.exp(t)) for t in (tw, th))
    return (
        (x + float(column)) * float(step),
        (y + float(row)) * float(step),
        float(width) * wider,
        float(height) * higher,
    )


def decode_deltas(
    deltas: object, anchor: object, *, variances: object = (1, 1), fmt: str = "xyxy"
) -> tuple[float, ...]:
    """Return the box that *deltas* (x, y, w, h) make of an *anchor* box, in the same format.

    ``x = xa + dx * wa``, ``w = wa * exp(dw)``, x and y being centres. The *variances* (of centre
    and of size) multiply the deltas; SSD has (0.1, 0.2).

    >>> decode_deltas((0.5, 0, 0, 0), (0, 0, 10, 20))
    (5.0, 0.0, 15.0, 20.0)
    """
    placed, scaled = _two(variances, "variances", positive=True)
    dx, dy, dw, dh = _exponents(deltas)
    base = box_of(anchor, "the anchor", fmt=fmt)
    x, y = (
        float(middle) + delta * float(placed) * float(side)
        for middle, delta, side in zip(
            base.centre, (dx, dy), (base.width, base.height), strict=True
        )
    )
    width = float(base.width) * math.exp(dw * float(scaled))
    height = float(base.height) * math.exp(dh * float(scaled))
    exact = numbers((x - width / 2, y - height / 2, x + width / 2, y + height / 2), "the box")
    return tuple(float(number) for number in formatted(Box(*exact), fmt))


def anchor_deltas(
    box: object, anchor: object, *, variances: object = (1, 1), fmt: str = "xyxy"
) -> tuple[Number | float, ...]:
    """Return the deltas (x, y, w, h) that make a *box* of an *anchor* box: `decode_deltas` undone.

    ``dx = (x - xa) / wa``, ``dw = ln(w / wa)``, each over its variance.

    >>> anchor_deltas((5, 0, 15, 20), (0, 0, 10, 20))
    (Fraction(1, 2), 0, 0.0, 0.0)
    """
    placed, scaled = _two(variances, "variances", positive=True)
    found, base = box_of(box, "the box", fmt=fmt), box_of(anchor, "the anchor", fmt=fmt)
    moved = [
        simplest(Fraction(here - there) / side / placed)
        for here, there, side in zip(
            found.centre, base.centre, (base.width, base.height), strict=True
        )
    ]
    grown = [
        math.log(Fraction(own) / side) / float(scaled)
        for own, side in ((found.width, base.width), (found.height, base.height))
    ]
    return (*moved, *grown)


def _two(value: object, what: str, *, positive: bool = False) -> tuple[Number, Number]:
    found = numbers(value, what)
    if len(found) != 2 or min(found) < 0 or (positive and 0 in found):  # noqa: PLR2004 - x and y
        raise SolverError(f"{what} must be two {'positive ' if positive else ''}numbers")
    return found[0], found[1]


def _on_grid(center: object, image: Pair, grid: Pair) -> tuple[Number, Number]:
    """Return the *center* (x, y) in cells of the *grid*."""
    (x, y), (height, width) = _two(center, "the center"), pair(image, "image")
    if x >= width or y >= height:
        raise SolverError(f"the center lies outside of an image of {height}×{width}")
    rows, columns = pair(grid, "grid")
    return Fraction(x) * columns / width, Fraction(y) * rows / height


def _best(size: object, anchors: object, overlap: Overlap) -> int:
    wanted = _centred(_two(size, "the size", positive=True))
    shapes = rows_of(anchors, "anchors", width=2, most=MAX_BOXES)
    shared = [overlap(wanted, _centred(_two(one, "an anchor", positive=True))) for one in shapes]
    return shared.index(max(shared))


def _centred(size: tuple[Number, Number]) -> Box:
    """Return a box of that *size* in a corner, where all overlap as on a common centre."""
    return Box(0, 0, *size)


def _exponents(value: object) -> tuple[float, ...]:
    """Return four numbers that may stand in an exponent."""
    found = numbers(value, "the offsets")
    if len(found) != 4 or any(magnitude(one) > MAX_EXPONENT for one in found):  # noqa: PLR2004 - x y w h
        raise SolverError(f"the offsets must be four numbers of at most {MAX_EXPONENT}")
    return tuple(float(one) for one in found)


def _sigmoid(number: float) -> float:
    return 1 / (1 + math.exp(-number))


# What students do instead.


def _counted_from_one(given: SimpleNamespace) -> tuple[int, int]:
    row, column = responsible_cell(**vars(given))
    return row + 1, column + 1


def _fitting_inside(given: SimpleNamespace) -> int:
    """Return the anchor that covers most of the smaller of the two shapes."""
    return _best(given.size, given.anchors, OVERLAPS["over_smaller_box"]) + int(given.first)


def _turned(solver: Solver) -> Solver:
    """Return the first two numbers of the result exchanged."""

    def formula(given: SimpleNamespace) -> tuple[object, ...]:
        found = solver(**vars(given))
        if not isinstance(found, tuple):
            raise SolverError("there is nothing to exchange")
        return (found[1], found[0], *found[2:])

    return instead(solver, formula)


def _without_squashing(given: SimpleNamespace) -> tuple[float, ...]:
    """Return the box with the offsets of the centre taken as they are."""
    tx, ty, _, _ = _exponents(given.offsets)
    row, column = _two(given.cell, "the cell")
    right = decode_yolo_box(**vars(given))
    step = float(given.stride)
    return (tx + float(column)) * step, (ty + float(row)) * step, right[2], right[3]


def _without_exponential(given: SimpleNamespace) -> tuple[float, ...]:
    """Return the box with its size multiplied by the offsets themselves."""
    _, _, tw, th = _exponents(given.offsets)
    width, height = _two(given.anchor, "the anchor", positive=True)
    right = decode_yolo_box(**vars(given))
    return right[0], right[1], float(width) * tw, float(height) * th


def _squashed_sides(given: SimpleNamespace) -> tuple[float, ...]:
    """Return the box with its size multiplied by the sigmoids of the offsets."""
    if given.version == max(YOLO_BOXES):
        raise SolverError("this version has sigmoids there")
    _, _, tw, th = _exponents(given.offsets)
    width, height = _two(given.anchor, "the anchor", positive=True)
    right = decode_yolo_box(**vars(given))
    return right[0], right[1], float(width) * _sigmoid(tw), float(height) * _sigmoid(th)


SOLVERS: Final[tuple[Solver, ...]] = (
    responsible_cell,
    cell_offset,
    best_anchor,
    decode_yolo_box,
    decode_deltas,
    anchor_deltas,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        responsible_cell,
        {
            "counted_from_one": instead(responsible_cell, _counted_from_one),
            "row_column_exchanged": _turned(responsible_cell),
        },
    ),
    *twins_of(cell_offset, {"row_column_exchanged": _turned(cell_offset)}),
    *twins_of(
        best_anchor,
        {
            "over_smaller_box": instead(best_anchor, _fitting_inside),
            "numbered_from": told(best_anchor, first=lambda given: 1 - given.first),
        },
    ),
    *twins_of(
        decode_yolo_box,
        {
            "row_column_exchanged": told(
                decode_yolo_box, cell=lambda given: _two(given.cell, "the cell")[::-1]
            ),
            "sigmoid_left_out": instead(decode_yolo_box, _without_squashing),
            "exponential_left_out": instead(decode_yolo_box, _without_exponential),
            "sigmoid_for_exponential": instead(decode_yolo_box, _squashed_sides),
            "anchor_left_out": told(decode_yolo_box, anchor=(1, 1)),
            "cell_left_out": told(decode_yolo_box, cell=(0, 0)),
            "cell_size_left_out": told(decode_yolo_box, stride=1),
        },
    ),
    *twins_of(
        decode_deltas,
        {
            "variances_left_out": told(decode_deltas, variances=(1, 1)),
            "box_format": told(decode_deltas, fmt=lambda given: READ_AS[given.fmt]),
        },
    ),
    *twins_of(
        anchor_deltas,
        {
            "variances_left_out": told(anchor_deltas, variances=(1, 1)),
            "box_format": told(anchor_deltas, fmt=lambda given: READ_AS[given.fmt]),
        },
    ),
)
