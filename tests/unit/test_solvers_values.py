"""Values of convolution, its transpose and pooling, against scipy and by the adjoint identity.

Kernels and inputs are asymmetric integers, so that a flip, a transposition or an exchange of axes
cannot go unnoticed.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage, signal

from grader.errors import SolverError
from problems.solvers.arrays import distinct, flip, symmetric, transpose
from problems.solvers.convolution import conv2d
from problems.solvers.pooling import avg_pool2d, max_pool2d
from problems.solvers.transposed import conv_transpose2d, transposed_running_sum


def integers(*shape, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape)


def spread(kernel, dilation):
    """Return the kernel with zeros between its cells."""
    rows, columns = (dilation * (side - 1) + 1 for side in kernel.shape)
    found = np.zeros((rows, columns), kernel.dtype)
    found[::dilation, ::dilation] = kernel
    return found


def by_scipy(x, w, *, stride=1, padding=0, dilation=1):
    """Return the correlation of two matrices by `scipy.signal.correlate2d`."""
    full = signal.correlate2d(np.pad(x, padding), spread(w, dilation), mode="valid")
    return full[::stride, ::stride]


# --- convolution


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (3, 3)])
def test_a_convolution_is_the_correlation_of_scipy(stride, padding, dilation, kernel):
    x, w = integers(7, 9), integers(*kernel, seed=1)
    geometry = {"stride": stride, "padding": padding, "dilation": dilation}
    found = conv2d(x, w, **geometry)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, by_scipy(x, w, **geometry))


def test_a_flipped_convolution_is_the_convolution_of_scipy():
    x, w = integers(6, 5), integers(3, 2, seed=1)
    np.testing.assert_array_equal(conv2d(x, w, flip=True), signal.convolve2d(x, w, mode="valid"))


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("column", [0, 1])
def test_a_single_one_in_the_kernel_shifts_the_input(row, column):
    x, kernel = integers(5, 6), np.zeros((3, 2), dtype=int)
    kernel[row, column] = 1
    np.testing.assert_array_equal(conv2d(x, kernel), x[row : row + 3, column : column + 5])


def test_channels_are_summed():
    x, w = integers(3, 6, 5), integers(3, 3, 2, seed=1)
    expected = sum(by_scipy(x[channel], w[channel]) for channel in range(3))
    np.testing.assert_array_equal(conv2d(x, w), expected)


def test_one_kernel_serves_every_channel():
    x, w = integers(3, 6, 5), integers(3, 2, seed=1)
    np.testing.assert_array_equal(conv2d(x, w), by_scipy(x.sum(axis=0), w))


def test_each_filter_gives_a_map_and_adds_its_bias():
    x, w = integers(2, 5, 5), integers(3, 2, 3, 3, seed=1)
    found = conv2d(x, w, bias=(10, 20, 30))
    assert found.shape == (3, 3, 3)
    for index in range(3):
        np.testing.assert_array_equal(found[index], conv2d(x, w[index]) + 10 * (index + 1))


def test_a_group_sees_its_own_channels_only():
    x, w = integers(4, 5, 5), integers(6, 2, 3, 3, seed=1)
    found = conv2d(x, w, groups=2)
    np.testing.assert_array_equal(found[:3], conv2d(x[:2], w[:3]))
    np.testing.assert_array_equal(found[3:], conv2d(x[2:], w[3:]))


def test_a_depthwise_convolution_keeps_the_channels_apart():
    x, w = integers(3, 5, 5), integers(3, 1, 2, 2, seed=1)
    found = conv2d(x, w, groups=3)
    for channel in range(3):
        np.testing.assert_array_equal(found[channel], by_scipy(x[channel], w[channel, 0]))


def test_height_and_width_may_differ_in_everything():
    x, w = integers(9, 8), integers(2, 3, seed=1)
    found = conv2d(x, w, stride=(2, 1), padding=(0, 2), dilation=(3, 1))
    padded = np.pad(x, ((0, 0), (2, 2)))
    kernel = np.zeros((4, 3), dtype=int)
    kernel[[0, 3]] = w
    np.testing.assert_array_equal(found, signal.correlate2d(padded, kernel, mode="valid")[::2, ::1])


def test_nested_tuples_spell_arrays():
    np.testing.assert_array_equal(conv2d(((1, 2), (3, 4)), ((1, 0), (0, 1))), [[5]])


def test_large_integers_are_summed_exactly():
    x = np.full((2, 2), 2**24 + 1)
    assert conv2d(x, x)[0, 0] == 4 * (2**24 + 1) ** 2


def test_a_fraction_makes_the_result_real():
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
def test_a_convolution_that_makes_no_sense_is_refused_with_the_reason(x, w, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        conv2d(x, w, **keywords)


def test_a_result_of_more_than_a_million_cells_is_refused():
    with pytest.raises(SolverError, match="the limit is 1000000"):
        conv2d(np.ones((1001, 1000)), np.ones((1, 1)))


# --- transposed convolution


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("kernel", [(2, 2), (3, 2)])
def test_a_transposed_convolution_is_the_full_convolution_of_the_spread_input(
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
    """<conv(x), y> = <x, convT(y)> wherever the windows cover the whole of x."""
    y, w = integers(3, 4), integers(3, 2, seed=1)
    back = conv_transpose2d(y, w, stride=stride, padding=padding)
    x = integers(*back.shape, seed=2)
    forth = conv2d(x, w, stride=stride, padding=padding)
    assert (forth * y).sum() == (x * back).sum()


def test_the_running_sum_grows_cell_by_cell_into_the_whole():
    x, w = integers(3, 3), integers(2, 2, seed=1)
    sums = [transposed_running_sum(x, w, after=count) for count in range(10)]
    assert not sums[0].any()
    for count, (before, after) in enumerate(pairwise(sums)):
        row, column = divmod(count, 3)
        stamp = np.zeros((4, 4), dtype=int)
        stamp[row : row + 2, column : column + 2] = x[row, column] * w
        np.testing.assert_array_equal(after - before, stamp)
    np.testing.assert_array_equal(sums[9], conv_transpose2d(x, w))


def test_a_running_sum_beyond_the_last_cell_is_refused():
    with pytest.raises(SolverError, match="x has 4 cells, not 5"):
        transposed_running_sum([[1, 2], [3, 4]], [[1]], after=5)


def test_real_cells_stay_real():
    assert conv_transpose2d([[0.5]], [[3]])[0, 0] == 1.5


# --- pooling


@pytest.mark.parametrize("shape", [(6, 9), (2, 6, 9)])
@pytest.mark.parametrize("window", [2, 3, (2, 3)])
def test_pooling_takes_each_block_for_itself(shape, window):
    x = integers(*shape)
    rows, columns = (window, window) if isinstance(window, int) else window
    height, width = 6 // rows, 9 // columns
    cut = x[..., : height * rows, : width * columns]
    blocks = cut.reshape(*shape[:-2], height, rows, width, columns)
    np.testing.assert_array_equal(max_pool2d(x, window), blocks.max(axis=(-3, -1)))
    np.testing.assert_allclose(avg_pool2d(x, window), blocks.mean(axis=(-3, -1)))


@pytest.mark.parametrize("stride", [1, 2])
def test_overlapping_pooling_is_the_filter_of_scipy(stride):
    x = integers(7, 8)
    largest = ndimage.maximum_filter(x, 3)[1:-1, 1:-1]
    mean = ndimage.uniform_filter(x.astype(float), 3)[1:-1, 1:-1]
    np.testing.assert_array_equal(max_pool2d(x, 3, stride=stride), largest[::stride, ::stride])
    np.testing.assert_allclose(avg_pool2d(x, 3, stride=stride), mean[::stride, ::stride])


def test_padding_never_wins_a_maximum_and_counts_in_a_mean():
    x = -(integers(4, 4) ** 2) - 1
    assert max_pool2d(x, 2, padding=1)[0, 0] == x[0, 0]
    assert max_pool2d(x / 2, 2, padding=1)[0, 0] == x[0, 0] / 2
    assert avg_pool2d(x, 2, padding=1)[0, 0] == x[0, 0] / 4


def test_the_maximum_of_integers_is_an_integer():
    assert max_pool2d([[1, 2], [3, 4]], 2).dtype == np.int64


@pytest.mark.parametrize(
    ("x", "window", "keywords", "reason"),
    [
        (np.ones(4), 2, {}, "x must have 2 or 3 axes"),
        (np.ones((4, 4)), 5, {}, "does not fit"),
        (np.ones((4, 4)), 2, {"padding": 2}, "more than half"),
        (np.ones((4, 4)), 0, {}, "kernel_size must be from 1"),
        (np.ones((1000, 1000)), 5, {"stride": 1}, "the windows would have"),
    ],
)
def test_pooling_that_makes_no_sense_is_refused_with_the_reason(x, window, keywords, reason):
    for pool in (max_pool2d, avg_pool2d):
        with pytest.raises(SolverError, match=reason):
            pool(x, window, **keywords)


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
def test_symmetric_tells_whether_a_flip_or_a_transposition_could_hide(x, hides):
    assert symmetric(x) is hides
    cells = np.array(x)
    same = [np.array_equal(cells, turned) for turned in (flip(x), transpose(x))]
    assert any(same) is hides


def test_distinct_tells_whether_a_value_repeats():
    assert distinct([[1, 2], [3, 4]])
    assert not distinct([1, 2, 1])
