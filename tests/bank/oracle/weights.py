"""What layers learn: the shape of every weight tensor, added up; and how often each is used."""

from collections.abc import Iterable
from itertools import pairwise
from math import prod

Shapes = list[tuple[int, ...]]


def conv(inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> Shapes:
    """Return the tensors of a convolution, transposed or not, with square kernels."""
    return filters(outputs, (kernel, kernel, inputs), bias=bias)


def filters(outputs: int, one: tuple[int, ...], *, bias: bool = True) -> Shapes:
    """Return the tensors of so many filters, all of the shape *one*."""
    return [*[one] * outputs, *[(1,)] * (outputs if bias else 0)]


def separable(inputs: int, outputs: int, kernel: int) -> Shapes:
    """Return the tensors of a depthwise and of the pointwise convolution behind it, no biases."""
    depthwise = [(kernel, kernel)] * inputs
    return depthwise + conv(inputs, outputs, 1, bias=False)


def dense(inputs: int, outputs: int, *, bias: bool = True) -> Shapes:
    """Return the tensors of a fully connected layer: the weights of each unit, and its bias."""
    return filters(outputs, (inputs,), bias=bias)


def norm(channels: int) -> Shapes:
    """Return what batch normalisation learns: a factor and an offset for each channel."""
    return [(channels,), (channels,)]


def count(*layers: Iterable[tuple[int, ...]]) -> int:
    """Return how many numbers the tensors of all layers hold."""
    return sum(prod(shape) for tensors in layers for shape in tensors)


def uses(height: int, width: int, tensors: Shapes) -> int:
    """Return the multiplications of a layer: at each output place, every weight is used once."""
    places = height * width
    return places * count(tensors)


def chain(channels: list[int], kernel: int) -> list[Shapes]:
    """Return convolutions with biases from each number of channels to the next."""
    return [conv(inputs, outputs, kernel) for inputs, outputs in pairwise(channels)]
