"""Tests of sizes and shapes, forward and inverse, against windows counted one by one."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from grader.errors import SolverError
from problems.registry import REGISTRY
from problems.solvers.convolution import conv2d
from problems.solvers.pooling import pool_shape, pool_size
from problems.solvers.sizes import (
    conv_shape,
    conv_size,
    flatten_size,
    same_padding,
    same_padding_ends,
)
from problems.solvers.transposed import transposed_size


def windows_counted(size, kernel_size, *, stride=1, padding=0, dilation=1):
    """Return the number of positions where the whole kernel lies on the padded input."""
    cells = [dilation * index for index in range(kernel_size)]
    padded = size + 2 * padding
    return sum(all(start + cell < padded for cell in cells) for start in range(0, padded, stride))


GEOMETRIES = [
    {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    for kernel, stride, padding, dilation in product((1, 2, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2, 3))
]


@pytest.mark.parametrize("size", [1, 2, 5, 7, 12, 13])
def test_convolution_size_is_the_number_of_windows(size):
    for geometry in GEOMETRIES:
        counted = windows_counted(size, **geometry)
        if counted:
            assert conv_size(size, **geometry) == counted, geometry
        else:
            with pytest.raises(SolverError, match="does not fit"):
                conv_size(size, **geometry)


@pytest.mark.parametrize(
    ("arguments", "keywords", "size"),
    [
        ((1, 1), {}, 1),
        ((128, 3), {"stride": 2}, 63),
        ((128, 3), {"stride": 2, "rounding": "ceil"}, 64),
        ((127, 3), {"stride": 2, "rounding": "ceil"}, 63),
        ((224, 7), {"stride": 2, "padding": 3}, 112),
        ((4, 3), {"padding": 1, "dilation": 2}, 2),
        ((10**12, 3), {"stride": 1}, 10**12 - 2),
    ],
)
def test_convolution_sizes_match_course_examples(arguments, keywords, size):
    assert conv_size(*arguments, **keywords) == size


@pytest.mark.parametrize(
    ("arguments", "keywords", "reason"),
    [
        ((Fraction(5, 2), 3), {}, "size must be a whole number, not 5/2"),
        ((2.0, 1), {}, "size must be a whole number"),
        ((True, 1), {}, "size must be a whole number"),
        (("8", 1), {}, "size must be a whole number"),
        ((None, 1), {}, "size must be a whole number"),
        ((0, 1), {}, "size must be from 1"),
        ((10**16, 1), {}, "size must be from 1"),
        ((8, 0), {}, "kernel_size must be from 1"),
        ((8, -3), {}, "kernel_size must be from 1"),
        ((8, 3), {"stride": 0}, "stride must be from 1"),
        ((8, 3), {"padding": -1}, "padding must be from 0"),
        ((8, 3), {"dilation": 0}, "dilation must be from 1"),
        ((8, 3), {"rounding": "half"}, "rounding must be floor or ceil"),
        ((8, 3), {"padding": "full"}, "padding must be numbers, valid or same, not full"),
        ((2, 5), {"padding": 1}, "extent 5 does not fit into a padded size of 4"),
    ],
)
def test_invalid_size_is_rejected_with_reason(arguments, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        conv_size(*arguments, **keywords)


def test_error_message_about_a_huge_value_is_short():
    with pytest.raises(SolverError) as caught:
        conv_size(10**1000, 3)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("shape", "keywords", "expected"),
    [
        ((128, 128, 32), {"layout": "HWC"}, (126, 126, 16)),
        ((32, 128, 128), {"layout": "CHW"}, (16, 126, 126)),
        ((8, 128, 64, 32), {"layout": "NHWC"}, (8, 126, 62, 16)),
        ((8, 32, 128, 64), {"layout": "NCHW"}, (8, 16, 126, 62)),
        ((9, 8, 3), {"stride": (2, 1)}, (4, 6, 16)),
        ((9, 8, 3), {"padding": (0, 1)}, (7, 8, 16)),
        ((9, 8, 3), {"dilation": (1, 2)}, (7, 4, 16)),
    ],
)
def test_convolution_changes_each_axis_separately(shape, keywords, expected):
    assert conv_shape(shape, 16, 3, **keywords) == expected


@pytest.mark.parametrize(
    ("shape", "layout", "keywords", "expected"),
    [
        ((100, 8), "LC", {"stride": 2}, (49, 16)),
        ((8, 100), "CL", {"padding": 1}, (16, 100)),
        ((5, 8, 100), "NCL", {"padding": (0, 2)}, (5, 16, 100)),
        ((5, 100, 8), "NLC", {"padding": (3,)}, (5, 104, 16)),
        ((9, 8, 7, 3), "DHWC", {}, (7, 6, 5, 16)),
        ((3, 9, 8, 7), "CDHW", {"stride": (1, 2, 3)}, (16, 7, 3, 2)),
        ((2, 3, 9, 8, 7), "NCDHW", {"padding": (0, 1, 2)}, (2, 16, 7, 8, 9)),
        ((9, 8, 7, 3), "DHWC", {"padding": (0, 1, 2, 3, 4, 5)}, (16, 11, 6, 16)),
    ],
)
def test_convolution_shape_supports_one_to_three_axes(shape, layout, keywords, expected):
    assert conv_shape(shape, 16, 3, layout=layout, **keywords) == expected


@pytest.mark.parametrize("layout", ["HWC", "CHW"])
def test_four_padding_numbers_mean_left_right_top_bottom(layout):
    left, right, top, bottom = 0, 3, 1, 5
    padded = np.pad(np.zeros((9, 8)), ((top, bottom), (left, right)))
    shape = (9, 8, 3) if layout == "HWC" else (3, 9, 8)
    found = conv_shape(shape, 4, 1, padding=(left, right, top, bottom), layout=layout)
    assert found == ((*padded.shape, 4) if layout == "HWC" else (4, *padded.shape))


def test_ends_of_an_axis_may_have_different_padding():
    assert conv_size(7, 3, padding=(0, 1)) == 6
    assert conv_size(7, 3, stride=2, padding=(2, 0)) == 4


@pytest.mark.parametrize("size", [1, 2, 5, 12, 13])
def test_same_padding_size_is_the_size_over_stride_rounded_up(size):
    for kernel, stride, dilation in product((1, 2, 3, 4, 5), (1, 2, 3, 7), (1, 2, 3)):
        extent = dilation * (kernel - 1) + 1
        last_start = size + extent - 1 - extent
        counted = len(range(0, last_start + 1, stride))
        geometry = {"stride": stride, "dilation": dilation}
        assert conv_size(size, kernel, padding="same", **geometry) == counted
        assert counted == -(-size // stride)


def test_valid_padding_means_no_padding():
    assert conv_size(12, 5, padding="valid") == conv_size(12, 5) == 8
    assert conv_shape((9, 8, 3), 4, (5, 2), padding="valid") == (5, 7, 4)


@pytest.mark.parametrize("layout", ["HWC", "CHW", "NHWC"])
def test_same_padding_shape_matches_convolved_values(layout):
    maps = conv2d(np.ones((3, 9, 8), dtype=int), np.ones((4, 3, 4, 2), dtype=int), padding="same")
    shapes = {"HWC": (9, 8, 3), "CHW": (3, 9, 8), "NHWC": (2, 9, 8, 3)}
    channels, height, width = maps.shape
    expected = (height, width, channels) if layout != "CHW" else maps.shape
    found = conv_shape(shapes[layout], 4, (4, 2), padding="same", layout=layout)
    assert found[-3:] == expected


def test_same_padding_rejects_a_rounding_argument():
    with pytest.raises(SolverError, match="leave rounding out"):
        conv_size(9, 3, padding="same", rounding="ceil")


@pytest.mark.parametrize(
    ("mistake", "keywords", "given"),
    [
        ("padding_left_out", {"stride": 2}, 62),
        ("stride_left_out", {"stride": 2}, 127),
        ("size_over_stride", {"stride": 2}, 63),
        ("forgot_plus_one", {"stride": 2}, 63),
        ("fraction_left", {"stride": 4}, Fraction(65, 2)),
    ],
)
def test_same_padding_size_mistakes_yield_expected_values(mistake, keywords, given):
    wrong = REGISTRY.wrong_versions[mistake]["conv_size"]
    assert wrong(127, 5, padding="same", **keywords) == given


def test_padding_once_mistake_does_not_apply_to_padding_keywords():
    with pytest.raises(SolverError, match="names no numbers"):
        REGISTRY.wrong_versions["padding_once"]["conv_size"](127, 5, padding="same")


def test_groups_keep_the_shape_but_must_divide_the_channels():
    assert conv_shape((9, 8, 6), 4, 3, groups=2) == conv_shape((9, 8, 6), 4, 3)
    with pytest.raises(SolverError, match="4 groups do not divide 6 and 4 channels"):
        conv_shape((9, 8, 6), 4, 3, groups=4)


def test_rectangular_kernel_is_height_by_width():
    assert conv_shape((9, 8, 3), 4, (5, 2)) == (5, 7, 4)


@pytest.mark.parametrize(
    ("shape", "keywords", "reason"),
    [
        ((9, 8), {}, "a shape in layout HWC has 3 axes, not 2"),
        ((9, 8, 3), {"layout": "WHC"}, "layout must be one of"),
        ((9, 8, 3), {"stride": (1, 2, 3)}, "stride must be one number or two"),
        ((9, Fraction(1, 2), 3), {}, "each size of the shape must be a whole number"),
        (5, {}, "the shape must be a tuple"),
        ((), {}, "the shape must be a tuple"),
    ],
)
def test_invalid_shape_is_rejected_with_reason(shape, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        conv_shape(shape, 4, 3, **keywords)


@pytest.mark.parametrize("size", [2, 5, 7, 10])
@pytest.mark.parametrize("kernel_size", [2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_pooling_size_is_the_number_of_windows(size, kernel_size, stride, padding):
    counted = windows_counted(size, kernel_size, stride=stride, padding=padding)
    if counted:
        assert pool_size(size, kernel_size, stride=stride, padding=padding) == counted


def test_pooling_stride_defaults_to_the_window():
    assert pool_size(12, 3) == 4
    assert pool_shape((12, 6, 5), (3, 2)) == (4, 3, 5)


@pytest.mark.parametrize(
    ("size", "kernel_size", "keywords", "expected"),
    [
        (5, 2, {"stride": 2}, 3),
        (112, 3, {"stride": 2}, 56),
        (5, 1, {"stride": 3}, 2),  # a third window would start behind the input
        (4, 2, {"stride": 3, "padding": 1}, 2),  # so would it here, in the padding
    ],
)
def test_ceil_mode_keeps_a_last_window_only_if_it_starts_on_the_input(
    size, kernel_size, keywords, expected
):
    assert pool_size(size, kernel_size, ceil_mode=True, **keywords) == expected


def test_padding_of_more_than_half_a_pooling_window_is_rejected():
    with pytest.raises(SolverError, match="more than half of the window"):
        pool_size(8, 3, padding=2)


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7])
def test_same_padding_preserves_every_size_at_stride_1(kernel_size, dilation):
    padding = same_padding(kernel_size, dilation=dilation)
    for size in (1, 8, 13):
        assert conv_size(size, kernel_size, padding=padding, dilation=dilation) == size


def test_even_kernel_extent_has_no_same_padding():
    with pytest.raises(SolverError, match="no equal padding"):
        same_padding(4)
    assert same_padding(4, dilation=2) == 3


def test_flatten_size_counts_all_values():
    assert flatten_size((16, 16, 256)) == np.zeros((16, 16, 256)).size
    assert flatten_size((7,)) == 7
    with pytest.raises(SolverError, match="layout"):
        flatten_size((16, 16, 256), layout="HW")


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("dilation", [1, 2])
def test_transposed_convolution_inverts_the_convolution_size(stride, padding, dilation):
    geometry = {"stride": stride, "padding": padding, "dilation": dilation}
    for size in range(5, 14):
        small = conv_size(size, 3, **geometry)
        lost = (size + 2 * padding - 2 * dilation - 1) % stride
        assert transposed_size(small, 3, output_padding=lost, **geometry) == size


def test_cropping_the_whole_output_is_rejected():
    with pytest.raises(SolverError, match="crops everything"):
        transposed_size(1, 2, padding=1)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_padding_ends_are_minimal(stride, kernel_size, dilation):
    geometry = {"stride": stride, "dilation": dilation}
    for size in range(1, 14):
        ends = same_padding_ends(size, kernel_size, **geometry)
        wanted = -(-size // stride)
        assert conv_size(size, kernel_size, padding=ends, **geometry) == wanted
        assert ends[1] - ends[0] in {0, 1}
        if sum(ends):
            fewer = (ends[0], ends[1] - 1)
            windows = windows_counted(size + sum(fewer), kernel_size, **geometry)
            assert windows < wanted


def test_odd_padding_cell_is_added_at_the_requested_end():
    assert same_padding_ends(224, 7, stride=2, extra="before") == (3, 2)
    with pytest.raises(SolverError, match="extra must be after or before"):
        same_padding_ends(224, 7, extra="both")
