"""Expected values of the problems in the topic shapes."""

from itertools import count as numbers_from

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import conv, count
from tests.bank.oracle.windows import same_padding, starts, windows

ANY_SIZE = 100

Shape = tuple[int, int, int]


def _valid(p: Params, stride: int) -> Shape:
    height, width = (windows(p[axis], p["K"], stride=stride) for axis in "HW")
    return height, width, p["N"]


def _stack(p: Params, operations: int) -> Shape:
    """Return the shape after the first *operations* operations.

    Filters of None mean that the operation keeps the number of channels.
    """
    layers = (
        (p["K"], 1, 1, p["N1"]),
        (1, 1, 0, None),
        (3, 1, 1, None),
        (p["K"], 1, 1, p["N2"]),
        (1, 1, 0, None),
        (2, 2, 1, None),
    )
    height, width, channels = p["H"], p["W"], p["C"]
    for kernel, stride, padding, filters in layers[:operations]:
        height = windows(height, kernel, stride=stride, padding=padding)
        width = windows(width, kernel, stride=stride, padding=padding)
        channels = channels if filters is None else filters
    return height, width, channels


def _first_map(p: Params) -> int:
    return windows(p["D"], p["K"])


def _found_kernel(p: Params) -> int:
    return next(kernel for kernel in numbers_from(1) if windows(p["D"], kernel) == _first_map(p))


def _pooled(p: Params) -> int:
    return windows(_first_map(p), 2, stride=2)


def _square(side: int) -> tuple[int, int]:
    return side, side


def _width_where_windows_fit(p: Params) -> int | None:
    """Return how many windows fit.

    None if no window fits, or if the last one leaves cells over.
    """
    found = starts(p["M"], p["F"], stride=p["S"], padding=p["P"])
    if not found or found[-1] + p["F"] != p["M"] + p["P"]:
        return None
    return len(found)


TABLE: Table = {
    "conv-output-shape": {
        "stride_1": lambda p: _valid(p, 1),
        "stride_2": lambda p: _valid(p, 2),
    },
    "conv-pool-stack": {
        "conv1": lambda p: _stack(p, 1),
        "relu1": lambda p: _stack(p, 2),
        "pool1": lambda p: _stack(p, 3),
        "conv2": lambda p: _stack(p, 4),
        "relu2": lambda p: _stack(p, 5),
        "pool2": lambda p: _stack(p, 6),
        "conv1_params": lambda p: count(conv(p["C"], p["N1"], p["K"])),
        "conv2_params": lambda p: count(conv(p["N1"], p["N2"], p["K"])),
        "total_params": lambda p: count(
            conv(p["C"], p["N1"], p["K"]), conv(p["N1"], p["N2"], p["K"])
        ),
        "third_conv_params": lambda p: count(conv(_stack(p, 6)[2], p["N3"], p["K"])),
    },
    "conv-sizing": {
        "same_padding": lambda p: same_padding(ANY_SIZE, p["F"]),
        "kernel_size": lambda p: _square(_found_kernel(p)),
        "pooled": lambda p: _square(_pooled(p)),
        "second_conv": lambda p: _square(windows(_pooled(p), p["L"])),
    },
    "output-size-formula": {"formula": _width_where_windows_fit},
    "pointwise-channel-reduction": {
        "filters": lambda p: p["N"],
        "filter_shape": lambda p: (1, 1, p["C"]),
        "output_shape": lambda p: (windows(p["H"], 1), windows(p["W"], 1), p["N"]),
    },
}

SHOWN: Table = {"conv-sizing": {"A": _first_map}}
