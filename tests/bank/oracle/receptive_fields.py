"""Expected values of problems in the topic receptive-fields, by tracing cells back."""

from fractions import Fraction
from itertools import count as numbers_from
from math import prod
from typing import NamedTuple

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import conv, count
from tests.bank.oracle.windows import same_padding

ANY_SIZE = 100
SIDES = ("H", "W")


class Layer(NamedTuple):
    """A convolution or a pooling along one axis."""

    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0


def seen(layers: list[Layer], cell: int) -> set[int]:
    """Return the input positions in the receptive field of an output cell."""
    places = {cell}
    for kernel, stride, dilation, padding in reversed(layers):
        taps = [dilation * tap - padding for tap in range(kernel)]
        places = {place * stride + tap for place in places for tap in taps}
    return places


def stretch(layers: list[Layer], cells: int = 1) -> int:
    """Return the width of the input that *cells* adjacent outputs depend on."""
    for layer in reversed(layers):
        first_taps = (cells - 1) * layer.stride + 1
        cells = first_taps + layer.dilation * (layer.kernel - 1)
    return cells


def shift(layers: list[Layer]) -> int:
    """Return the offset between the receptive fields of adjacent cells."""
    return min(seen(layers, 1)) - min(seen(layers, 0))


def _stack(p: Params) -> list[Layer]:
    first, second = Layer(p["K1"], p["S1"]), Layer(p["K2"], p["S2"])
    return [first, second, Layer(p["K3"], p["S3"]), Layer(p["K4"])]


def _fifth(p: Params) -> int:
    return next(k for k in numbers_from(1) if stretch([*_stack(p), Layer(k)]) >= p["W"])


def _pooled(p: Params, steps: int) -> list[Layer]:
    """Return the layers of the first *steps* steps of the statement.

    A ReLU has the same receptive field as its input, so it adds no layer.
    """
    found = [
        [Layer(p["K1"]), Layer(p["K1"])],
        [Layer(2, 2)],
        [Layer(p["K2"]), Layer(p["K2"])],
        [Layer(p["Q"], 2)],
        [Layer(p["K3"])],
    ]
    return [layer for step in found[:steps] for layer in step]


def _share(p: Params) -> Fraction:
    side = len(seen(_pooled(p, 5), 0))
    return Fraction(100 * side * side, prod(p[axis] for axis in SIDES))


def _dilated(p: Params) -> list[Layer]:
    return [Layer(p["K"], 1, dilation) for dilation in p["D"]]


def _doubled(p: Params) -> int:
    return stretch([Layer(p["k"], 1, 2**layer) for layer in range(p["n"])])


def fewest(kernel: int, target: int, *, stride: int = 1, growth: int = 1) -> int:
    """Return the smallest number of layers whose receptive field reaches *target*.

    Layer number i, counted from 0, has the dilation `growth**i`.
    """
    return next(
        layers
        for layers in numbers_from(0)
        if stretch([Layer(kernel, stride, growth**layer) for layer in range(layers)]) >= target
    )


def _plain_layers(p: Params) -> int:
    return fewest(p["K"], stretch(_dilated(p)))


def _fewer_parameters(p: Params) -> int:
    one = conv(p["C"], p["C"], p["K"])
    return count(*[one] * _plain_layers(p)) - count(*[one] * len(p["D"]))


def _six(p: Params) -> list[Layer]:
    pooling = Layer(p["P"], 2)
    first = [Layer(p["K1"], p["S1"]), pooling, Layer(p["K2"]), pooling]
    return [*first, Layer(p["K3"], p["S3"]), Layer(3)]


def _rows(p: Params) -> list[dict[str, int]]:
    prefixes = [_six(p)[:end] for end in range(1, 7)]
    return [{"r": len(seen(layers, 0)), "j": shift(layers)} for layers in prefixes]


def _placed(p: Params) -> list[Layer]:
    first, second = Layer(p["K1"], p["S1"], 1, p["P1"]), Layer(p["K2"], p["S2"], 1, p["P2"])
    return [first, second, Layer(p["K3"], 2, 1, 1)]


def _middle(p: Params, cell: int) -> Fraction:
    places = seen(_placed(p), cell)
    return Fraction(sum(places), len(places))


def _ends(p: Params) -> list[int]:
    places = seen(_placed(p), p["I"])
    return [min(places), max(places)]


def _nearest(p: Params) -> int:
    return min(range(p["X"]), key=lambda cell: abs(_middle(p, cell) - p["X"]))


def _window(p: Params, poolings: int) -> int:
    return len(seen([Layer(p["K"])] * poolings, 0))


def _comparisons_saved(p: Params) -> int:
    side_by_side = sum(_window(p, poolings) ** 2 - 1 for poolings in (1, 2, 3))
    return side_by_side - 3 * (p["K"] ** 2 - 1)


TABLE: Table = {
    "receptive-field-of-a-stack": {
        "field_2": lambda p: stretch(_stack(p)[:2]),
        "field_3": lambda p: stretch(_stack(p)[:3]),
        "field_4": lambda p: stretch(_stack(p)),
        "jump_4": lambda p: shift(_stack(p)),
        "kernel_5": _fifth,
    },
    "receptive-field-with-pooling": {
        "first_pool": lambda p: len(seen(_pooled(p, 2), 0)),
        "second_pool": lambda p: len(seen(_pooled(p, 4), 0)),
        "last": lambda p: len(seen(_pooled(p, 5), 0)),
        "share": _share,
    },
    "dilated-receptive-field": {
        "span": lambda p: stretch(_dilated(p)[3:]),
        "padding": lambda p: (stretch(_dilated(p)[3:]) - 1) // 2,
        "field": lambda p: stretch(_dilated(p)),
        "plain_layers": _plain_layers,
        "parameters_saved": _fewer_parameters,
        "formula": _doubled,
    },
    "layers-for-a-receptive-field": {
        "plain": lambda p: fewest(p["K"], p["N"]),
        "dilated": lambda p: fewest(p["K"], p["N"], growth=p["G"]),
        "strided": lambda p: fewest(p["K"], p["N"], stride=2),
        "weights": lambda p: fewest(p["K"], p["N"]) * p["K"] * p["C"] * p["C"],
        "formula": lambda p: fewest(p["k"], p["N"]),
    },
    "receptive-field-recursion": {
        "recursion": _rows,
        "patch": lambda p: stretch(_six(p), cells=p["M"]),
    },
    "effective-stride-and-centre": {
        "jump": lambda p: shift(_placed(p)),
        "field": lambda p: max(seen(_placed(p), 0)) - min(seen(_placed(p), 0)) + 1,
        "start": lambda p: _middle(p, 0),
        "centre": lambda p: _middle(p, p["I"]),
        "range": _ends,
        "nearest": _nearest,
    },
    "cascade-of-poolings": {
        "padding": lambda p: same_padding(ANY_SIZE, p["K"]),
        "window_2": lambda p: _window(p, 2),
        "window_3": lambda p: _window(p, 3),
        "output": lambda p: (len([0, 1, 2, 3]) * p["C"], p["H"], p["W"]),
        "comparisons": _comparisons_saved,
    },
}

SHOWN: Table = {
    "effective-stride-and-centre": {"layers": lambda p: tuple(_placed(p))},
}
