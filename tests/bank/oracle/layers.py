"""Sizes and weight tensors of layers, shared by oracles of several kinds of networks."""

from fractions import Fraction

from tests.bank.oracle.table import Params
from tests.bank.oracle.weights import Shapes, conv, count, norm
from tests.bank.oracle.windows import same_padding, starts

Pair = tuple[int, int]
ANY_SIZE = 100


def sides(p: Params, kernel: int, *, stride: int = 1, padding: int = 0) -> Pair:
    """Return the height and width after one layer on the problem's input."""
    return after((p["H"], p["W"]), kernel, stride=stride, padding=padding)


def border(p: Params) -> int:
    """Return the padding on each side that preserves any size."""
    return same_padding(ANY_SIZE, p["K"])


def same_sides(p: Params) -> Pair:
    """Return the height and width with K - 1 zeros of padding in total; K may be even."""
    return after((p["H"] + p["K"] - 1, p["W"] + p["K"] - 1), p["K"])


def after(size: Pair, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> Pair:
    """Return the height and width after a layer, by counting its windows."""
    height, width = (
        len(starts(side, kernel, stride=stride, padding=padding, dilation=dilation))
        for side in size
    )
    return height, width


def plain(inputs: int, outputs: int, kernel: int) -> Shapes:
    return conv(inputs, outputs, kernel, bias=False)


def depthwise(channels: int, kernel: int) -> Shapes:
    """Return the tensors of a depthwise convolution without biases: a filter per channel."""
    return [(kernel, kernel)] * channels


def grouped(inputs: int, outputs: int, kernel: int, groups: int) -> Shapes:
    """Return the tensors of a grouped convolution with biases."""
    return conv(inputs // groups, outputs // groups, kernel) * groups


def percent(part: int, whole: int) -> Fraction:
    return Fraction(100 * part, whole)


def normed(*layers: tuple[int, int, int]) -> int:
    """Return the parameters of convolutions without biases, each with normalization."""
    return count(*[plain(*layer) for layer in layers], *[norm(outputs) for _, outputs, _ in layers])
