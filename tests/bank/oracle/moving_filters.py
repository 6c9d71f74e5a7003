"""Expected values of the problems on padding, cropping, and filters along one or three axes."""

from itertools import product

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import conv, count, filters
from tests.bank.oracle.windows import Number, correlate, same_padding, starts

# valid-and-same-padding


def _valid(p: Params) -> tuple[int, int, int]:
    return len(starts(p["H"], p["K"], stride=p["S"])), _valid_width(p), p["N"]


def _valid_width(p: Params) -> int:
    return len(starts(p["W"], p["K"], stride=p["S"]))


def _same(p: Params) -> tuple[int, int, int]:
    height, width = (len(range(p[side])[:: p["S"]]) for side in "HW")
    return height, width, p["N"]


def _lost_rows(p: Params) -> int:
    rows = p["H"]
    for _ in range(5):
        rows = len(starts(rows, p["K"]))
    return p["H"] - rows


# copy-and-crop


def _removed(surplus: int) -> list[int]:
    """Return what is removed at both ends, one cell after another, the end first."""
    ends = [0, 0]
    for turn in range(surplus):
        ends[1 - turn % 2] += 1
    return ends


def _enlarged(p: Params) -> int:
    return max(rows for rows in range(4 * p["B"]) if rows <= p["B"] * p["f"])


# passthrough-layer


def _rearranged(p: Params) -> tuple[int, int, int]:
    squares: dict[tuple[int, int], int] = {}
    for row, column in product(range(p["r"] * p["a"]), range(p["r"] * p["b"])):
        square = row // p["r"], column // p["r"]
        squares[square] = squares.get(square, 0) + p["C"]
    (depth,) = set(squares.values())
    height, width = (1 + max(square[axis] for square in squares) for axis in (0, 1))
    return height, width, depth


def _joined(p: Params) -> tuple[int, int, int]:
    height, width, depth = _rearranged(p)
    return height, width, depth + p["D"]


# recover-a-filter


def _taps(size: int, outputs: int) -> int:
    return next(taps for taps in range(1, size + 1) if len(starts(size, taps)) == outputs)


def _along(values: list[Number], taps: list[Number]) -> list[Number]:
    return correlate([values], [taps])[0]


# video-convolution


def _frame(p: Params, at: int) -> list[list[int]]:
    return [
        [
            sum(
                p["F"][k][i][j] * p["X"][at + k][row + i][column + j]
                for k, i, j in product(range(2), repeat=3)
            )
            for column in range(2)
        ]
        for row in range(2)
    ]


def _video_shape(p: Params) -> tuple[int, int, int, int]:
    side = len(starts(p["H"], 3))
    return len(starts(p["T"], p["K"])), side, side, p["N"]


# transposed-conv1d


def _stamped(p: Params, stride: int) -> list[int]:
    output = [0] * (stride * (len(p["x"]) - 1) + len(p["F"]))
    for at, value in enumerate(p["x"]):
        for tap, weight in enumerate(p["F"]):
            output[stride * at + tap] += value * weight
    return output


def _last_place(p: Params) -> int:
    places = {at * (p["K"] // 2) + tap for at in range(p["L"]) for tap in range(p["K"])}
    return len(places)


TABLE: Table = {
    "valid-and-same-padding": {
        "valid": _valid,
        "same": _same,
        "zeros": lambda p: 2 * same_padding(100, p["K"]),
        "stacked": _lost_rows,
    },
    "copy-and-crop": {
        "rows": lambda p: _removed(p["d"]),
        "columns": lambda p: _removed(p["e"]),
        "joined": lambda p: (p["C"] + p["D"], 2 * p["B"], 2 * p["B"]),
        "weights": lambda p: count(conv(p["C"] + p["D"], p["N"], 3)),
        "enlarged": _enlarged,
    },
    "passthrough-layer": {
        "rearranged": _rearranged,
        "joined": _joined,
        "parameters": lambda p: count(conv(_joined(p)[2], p["N"], 1)),
        "pooled": lambda p: (p["a"], p["b"], p["C"]),
    },
    "recover-a-filter": {
        "size": lambda p: _taps(len(p["x"]), 4),
        "weights": lambda p: p["w"],
        "strided": lambda p: _along(p["x"], p["w"])[::2],
        "padded": lambda p: _along([0, *p["x"], 0], p["w"]),
        "long": lambda p: _taps(p["N"], p["N"] - 24),
    },
    "video-convolution": {
        "first": lambda p: _frame(p, 0),
        "second": lambda p: _frame(p, 1),
        "shape": _video_shape,
        "parameters": lambda p: count(filters(p["N"], (p["K"], 3, 3, p["C"]))),
    },
    "transposed-conv1d": {
        "output": lambda p: _stamped(p, 2),
        "cropped": lambda p: [one + p["b"] for one in _stamped(p, 2)[1:-1]],
        "plain": lambda p: _stamped(p, 1),
        "length": _last_place,
    },
}
