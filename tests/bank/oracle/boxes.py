"""Expected values of the problems on boxes, in the topic detection.

Areas are counts of unit cells. Where a problem halves sizes, the unit is half a pixel.
"""

from fractions import Fraction
from itertools import pairwise, product
from math import exp
from typing import Any

from tests.bank.oracle.table import Params, Table

Box = tuple[int, int, int, int]
LIMITS = {"low": Fraction(3, 10), "high": Fraction(7, 10)}


def _cells(box: Box) -> set[tuple[int, int]]:
    left, top, right, bottom = box
    return set(product(range(left, right), range(top, bottom)))


def _iou(one: Box, two: Box) -> Fraction:
    return Fraction(len(_cells(one) & _cells(two)), len(_cells(one) | _cells(two)))


def _hull(*boxes: Box) -> Box:
    """Return the smallest box around all boxes."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _giou(one: Box, two: Box) -> Fraction:
    """Return the IoU minus the share of the hull that neither box covers."""
    around = _cells(_hull(one, two))
    empty = around - _cells(one) - _cells(two)
    return _iou(one, two) - Fraction(len(empty), len(around))


# iou-two-boxes


def _truth(p: Params) -> Box:
    return p["x"], p["y"], p["x"] + p["w1"], p["y"] + p["h1"]


def _found(p: Params) -> Box:
    left, top = p["x"] + p["dx"], p["y"] + p["dy"]
    return left, top, left + p["w2"], top + p["h2"]


# giou-and-diou


def _object(p: Params) -> Box:
    return 0, 0, p["W"], p["H"]


def _near(p: Params) -> Box:
    return p["dx"], p["dy"], p["dx"] + p["W"], p["dy"] + p["H"]


def _far(p: Params) -> Box:
    left = p["W"] + p["gap"]
    return left, p["drop"], left + p["w"], p["drop"] + p["h"]


def _squares(one: Box, two: Box) -> list[Fraction]:
    """Return the squared center distance and the squared diagonal of the hull."""
    centres = [(Fraction(x1 + x2, 2), Fraction(y1 + y2, 2)) for x1, y1, x2, y2 in (one, two)]
    around = _hull(one, two)
    corners = [around[:2], around[2:]]
    return [
        sum(((a - b) ** 2 for a, b in zip(*ends, strict=True)), Fraction(0))
        for ends in (centres, corners)
    ]


def _diou_of_far(p: Params) -> Fraction:
    distance, diagonal = _squares(_object(p), _far(p))
    return _iou(_object(p), _far(p)) - distance / diagonal


# nms-by-hand


def _six(p: Params) -> tuple[Box, ...]:
    d, e, f = p["d"], p["e"], p["f"]
    row = [(10 + shift, 10, 30 + shift, 30) for shift in (0, d, d + e)]
    return (*row, (60, 12, 80, 36), (60, 12 + f, 80, 36 + f), (62, 14, 74, 26))


def _kept(p: Params, classes: Any) -> tuple[int, ...]:
    """Return the boxes, counted from 1, that non-maximum suppression keeps.

    A box stays if its IoU with each better kept box of its class is at most T.
    """
    boxes, scores = _six(p), p["scores"]

    def stays(box: int) -> bool:
        return not any(
            _iou(boxes[box], boxes[better]) > p["T"]
            for better in range(6)
            if scores[better] > scores[box] and classes[better] == classes[box] and stays(better)
        )

    return tuple(box + 1 for box in range(6) if stays(box))


# anchor-assignment


def _cell(p: Params) -> list[int]:
    """Return the row and column of the grid cell that contains the center."""
    places = (p["cy"], p["H"]), (p["cx"], p["W"])
    edges = [list(pairwise(range(0, size + 1, 32))) for _, size in places]
    return [
        next(at for at, (low, high) in enumerate(cells) if low <= place < high)
        for (place, _), cells in zip(places, edges, strict=True)
    ]


def _offset(p: Params) -> list[Fraction]:
    row, column = _cell(p)
    passed = len(range(32 * column, p["cx"])), len(range(32 * row, p["cy"]))
    return [Fraction(pixels, 32) for pixels in passed]


def _centred(width: int, height: int) -> tuple[set[int], set[int]]:
    """Return the half pixels on each axis that a box centered at the origin covers."""
    return set(range(-width, width)), set(range(-height, height))


def _shape_ious(p: Params) -> list[Fraction]:
    """Return the IoU of the object with each anchor, with aligned centers."""
    own = _centred(p["w"], p["h"])
    found = []
    for width, height in p["anchors"]:
        across, down = _centred(width, height)
        shared = len(own[0] & across) * len(own[1] & down)
        covered = len(own[0]) * len(own[1]) + len(across) * len(down) - shared
        found.append(Fraction(shared, covered))
    return found


def _best(p: Params) -> int:
    ious = _shape_ious(p)
    return 1 + ious.index(max(ious))


# rpn-anchor-labels


def _objects(p: Params) -> tuple[Box, ...]:
    return (p["x"], p["y"], p["x"] + 40, p["y"] + 40), (100, 30, 130, 60)


def _anchors(p: Params) -> tuple[Box, ...]:
    left, top, right, bottom = _objects(p)[0]
    a, b, c, e = p["a"], p["b"], p["c"], p["e"]
    moved = (left + a, top, right + a, bottom), (left, top + b, right, bottom + b)
    return (
        *moved,
        (left + c, top, right + c, bottom),
        (100, 30 + e, 130, 60 + e),
        (150, 80, 190, 110),
    )


def _largest(p: Params) -> list[Fraction]:
    return [max(_iou(anchor, one) for one in _objects(p)) for anchor in _anchors(p)]


def _labels(p: Params) -> list[int]:
    anchors = _anchors(p)
    columns = [[_iou(anchor, one) for anchor in anchors] for one in _objects(p)]
    best = {ious.index(max(ious)) for ious in columns}
    found = []
    for at, largest in enumerate(_largest(p)):
        if largest >= LIMITS["high"] or at in best:
            found.append(1)
        else:
            found.append(0 if largest < LIMITS["low"] else -1)
    return found


# decode-a-box


def _sigmoid(number: float) -> float:
    return exp(number) / (exp(number) + 1)


def _decoded(p: Params) -> tuple[float, float, float, float]:
    """Return the center and size of the decoded box, in pixels."""
    corner = p["col"] * p["s"], p["row"] * p["s"]
    x, y = (at + p["s"] * _sigmoid(t) for at, t in zip(corner, (p["tx"], p["ty"]), strict=True))
    width, height = (side * exp(t) for side, t in zip(p["anchor"], (p["tw"], p["th"]), strict=True))
    return x, y, width, height


def _corners(p: Params) -> list[float]:
    x, y, width, height = _decoded(p)
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]


TABLE: Table = {
    "iou-two-boxes": {
        "areas": lambda p: [len(_cells(_truth(p))), len(_cells(_found(p)))],
        "shared": lambda p: len(_cells(_truth(p)) & _cells(_found(p))),
        "union": lambda p: len(_cells(_truth(p)) | _cells(_found(p))),
        "overlap": lambda p: _iou(_truth(p), _found(p)),
    },
    "giou-and-diou": {
        "overlap": lambda p: _iou(_object(p), _near(p)),
        "giou_near": lambda p: _giou(_object(p), _near(p)),
        "hull": lambda p: len(_cells(_hull(_object(p), _far(p)))),
        "giou_far": lambda p: _giou(_object(p), _far(p)),
        "squares": lambda p: _squares(_object(p), _far(p)),
        "diou_far": _diou_of_far,
    },
    "nms-by-hand": {
        "pair": lambda p: _iou(*_six(p)[:2]),
        "all_pairs": lambda p: [
            _iou(_six(p)[one], _six(p)[two]) for one, two in ((0, 2), (1, 2), (3, 4))
        ],
        "kept": lambda p: _kept(p, [1] * 6),
        "kept_by_class": lambda p: _kept(p, p["labels"]),
    },
    "anchor-assignment": {
        "cell": _cell,
        "offset": _offset,
        "overlaps": _shape_ious,
        "best": _best,
    },
    "rpn-anchor-labels": {
        "overlaps": _largest,
        "labels": _labels,
        "trained": lambda p: sum(1 for label in _labels(p) if label >= 0),
    },
    "decode-a-box": {
        "centre_x": lambda p: _decoded(p)[0],
        "centre_y": lambda p: _decoded(p)[1],
        "width": lambda p: _decoded(p)[2],
        "height": lambda p: _decoded(p)[3],
        "corners": _corners,
    },
}

SHOWN: Table = {
    "iou-two-boxes": {"truth": _truth, "found": _found},
    "giou-and-diou": {"truth": _object, "near": _near, "far": _far},
    "nms-by-hand": {"boxes": _six},
    "rpn-anchor-labels": {"anchors": _anchors, "truths": _objects},
}
