"""Tests of transposed convolutions, against SciPy and by the adjoint identity."""

from itertools import pairwise

import numpy as np
import pytest
from arrays import integers, spread
from scipy import signal

from grader.errors import SolverError
from problems.solvers.convolution import conv1d, conv2d
from problems.solvers.transposed_values import (
    conv_transpose1d,
    conv_transpose2d,
    transposed_running_sum,
)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("kernel", [(2, 2), (3, 2)])
def test_transposed_convolution_is_the_full_convolution_of_the_dilated_input(
    stride, padding, kernel
):
    x, w = integers(3, 4), integers(*kernel, seed=1)
    full = signal.convolve2d(spread(x, stride), w, mode="full")
    inner = tuple(slice(padding, side - padding) for side in full.shape)
    found = conv_transpose2d(x, w, stride=stride, padding=padding)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, full[inner])


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_convolution_and_its_transpose_are_adjoint(stride, padding):
    """<conv(x), y> = <x, convT(y)> if the windows cover all of x."""
    y, w = integers(3, 4), integers(3, 2, seed=1)
    back = conv_transpose2d(y, w, stride=stride, padding=padding)
    x = integers(*back.shape, seed=2)
    forth = conv2d(x, w, stride=stride, padding=padding)
    assert (forth * y).sum() == (x * back).sum()


def test_running_sum_adds_one_stamp_for_each_input_cell():
    x, w = integers(3, 3), integers(2, 2, seed=1)
    sums = [transposed_running_sum(x, w, after=count) for count in range(10)]
    assert not sums[0].any()
    for count, (before, after) in enumerate(pairwise(sums)):
        row, column = divmod(count, 3)
        stamp = np.zeros((4, 4), dtype=int)
        stamp[row : row + 2, column : column + 2] = x[row, column] * w
        np.testing.assert_array_equal(after - before, stamp)
    np.testing.assert_array_equal(sums[9], conv_transpose2d(x, w))


def test_running_sum_beyond_the_last_cell_is_rejected():
    with pytest.raises(SolverError, match="x has 4 cells, not 5"):
        transposed_running_sum([[1, 2], [3, 4]], [[1]], after=5)


def test_transposed_convolution_keeps_real_values():
    assert conv_transpose2d([[0.5]], [[3]])[0, 0] == 1.5


@pytest.mark.parametrize("kernel", [2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", [0, (1, 0, 0, 1), "tf", "same"])
@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_and_transpose_are_adjoint_with_every_option(
    kernel, stride, dilation, padding, groups
):
    y, w = integers(4, 4, 5), integers(4, 3, kernel, kernel, seed=1)
    options = {"stride": stride, "dilation": dilation, "padding": padding, "groups": groups}
    back = conv_transpose2d(y, w, **options)
    x = integers(*back.shape, seed=2)
    assert (conv2d(x, w, **options) * y).sum() == (x * back).sum()


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, (1, 2), "tf"])
def test_convolution_and_transpose_of_a_sequence_are_adjoint(stride, padding):
    y, w = integers(2, 6), integers(2, 3, 4, seed=1)
    back = conv_transpose1d(y, w, stride=stride, padding=padding)
    x = integers(*back.shape, seed=2)
    assert (conv1d(x, w, stride=stride, padding=padding) * y).sum() == (x * back).sum()


def test_output_padding_appends_zeros():
    found = conv_transpose2d([[1, 2]], [[1, 10]], stride=2, output_padding=(1, 0))
    np.testing.assert_array_equal(found, [[1, 10, 2, 20], [0, 0, 0, 0]])


def test_transposed_convolution_adds_a_bias_to_each_map():
    x, w = integers(2, 3, 3), integers(2, 3, 2, 2, seed=1)
    found = conv_transpose2d(x, w, bias=(10, 20, 30)) - conv_transpose2d(x, w)
    np.testing.assert_array_equal(found[:, 0, 0], [10, 20, 30])


@pytest.mark.parametrize(
    ("x", "w", "keywords", "reason"),
    [
        (np.ones(3), np.ones((2, 2)), {}, "x must have 2 or 3 axes, not 1"),
        (np.ones((3, 3)), np.ones((2, 2, 2)), {}, "w must have 2 or 4 axes, not 3"),
        (np.ones((2, 3, 3)), np.ones((2, 2)), {}, "w takes 1 channels, but x has 2"),
        (np.ones((3, 3)), np.ones((2, 2)), {"padding": 2}, "crops everything away"),
        (np.ones((3, 3)), np.ones((2, 2)), {"output_padding": 1}, "is not smaller than the stride"),
        (np.ones((3, 3)), np.ones((2, 2)), {"padding": "full"}, "padding must be valid, same, tf"),
        (np.ones((3, 3, 3)), np.ones((3, 1, 2, 2)), {"groups": 2}, "groups do not divide"),
        (np.ones((3, 3)), np.ones((2, 2)), {"stride": 10**6}, "the limit is"),
        (
            np.ones((3, 3)),
            np.ones((2, 2)),
            {"padding": "tf", "stride": 2, "output_padding": 1},
            "goes with a padding in numbers only",
        ),
    ],
)
def test_invalid_transposed_convolution_is_rejected(x, w, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        conv_transpose2d(x, w, **keywords)
