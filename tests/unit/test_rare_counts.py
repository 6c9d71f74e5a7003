"""Tests of rare mistakes in sizes, fields and counts: what students give, computed by hand."""

import pytest

from grader.errors import SolverError
from grader.values import Tensor
from problems.network.constructors.all_constructors import (
    batch_norm,
    conv,
    flatten,
    linear,
    max_pool,
    network,
    relu,
)
from problems.registry import REGISTRY

NET = network(conv(4, 3), relu(), max_pool(2), conv(6, 5), flatten(), linear(10))
MAPS = network(conv(4, 3), conv(6, 5), max_pool(2))
LAYERS = ((7, 2), (3, 2), (3, 1))
POOLED = network(conv(4, 3, stride=2), max_pool(3, stride=2), conv(4, 5))
FLAT = network(linear(2), relu(), linear(2))
FLAT_WEIGHTS = (Tensor.from_nested([[1, 1], [1, -1]]), Tensor.from_nested([[1, 2], [0, 1]]))
FLAT_BIASES = ((0, 2), (5, 7))
NORMED = network(conv(4, 3, bias=False), batch_norm(), conv(2, 3))


def given(mistake, solver, *arguments, **keywords):
    """Return the answer of a student who makes the *mistake*."""
    return REGISTRY.wrong_versions[mistake][solver](*arguments, **keywords)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords", "answer"),
    [
        ("same_padding_assumed", "conv_size", (33, 5), {"stride": 2}, 17),
        ("same_padding_assumed", "conv_shape", ((33, 20, 3), 8, 5), {}, (33, 20, 8)),
        ("same_padding_assumed", "pool_size", (33, 3), {"stride": 2}, 17),
        ("same_padding_assumed", "pool_shape", ((33, 20, 3), 2), {}, (17, 10, 3)),
        ("same_padding_assumed", "out_shape", (conv(8, 5), (3, 33, 20)), {}, (8, 33, 20)),
        ("same_padding_assumed", "network_shape", (MAPS, (3, 33, 20)), {}, (6, 16, 10)),
        ("same_padding_assumed", "output_shapes", (MAPS, (3, 33, 20)), {}, ((6, 16, 10),)),
        ("same_padding_assumed", "activation_values", (network(conv(4, 3)), (3, 8, 8)), {}, 256),
        ("same_padding_assumed", "total_params", (NET, (1, 20, 20)), {}, 40 + 606 + 6010),
        ("same_padding_assumed", "total_macs", (network(conv(4, 3)), (1, 10, 10)), {}, 3600),
        ("first_axis_for_all", "conv_shape", ((20, 30, 3), 8, (3, 5)), {}, (18, 28, 8)),
        ("last_axis_for_all", "conv_shape", ((20, 30, 3), 8, (3, 5)), {"stride": (2, 1)},
         (16, 26, 8)),
        ("first_axis_for_all", "pool_shape", ((20, 30, 3), (1, 3)), {}, (20, 30, 3)),
        ("last_axis_for_all", "conv_params", (1, 8, (3, 5)), {}, 208),
        ("first_axis_for_all", "conv_transpose_params", (1, 8, (3, 5)), {}, 80),
        ("last_axis_for_all", "conv_macs", (1, 8, (3, 5), 10), {}, 20000),
        ("kernel_sides_exchanged", "conv_shape", ((20, 30, 3), 8, (3, 5)), {}, (16, 28, 8)),
        ("kernel_sides_exchanged", "pool_shape", ((20, 30, 3), (1, 2)), {}, (10, 30, 3)),
        ("kernel_sides_added", "conv_params", (3, 8, 5), {}, 248),
        ("channels_multiplied", "conv_shape", ((20, 30, 3), 8, 5), {}, (16, 26, 24)),
        ("channels_scaled_by_area", "upsample_shape", ((5, 6, 16), 2), {}, (10, 12, 64)),
        ("first_layer_skipped", "receptive_field", (LAYERS,), {}, 7),
        ("first_layer_skipped", "effective_stride", (((3, 2), (3, 3)),), {}, 3),
        ("stopped_one_step_early", "effective_stride", (((3, 2), (3, 3)),), {}, 2),
        ("one_stride_left_out", "effective_stride", (LAYERS,), {}, 2),
        ("dilation_times_kernel", "receptive_field", (((3, 1, 4), (3, 1)),), {}, 14),
        ("kernels_for_steps", "receptive_field", (LAYERS,), {}, 1 + 7 + 3 * 2 + 3 * 4),
        ("last_kernel_for_steps", "receptive_field", (LAYERS,), {}, 19 + 4),
        ("fields_added", "receptive_field", (LAYERS,), {}, 11 + 3),
        ("divided_by_side", "number_of_patches", ((64, 48), 16), {}, 192),
        ("divided_by_side", "token_count", (64, 16), {}, 257),
        ("depthwise_for_each_output", "separable_params", (8, 16, 3), {}, 16 * 9 + 128),
        ("depthwise_for_each_output", "separable_macs", (8, 16, 3, 10), {}, 27200),
        ("side_of_the_map", "conv_macs", (8, 16, 3, 10), {}, 11520),
        ("side_of_the_map", "separable_macs", (8, 16, 3, 10), {}, 2000),
        ("bias_per_input", "linear_params", (20, 10), {}, 220),
        ("last_bias_left_out", "mlp_params", ((20, 10, 5),), {}, 260),
        ("last_bias_left_out", "total_params", (NET, (1, 20, 20)), {}, 40 + 606 + 1500),
        ("bias_of_one_gate", "recurrent_params", ("gru", 5, 7), {"bias_vectors": 1}, 252 + 7),
        ("bias_of_one_gate", "recurrent_params", ("lstm", 5, 7), {}, 336 + 14),
        ("second_bias_of_one_gate", "recurrent_params", ("lstm", 5, 7), {}, 336 + 28 + 7),
        ("bias_of_one_projection", "attention_params", (12, 3), {}, 588),
        ("positions_counted", "layer_params", (conv(4, 3), (1, 10, 10)), {}, 36 * 64 + 4),
        ("positions_counted", "total_params", (network(conv(4, 3)), (1, 10, 10)), {}, 2308),
        ("pooling_stride_one", "receptive_field", (POOLED,), {}, 3 + 4 + 8),
        ("pooling_stride_one", "field_range", (POOLED, 3), {}, (6, 20)),
        ("pooling_windows_ignored", "receptive_field", (POOLED,), {}, 3 + 16),
        ("ends_swapped", "crop_margins", (67, 54), {}, (7, 6)),
        ("first_block_skipped", "total_params", (NORMED, (1, 9, 9)), {}, 74),
        ("stopped_one_step_early", "network_shape", (MAPS, (3, 33, 21)), {}, (6, 27, 15)),
        ("stopped_two_steps_early", "network_shape", (MAPS, (3, 33, 21)), {}, (4, 31, 19)),
        ("first_convolution_left_out", "network_shape", (MAPS, (3, 34, 20)), {}, (6, 15, 8)),
        ("last_convolution_left_out", "network_shape", (MAPS, (3, 34, 20)), {}, (4, 16, 9)),
    ],
)  # fmt: skip
def test_rare_mistakes_in_counts_reproduce_student_answers(
    mistake, solver, arguments, keywords, answer
):
    assert given(mistake, solver, *arguments, **keywords) == answer


