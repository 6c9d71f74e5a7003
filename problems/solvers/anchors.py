"""Anchors and grid cells: which one is responsible for an object, and box encodings.

A cell is (row, column), a center (x, y), an image or a grid (height, width), an
anchor's size (width, height). Sources: Ren et al., Faster R-CNN (2015); Liu et al., SSD
(2016); Redmon et al., You Only Look Once (2016), YOLO9000 (2017), YOLOv3 (2018); the
code of YOLOv5.
"""

import math
from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, absolute_value, simplify_number
from problems.solvers.bounds import Pair, as_integer, as_numbers, as_pair, as_rows
from problems.solvers.boxes import MAX_BOXES, MISREAD_FORMATS, Box, format_box, parse_box
from problems.solvers.overlaps import IOU_MEASURE, WRONG_MEASURES, OverlapMeasure
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_EXPONENT: Final = 20
YOLO_BOX_VERSIONS: Final = (2, 3, 5)


def responsible_cell(center: object, image: Pair, grid: Pair) -> tuple[int, int]:
    """Return the cell (row, column) of *grid* that contains an object's *center* (x, y).

    ``floor(y * rows / height), floor(x * columns / width)``, counted from 0. A center
    outside of the image raises `SolverError`.

    >>> responsible_cell((250, 100), (448, 448), 7)
    (1, 3)
    """
    x, y = _grid_position(center, image, grid)
    return math.floor(y), math.floor(x)


def cell_offset(center: object, image: Pair, grid: Pair) -> tuple[Number, Number]:
    """Return the position (x, y) of an object's *center* in its cell, from 0 to 1.

    >>> cell_offset((250, 100), (448, 448), 7)
    (Fraction(29, 32), Fraction(9, 16))
    """
    x, y = _grid_position(center, image, grid)
    return simplify_number(Fraction(x) % 1), simplify_number(Fraction(y) % 1)


def best_anchor(size: object, anchors: object, *, first: int = 0) -> int:
    """Return the index of the anchor whose shape has the largest IoU with *size*.

    All sizes are (width, height), compared on a common center; ties go to the earlier
    anchor. *first* is the index of the first anchor.

    >>> best_anchor((30, 60), [[10, 13], [33, 61], [116, 90]])
    1
    """
    return _find_best_anchor(size, anchors, IOU_MEASURE) + as_integer(first, "first", least=0)


def decode_yolo_box(
    offsets: object, cell: object, anchor: object, *, stride: Number = 1, version: int = 3
) -> tuple[float, ...]:
    """Return the box (center x, center y, width, height) encoded by YOLO's *offsets*.

    The offsets are (x, y, w, h). Versions 2 and 3:
    ``x = (sigmoid(tx) + column) * stride``, ``w = anchor_w * exp(tw)``. Version 5:
    ``x = (2*sigmoid(tx) - 0.5 + column) * stride``,
    ``w = anchor_w * (2*sigmoid(tw))**2``. The *cell* is (row, column); the *anchor* has
    the unit of the result.

    >>> decode_yolo_box((0, 0, 0, 0), (3, 5), (116, 90), stride=32)
    (176.0, 112.0, 116.0, 90.0)
    """
    if version not in YOLO_BOX_VERSIONS:
        raise SolverError(f"version must be 2, 3 or 5, not {version}")
    tx, ty, tw, th = _parse_exponents(offsets)
    (row, column), (step,) = _as_two_numbers(cell, "the cell"), as_numbers((stride,), "stride")
    width, height = _as_two_numbers(anchor, "the anchor", positive=True)
    modern = version == max(YOLO_BOX_VERSIONS)
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
    """Return the box encoded by *deltas* (x, y, w, h) relative to an *anchor* box.

    The result has the format of the anchor, *fmt*. ``x = xa + dx * wa``,
    ``w = wa * exp(dw)``, where x and y are centers. The deltas are first multiplied by
    the *variances* (one for the center, one for the size); SSD uses (0.1, 0.2).

    >>> decode_deltas((0.5, 0, 0, 0), (0, 0, 10, 20))
    (5.0, 0.0, 15.0, 20.0)
    """
    center_variance, size_variance = _as_two_numbers(variances, "variances", positive=True)
    dx, dy, dw, dh = _parse_exponents(deltas)
    base = parse_box(anchor, "the anchor", fmt=fmt)
    x, y = (
        float(middle) + delta * float(center_variance) * float(side)
        for middle, delta, side in zip(
            base.center, (dx, dy), (base.width, base.height), strict=True
        )
    )
    width = float(base.width) * math.exp(dw * float(size_variance))
    height = float(base.height) * math.exp(dh * float(size_variance))
    exact = as_numbers((x - width / 2, y - height / 2, x + width / 2, y + height / 2), "the box")
    return tuple(float(number) for number in format_box(Box(*exact), fmt))


