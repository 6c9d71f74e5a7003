"""Wrong formulas that students use, written from their words and the drawn parameters.

The module imports nothing from the code under test, so that a wrong version of a solver
can be compared with the student's own formula.
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
    """Return the output size; *padding* is the total of both ends."""
    return (size + padding - kernel) // stride + 1


def rotated(kernel: list[list[Any]]) -> list[list[Any]]:
    return [row[::-1] for row in kernel[::-1]]


def turned(matrix: list[list[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*matrix, strict=True)]


def rectangle(p: Params, *, sides: int) -> tuple[int, int]:
    """Return the output size of rectangular-inputs with padding on *sides* sides."""
    height = steps(p["H"], p["KH"], sides * p["PH"], p["SH"])
    return height, steps(p["W"], p["KW"], sides * p["PW"])


def printed_net(p: Params) -> int:
    """Return the parameters of network-repr with the input channels of the layer before."""
    area = p["K"] ** 2
    convs = [(3, p["N1"]), (3, p["N2"]), (p["N1"], p["N3"])]
    weights = sum(area * inputs * filters + filters for inputs, filters in convs)
    dense = (16 * p["N3"] + 1) * p["units"] + (p["units"] + 1) * p["classes"]
    return weights + dense + 2 * (p["N1"] + p["N2"] + p["N3"] + p["units"] + p["classes"])


def lenet_before_pool(p: Params) -> int:
    """Return the parameters of LeNet, flattened before the last pooling."""
    height, width = ((p[axis] - 4) // 2 - 4 for axis in "HW")
    convs = 26 * p["N1"] + (25 * p["N1"] + 1) * p["N2"]
    widths = [height * width * p["N2"], p["U1"], p["U2"], p["classes"]]
    return convs + sum((a + 1) * b for a, b in pairwise(widths))


def input_gradient(p: Params) -> list[list[Any]]:
    """Return the derivatives, padded by 2, correlated with the kernel unrotated."""
    return correlate(p["G"], p["K"], padding=2)


def normed_net(p: Params, each: int) -> int:
    """Return the parameters of batch-norm-parameters, with *each* per normalized channel."""
    area = p["K"] ** 2
    return area * p["C"] * p["N"] + area * p["N"] * p["M"] + each * (p["N"] + p["M"])


def learning_net(p: Params) -> int:
    """Return all that which-layers-learn stores, with 4 values per normalized channel."""
    convs = p["K"] ** 2 * p["C"] * p["N1"] + (9 * p["N1"] + 1) * p["N2"]
    return convs + 4 * p["N1"] + ((p["S"] // 4) ** 2 * p["N2"] + 1) * p["classes"]


def map_values(p: Params) -> int:
    """Return the number of values in the three feature maps of activation-memory."""
    area = p["H"] * p["W"]
    return area * (p["N"] + p["M"]) + (p["H"] // 2) * (p["W"] // 2) * p["M"]


def intersection(p: Params) -> int:
    width = min(p["w1"], p["dx"] + p["w2"]) - max(0, p["dx"])
    height = min(p["h1"], p["dy"] + p["h2"]) - max(0, p["dy"])
    return width * height


def _curve(p: Params) -> list[tuple[Fraction, Fraction]]:
    """Return (recall, precision) after each box of average-precision, by falling score."""
    pairs = zip(p["scores"], p["matches"], strict=True)
    ranked = [match for _, match in sorted(pairs, reverse=True)]
    cats = sum(ranked) + p["missed"]
    hits = [sum(ranked[: at + 1]) for at in range(len(ranked))]
    return [(Fraction(hit, cats), Fraction(hit, at)) for at, hit in enumerate(hits, 1)]


def raw_area(p: Params) -> float:
    """Return the area under the precision-recall curve without the envelope."""
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
    """Return the output positions of conv-layer-macs, with "same" padding and stride 2."""
    return prod(steps(p[axis], p["K"], 2 * (p["K"] // 2), 2) for axis in "HW")
