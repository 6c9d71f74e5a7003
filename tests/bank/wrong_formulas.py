"""What students compute by a wrong formula, written from their words and the drawn parameters.

Nothing of ours is imported, so that a twin and the student can be held against each other.
"""

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

from tests.bank.oracle.windows import correlate

__all__ = [
    "area_under",
    "eleven",
    "gated",
    "halved_places",
    "input_gradient",
    "intersection",
    "learning_net",
    "lenet_before_pool",
    "map_values",
    "normed_net",
    "printed_net",
    "raw_area",
    "rectangle",
    "rotated",
    "steps",
    "turned",
]

Params = Mapping[str, Any]


def steps(size: int, kernel: int, padding: int = 0, stride: int = 1) -> int:
    """Return the size formula, the padding of both ends together."""
    return (size + padding - kernel) // stride + 1


def rotated(kernel: list[list[Any]]) -> list[list[Any]]:
    return [row[::-1] for row in kernel[::-1]]


def turned(matrix: list[list[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*matrix, strict=True)]


def rectangle(p: Params, *, sides: int) -> tuple[int, int]:
    """Return the size behind the convolution of rectangular-inputs, padded at so many sides."""
    height = steps(p["H"], p["KH"], sides * p["PH"], p["SH"])
    return height, steps(p["W"], p["KW"], sides * p["PW"])


def printed_net(p: Params) -> int:
    """Return the parameters of network-repr, each convolution fed with what the one before got."""
    area = p["K"] ** 2
    convs = [(3, p["N1"]), (3, p["N2"]), (p["N1"], p["N3"])]
    weights = sum(area * inputs * filters + filters for inputs, filters in convs)
    dense = (16 * p["N3"] + 1) * p["units"] + (p["units"] + 1) * p["classes"]
    return weights + dense + 2 * (p["N1"] + p["N2"] + p["N3"] + p["units"] + p["classes"])


def lenet_before_pool(p: Params) -> int:
    """Return the parameters of the LeNet with the maps flattened before the last pooling."""
    height, width = ((p[axis] - 4) // 2 - 4 for axis in "HW")
    convs = 26 * p["N1"] + (25 * p["N1"] + 1) * p["N2"]
    widths = [height * width * p["N2"], p["U1"], p["U2"], p["classes"]]
    return convs + sum((a + 1) * b for a, b in pairwise(widths))


def input_gradient(p: Params) -> list[list[Any]]:
    """Return the kernel laid as it stands on the derivatives, with two zeros around them."""
    return correlate(p["G"], p["K"], padding=2)


def normed_net(p: Params, each: int) -> int:
    """Return the parameters of batch-norm-parameters with so many for each normalised channel."""
    area = p["K"] ** 2
    return area * p["C"] * p["N"] + area * p["N"] * p["M"] + each * (p["N"] + p["M"])


def learning_net(p: Params) -> int:
    """Return all that which-layers-learn stores: four numbers for each normalised channel."""
    convs = p["K"] ** 2 * p["C"] * p["N1"] + (9 * p["N1"] + 1) * p["N2"]
    return convs + 4 * p["N1"] + ((p["S"] // 4) ** 2 * p["N2"] + 1) * p["classes"]


def map_values(p: Params) -> int:
    """Return how many values the three maps of activation-memory hold."""
    area = p["H"] * p["W"]
    return area * (p["N"] + p["M"]) + (p["H"] // 2) * (p["W"] // 2) * p["M"]


def intersection(p: Params) -> int:
    width = min(p["w1"], p["dx"] + p["w2"]) - max(0, p["dx"])
    height = min(p["h1"], p["dy"] + p["h2"]) - max(0, p["dy"])
    return width * height


def _curve(p: Params) -> list[tuple[Fraction, Fraction]]:
    """Return (recall, precision) behind each box of average-precision, the surest first."""
    pairs = zip(p["scores"], p["matches"], strict=True)
    ranked = [match for _, match in sorted(pairs, reverse=True)]
    cats = sum(ranked) + p["missed"]
    hits = [sum(ranked[: at + 1]) for at in range(len(ranked))]
    return [(Fraction(hit, cats), Fraction(hit, at)) for at, hit in enumerate(hits, 1)]


def raw_area(p: Params) -> float:
    """Return the area under the precisions as they are."""
    before, area = Fraction(0), Fraction(0)
    for recall, precision in _curve(p):
        area += (recall - before) * precision
        before = recall
    return float(area)


def _best(p: Params, least: Fraction) -> Fraction:
    return max((one for recall, one in _curve(p) if recall >= least), default=Fraction(0))


def eleven(p: Params) -> float:
    return float(sum(_best(p, Fraction(tenth, 10)) for tenth in range(11)) / 11)


def area_under(p: Params) -> float:
    recalls = sorted({recall for recall, _ in _curve(p)} | {Fraction(0)})
    return float(sum((high - low) * _best(p, high) for low, high in pairwise(recalls)))


def gated(p: Params, gates: int, biases: int = 1) -> int:
    return gates * (p["E"] * p["D"] + p["D"] ** 2 + biases * p["D"])


def halved_places(p: Params) -> int:
    """Return the places of the output of conv-layer-macs: padded to keep its size, stride 2."""
    return prod(steps(p[axis], p["K"], 2 * (p["K"] // 2), 2) for axis in "HW")