def anchor_deltas(
    box: object, anchor: object, *, variances: object = (1, 1), fmt: str = "xyxy"
) -> tuple[Number | float, ...]:
    """Return the deltas (x, y, w, h) that encode a *box* relative to an *anchor* box.

    The inverse of `decode_deltas`: ``dx = (x - xa) / wa``, ``dw = ln(w / wa)``, each
    divided by its variance.

    >>> anchor_deltas((5, 0, 15, 20), (0, 0, 10, 20))
    (Fraction(1, 2), 0, 0.0, 0.0)
    """
    center_variance, size_variance = _as_two_numbers(variances, "variances", positive=True)
    target, base = parse_box(box, "the box", fmt=fmt), parse_box(anchor, "the anchor", fmt=fmt)
    moved = [
        simplify_number(Fraction(here - there) / side / center_variance)
        for here, there, side in zip(
            target.center, base.center, (base.width, base.height), strict=True
        )
    ]
    grown = [
        math.log(Fraction(own) / side) / float(size_variance)
        for own, side in ((target.width, base.width), (target.height, base.height))
    ]
    return (*moved, *grown)


def _as_two_numbers(value: object, what: str, *, positive: bool = False) -> tuple[Number, Number]:
    values = as_numbers(value, what)
    if len(values) != 2 or min(values) < 0 or (positive and 0 in values):  # noqa: PLR2004 - x and y
        raise SolverError(f"{what} must be two {'positive ' if positive else ''}numbers")
    return values[0], values[1]


def _grid_position(center: object, image: Pair, grid: Pair) -> tuple[Number, Number]:
    """Return the *center* (x, y) in units of *grid* cells."""
    (x, y), (height, width) = _as_two_numbers(center, "the center"), as_pair(image, "image")
    if x >= width or y >= height:
        raise SolverError(f"the center lies outside of an image of {height}×{width}")
    rows, columns = as_pair(grid, "grid")
    return Fraction(x) * columns / width, Fraction(y) * rows / height


def _find_best_anchor(size: object, anchors: object, overlap: OverlapMeasure) -> int:
    wanted = _box_at_origin(_as_two_numbers(size, "the size", positive=True))
    shapes = as_rows(anchors, "anchors", width=2, most=MAX_BOXES)
    sizes = (_as_two_numbers(shape, "an anchor", positive=True) for shape in shapes)
    shared = [overlap(wanted, _box_at_origin(one)) for one in sizes]
    return shared.index(max(shared))


def _box_at_origin(size: tuple[Number, Number]) -> Box:
    """Return a box of this *size* at the origin.

    Boxes with a common corner have the same overlap as boxes with a common center.
    """
    return Box(0, 0, *size)


def _parse_exponents(value: object) -> tuple[float, ...]:
    """Return four numbers, each small enough to be an exponent."""
    values = as_numbers(value, "the offsets")
    if len(values) != 4 or any(absolute_value(one) > MAX_EXPONENT for one in values):  # noqa: PLR2004 - x y w h
        raise SolverError(f"the offsets must be four numbers of at most {MAX_EXPONENT}")
    return tuple(float(one) for one in values)


def _sigmoid(number: float) -> float:
    return 1 / (1 + math.exp(-number))


# What students do instead.


def _cell_counted_from_one(args: SolverArguments) -> tuple[int, int]:
    row, column = responsible_cell(**vars(args))
    return row + 1, column + 1


def _best_anchor_by_smaller_area(args: SolverArguments) -> int:
    """Return the best anchor by intersection over the smaller of the two areas."""
    index = _find_best_anchor(args.size, args.anchors, WRONG_MEASURES["over_smaller_box"])
    return index + int(args.first)


