"""Expected values of the problems in the topics convolution and pooling."""

from fractions import Fraction
from typing import Any

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import (
    Number,
    Rows,
    added,
    correlate,
    pool,
    same_padding,
    scatter,
)


def _plain(p: Params) -> Rows:
    return correlate(p["X"], p["K"])


def _same(image: Any, kernel: Any) -> Rows:
    border = same_padding(len(image), len(kernel))
    return correlate(image, kernel, padding=border)


def _mean(cells: list[Number]) -> Number:
    return Fraction(sum(cells)) / len(cells)


def _max_pool(image: Any) -> Rows:
    return pool(image, 2, stride=2, summary=max)


def _size(rows: Rows) -> tuple[int, ...]:
    return len(rows), len(rows[0])


TABLE: Table = {
    "binary-image-conv": {
        "output": lambda p: [
            [
                sum(
                    p["X"][top + i][left + j] == 1 == p["K"][i][j]
                    for i in range(3)
                    for j in range(3)
                )
                for left in range(3)
            ]
            for top in range(3)
        ],
    },
    "conv2d-by-hand": {
        "window_0_0": lambda p: _plain(p)[0][0],
        "window_0_1": lambda p: _plain(p)[0][1],
        "window_1_0": lambda p: _plain(p)[1][0],
        "window_1_1": lambda p: _plain(p)[1][1],
    },
    "rgb-conv-dilated": {
        "output": lambda p: added(
            correlate(channel, p["K"], padding=1, dilation=2) for channel in p["X"]
        ),
    },
    "rgb-conv-same": {
        "output": lambda p: added(_same(channel, p["K"]) for channel in p["X"]),
    },
    "rgb-conv-valid": {
        "red": lambda p: correlate(p["R"], p["K"]),
        "green": lambda p: correlate(p["G"], p["K"]),
        "blue": lambda p: correlate(p["B"], p["K"]),
        "output": lambda p: added(correlate(p[name], p["K"]) for name in "RGB"),
    },
    "sobel-conv-same": {"output": lambda p: _same(p["X"], p["K"])},
    "zero-padding-sharpen": {
        "first_value": lambda p: correlate(p["X"], p["K"], padding=1)[0][0],
    },
    "transposed-conv-2x2": {
        "output_size": lambda p: _size(scatter(p["X"], p["K"])),
        "after_second_input": lambda p: scatter(p["X"], p["K"], first=2),
        "output": lambda p: scatter(p["X"], p["K"]),
    },
    "transposed-conv2d-by-hand": {
        "after_first_input": lambda p: scatter(p["X"], p["K"], first=1),
        "after_sixth_input": lambda p: scatter(p["X"], p["K"], first=6),
        "output": lambda p: scatter(p["X"], p["K"]),
    },
    "pooling-4x4": {
        "max": lambda p: _max_pool(p["X"]),
        "average": lambda p: pool(p["X"], 2, stride=2, summary=_mean),
    },
    "rgb-max-pool": {
        "red": lambda p: _max_pool(p["R"]),
        "green": lambda p: _max_pool(p["G"]),
        "blue": lambda p: _max_pool(p["B"]),
    },
}
