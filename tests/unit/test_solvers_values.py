"""Tests of convolution values along one, two and three axes, against SciPy.

Kernels and inputs are asymmetric integers, so that a flip, a transposition or an
exchange of axes cannot go unnoticed.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from arrays import integers, spread
from scipy import signal

from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.values import Tensor
from problems.registry import REGISTRY
from problems.solvers.arrays import distinct, flip, symmetric, transpose
from problems.solvers.convolution import conv1d, conv2d, conv3d


def by_scipy(x, w, *, stride=1, padding=0, dilation=1):
    """Return the correlation of two matrices by `scipy.signal.correlate2d`."""
    full = signal.correlate2d(np.pad(x, padding), spread(w, dilation), mode="valid")
    return full[::stride, ::stride]


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (3, 3)])
def test_convolution_matches_scipy_correlation(stride, padding, dilation, kernel):
    x, w = integers(7, 9), integers(*kernel, seed=1)
    geometry = {"stride": stride, "padding": padding, "dilation": dilation}
    found = conv2d(x, w, **geometry)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, by_scipy(x, w, **geometry))


def test_flipped_convolution_matches_scipy_convolution():
    x, w = integers(6, 5), integers(3, 2, seed=1)
    np.testing.assert_array_equal(conv2d(x, w, flip=True), signal.convolve2d(x, w, mode="valid"))


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("column", [0, 1])
def test_unit_kernel_shifts_the_input(row, column):
    x, kernel = integers(5, 6), np.zeros((3, 2), dtype=int)
    kernel[row, column] = 1
    np.testing.assert_array_equal(conv2d(x, kernel), x[row : row + 3, column : column + 5])


def test_convolution_sums_over_channels():
    x, w = integers(3, 6, 5), integers(3, 3, 2, seed=1)
    expected = sum(by_scipy(x[channel], w[channel]) for channel in range(3))
    np.testing.assert_array_equal(conv2d(x, w), expected)


def test_two_dimensional_kernel_applies_to_every_channel():
    x, w = integers(3, 6, 5), integers(3, 2, seed=1)
    np.testing.assert_array_equal(conv2d(x, w), by_scipy(x.sum(axis=0), w))


def test_each_filter_yields_a_map_with_its_bias():
    x, w = integers(2, 5, 5), integers(3, 2, 3, 3, seed=1)
    found = conv2d(x, w, bias=(10, 20, 30))
    assert found.shape == (3, 3, 3)
    for index in range(3):
        np.testing.assert_array_equal(found[index], conv2d(x, w[index]) + 10 * (index + 1))


def test_filter_group_uses_only_its_own_channels():
    x, w = integers(4, 5, 5), integers(6, 2, 3, 3, seed=1)
    found = conv2d(x, w, groups=2)
    np.testing.assert_array_equal(found[:3], conv2d(x[:2], w[:3]))
    np.testing.assert_array_equal(found[3:], conv2d(x[2:], w[3:]))


def test_depthwise_convolution_keeps_channels_separate():
    x, w = integers(3, 5, 5), integers(3, 1, 2, 2, seed=1)
    found = conv2d(x, w, groups=3)
    for channel in range(3):
        np.testing.assert_array_equal(found[channel], by_scipy(x[channel], w[channel, 0]))


def test_height_and_width_may_have_different_geometry():
    x, w = integers(9, 8), integers(2, 3, seed=1)
    found = conv2d(x, w, stride=(2, 1), padding=(0, 2), dilation=(3, 1))
    padded = np.pad(x, ((0, 0), (2, 2)))
    kernel = np.zeros((4, 3), dtype=int)
    kernel[[0, 3]] = w
    np.testing.assert_array_equal(found, signal.correlate2d(padded, kernel, mode="valid")[::2, ::1])


def test_convolution_accepts_nested_tuples():
    np.testing.assert_array_equal(conv2d(((1, 2), (3, 4)), ((1, 0), (0, 1))), [[5]])


def test_array_rows_may_be_stacked_in_an_expression():
    x = Tensor.from_nested([[1, 2], [10, 20], [3, 5]])
    tree = parse("matmul((X[2], X[0]), [[1, 0], [0, 2]])").tree
    stacked = evaluate(tree, Scope({"X": x}, REGISTRY.functions))
    assert stacked == Tensor.from_nested([[3, 10], [1, 4]])


def test_large_integers_are_summed_exactly():
    x = np.full((2, 2), 2**24 + 1)
    assert conv2d(x, x)[0, 0] == 4 * (2**24 + 1) ** 2


def test_fractional_input_makes_the_convolution_real():
    assert conv2d([[1, 2]], [[1, 1]], bias=Fraction(1, 2))[0, 0] == 3.5
    assert conv2d([[0.5, 2]], [[1, 1]]).dtype == np.float64


@pytest.mark.parametrize(
    ("x", "w", "keywords", "reason"),
    [
        (np.ones(3), np.ones((1, 1)), {}, "x must have 2 or 3 axes, not 1"),
        (np.ones((3, 3)), np.ones(3), {}, "w must have 2 or 3 or 4 axes, not 1"),
        (np.ones((2, 2)), np.ones((3, 3)), {}, "does not fit"),
        (np.ones((0, 2)), np.ones((1, 1)), {}, "x is empty"),
        (((1, 2), (3,)), ((1,),), {}, "x is ragged"),
        (np.ones((2, 4, 4)), np.ones((3, 2, 2)), {}, "w takes 3 channels, but x has 2"),
        (np.ones((4, 4)), np.ones((3, 2, 2)), {}, "w takes 3 channels, but x has 1"),
        (np.ones((3, 4, 4)), np.ones((3, 1, 2, 2)), {"groups": 2}, "groups do not divide"),
        (np.ones((4, 4)), np.ones((2, 2)), {"flip": 1}, "flip must be True or False"),
        (np.ones((4, 4)), np.ones((2, 2)), {"bias": (1, 2)}, "bias has 2 numbers for 1"),
        (np.ones((4, 4)), np.ones((2, 2)), {"padding": 10**6}, "cells, the limit is"),
        (np.full((2, 2), 2**31), np.full((2, 2), 2**31), {}, "too large to be summed exactly"),
    ],
)
def test_invalid_convolution_arguments_are_rejected_with_reason(x, w, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        conv2d(x, w, **keywords)


def test_convolution_result_of_more_than_50_000_cells_is_rejected():
    with pytest.raises(SolverError, match="the limit is 50000"):
        conv2d(np.ones((51, 1000)), np.ones((1, 1)))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_one_dimensional_convolution_matches_a_matrix_with_one_row(stride, dilation, kernel):
    x, w = integers(9), integers(kernel, seed=1)
    geometry = {"stride": stride, "padding": (2, 1), "dilation": dilation}
    padded = np.pad(x, (2, 1))[np.newaxis]
    expected = signal.correlate2d(padded, spread(w[np.newaxis], dilation), mode="valid")
    np.testing.assert_array_equal(conv1d(x, w, **geometry), expected[0, ::stride])


@pytest.mark.parametrize("stride", [1, 2])
def test_three_dimensional_convolution_matches_scipy_correlation(stride):
    x, w = integers(2, 5, 6, 4), integers(2, 2, 3, 2, seed=1)
    bordered = np.pad(x, ((0, 0), (1, 1), (1, 1), (1, 1)))
    full = sum(signal.correlate(bordered[at], w[at], mode="valid") for at in range(2))
    found = conv3d(x, w, stride=stride, padding=1)
    np.testing.assert_array_equal(found, full[::stride, ::stride, ::stride])


@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (4, 4), (5, 2)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_padding_matches_scipy_at_stride_1(kernel, dilation):
    x, w = integers(9, 8), spread(integers(*kernel, seed=1), dilation)
    found = conv2d(x, w, padding="same")
    assert found.shape == x.shape
    expected = signal.correlate2d(x, w, mode="same")
    np.testing.assert_array_equal(found, expected)


# --- questions about arrays


@pytest.mark.parametrize(
    ("x", "hides"),
    [
        ([[1, 2], [3, 4]], False),
        ([[1, 2], [2, 5]], True),  # its own transpose
        ([[1, 2], [2, 1]], True),
        ([[1, 2, 1]], True),  # its own rotation
        ([[1, 2, 3]], False),
        ([[[1, 2], [3, 4]], [[1, 2], [2, 5]]], False),  # the first channel would show
        ([[[1, 2], [2, 5]], [[0, 7], [7, 1]]], True),
    ],
)
def test_symmetric_detects_arrays_that_hide_a_flip_or_transposition(x, hides):
    assert symmetric(x) is hides
    cells = np.array(x)
    same = [np.array_equal(cells, turned) for turned in (flip(x), transpose(x))]
    assert any(same) is hides


@pytest.mark.parametrize("shape", [(2, 3), (1, 4), (2, 3, 2), (2, 2, 1, 3)])
def test_flip_and_transpose_keep_cells_exact(shape):
    """NumPy gives the expected positions; thirds must stay exact."""
    count = math.prod(shape)
    places, given = np.arange(count).reshape(shape), [Fraction(at, 3) for at in range(count)]
    for solver, turned in (
        ("transpose", places.swapaxes(-1, -2)),
        ("flip", places[..., ::-1, ::-1]),
    ):
        found = REGISTRY.functions[solver](Tensor(shape, tuple(given)))
        assert found == Tensor(turned.shape, tuple(given[at] for at in turned.ravel().tolist()))


@pytest.mark.parametrize("x", [Tensor((2,), (1, 2)), Tensor((1,) * 5, (1,)), 3, "text"])
def test_flip_and_transpose_reject_values_without_rows_and_columns(x):
    for solver in ("transpose", "flip"):
        with pytest.raises(SolverError):
            REGISTRY.functions[solver](x)


def test_distinct_detects_repeated_values():
    assert distinct([[1, 2], [3, 4]])
    assert not distinct([1, 2, 1])
