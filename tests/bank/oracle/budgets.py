"""Expected values of the problems on operations and memory, by plain counting."""

from fractions import Fraction
from itertools import count as numbers_from
from itertools import pairwise
from math import prod

from tests.bank.oracle.layers import (
    Pair,
    after,
    border,
    depthwise,
    percent,
    plain,
    same_sides,
    sides,
)
from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, count, separable, uses
from tests.bank.oracle.windows import reach

KIB = 1024
BITS = {"float32": 32, "float16": 16, "int8": 8, "int4": 4}
Map = tuple[int, int, int]


def _strided(p: Params) -> Pair:
    return sides(p, p["K"], stride=2, padding=border(p))


def _macs(p: Params) -> int:
    return uses(*_strided(p), plain(p["C"], p["N"], p["K"]))


def _operations(p: Params) -> int:
    """Return the operations: a multiplication and an addition for each product."""
    return _macs(p) + _macs(p)


def _milliseconds(p: Params) -> Fraction:
    a_millisecond = Fraction(p["R"] * 10**9, 1000)
    return sum(_operations(p) for _ in range(p["B"])) / a_millisecond


def _field(p: Params) -> int:
    return reach([(3, 1)] * p["L"])


def _stack(p: Params) -> Shapes:
    return [tensor for _ in range(p["L"]) for tensor in plain(p["C"], p["C"], 3)]


def _single(p: Params) -> Shapes:
    return plain(p["C"], p["C"], _field(p))


def _remaining(p: Params) -> Fraction:
    """Return the share of the weights that remains, for any number of channels."""
    one = {**p, "C": 1}
    return Fraction(count(_stack(one)), count(_single(one)))


def _separated(filters: int, kernel: int) -> Fraction:
    """Return the share of the weights, and so of the products, that remains."""
    channels = 6
    lean = count(separable(channels, filters, kernel))
    return Fraction(lean, count(plain(channels, filters, kernel)))


def _fewest_filters(p: Params) -> int:
    wanted = Fraction(1, p["t"])
    return next(n for n in numbers_from(1) if _separated(n, p["S"]) <= wanted)


def _bytes(values: int, form: str = "float32") -> Fraction:
    return Fraction(values * BITS[form], 8)


def _maps(p: Params) -> list[Map]:
    size = after((p["H"], p["W"]), 3, padding=1)
    second = after(size, 3, padding=1)
    return [(p["N"], *size), (p["M"], *second), (p["M"], *after(second, 2, stride=2))]


def _kept(p: Params, *, images: int, copies: int = 1) -> Fraction:
    values = sum(prod(one) for one in _maps(p))
    return _bytes(sum(values * copies for _ in range(images)))


def _most_images(p: Params) -> int:
    """Return how many images fit, by adding one after the other."""
    room = p["G"] * KIB**3
    one = _kept(p, images=1, copies=2)
    return next(images for images in numbers_from(0) if (images + 1) * one > room)


def _parameters(p: Params) -> int:
    _, parameters = p["model"]
    found: int = parameters
    return found


def _seconds(p: Params) -> Fraction:
    bits = _parameters(p) * BITS["float16"]
    return Fraction(bits, p["R"] * 10**6)


def _half_bytes(p: Params) -> int:
    """Return how many half-byte numbers fit: two in each byte."""
    room: int = p["G"] * 10**9
    return room + room


def _trained(p: Params, *formats: str) -> Fraction:
    """Return the GB for one number in each of the *formats* per parameter."""
    values = p["m"] * 10**6
    return sum((_bytes(values, form) for form in formats), Fraction(0)) / 10**9


def _adam(p: Params) -> Fraction:
    return _trained(p, *["float32"] * 4)


def _mixed(p: Params) -> Fraction:
    return _trained(p, "float16", "float16", "float32", "float32", "float32")


def _cached(p: Params, *, heads: str, tokens: int, texts: int) -> Fraction:
    """Return the bytes of the KV cache, summed over layers and heads."""
    one_text = sum(2 * p["w"] for _ in range(p["L"]) for _ in range(p[heads])) * tokens
    return _bytes(one_text * texts, p["dtype"])


def _longest(p: Params) -> int:
    left, tokens = p["free"] * KIB**3, 0
    step = _cached(p, heads="g", tokens=1, texts=p["B"])
    while left >= step:
        left, tokens = left - step, tokens + 1
    return tokens