def test_bias_of_the_last_layer_alone_may_be_left_out():
    values = given(
        "last_bias_left_out", "forward", FLAT, (1, 2), weights=FLAT_WEIGHTS, biases=FLAT_BIASES
    )
    assert values.cells == (3 + 2, 1)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords"),
    [
        ("first_axis_for_all", "conv_shape", ((20, 30, 3), 8, 3), {}),
        ("kernel_sides_exchanged", "pool_shape", ((20, 30, 3), (2, 2)), {}),
        ("kernel_sides_added", "conv_params", (3, 8, 1), {}),
        ("first_layer_skipped", "receptive_field", (((3, 1),),), {}),
        ("one_stride_left_out", "effective_stride", (((3, 1), (3, 1)),), {}),
        ("bias_of_one_gate", "recurrent_params", ("rnn", 5, 7), {}),
        ("second_bias_of_one_gate", "recurrent_params", ("gru", 5, 7), {"bias_vectors": 1}),
        ("bias_per_input", "linear_params", (20, 10), {"bias": False}),
        ("last_bias_left_out", "total_params", (network(conv(4, 3, bias=False)), (1, 9, 9)), {}),
        ("positions_counted", "total_params", (network(conv(4, 9)), (1, 9, 9)), {}),
        ("pooling_stride_one", "receptive_field", (MAPS,), {}),
        ("pooling_windows_ignored", "receptive_field", (LAYERS,), {}),
        ("ends_swapped", "crop_margins", (64, 56), {}),
        ("first_block_skipped", "total_params", (NET, (1, 20, 20)), {}),
        ("last_bias_left_out", "forward", (FLAT, (1, 2)), {"weights": FLAT_WEIGHTS}),
        ("stopped_two_steps_early", "network_shape", (network(conv(4, 3)), (1, 9, 9)), {}),
        ("last_convolution_left_out", "network_shape", (network(conv(4, 3)), (1, 9, 9)), {}),
        ("side_of_the_map", "conv_macs", (8, 16, 3, 1), {}),
        ("divided_by_side", "number_of_patches", (64, (16, 8)), {}),
    ],
)
def test_inapplicable_rare_mistakes_in_counts_have_no_value(mistake, solver, arguments, keywords):
    with pytest.raises(SolverError):
        given(mistake, solver, *arguments, **keywords)
