"""Sizes and shapes, forwards and backwards, against counting windows one by one."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.inverse import kernel_for, layers_to_reach, transposed_layers_to_reach
from problems.solvers.pooling import pool_shape, pool_size
from problems.solvers.sizes import conv_shape, conv_size, flatten_size, same_padding
from problems.solvers.transposed import transposed_size


def windows_counted(size, kernel_size, *, stride=1, padding=0, dilation=1):
    """Count the places where every cell of the kernel lies on the padded input."""
    cells = [dilation * index for index in range(kernel_size)]
    padded = size + 2 * padding
    return sum(all(start + cell < padded for cell in cells) for start in range(0, padded, stride))


GEOMETRIES = [
    {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    for kernel, stride, padding, dilation in product((1, 2, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2, 3))
]


@pytest.mark.parametrize("size", [1, 2, 5, 7, 12, 13])
def test_the_size_after_a_convolution_is_the_number_of_windows(size):
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
def test_sizes_that_courses_ask_for(arguments, keywords, size):
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
        ((2, 5), {"padding": 1}, "extent 5 does not fit into a padded size of 4"),
    ],
)
def test_a_size_that_makes_no_sense_is_refused_with_the_reason(arguments, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        conv_size(*arguments, **keywords)


def test_a_message_about_a_huge_value_stays_short():
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
def test_a_convolution_changes_each_axis_by_its_own_geometry(shape, keywords, expected):
    assert conv_shape(shape, 16, 3, **keywords) == expected


def test_an_oblong_kernel_has_its_height_first():
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
def test_a_shape_that_makes_no_sense_is_refused_with_the_reason(shape, keywords, reason):
    with pytest.raises(SolverError, match=reason):
        conv_shape(shape, 4, 3, **keywords)


@pytest.mark.parametrize("size", [2, 5, 7, 10])
@pytest.mark.parametrize("kernel_size", [2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_pooling_slides_its_window_as_a_convolution_does(size, kernel_size, stride, padding):
    counted = windows_counted(size, kernel_size, stride=stride, padding=padding)
    if counted:
        assert pool_size(size, kernel_size, stride=stride, padding=padding) == counted


def test_the_stride_of_pooling_defaults_to_the_window():
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


def test_padding_beyond_half_of_a_pooling_window_is_refused():
    with pytest.raises(SolverError, match="more than half of the window"):
        pool_size(8, 3, padding=2)


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7])
def test_same_padding_keeps_every_size(kernel_size, dilation):
    padding = same_padding(kernel_size, dilation=dilation)
    for size in (1, 8, 13):
        assert conv_size(size, kernel_size, padding=padding, dilation=dilation) == size


def test_an_even_extent_has_no_same_padding():
    with pytest.raises(SolverError, match="no equal padding"):
        same_padding(4)
    assert same_padding(4, dilation=2) == 3


def test_flattening_counts_all_values():
    assert flatten_size((16, 16, 256)) == np.zeros((16, 16, 256)).size
    assert flatten_size((7,)) == 7
    with pytest.raises(SolverError, match="layout"):
        flatten_size((16, 16, 256), layout="HW")


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("dilation", [1, 2])
def test_a_transposed_convolution_undoes_the_size_of_a_convolution(stride, padding, dilation):
    geometry = {"stride": stride, "padding": padding, "dilation": dilation}
    for size in range(5, 14):
        small = conv_size(size, 3, **geometry)
        lost = (size + 2 * padding - 2 * dilation - 1) % stride
        assert transposed_size(small, 3, output_padding=lost, **geometry) == size


def test_cropping_everything_away_is_refused():
    with pytest.raises(SolverError, match="crops everything"):
        transposed_size(1, 2, padding=1)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_the_kernel_found_is_the_smallest_of_all_that_give_the_size(stride, padding):
    for size, target in product(range(2, 12), range(1, 10)):
        fitting = [
            kernel
            for kernel in range(1, size + 2 * padding + 1)
            if conv_size(size, kernel, stride=stride, padding=padding) == target
        ]
        if fitting:
            assert kernel_for(size, target, stride=stride, padding=padding) == fitting[0]
        else:
            with pytest.raises(SolverError):
                kernel_for(size, target, stride=stride, padding=padding)


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
def test_layers_that_reach_a_size(size, target, kernel_size, keywords, layers):
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
def test_a_size_that_layers_never_reach_is_refused(size, target, kernel_size, keywords):
    with pytest.raises(SolverError):
        layers_to_reach(size, target, kernel_size, **keywords)


def test_transposed_layers_that_reach_a_size():
    assert transposed_layers_to_reach(16, 224, 9) == 26
    assert transposed_layers_to_reach(1, 64, 2, stride=2) == 6
    with pytest.raises(SolverError, match="exactly 11"):
        transposed_layers_to_reach(4, 11, 4)