def _chain(p: Params) -> list[Map]:
    """Return the shapes of the image and of each layer's output."""
    first = after((p["H"], p["W"]), 3, padding=1)
    second = after(first, 3, padding=1)
    third = after(second, 3, stride=2, padding=1)
    sizes = [(p["H"], p["W"]), first, second, third, after(third, 2, stride=2)]
    channels = [3, p["N1"], p["N2"], p["N3"], p["N3"]]
    return [(one, *size) for one, size in zip(channels, sizes, strict=True)]


def _moments(p: Params) -> list[Fraction]:
    """Return the KiB of input plus output of each layer."""
    return [_bytes(prod(one) + prod(two)) / KIB for one, two in pairwise(_chain(p))]


def _all_maps(p: Params) -> Fraction:
    return _bytes(sum(prod(one) for one in _chain(p))) / KIB


TABLE: Table = {
    "conv-layer-macs": {
        "output": lambda p: (p["N"], *_strided(p)),
        "macs": _macs,
        "operations": _operations,
        "time": _milliseconds,
    },
    "stacked-3x3-vs-5x5": {
        "field": _field,
        "large": lambda p: count(_single(p)),
        "small": lambda p: count(_stack(p)),
        "saving": lambda p: 100 - percent(count(_stack(p)), count(_single(p))),
        "macs": lambda p: uses(p["H"], p["W"], _stack(p)),
        "ratio": _remaining,
    },
    "separable-cost-ratio": {
        "depthwise": lambda p: uses(*same_sides(p), depthwise(p["M"], p["K"])),
        "pointwise": lambda p: uses(p["H"], p["W"], plain(p["M"], p["N"], 1)),
        "ratio": lambda p: _separated(p["N"], p["K"]),
        "share": lambda p: 100 * _separated(p["F"], p["S"]),
        "limit": lambda p: Fraction(count(plain(1, 1, 1)), count(plain(1, 1, p["K"]))),
        "filters": _fewest_filters,
    },
    "activation-memory": {
        "values": lambda p: prod(_maps(p)[0]),
        "first": lambda p: _bytes(prod(_maps(p)[0])) / KIB**2,
        "batch": lambda p: _kept(p, images=p["B"]) / KIB**2,
        "training": lambda p: _kept(p, images=p["B"], copies=2) / KIB**3,
        "largest": _most_images,
    },
    "parameter-memory": {
        "decimal": lambda p: _bytes(_parameters(p)) / 10**6,
        "binary": lambda p: _bytes(_parameters(p)) / KIB**2,
        "saved": lambda p: (_bytes(_parameters(p)) - _bytes(_parameters(p), "float16")) / 10**6,
        "download": _seconds,
        "largest": _half_bytes,
    },
    "optimiser-memory": {
        "sgd": lambda p: _trained(p, *["float32"] * 2),
        "momentum": lambda p: _trained(p, *["float32"] * 3),
        "adam": _adam,
        "mixed": _mixed,
        "freed": lambda p: _mixed(p) - _trained(p, "float16"),
        "largest": lambda p: p["G"] * p["m"] * 10**6 / _adam(p),
    },
    "kv-cache-memory": {
        "token": lambda p: _cached(p, heads="h", tokens=1, texts=1) / KIB,
        "batch": lambda p: _cached(p, heads="h", tokens=p["n"], texts=p["B"]) / KIB**3,
        "grouped": lambda p: _cached(p, heads="g", tokens=p["n"], texts=p["B"]) / KIB**3,
        "longest": _longest,
    },
    "peak-activation-memory": {
        "second": lambda p: _bytes(prod(_chain(p)[2])) / KIB,
        "peak": lambda p: max(_moments(p)),
        "layer": lambda p: 1 + _moments(p).index(max(_moments(p))),
        "training": _all_maps,
        "factor": lambda p: _all_maps(p) / max(_moments(p)),
    },
}

SHOWN: Table = {
    "conv-layer-macs": {"P": border},
    "activation-memory": {"maps": lambda p: tuple(_maps(p))},
    "parameter-memory": {"P": _parameters},
    "optimiser-memory": {"P": lambda p: p["m"] * 10**6},
    "kv-cache-memory": {"size": lambda p: _bytes(1, p["dtype"])},
    "peak-activation-memory": {
        "image": lambda p: _chain(p)[0],
        "map_1": lambda p: _chain(p)[1],
        "map_2": lambda p: _chain(p)[2],
        "map_3": lambda p: _chain(p)[3],
        "map_4": lambda p: _chain(p)[4],
    },
}
