"""Expected values of the problems in the topic segmentation."""

from fractions import Fraction

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import conv, count, dense
from tests.bank.oracle.windows import windows


def _places(p: Params) -> tuple[int, int]:
    """Return how many crops of the classifier's size fit, as (rows, columns)."""
    height, width = (windows(p[axis], p["T"]) for axis in "HW")
    return height, width


def _crops(p: Params) -> int:
    down, across = _places(p)
    return len([(row, column) for row in range(down) for column in range(across)])


def _pixels(p: Params, height: int, width: int) -> int:
    return height * p["D"] * width * p["D"]


def _ratio(p: Params) -> Fraction:
    alone = _crops(p) * _pixels(p, p["T"], p["T"])
    return Fraction(alone, _pixels(p, p["H"], p["W"]))


def _two(p: Params, size: int) -> int:
    """Return the size after two convolutions."""
    return windows(windows(size, p["K"]), p["K"])


def _doubled(size: int) -> int:
    """Return the output size of a 2-cell transposed convolution with stride 2.

    It counts the cells that the kernel covers.
    """
    return len({2 * place + tap for place in range(size) for tap in range(2)})


def _first_skip(p: Params, axis: str) -> int:
    return _two(p, 4 * p[axis])


def _bottom(p: Params, axis: str) -> int:
    second_skip = _two(p, windows(_first_skip(p, axis), 2, stride=2))
    return _two(p, windows(second_skip, 2, stride=2))


def _scores(p: Params, axis: str) -> int:
    return _two(p, _doubled(_two(p, _doubled(_bottom(p, axis)))))


def _joined(p: Params) -> int:
    """Return the channels after the first concatenation: skip 2 plus the upsampled map."""
    return 2 * p["N"] + 2 * p["N"]


def _lost(p: Params) -> int:
    return next(
        border for border in range(4 * p["M"]) if _scores(p, "M") + 2 * border == 4 * p["M"]
    )


TABLE: Table = {
    "fully-convolutional-head": {
        "kernel": lambda p: (p["T"], p["T"]),
        "parameters": lambda p: count(dense(p["T"] * p["T"] * p["C"], p["U"])),
        "scores": lambda p: (p["classes"], *_places(p)),
        "crops": _crops,
        "ratio": _ratio,
    },
    "unet-shapes": {
        "skip_1": lambda p: (p["N"], _first_skip(p, "M"), _first_skip(p, "Q")),
        "bottom": lambda p: (4 * p["N"], _bottom(p, "M"), _bottom(p, "Q")),
        "concatenated": lambda p: (
            _joined(p),
            _doubled(_bottom(p, "M")),
            _doubled(_bottom(p, "Q")),
        ),
        "parameters": lambda p: count(conv(_joined(p), 2 * p["N"], p["K"])),
        "scores": lambda p: (p["classes"], _scores(p, "M"), _scores(p, "Q")),
        "border": _lost,
    },
}

SHOWN: Table = {
    "fully-convolutional-head": {
        "S": lambda p: p["T"] * p["D"],
        "IH": lambda p: p["H"] * p["D"],
        "IW": lambda p: p["W"] * p["D"],
    },
    "unet-shapes": {"H": lambda p: 4 * p["M"], "W": lambda p: 4 * p["Q"]},
}
