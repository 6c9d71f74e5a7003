"""Expected values of the problems on detector heads, in the topic detection.

The functions list every prediction of a head by name and place, and count the list.
"""

from collections.abc import Iterable
from fractions import Fraction
from itertools import product

from tests.bank.oracle.table import Params, Table

BOX = ["x", "y", "width", "height"]
SIDES = ["left", "top", "right", "bottom"]


def _classes(p: Params) -> list[str]:
    return [f"class {number}" for number in range(p["C"])]


def _cells(rows: int, columns: int) -> list[tuple[int, int]]:
    return list(product(range(rows), range(columns)))


def _halved(size: int, times: int) -> int:
    for _ in range(times):
        assert size % 2 == 0
        size //= 2
    return size


def _grids(height: int, width: int) -> list[tuple[int, int]]:
    """Return the grids after halving an image five, four and three times."""
    return [(_halved(height, times), _halved(width, times)) for times in (5, 4, 3)]


# yolov1-tensor


def _yolov1_cell(p: Params) -> list[str]:
    boxes = [name for _ in range(p["B"]) for name in (*BOX, "confidence")]
    return boxes + _classes(p)


def _yolov1_weights(p: Params) -> int:
    """Return the parameters of the last layer: per output, F weights and a bias."""
    outputs = [(*cell, name) for cell in _cells(p["S"], p["S"]) for name in _yolov1_cell(p)]
    return sum(p["F"] + 1 for _ in outputs)


# yolov3-boxes, yolo-output-depth, yolo-versions-head-depth


def _anchored(p: Params) -> list[str]:
    return [name for _ in range(3) for name in (*BOX, "objectness", *_classes(p))]


def _anchored_boxes(grids: Iterable[tuple[int, int]]) -> int:
    return sum(1 for grid in grids for _ in product(_cells(*grid), range(3)))


def _yolov3_grids(p: Params) -> list[tuple[int, int]]:
    return _grids(p["H"], p["W"])


def _yolov3_numbers(p: Params) -> int:
    return sum(len(_cells(*grid)) * len(_anchored(p)) for grid in _yolov3_grids(p))


def _yolov8_head(p: Params) -> list[str]:
    distances = [f"{side} {at}" for side in SIDES for at in range(16)]
    return distances + _classes(p)


def _yolov8_boxes(p: Params) -> int:
    return sum(len(_cells(*grid)) for grid in _grids(p["S"], p["S"]))


# ssd-default-boxes


def _ssd_boxes(p: Params) -> list[int]:
    """Return the number of default boxes on each map."""
    return [
        len(list(product(_cells(side, side), range(each))))
        for side, each in zip(p["sides"], p["each"], strict=True)
    ]


def _ssd_scores(p: Params) -> list[str]:
    return [name for _ in range(p["each"][1]) for name in (*_classes(p), "background")]


def _ssd_offsets(p: Params) -> list[str]:
    return [name for _ in range(p["each"][1]) for name in BOX]


def _ssd_numbers(p: Params) -> int:
    one_box = [*BOX, *_classes(p), "background"]
    return sum(boxes * len(one_box) for boxes in _ssd_boxes(p))


# rpn-and-retinanet-heads


def _rpn_channels(p: Params) -> int:
    return len([name for _ in range(p["A"]) for name in (*BOX, "object", "no object")])


def _rpn_anchors(p: Params) -> int:
    rows, columns = _halved(p["H"], 4), _halved(p["W"], 4)
    return len(list(product(_cells(rows, columns), range(p["A"]))))


def _pyramid(p: Params) -> list[int]:
    """Return the sides of the maps: the number of strides across the image."""
    return [len(range(0, p["S"], stride)) for stride in (8, 16, 32, 64, 128)]


def _retinanet_anchors(p: Params) -> int:
    return sum(1 for side in _pyramid(p) for _ in product(_cells(side, side), range(9)))


TABLE: Table = {
    "yolov1-tensor": {
        "depth": lambda p: len(_yolov1_cell(p)),
        "tensor": lambda p: (p["S"], p["S"], len(_yolov1_cell(p))),
        "boxes": lambda p: len(_cells(p["S"], p["S"])) * p["B"],
        "weights": _yolov1_weights,
    },
    "yolov3-boxes": {
        "coarse": lambda p: (*_yolov3_grids(p)[0], len(_anchored(p))),
        "fine": lambda p: (*_yolov3_grids(p)[2], len(_anchored(p))),
        "boxes": lambda p: _anchored_boxes(_yolov3_grids(p)),
        "numbers": _yolov3_numbers,
    },
    "yolo-output-depth": {
        "yolov1": lambda p: len(_yolov1_cell({**p, "B": 2})),
        "yolov3": lambda p: len(_anchored(p)),
    },
    "yolo-versions-head-depth": {
        "head5": lambda p: len(_anchored(p)),
        "head8": lambda p: len(_yolov8_head(p)),
        "boxes5": lambda p: _anchored_boxes(_grids(p["S"], p["S"])),
        "boxes8": _yolov8_boxes,
        "decoded8": lambda p: (len(SIDES) + len(_classes(p)), _yolov8_boxes(p)),
    },
    "ssd-default-boxes": {
        "first": lambda p: _ssd_boxes(p)[0],
        "total": lambda p: sum(_ssd_boxes(p)),
        "share": lambda p: Fraction(_ssd_boxes(p)[0], sum(_ssd_boxes(p))) * 100,
        "scores": lambda p: len(_ssd_scores(p)),
        "depth": lambda p: len(_ssd_scores(p) + _ssd_offsets(p)),
        "numbers": _ssd_numbers,
    },
    "rpn-and-retinanet-heads": {
        "rpn_channels": _rpn_channels,
        "rpn_anchors": _rpn_anchors,
        "sides": _pyramid,
        "anchors": _retinanet_anchors,
        "class_channels": lambda p: len([name for _ in range(9) for name in _classes(p)]),
        "box_channels": lambda _: len([name for _anchor in range(9) for name in BOX]),
    },
}
