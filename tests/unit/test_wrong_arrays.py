"""Tests of students' wrong arrays, gradients and matrix forms, computed by hand."""

from fractions import Fraction

import pytest

from grader.errors import SolverError
from grader.values import Tensor
from problems.registry import REGISTRY

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
ROW, TAPS = [[1, 2, 3]], [[1, 10]]
SQUARE = [[1, 2], [3, 4]]
TWO, DEEP = [[[1, 2]], [[3, 4]]], [[[1, 10]], [[100, 1000]]]


def tensor(value):
    """Return a list as a tensor; a tuple of numbers stays a vector."""
    return Tensor.from_nested(value) if isinstance(value, list) else value


def given(mistake, solver, *arguments, **keywords):
    """Return the answer of a student who makes the *mistake*."""
    named = {name: tensor(value) for name, value in keywords.items()}
    return REGISTRY.wrong_versions[mistake][solver](*map(tensor, arguments), **named)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords", "answer"),
    [
        ("kernel_flipped", "conv1d", [[1, 2, 3], [1, 10]], {}, [12, 23]),
        ("stride_left_out", "conv1d", [[1, 2, 3], [1, 10]], {"stride": 2}, [21, 32]),
        ("kernel_flipped", "conv3d", [[ROW], [TAPS]], {}, [[[12, 23]]]),
        ("padding_once", "conv2d", [ROW, TAPS], {"padding": (0, 1)}, [[10, 21, 32]]),
        ("padding_once", "conv2d", [ROW, TAPS], {"padding": (2, 1, 0, 0)}, [[0, 10, 21, 32]]),
        ("one_channel", "conv2d", [TWO, DEEP], {"bias": 5}, [[26]]),
        ("channels_averaged", "conv2d", [TWO, DEEP], {"bias": 5}, [[Fraction(4331, 2)]]),
        ("kernel_transposed", "conv2d", [SQUARE, [[0, 1], [0, 0]]], {}, [[3]]),
        ("no_bias", "conv_transpose1d", [[1, 2], [1, 10]], {"bias": 3}, [1, 12, 20]),
        (
            "output_padding_left_out",
            "conv_transpose2d",
            [[[1, 2]], TAPS],
            {"stride": 2, "output_padding": (0, 1)},
            [[1, 10, 2, 20]],
        ),
        ("zeros_between", "upsample_nearest2d", [[[1, 2]], 2], {}, [[1, 0, 2, 0], [0, 0, 0, 0]]),
        (
            "zeros_between",
            "upsample_nearest2d",
            [[[4], [5]], 2],
            {},
            [[4, 0], [0, 0], [5, 0], [0, 0]],
        ),
        ("map_repeated", "upsample_nearest2d", [[[1, 2]], 2], {}, [[1, 2, 1, 2], [1, 2, 1, 2]]),
        (
            "map_repeated",
            "upsample_nearest2d",
            [[[[3]], [[4]]], 2],
            {},
            [[[3] * 2] * 2, [[4] * 2] * 2],
        ),
        (
            "other_order",
            "pixel_shuffle_values",
            [[[[1]], [[2]], [[3]], [[4]]], 2],
            {},
            [[[1, 3], [2, 4]]],
        ),
        (
            "maps_side_by_side",
            "pixel_shuffle_values",
            [[[[1, 5]], [[2, 6]], [[3, 7]], [[4, 8]]], 2],
            {},
            [[[1, 5, 2, 6], [3, 7, 4, 8]]],
        ),
        (
            "channels_far_apart",
            "pixel_shuffle_values",
            [[[[at]] for at in range(8)], 2],
            {},
            [[[0, 2], [4, 6]], [[1, 3], [5, 7]]],
        ),
        (
            "shuffled_along_one_axis",
            "pixel_shuffle_values",
            [[[[1, 5]], [[2, 6]], [[3, 7]], [[4, 8]]], 2],
            {},
            [[[1, 2, 5, 6]], [[3, 4, 7, 8]]],
        ),
        ("rounded_up", "max_pool2d", [ROW, (1, 2)], {}, [[2, 3]]),
        ("sum_for_mean", "avg_pool2d", [SQUARE, 2], {}, [[10]]),
        (
            "border_in_the_mean",
            "avg_pool2d",
            [[[4]], 2],
            {"padding": 1, "stride": 1},
            [[4, 4], [4, 4]],
        ),
        (
            "average_for_max",
            "global_pool2d",
            [TWO],
            {"mode": "max"},
            [Fraction(3, 2), Fraction(7, 2)],
        ),
        ("activation_left_out", "activation", [(-1, 2), "relu"], {}, [-1, 2]),
        ("softmax_without_powers", "activation", [(1, 3), "softmax"], {}, [QUARTER, 3 * QUARTER]),
        ("softmax_undivided", "activation", [(0, 0), "softmax"], {}, [1, 1]),
        ("other_axis", "activation", [[[0, 0]], "softmax"], {}, [[1, 1]]),
        ("weight_transposed", "dense", [(1, 2), SQUARE], {}, [7, 10]),
        ("weight_transposed", "dense_backward_input", [(1, 2), SQUARE], {}, [5, 11]),
        ("transposed_output", "dense_backward_weight", [(1, 2), (1, 10)], {}, [[1, 10], [2, 20]]),
        ("mean_for_sum", "dense_backward_bias", [SQUARE], {}, [2, 3]),
        ("factors_swapped", "matmul", [[[1, 1], [0, 1]], [[1, 0], [1, 1]]], {}, [[1, 1], [1, 2]]),
        ("cell_by_cell", "matmul", [[[1, 1], [0, 1]], [[1, 0], [1, 1]]], {}, [[1, 0], [0, 1]]),
        ("other_order", "flatten_values", [SQUARE], {}, [1, 3, 2, 4]),
        (
            "overlap_overwritten",
            "conv_transpose2d",
            [[[1, 2]], [[1, 10]]],
            {"bias": 5},
            [[6, 7, 25]],
        ),
        (
            "overlap_overwritten",
            "conv_transpose2d",
            [[[1, 2]], [[1, 10, 100]]],
            {"stride": (1, 2), "output_padding": (0, 1)},
            [[1, 10, 2, 20, 200, 0]],
        ),
        ("variance_for_deviation", "batch_norm_values", [(1, 5)], {"eps": 0}, [-HALF, HALF]),
        ("mean_not_subtracted", "batch_norm_values", [(1, 5)], {"eps": 0}, [HALF, 5 * HALF]),
        ("unbiased_variance", "layer_norm_values", [(0, 3, 6)], {"eps": 0}, [-1, 0, 1]),
        ("unbiased_variance", "batch_norm_values", [(1, 5)], {"eps": 8}, [-HALF, HALF]),
        (
            "scale_and_shift_left_out",
            "layer_norm_values",
            [(1, 5)],
            {"eps": 0, "gamma": 10, "beta": 1},
            [-1, 1],
        ),
        ("transposed_output", "im2col", [[[1, 2, 3, 4]], (1, 2)], {}, [[1, 2], [2, 3], [3, 4]]),
        ("other_order", "im2col", [SQUARE, 1], {}, [[1, 3, 2, 4]]),
        ("transposed_output", "conv_matrix", [[1, 2], 3], {}, [[1, 0], [2, 1], [0, 2]]),
        ("kernel_flipped", "conv_matrix", [[1, 2], 3], {}, [[2, 1, 0], [0, 2, 1]]),
    ],
)
def test_array_mistake_yields_expected_array(mistake, solver, arguments, keywords, answer):
    assert given(mistake, solver, *arguments, **keywords) == Tensor.from_nested(answer)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords", "answer"),
    [
        ("kernel_not_rotated", "conv2d_backward_input", [[[1]], [[1, 2]]], {}, [[2, 1]]),
        ("full_left_out", "conv2d_backward_input", [ROW, TAPS], {}, [[12, 23]]),
        (
            "stride_left_out",
            "conv2d_backward_input",
            [[[1, 2]], TAPS],
            {"stride": 2, "input_size": (1, 5)},
            [[1, 12, 20]],
        ),
        (
            "padding_left_out",
            "conv2d_backward_input",
            [ROW, TAPS],
            {"padding": (0, 1)},
            [[1, 12, 23, 30]],
        ),
        ("kernel_flipped", "conv2d_backward_weight", [ROW, [[1]]], {}, [[3, 2, 1]]),
        (
            "stride_left_out",
            "conv2d_backward_weight",
            [ROW, TAPS],
            {"stride": 2, "kernel_size": 1},
            [[21, 32]],
        ),
        ("positions_not_summed", "conv2d_backward_bias", [[[1, 2]]], {}, [[1, 2]]),
        ("gradient_spread_evenly", "pool2d_backward", [SQUARE, [[8]], 2], {}, [[2, 2], [2, 2]]),
        ("upstream_left_out", "pool2d_backward", [SQUARE, [[8]], 2], {}, [[0, 0], [0, 1]]),
        (
            "gradient_to_the_largest",
            "pool2d_backward",
            [SQUARE, [[8]], 2],
            {"mode": "avg"},
            [[0, 0], [0, 8]],
        ),
        (
            "gradient_not_divided",
            "pool2d_backward",
            [SQUARE, [[8]], 2],
            {"mode": "avg"},
            [[8, 8], [8, 8]],
        ),
        ("gate_left_open", "activation_backward", [(-1, 2), (5, 6), "relu"], {}, [5, 6]),
        ("upstream_left_out", "activation_backward", [(-1, 2), (5, 6), "relu"], {}, [0, 1]),
        ("slope_of_output", "activation_backward", [(2, 3), (1, 1), "sigmoid"], {}, [-2, -6]),
        ("slope_of_output", "activation_backward", [(2, 3), (1, 10), "tanh"], {}, [-3, -80]),
        ("target_not_subtracted", "softmax_cross_entropy_gradient", [(0, 0), 1], {}, [HALF, HALF]),
        ("softmax_left_out", "softmax_cross_entropy_gradient", [(0, 0), 1], {}, [0, -1]),
        ("gradient_sign", "softmax_cross_entropy_gradient", [(0, 0), 1], {}, [-HALF, HALF]),
        (
            "sum_for_mean",
            "softmax_cross_entropy_gradient",
            [[[0, 0], [0, 0]], (1, 1)],
            {},
            [[HALF, -HALF], [HALF, -HALF]],
        ),
    ],
)
def test_gradient_mistake_yields_expected_gradient(mistake, solver, arguments, keywords, answer):
    assert given(mistake, solver, *arguments, **keywords) == Tensor.from_nested(answer)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords", "answer"),
    [
        ("mean_for_sum", "conv2d_backward_bias", [[[1, 2]]], {}, Fraction(3, 2)),
        ("mean_for_sum", "shared_weight_gradient", [(1, 2), (3, 5)], {}, Fraction(13, 2)),
        ("sums_multiplied", "shared_weight_gradient", [(1, 2), (3, 5)], {}, 24),
        ("one_use_only", "shared_weight_gradient", [(1, 2), (3, 5)], {}, 3),
        ("transposed_output", "im2col_shape", [(3, 4, 4), 3], {}, (4, 27)),
        ("input_channels_left_out", "im2col_shape", [(3, 4, 4), 3], {}, (9, 4)),
        ("transposed_output", "conv_matrix_shape", [(4, 4), 1, 3], {}, (16, 4)),
        ("padding_left_out", "conv_matrix_shape", [(4, 4), 1, 3], {"padding": 1}, (4, 16)),
        ("zeros_counted", "conv_matrix_nonzeros", [(4, 4), 1, 3], {}, 64),
        ("border_weights_counted", "conv_matrix_nonzeros", [(4, 4), 1, 3], {"padding": 1}, 144),
        ("positions_left_out", "conv_matrix_nonzeros", [(2, 4, 4), 5, 3], {}, 90),
    ],
)
def test_array_mistake_yields_expected_number_or_shape(
    mistake, solver, arguments, keywords, answer
):
    assert given(mistake, solver, *arguments, **keywords) == answer


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords"),
    [
        ("one_channel", "conv2d", [SQUARE, [[1]]], {}),
        ("channels_averaged", "conv2d", [TWO, [[[[1]]], [[[2]]]]], {"groups": 2}),
        ("padding_once", "conv2d", [SQUARE, [[1]]], {"padding": "tf"}),
        ("kernel_transposed", "conv2d", [SQUARE, [[1, 2]]], {}),
        ("full_left_out", "conv2d_backward_input", [[[1]], [[1, 2]]], {}),
        ("gate_left_open", "activation_backward", [(1, 2), (1, 2), "tanh"], {}),
        ("slope_of_output", "activation_backward", [(1, 2), (1, 2), "relu"], {}),
        ("other_axis", "activation", [(1, 2), "softmax"], {}),
        ("softmax_without_powers", "activation", [(1, -1), "softmax"], {}),
        ("softmax_undivided", "activation", [(1, -1), "relu"], {}),
        ("unbiased_variance", "batch_norm_values", [(1,)], {"mean": 0}),
        ("unbiased_variance", "batch_norm_values", [(1, 5)], {"mean": 0, "var": 1}),
        ("gradient_spread_evenly", "pool2d_backward", [SQUARE, [[8]], 2], {"mode": "avg"}),
        ("gradient_not_divided", "pool2d_backward", [SQUARE, [[8]], 2], {}),
        ("map_repeated", "upsample_nearest2d", [[[1, 2]], Fraction(3, 2)], {}),
        ("shuffled_along_one_axis", "pixel_shuffle_values", [SQUARE, 2], {}),
        ("transposed_cropped", "conv_transpose2d", [SQUARE, [[1]]], {"stride": 2}),
        ("overlap_overwritten", "conv_transpose2d", [SQUARE, SQUARE], {"dilation": 2}),
    ],
)
def test_inapplicable_array_mistake_has_no_value(mistake, solver, arguments, keywords):
    with pytest.raises(SolverError):
        given(mistake, solver, *arguments, **keywords)
