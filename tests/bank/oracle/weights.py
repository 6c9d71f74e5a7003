"""Shapes of weight tensors, parameter counts and numbers of multiplications."""

from collections.abc import Iterable
from itertools import pairwise
from math import prod

Shapes = list[tuple[int, ...]]


def conv(inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> Shapes:
    """Return the tensors of a convolution, transposed or not, with square kernels."""
    return filters(outputs, (kernel, kernel, inputs), bias=bias)


def filters(outputs: int, one: tuple[int, ...], *, bias: bool = True) -> Shapes:
    """Return the tensors of *outputs* filters of the shape *one*, and their biases."""
    return [*[one] * outputs, *[(1,)] * (outputs if bias else 0)]


def separable(inputs: int, outputs: int, kernel: int) -> Shapes:
    """Return the tensors of a depthwise and a pointwise convolution, without biases."""
    depthwise = [(kernel, kernel)] * inputs
    return depthwise + conv(inputs, outputs, 1, bias=False)


def dense(inputs: int, outputs: int, *, bias: bool = True) -> Shapes:
    """Return the tensors of a fully connected layer: each unit's weights and its bias."""
    return filters(outputs, (inputs,), bias=bias)


def norm(channels: int) -> Shapes:
    """Return the tensors that batch normalization learns: a scale and a shift per channel."""
    return [(channels,), (channels,)]


def count(*layers: Iterable[tuple[int, ...]]) -> int:
    """Return the number of values in the tensors of all layers."""
    return sum(prod(shape) for tensors in layers for shape in tensors)


def uses(height: int, width: int, tensors: Shapes) -> int:
    """Return the multiplications of a layer: each output position uses every weight once."""
    places = height * width
    return places * count(tensors)


def chain(channels: list[int], kernel: int) -> list[Shapes]:
    """Return the tensors of convolutions with biases, from each channel count to the next."""
    return [conv(inputs, outputs, kernel) for inputs, outputs in pairwise(channels)]
