"""Expected values of the problems on formats of boxes, overlaps, and matched detections.

Areas are counts of unit cells.
"""

from fractions import Fraction
from itertools import product
from math import atan, exp, log, pi

from tests.bank.oracle.table import Params, Table

Cells = set[tuple[int, int]]


def _cells(left: int, top: int, width: int, height: int) -> Cells:
    return set(product(range(left, left + width), range(top, top + height)))


def _iou(one: Cells, two: Cells) -> Fraction:
    return Fraction(len(one & two), len(one | two))


# grid-cell-and-offset


def _cell(p: Params) -> list[int]:
    """Return the row and column of the cell, found by walking over the grid."""
    rows, columns = (range(0, p["S"] * p[side], p["S"]) for side in "ab")
    row = max(number for number, top in enumerate(rows) if top <= p["y"])
    column = max(number for number, left in enumerate(columns) if left <= p["x"])
    return [row, column]


def _offset(p: Params) -> list[Fraction]:
    row, column = _cell(p)
    return [Fraction(p["x"], p["S"]) - column, Fraction(p["y"], p["S"]) - row]


# fcos-and-fast-rcnn-heads


def _fcos(p: Params) -> list[str]:
    sides = ["left", "top", "right", "bottom"]
    return [*(f"class {number}" for number in range(p["K"])), *sides, "centerness"]


def _region(p: Params) -> tuple[int, int]:
    classes = range(p["K"])
    return len([*classes, "background"]), len([*product(classes, "xywh")])


# box-formats


def _centered(p: Params) -> list[Fraction]:
    return [p["x"] + Fraction(p["w"], 2), p["y"] + Fraction(p["h"], 2), p["w"], p["h"]]


def _label(p: Params) -> list[Fraction]:
    sides = (p["W"], p["H"]) * 2
    return [Fraction(number) / side for number, side in zip(_centered(p), sides, strict=True)]


def _corners(p: Params) -> list[Fraction]:
    signs = (-1, -1, 1, 1)
    middles, sizes, sides = (p["u"], p["v"]) * 2, (p["s"], p["t"]) * 2, (p["W"], p["H"]) * 2
    given = zip(signs, middles, sizes, sides, strict=True)
    return [side * (middle + sign * size / 2) for sign, middle, size, side in given]


# complete-iou


def _pair(p: Params) -> tuple[Cells, Cells]:
    return _cells(p["x"], p["y"], p["w"], p["h"]), _cells(0, 0, p["W"], p["H"])


def _diou(p: Params) -> Fraction:
    centers = p["x"] + Fraction(p["w"] - p["W"], 2), p["y"] + Fraction(p["h"] - p["H"], 2)
    hull = max(p["x"] + p["w"], p["W"]), max(p["y"] + p["h"], p["H"])
    between, diagonal = (sum(side * side for side in sides) for sides in (centers, hull))
    return _iou(*_pair(p)) - Fraction(between) / diagonal


def _ciou(p: Params) -> float:
    angle = atan(p["W"] / p["H"]) - atan(p["w"] / p["h"])
    v = (2 * angle / pi) ** 2
    return float(_diou(p)) - v * v / (1 - float(_iou(*_pair(p))) + v)


# iou-table


def _overlaps(p: Params) -> list[list[Fraction]]:
    boxes = [_cells(*box) for box in zip(p["x"], p["y"], p["w"], p["h"], strict=True)]
    return [[_iou(prediction, truth) for truth in boxes[2:]] for prediction in boxes[:2]]


def _most(p: Params, row: int) -> int:
    overlaps = _overlaps(p)[row]
    return 1 + overlaps.index(max(overlaps))


# soft-nms


def _beside(p: Params) -> Fraction:
    return _iou(_cells(0, 0, p["w"], p["h"]), _cells(p["d"], p["e"], p["w"], p["h"]))


def _lowered(p: Params, factor: Fraction | float) -> list[Fraction | float]:
    """Return the scores after the worse of the first two boxes is multiplied by *factor*."""
    first, second, third = p["s"]
    if second > first:
        return [first * factor, second, third]
    return [first, second * factor, third]


def _gaussian(p: Params) -> list[float]:
    return [float(one) for one in _lowered(p, Fraction(exp(-2 * float(_beside(p)) ** 2)))]


# box-deltas


def _encoded(p: Params) -> list[float]:
    shifts = [p["dx"] / p["A"], p["dy"] / p["B"]]
    return [*shifts, log(p["w"]) - log(p["A"]), log(p["h"]) - log(p["B"])]


def _scaled(p: Params) -> list[float]:
    x, y, w, h = _encoded(p)
    return [10 * x, 10 * y, 5 * w, 5 * h]


def _decoded(p: Params) -> list[float]:
    middle = [p["X"] + float(p["p"]) * p["A"], p["Y"] + float(p["q"]) * p["B"]]
    return [*middle, p["A"] * exp(p["r"]), p["B"] * exp(p["s"])]


# true-and-false-detections


def _detections(p: Params) -> list[Cells]:
    size = p["w"], p["h"]
    places = [(p["d"], 0), (p["e"], 0), (100 + p["f"], p["g"]), (50, 0)]
    return [_cells(*place, *size) for place in places]


def _matches(p: Params) -> list[int]:
    truths = {1: _cells(0, 0, p["w"], p["h"]), 2: _cells(100, 0, p["w"], p["h"])}
    boxes, found = _detections(p), [0, 0, 0, 0]
    for score in sorted(p["s"], reverse=True):
        at = p["s"].index(score)
        best = max(truths, key=lambda name: _iou(boxes[at], truths[name]), default=None)
        if best is not None and _iou(boxes[at], truths[best]) >= Fraction(1, 2):
            found[at] = 1
            del truths[best]
    return found


def _third(p: Params) -> Fraction:
    return _iou(_detections(p)[2], _cells(100, 0, p["w"], p["h"]))


TABLE: Table = {
    "grid-cell-and-offset": {
        "grid": lambda p: (p["a"], p["b"]),
        "cell": _cell,
        "offset": _offset,
    },
    "fcos-and-fast-rcnn-heads": {
        "depth": lambda p: len(_fcos(p)),
        "map": lambda p: p["H"] * p["W"] * len(_fcos(p)),
        "scores": lambda p: _region(p)[0],
        "boxes": lambda p: _region(p)[1],
        "regions": lambda p: p["R"] * sum(_region(p)),
    },
    "box-formats": {
        "coco": lambda p: [p["x"], p["y"], p["w"], p["h"]],
        "centered": _centered,
        "yolo": _label,
        "corners": _corners,
    },
    "complete-iou": {
        "union": lambda p: len(set.union(*_pair(p))),
        "overlap": lambda p: _iou(*_pair(p)),
        "distance_iou": _diou,
        "complete": _ciou,
    },
    "iou-table": {
        "overlaps": _overlaps,
        "first": lambda p: _most(p, 0),
        "second": lambda p: _most(p, 1),
    },
    "soft-nms": {
        "overlap": _beside,
        "kept": lambda p: 2 if _beside(p) > Fraction(3, 10) else 3,
        "linear": lambda p: _lowered(p, 1 - _beside(p)),
        "gaussian": _gaussian,
    },
    "box-deltas": {"encoded": _encoded, "scaled": _scaled, "decoded": _decoded},
    "true-and-false-detections": {
        "overlap": _third,
        "matches": _matches,
        "precision_at_end": lambda p: Fraction(sum(_matches(p)), 4),
        "recall_at_end": lambda p: Fraction(sum(_matches(p)), 2),
    },
}
