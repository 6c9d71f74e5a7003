"""Tests of the matrix forms of a convolution: their values and their shapes."""

from itertools import product

import numpy as np
import pytest
from arrays import integers
from scipy import linalg

from grader.errors import SolverError
from problems.solvers.convolution import conv1d, conv2d
from problems.solvers.matrix_form import conv_matrix, im2col
from problems.solvers.matrix_sizes import conv_matrix_nonzeros, conv_matrix_shape, im2col_shape
from problems.solvers.products import matrix_product
from problems.solvers.transposed_values import conv_transpose2d

GEOMETRIES = [
    {"stride": stride, "padding": padding, "dilation": dilation}
    for stride, padding, dilation in product((1, 2, (2, 1)), (0, 1, (2, 0), (1, 0, 0, 2)), (1, 2))
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_flat_filters_times_im2col_columns_equal_the_convolution(geometry):
    x, w = integers(3, 6, 7), integers(4, 3, 2, 3, seed=1)
    columns = im2col(x, (2, 3), **geometry)
    maps = conv2d(x, w, **geometry)
    assert columns.shape == im2col_shape((3, 6, 7), (2, 3), **geometry)
    np.testing.assert_array_equal(w.reshape(4, -1) @ columns, maps.reshape(4, -1))


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_convolution_matrix_times_flat_input_equals_the_flat_convolution(geometry):
    x, w = integers(3, 6, 7), integers(4, 3, 2, 3, seed=1)
    matrix = conv_matrix(w, (6, 7), **geometry)
    assert matrix.shape == conv_matrix_shape((3, 6, 7), 4, (2, 3), **geometry)
    np.testing.assert_array_equal(matrix @ x.ravel(), conv2d(x, w, **geometry).ravel())


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_nonzero_count_matches_the_convolution_matrix(geometry):
    matrix = conv_matrix(np.ones((4, 3, 2, 3), dtype=int), (6, 7), **geometry)
    assert conv_matrix_nonzeros((3, 6, 7), 4, (2, 3), **geometry) == np.count_nonzero(matrix)


@pytest.mark.parametrize("stride", [1, 2])
def test_transposed_matrix_computes_the_transposed_convolution(stride):
    y, w = integers(3, 4), integers(2, 3, seed=1)
    stamped = conv_transpose2d(y, w, stride=stride)
    matrix = conv_matrix(w, stamped.shape, stride=stride)
    np.testing.assert_array_equal(matrix.T @ y.ravel(), stamped.ravel())


@pytest.mark.parametrize("kernel", [1, 2, 4])
def test_convolution_matrix_of_a_sequence_matches_scipy_toeplitz(kernel):
    w = integers(kernel) + 20
    rows = 7 - kernel + 1
    expected = linalg.toeplitz([w[0], *[0] * (rows - 1)], [*w, *[0] * (7 - kernel)])
    np.testing.assert_array_equal(conv_matrix(w, 7), expected)


@pytest.mark.parametrize("geometry", [{"stride": 2}, {"padding": (1, 2)}, {"dilation": 3}])
def test_convolution_matrix_of_a_sequence_computes_its_convolution(geometry):
    x, w = integers(9), integers(3, seed=1)
    found = conv_matrix(w, 9, **geometry) @ x
    np.testing.assert_array_equal(found, conv1d(x, w, **geometry))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Dumoulin and Visin: a 3×3 kernel on a 4×4 input is a 4×16 matrix
        (conv_matrix_shape((4, 4), 1, 3), (4, 16)),
        (conv_matrix_nonzeros((4, 4), 1, 3), 36),
        # a 227×227×3 image and 96 filters 11×11 at stride 4, as the notes of CS231n reckon it
        (im2col_shape((3, 227, 227), 11, stride=4), (363, 3025)),
        (im2col_shape((64, 224, 224), 3, padding=1), (576, 50_176)),
        (conv_matrix_shape((3, 224, 224), 64, 3, padding=1), (3_211_264, 150_528)),
        (conv_matrix_nonzeros((3, 224, 224), 64, 3, padding=1), 64 * 3 * (3 * 224 - 2) ** 2),
    ],
)
def test_matrix_form_sizes_match_textbooks(found, expected):
    assert found == expected


def test_single_map_may_omit_the_channel_axis():
    x, w = integers(4, 5), integers(2, 2, seed=1)
    np.testing.assert_array_equal(im2col(x, 2), im2col(x[np.newaxis], 2))
    np.testing.assert_array_equal(conv_matrix(w, (4, 5)), conv_matrix(w[np.newaxis], (4, 5)))
    assert im2col_shape((4, 5), 2) == im2col_shape((1, 4, 5), 2)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: im2col([1, 2], 2), "x must have 2 or 3 axes"),
        (lambda: im2col([[1]], 2), "does not fit"),
        (lambda: im2col(np.ones((1000, 1000)), 5), "the windows would have"),
        (lambda: conv_matrix([[1]], (1001, 1000)), "the matrix would have"),
        (lambda: conv_matrix([[1]], (2, 2, 2)), "input_size must be one number or two"),
        (lambda: im2col_shape((4,), 2), r"a shape must be \(H, W\) or \(C, H, W\)"),
        (lambda: conv_matrix_shape((4, 4), 0, 2), "out_channels must be from 1"),
        (lambda: conv_matrix_nonzeros((10**6, 10**6), 1, 10**5), "the kernel would have"),
    ],
)
def test_invalid_matrix_form_is_rejected(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


# --- exact sums


@pytest.mark.parametrize("largest", [2**20, 2**26, 2**30])
def test_integer_matrix_products_are_exact_up_to_64_bits(largest):
    left = np.array([[largest - 1, -largest], [largest - 3, 1]])
    right = np.array([[largest - 5, 2], [largest - 7, -largest]])
    expected = (left.astype(object) @ right.astype(object)).tolist()
    assert matrix_product(left, right).tolist() == expected


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        (np.full((1, 2), 2**31), np.full((2, 1), 2**31 - 1), None),
        (np.full((1, 3), 2**31), np.full((3, 1), 2**31), "too large to be summed exactly"),
        (np.ones((1000, 1000)), np.ones((1000, 1000)), "products are too many"),
        (np.full((300, 300), 2**30), np.full((300, 300), 2**20), "too large to be summed exactly"),
    ],
)
def test_too_large_matrix_product_is_rejected(left, right, reason):
    if reason is None:
        assert matrix_product(left, right)[0, 0] == 2**63 - 2**32
        return
    with pytest.raises(SolverError, match=reason):
        matrix_product(left, right)