def _swap_first_two_results(solver: Solver) -> Solver:
    """Return a wrong version of *solver* that swaps the first two numbers of its result."""

    def formula(args: SolverArguments) -> tuple[object, ...]:
        result = solver(**vars(args))
        if not isinstance(result, tuple):
            raise SolverError("there is nothing to exchange")
        return (result[1], result[0], *result[2:])

    return replace_formula(solver, formula)


def _box_without_sigmoid(args: SolverArguments) -> tuple[float, ...]:
    """Return the box with the raw offsets of the center, without the sigmoid."""
    tx, ty, _, _ = _parse_exponents(args.offsets)
    row, column = _as_two_numbers(args.cell, "the cell")
    right = decode_yolo_box(**vars(args))
    step = float(args.stride)
    return (tx + float(column)) * step, (ty + float(row)) * step, right[2], right[3]


def _box_without_exponential(args: SolverArguments) -> tuple[float, ...]:
    """Return the box with the anchor's size multiplied by the raw offsets."""
    _, _, tw, th = _parse_exponents(args.offsets)
    width, height = _as_two_numbers(args.anchor, "the anchor", positive=True)
    right = decode_yolo_box(**vars(args))
    return right[0], right[1], float(width) * tw, float(height) * th


def _box_with_sigmoid_size(args: SolverArguments) -> tuple[float, ...]:
    """Return the box with the anchor's size multiplied by the sigmoid of the offsets."""
    if args.version == max(YOLO_BOX_VERSIONS):
        raise SolverError("this version has sigmoids there")
    _, _, tw, th = _parse_exponents(args.offsets)
    width, height = _as_two_numbers(args.anchor, "the anchor", positive=True)
    right = decode_yolo_box(**vars(args))
    return right[0], right[1], float(width) * _sigmoid(tw), float(height) * _sigmoid(th)


SOLVERS: Final[tuple[Solver, ...]] = (
    responsible_cell,
    cell_offset,
    best_anchor,
    decode_yolo_box,
    decode_deltas,
    anchor_deltas,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        responsible_cell,
        {
            "counted_from_one": replace_formula(responsible_cell, _cell_counted_from_one),
            "row_column_exchanged": _swap_first_two_results(responsible_cell),
        },
    ),
    *build_wrong_versions(
        cell_offset, {"row_column_exchanged": _swap_first_two_results(cell_offset)}
    ),
    *build_wrong_versions(
        best_anchor,
        {
            "over_smaller_box": replace_formula(best_anchor, _best_anchor_by_smaller_area),
            "numbered_from": replace_arguments(best_anchor, first=lambda args: 1 - args.first),
        },
    ),
    *build_wrong_versions(
        decode_yolo_box,
        {
            "row_column_exchanged": replace_arguments(
                decode_yolo_box, cell=lambda args: _as_two_numbers(args.cell, "the cell")[::-1]
            ),
            "sigmoid_left_out": replace_formula(decode_yolo_box, _box_without_sigmoid),
            "exponential_left_out": replace_formula(decode_yolo_box, _box_without_exponential),
            "sigmoid_for_exponential": replace_formula(decode_yolo_box, _box_with_sigmoid_size),
            "anchor_left_out": replace_arguments(decode_yolo_box, anchor=(1, 1)),
            "cell_left_out": replace_arguments(decode_yolo_box, cell=(0, 0)),
            "cell_size_left_out": replace_arguments(decode_yolo_box, stride=1),
        },
    ),
    *build_wrong_versions(
        decode_deltas,
        {
            "variances_left_out": replace_arguments(decode_deltas, variances=(1, 1)),
            "box_format": replace_arguments(
                decode_deltas, fmt=lambda args: MISREAD_FORMATS[args.fmt]
            ),
        },
    ),
    *build_wrong_versions(
        anchor_deltas,
        {
            "variances_left_out": replace_arguments(anchor_deltas, variances=(1, 1)),
            "box_format": replace_arguments(
                anchor_deltas, fmt=lambda args: MISREAD_FORMATS[args.fmt]
            ),
        },
    ),
)
