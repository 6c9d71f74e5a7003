"""Tests of upsampling without weights, against loops over the definitions."""

from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.resizing import pixel_shuffle_shape, upsample_shape
from problems.solvers.upsampling import pixel_shuffle_values, upsample_nearest2d

X = np.arange(2 * 9 * 3 * 4).reshape(18, 3, 4)


@pytest.mark.parametrize("factor", [1, 2, 5])
def test_nearest_upsampling_repeats_rows_and_columns(factor):
    expected = X.repeat(factor, axis=1).repeat(factor, axis=2)
    np.testing.assert_array_equal(upsample_nearest2d(X, factor), expected)
    np.testing.assert_array_equal(upsample_nearest2d(X[0], factor), expected[0])


@pytest.mark.parametrize("factor", [Fraction(1, 3), 0.5, 1.5, Fraction(7, 3), 4])
def test_upsampled_values_have_the_shape_of_upsample_shape(factor):
    assert upsample_nearest2d(X, factor).shape == upsample_shape(X.shape, factor, layout="CHW")


def test_upsampling_factor_is_exact_where_floats_round_down():
    """At factor 3.7, row 37 comes from row 10; in doubles, 37 * (1/3.7) is 9.99…"""
    column = np.arange(12).reshape(12, 1)
    assert upsample_nearest2d(column, 3.7)[36:39, 0].tolist() == [9, 10, 10]


@pytest.mark.parametrize("factor", [1, 3])
def test_pixel_shuffle_matches_its_definition(factor):
    found = pixel_shuffle_values(X, factor)
    assert found.shape == pixel_shuffle_shape(X.shape, factor, layout="CHW")
    for channel, row, column in np.ndindex(found.shape):
        block = channel * factor**2 + row % factor * factor + column % factor
        assert found[channel, row, column] == X[block, row // factor, column // factor]


@pytest.mark.parametrize(
    "compute", [lambda x: upsample_nearest2d(x, 3), lambda x: pixel_shuffle_values(x, 3)]
)
def test_upsampling_keeps_integers_and_floats(compute):
    assert compute(X).dtype == np.int64
    assert compute(X / 2).dtype == np.float64


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: pixel_shuffle_values(X, 2), "2² does not divide 18 channels"),
        (lambda: pixel_shuffle_values(X[0], 1), "x must have 3 axes, not 2"),
        (lambda: pixel_shuffle_values(X, 0), "upscale_factor must be from 1"),
        (lambda: pixel_shuffle_values(X, Fraction(3, 2)), "upscale_factor must be a whole number"),
        (lambda: upsample_nearest2d(X, 0.01), "nothing is left of 3"),
        (lambda: upsample_nearest2d(X, -1), "nothing is left"),
        (lambda: upsample_nearest2d(X, 10**5), "would have .* cells"),
        (lambda: upsample_nearest2d(X, "2"), "is not a number"),
        (lambda: upsample_nearest2d([1, 2], 2), "x must have 2 or 3 axes, not 1"),
        (lambda: upsample_nearest2d([[1], [2, 3]], 2), "x is ragged"),
    ],
)
def test_invalid_upsampling_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
