"""Tests of shapes after upsampling, rearranging and cropping, against arrays."""

from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.resizing import (
    crop_margins,
    pixel_shuffle_shape,
    pixel_unshuffle_shape,
    transposed_shape,
    upsample_shape,
    upsample_size,
)


@pytest.mark.parametrize(
    ("shape", "keywords", "expected"),
    [
        ((7, 9, 64), {"stride": 2}, (14, 18, 8)),
        ((64, 7, 9), {"stride": (2, 3), "layout": "CHW"}, (8, 14, 26)),
        ((7, 9, 64), {"padding": (1, 0)}, (6, 10, 8)),
        ((7, 9, 64), {"stride": 2, "output_padding": (1, 0)}, (15, 18, 8)),
        ((64, 50), {"stride": 2, "layout": "CL"}, (8, 100)),
    ],
)
def test_transposed_convolution_resizes_each_axis_separately(shape, keywords, expected):
    assert transposed_shape(shape, 8, 2, **keywords) == expected


def test_upsampled_shape_matches_repeated_cells():
    repeated = np.zeros((3, 5, 2)).repeat(4, axis=0).repeat(4, axis=1)
    assert upsample_shape((3, 5, 2), 4) == repeated.shape
    assert upsample_size(7, Fraction(3, 2)) == 10
    assert upsample_shape((2, 3, 5), 0.5, layout="CHW") == (2, 1, 2)
    with pytest.raises(SolverError, match="nothing is left"):
        upsample_size(1, 0.5)


@pytest.mark.parametrize("factor", [1, 2, 3])
@pytest.mark.parametrize("layout", ["HWC", "CHW", "NCHW"])
def test_pixel_shuffle_keeps_all_values_and_is_reversible(factor, layout):
    sizes = {"N": 2, "H": 4, "W": 5, "C": 36}
    shape = tuple(sizes[letter] for letter in layout)
    found = pixel_shuffle_shape(shape, factor, layout=layout)
    assert np.prod(found) == np.prod(shape)
    assert found[layout.index("W")] == 5 * factor
    assert pixel_unshuffle_shape(found, factor, layout=layout) == shape


@pytest.mark.parametrize(("size", "target"), [(64, 56), (9, 4), (5, 5)])
def test_crop_margins_leave_the_target_size(size, target):
    before, after = crop_margins(size, target)
    assert len(range(size)[before : size - after]) == target
    assert after - before in {0, 1}


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: pixel_shuffle_shape((4, 4, 6), 2), "2² does not divide 6 channels"),
        (lambda: pixel_unshuffle_shape((4, 5, 6), 2), "2 does not divide 4 and 5"),
        (lambda: pixel_shuffle_shape((4, 4), 2, layout="LC"), "must have the axes H, W and C"),
        (lambda: pixel_shuffle_shape((4, 4, 6), 2, layout=3), "layout must be one of"),
        (lambda: crop_margins(4, 5), "nothing can be cropped"),
        (lambda: transposed_shape((4, 4, 6), 2, 2, stride=(1, 2, 3)), "one number or two"),
        (lambda: upsample_shape((4, 4, 6), "2"), "str is not a number"),
        (lambda: upsample_size(4, -1), "nothing is left"),
    ],
)
def test_invalid_resizing_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
