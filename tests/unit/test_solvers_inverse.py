"""Tests of inverse solvers for sizes and filters, against exhaustive search."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.inverse import kernel_for, maps_to, padding_for, stride_for
from problems.solvers.layers_needed import layers_to_reach, transposed_layers_to_reach
from problems.solvers.sizes import conv_size
from problems.solvers.unknown_filter import filter_from


def smallest(candidates, size, target, **geometry):
    """Return the first candidate for one argument that gives *target*, or None."""
    name, values = candidates
    for value in values:
        arguments = {"kernel_size": 3, **geometry, name: value}
        try:
            found = conv_size(size, **arguments)
        except SolverError:
            continue
        if found == target:
            return value
    return None


def found_or_none(solver, *arguments, **keywords):
    try:
        return solver(*arguments, **keywords)
    except SolverError:
        return None


SIZES = [*product((1, 2, 5, 8, 11), (1, 2, 3, 5, 9))]


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("dilation", [1, 2])
def test_kernel_for_returns_the_smallest_matching_kernel(stride, padding, dilation):
    geometry = {"stride": stride, "padding": padding, "dilation": dilation}
    for size, target in SIZES:
        expected = smallest(("kernel_size", range(1, 20)), size, target, **geometry)
        assert found_or_none(kernel_for, size, target, **geometry) == expected


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2])
def test_padding_for_returns_the_smallest_matching_padding(stride, kernel_size, dilation):
    geometry = {"stride": stride, "kernel_size": kernel_size, "dilation": dilation}
    for size, target in SIZES:
        expected = smallest(("padding", range(40)), size, target, **geometry)
        assert found_or_none(padding_for, size, target, **geometry) == expected


@pytest.mark.parametrize("padding", [0, 1, 3])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2])
def test_stride_for_returns_the_smallest_matching_stride(padding, kernel_size, dilation):
    geometry = {"padding": padding, "kernel_size": kernel_size, "dilation": dilation}
    for size, target in SIZES:
        expected = smallest(("stride", range(1, 30)), size, target, **geometry)
        assert found_or_none(stride_for, size, target, **geometry) == expected


@pytest.mark.parametrize(
    ("answer", "holds"),
    [((4, 2, 0), True), ((3, 2, 0), True), ((5, 2, 0), False), ((99, 1, 0), False)],
)
def test_maps_to_returns_a_boolean_and_never_fails(answer, holds):
    kernel, stride, padding = answer
    assert maps_to(64, 31, kernel, stride=stride, padding=padding) is holds


@pytest.mark.parametrize(
    ("solver", "arguments", "keywords", "reason"),
    [
        (kernel_for, (8, 9), {}, "no kernel takes 8 to 9"),
        (padding_for, (8, 2, 3), {}, "no padding takes 8 to 2"),
        (stride_for, (8, 5, 3), {}, "no stride takes 8 to 5"),
        (stride_for, (2, 1, 5), {}, "does not fit"),
        (padding_for, (8, 0, 3), {}, "output_size must be from 1"),
        (maps_to, (8, 8, 0), {}, "kernel_size must be from 1"),
        (maps_to, (8, 8, 3), {"stride": Fraction(1, 2)}, "stride must be a whole number"),
    ],
)
def test_impossible_geometry_is_rejected_with_reason(solver, arguments, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        solver(*arguments, **keywords)


# --- layers


@pytest.mark.parametrize(
    ("size", "target", "kernel_size", "keywords", "layers"),
    [
        (8, 8, 3, {}, 0),
        (224, 8, 7, {}, 36),
        (224, 16, 3, {}, 104),
        (64, 1, 2, {"stride": 2}, 6),
        (5, 9, 3, {"padding": 2}, 2),
    ],
)
def test_layers_to_reach_counts_convolution_layers(size, target, kernel_size, keywords, layers):
    assert layers_to_reach(size, target, kernel_size, **keywords) == layers


@pytest.mark.parametrize(
    ("size", "target", "kernel_size", "keywords"),
    [
        (224, 9, 7, {}),
        (8, 9, 3, {}),
        (8, 7, 3, {"padding": 1}),
        (8, 9, 1, {}),
        (10**9, 1, 3, {}),
    ],
)
def test_unreachable_size_is_rejected(size, target, kernel_size, keywords):
    with pytest.raises(SolverError):
        layers_to_reach(size, target, kernel_size, **keywords)


def test_transposed_layers_to_reach_counts_transposed_convolutions():
    assert transposed_layers_to_reach(16, 224, 9) == 26
    assert transposed_layers_to_reach(1, 64, 2, stride=2) == 6
    with pytest.raises(SolverError, match="exactly 11"):
        transposed_layers_to_reach(4, 11, 4)


# --- filters


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4])
def test_filter_from_recovers_the_filter(seed, kernel_size):
    rng = np.random.default_rng(seed)
    x, w = rng.integers(-9, 10, 9), rng.integers(-5, 6, kernel_size)
    assert filter_from(x, np.correlate(x, w)) == tuple(w)
    assert filter_from(x, np.convolve(x, w, "valid"), flip=True) == tuple(w)
    strided = np.correlate(x, w)[::2]
    if len(strided) >= kernel_size:
        assert filter_from(x, strided, stride=2, kernel_size=kernel_size) == tuple(w)
    padded = np.correlate(np.pad(x, 1), w)
    assert filter_from(x, padded, padding=1) == tuple(w)


def test_fractional_filter_is_recovered_exactly():
    assert filter_from((1, 2, 4, 7), (1, 2, Fraction(11, 3))) == (Fraction(1, 3), Fraction(1, 3))


@pytest.mark.parametrize(
    ("x", "y", "keywords", "reason"),
    [
        ((1, 2, 4, 8), (5, 10, 20), {}, "does not settle one filter of 2"),
        ((1, 2, 3), (4,), {}, "does not settle one filter of 3"),
        ((0, 0, 0), (0, 0), {}, "does not settle one filter of 2"),
        ((1, 2, 4, 7, 3), (5, 10, 18, 14), {}, "no filter of 2 numbers fits"),
        ((1, 2), (1, 2, 3), {}, "no kernel takes 2 to 3"),
        ((1, 2, 3), (1, 2, 3), {"kernel_size": 2}, "a filter of 2 does not make 3 numbers of 3"),
        ((1,) * 33, (1,), {}, "the limit is 32"),
        ((1, 2), (1, 2), {"padding": 10**9}, "padding must be at most 32"),
        ((1, 2), (1, 2), {"kernel_size": 0}, "kernel_size must be from 1"),
        ((1,) * 30, (1,) * 5, {}, "a filter of 26 is longer than 8"),
        ("ab", (1, 2), {}, "x must be a list of numbers"),
    ],
)
def test_underdetermined_filter_is_rejected_with_reason(x, y, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        filter_from(x, y, **keywords)
