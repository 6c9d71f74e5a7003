"""Expected values of the problems on groups of channels, of experts and of tokens.

The functions list things and count them. A variance comes from the distances between
values.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod, sqrt

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, count, dense
from tests.bank.oracle.windows import Number

BYTES = 2
HEAD = 32

# group-norm-forward


def _groups(p: Params) -> list[list[Number]]:
    first, second, third, fourth = p["X"]
    return [[*first, *second], [*third, *fourth]]


def _mean(values: Sequence[Number]) -> Fraction:
    return Fraction(sum(values), len(values))


def _variance(values: Sequence[Number]) -> Fraction:
    apart = sum((one - other) ** 2 for one, other in product(values, values))
    return Fraction(apart, 2 * len(values) ** 2)


def _normalised(p: Params) -> list[list[float]]:
    rows = []
    for group in _groups(p):
        mean, root = _mean(group), sqrt(_variance(group))
        values = [float(one - mean) / root for one in group]
        rows += [values[:2], values[2:]]
    return rows


def _output(p: Params) -> list[list[float]]:
    given = zip(_normalised(p), p["gamma"], p["beta"], strict=True)
    return [[scale * one + shift for one in row] for row, scale, shift in given]


def _means_of_a_batch(p: Params) -> int:
    return len({(image, group) for image in range(p["B"]) for group in range(p["G"])})


# mixture-of-experts


def _expert(p: Params) -> Shapes:
    into = dense(p["D"], p["F"], bias=False)
    return [*into, *into, *dense(p["F"], p["D"], bias=False)]


def _router(p: Params) -> Shapes:
    return dense(p["D"], p["E"], bias=False)


def _mixture(p: Params, experts: int) -> int:
    return count(_router(p), *[_expert(p)] * experts)


def _model(p: Params, experts: int) -> int:
    projections = [dense(p["D"], p["D"], bias=False)] * 4
    return sum(count(*projections) + _mixture(p, experts) for _ in range(p["L"]))


# window-attention


def _places(side: int) -> list[tuple[int, int]]:
    return list(product(range(side), repeat=2))


def _windows(p: Params) -> int:
    return len({(row // p["M"], column // p["M"]) for row, column in _places(p["H"])})


def _macs(tokens: int, features: int) -> int:
    """Return the MACs of all matrix products: rows × inner size × columns."""
    projections = [(tokens, features, features)] * 4
    heads = features // HEAD
    products = [(tokens, HEAD, tokens), (tokens, tokens, HEAD)] * heads
    return sum(prod(one) for one in projections + products)


def _in_windows(p: Params) -> int:
    return sum(_macs(len(_places(p["M"])), p["C"]) for _ in range(_windows(p)))


def _formula(p: Params) -> int:
    """Return the cost of all tokens: four projections, and two products with the window."""
    tokens, window = p["h"] * p["w"], p["M"] * p["M"]
    return tokens * (4 * p["C"] * p["C"] + (window + window) * p["C"])


def _distances(p: Params) -> int:
    """Return the number of relative positions of a query and a key in a window."""
    places = _places(p["M"])
    return len({(a - c, b - d) for (a, b), (c, d) in product(places, places)})


TABLE: Table = {
    "group-norm-forward": {
        "means": lambda p: [_mean(group) for group in _groups(p)],
        "variances": lambda p: [_variance(group) for group in _groups(p)],
        "normalised": _normalised,
        "output": _output,
        "statistics": _means_of_a_batch,
        "learned": lambda p: len(["scale", "shift"] * p["C"]),
    },
    "mixture-of-experts": {
        "expert": lambda p: count(_expert(p)),
        "router": lambda p: count(_router(p)),
        "all": lambda p: _mixture(p, p["E"]),
        "active": lambda p: _mixture(p, p["k"]),
        "model": lambda p: _model(p, p["E"]),
        "model_active": lambda p: _model(p, p["k"]),
        "memory": lambda p: Fraction(BYTES * _model(p, p["E"]), 10**9),
    },
    "window-attention": {
        "windows": _windows,
        "everywhere": lambda p: Fraction(_macs(len(_places(p["H"])), p["C"]), 10**9),
        "window": lambda p: Fraction(_macs(len(_places(p["M"])), p["C"]), 10**6),
        "in_windows": lambda p: Fraction(_in_windows(p), 10**9),
        "formula": _formula,
        "doubled": lambda p: Fraction(_windows({**p, "H": 2 * p["H"]}), _windows(p)),
        "positions": lambda p: _distances(p) * (p["C"] // HEAD),
    },
}
SHOWN: Table = {"window-attention": {"heads": lambda p: p["C"] // HEAD}}
