"""Tests of pooling: its values and its gradients."""

import numpy as np
import pytest
from arrays import integers
from scipy import ndimage

from grader.errors import SolverError
from problems.solvers.pool_gradients import pool2d_backward
from problems.solvers.pool_values import avg_pool2d, global_pool2d, max_pool2d


@pytest.mark.parametrize("shape", [(6, 9), (2, 6, 9)])
@pytest.mark.parametrize("window", [2, 3, (2, 3)])
def test_pooling_reduces_each_block_separately(shape, window):
    x = integers(*shape)
    rows, columns = (window, window) if isinstance(window, int) else window
    height, width = 6 // rows, 9 // columns
    cut = x[..., : height * rows, : width * columns]
    blocks = cut.reshape(*shape[:-2], height, rows, width, columns)
    np.testing.assert_array_equal(max_pool2d(x, window), blocks.max(axis=(-3, -1)))
    np.testing.assert_allclose(avg_pool2d(x, window), blocks.mean(axis=(-3, -1)))


@pytest.mark.parametrize("stride", [1, 2])
def test_overlapping_pooling_matches_scipy_filters(stride):
    x = integers(7, 8)
    largest = ndimage.maximum_filter(x, 3)[1:-1, 1:-1]
    mean = ndimage.uniform_filter(x.astype(float), 3)[1:-1, 1:-1]
    np.testing.assert_array_equal(max_pool2d(x, 3, stride=stride), largest[::stride, ::stride])
    np.testing.assert_allclose(avg_pool2d(x, 3, stride=stride), mean[::stride, ::stride])


def test_padding_never_wins_max_pooling_but_counts_in_average_pooling():
    x = -(integers(4, 4) ** 2) - 1
    assert max_pool2d(x, 2, padding=1)[0, 0] == x[0, 0]
    assert max_pool2d(x / 2, 2, padding=1)[0, 0] == x[0, 0] / 2
    assert avg_pool2d(x, 2, padding=1)[0, 0] == x[0, 0] / 4


def test_max_pooling_of_integers_is_an_integer():
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
def test_invalid_pooling_arguments_are_rejected_with_reason(x, window, keywords, reason):
    for pool in (max_pool2d, avg_pool2d):
        with pytest.raises(SolverError, match=reason):
            pool(x, window, **keywords)


def test_average_pooling_may_exclude_padding():
    x = np.full((4, 4), 6)
    assert avg_pool2d(x, 2, padding=1)[0, 0] == 1.5
    assert (avg_pool2d(x, 2, padding=1, count_include_pad=False) == 6).all()


def test_ceil_mode_windows_count_only_existing_cells():
    x = np.arange(1, 6).reshape(1, 5)
    found = avg_pool2d(x, (1, 2), ceil_mode=True)
    np.testing.assert_array_equal(found, [[1.5, 3.5, 5]])
    np.testing.assert_array_equal(max_pool2d(x, (1, 2), ceil_mode=True), [[2, 4, 5]])


def test_dilated_window_outside_the_input_is_rejected():
    with pytest.raises(SolverError, match="in the padding alone"):
        max_pool2d(np.ones((2, 2)), 2, padding=1, dilation=3)


@pytest.mark.parametrize(("mode", "reduce"), [("avg", np.mean), ("max", np.max)])
def test_global_pooling_reduces_each_channel(mode, reduce):
    x = integers(3, 4, 5)
    np.testing.assert_allclose(global_pool2d(x, mode=mode), [reduce(one) for one in x])
    assert global_pool2d(x[0], mode=mode).shape == ()


def test_unknown_global_pooling_mode_is_rejected():
    with pytest.raises(SolverError, match="mode must be max or avg, not min"):
        global_pool2d([[1]], mode="min")


# --- gradients

GEOMETRIES = [
    {},
    {"stride": 1},
    {"stride": 2, "padding": 1},
    {"stride": (1, 2), "padding": (1, 0, 0, 1)},
    {"stride": 2, "ceil_mode": True},
]


def by_differences(pool, x, dy):
    """Return the change of ``sum(pool(x) * dy)`` when each cell of *x* grows by 1."""
    found = np.empty(x.shape)
    for cell in np.ndindex(x.shape):
        step = np.zeros(x.shape, dtype=int)
        step[cell] = 1
        found[cell] = ((pool(x + step) - pool(x)) * dy).sum()
    return found


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("window", [2, (3, 2)])
def test_max_pooling_gradient_matches_finite_differences(geometry, window):
    """The cells lie at least two apart, so a step of one never moves a maximum."""
    x = 2 * np.random.default_rng(3).permutation(2 * 6 * 7).reshape(2, 6, 7)
    dy = integers(*max_pool2d(x, window, **geometry).shape, seed=1)
    expected = by_differences(lambda one: max_pool2d(one, window, **geometry), x, dy)
    found = pool2d_backward(x, dy, window, **geometry)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("counted", [True, False])
def test_average_pooling_gradient_matches_finite_differences(geometry, counted):
    x = integers(2, 6, 7)

    def pool(cells):
        return avg_pool2d(cells, (3, 2), count_include_pad=counted, **geometry)

    dy = integers(*pool(x).shape, seed=1)
    found = pool2d_backward(x, dy, (3, 2), mode="avg", count_include_pad=counted, **geometry)
    np.testing.assert_allclose(found, by_differences(pool, x, dy), atol=1e-9)


def test_first_of_equal_maxima_gets_the_gradient():
    found = pool2d_backward([[5, 5, 1], [5, 5, 5]], [[3]], (2, 3))
    np.testing.assert_array_equal(found, [[3, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize(
    ("dy", "keywords", "reason"),
    [
        ([[1, 2, 3]], {}, r"dy must have the shape \(2, 2\)"),
        ([[1, 2], [3, 4]], {"mode": "sum"}, "mode must be max or avg"),
        ([1, 2], {}, "dy must have 2 or 3 axes"),
    ],
)
def test_mismatched_pooling_gradient_is_rejected(dy, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        pool2d_backward(np.ones((4, 4)), dy, 2, **keywords)
