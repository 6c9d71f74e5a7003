"""Tests of mistakes about whole networks: each by its formula, computed by hand."""

import pytest

from grader.errors import SolverError
from problems.network.constructors.all_constructors import (
    adaptive_avg_pool,
    batch_norm,
    branches,
    conv,
    conv_transpose,
    dropout,
    flatten,
    group_norm,
    identity,
    layer_norm,
    linear,
    max_pool,
    network,
    relu,
    residual,
    side_output,
    skip,
    zero_pad,
)
from problems.network.counts import (
    activation_values,
    depth,
    layer_count,
    layer_macs,
    layer_params,
    network_shape,
    out_shape,
    output_shapes,
    peak_activation,
    total_macs,
    total_params,
)
from problems.network.published.catalog import PUBLISHED_NETWORKS, named
from problems.network.transforms import clear_input_sizes, declare_input_sizes, without_bias
from problems.network.wrong_versions.counts import REQUIRED_LAYERS
from problems.network.wrong_versions.network_solvers import WRONG_VERSIONS

TWIN = {(twin.mistake, twin.solver): twin.function for twin in WRONG_VERSIONS}

# 3×12×12 → 8×6×6 (stride 2) → 8×3×3 (pool) → 72 → 10.
SMALL = network(conv(8, 3, stride=2, padding=1), relu(), max_pool(2), flatten(), linear(10))
IMAGE = (3, 12, 12)
CONV = 8 * 28
# 4×6×6: a depthwise and a pointwise convolution, normalised, then 144 → 5.
SEPARABLE = network(
    conv(4, 3, padding=1, groups=4, bias=False), batch_norm(), conv(6, 1), relu(),
    max_pool(3), flatten(), dropout(), linear(5),
)  # fmt: skip
# A block that widens 4 channels to 8, and one that keeps them, then 8 → 2 channels.
RESIDUAL = network(
    residual(network(conv(8, 3, padding=1), conv(8, 3, padding=1)), shortcut=conv(8, 1)),
    residual(conv(8, 1)),
    conv(2, 1),
)
# 4 channels and 4 more, then 8 → 2 channels.
SKIP = network(skip(conv(4, 3, padding=1)), conv(2, 1))
MAPS = (4, 6, 6)
# The channels of MobileNetV2's depthwise convolutions.
DEPTHWISE = (32, 96, 144, 144, 192, 192, 192, 384, 384, 384, 384, 576, 576, 576, 960, 960, 960)


def given(mistake, solver, *arguments, **keywords):
    """Return the answer of a student who makes the *mistake*."""
    return TWIN[mistake, solver.__name__](*arguments, **keywords)


@pytest.mark.parametrize(("kernel_size", "side"), [(2, 2 * (16 - 3)), (3, 2 * 12 + 3 - 1)])
def test_plus_one_mistake_skips_transposed_convolution_if_kernel_equals_stride(kernel_size, side):
    net = network(conv(4, 3), conv_transpose(2, kernel_size, stride=2))
    assert given("forgot_plus_one", network_shape, net, (3, 16, 16)) == (2, side, side)


@pytest.mark.parametrize(
    ("mistake", "net", "shape", "parameters"),
    [
        ("no_bias", SMALL, IMAGE, 8 * 27 + 720),
        ("one_bias", SMALL, IMAGE, 8 * 27 + 1 + 720 + 1),
        ("input_channels_left_out", SMALL, IMAGE, 8 * 10 + 730),
        ("output_channels_left_out", SMALL, IMAGE, 28 + 730),
        ("rounded_up", network(conv(4, 3, stride=2), flatten(), linear(2)), MAPS,
         4 * 37 + 2 * (4 * 9 + 1)),
        ("forgot_plus_one", SMALL, IMAGE, CONV + 10 * (8 * 1 * 1 + 1)),
        ("padding_left_out", SMALL, IMAGE, CONV + 10 * (8 * 2 * 2 + 1)),
        ("padding_once", SMALL, (3, 13, 13), CONV + 10 * (8 * 3 * 3 + 1)),
        ("stride_left_out", SMALL, IMAGE, CONV + 10 * (8 * 11 * 11 + 1)),
        ("size_over_stride", SEPARABLE, (4, 8, 8), 36 + 8 + 30 + 5 * (6 * 2 * 2 + 1)),
        ("dilation_left_out", network(conv(2, 3, dilation=2), flatten(), linear(1)), MAPS,
         2 * 37 + 2 * 16 + 1),
        ("channels_kept", network(conv(8, 1), conv(5, 1)), MAPS, 8 * 5 + 5 * 5),
        ("flatten_without_channels", SMALL, IMAGE, CONV + 10 * (9 + 1)),
        ("flatten_before_pool", SMALL, IMAGE, CONV + 10 * (8 * 36 + 1)),
        ("flatten_before_pool", SEPARABLE, MAPS, 36 + 8 + 30 + 5 * (6 * 36 + 1)),
        ("pooling_left_out", SMALL, IMAGE, CONV + 10 * (8 * 36 + 1)),
        ("groups_left_out", SEPARABLE, MAPS, 4 * 36 + 8 + 30 + 5 * 25),
        ("batch_norm_left_out", SEPARABLE, MAPS, 36 + 30 + 5 * 25),
        ("batch_norm_all", SEPARABLE, MAPS, 36 + 16 + 30 + 5 * 25),
        ("biased_before_batch_norm", SEPARABLE, MAPS, 36 + 4 + 8 + 30 + 5 * 25),
        ("earlier_channels_used", network(conv(8, 1), relu(), conv(5, 3)), MAPS, 40 + 5 * 37),
        ("layer_left_out", SMALL, IMAGE, CONV),
        ("first_layer_left_out", SMALL, IMAGE, 730),
        ("fully_connected_left_out", network(SMALL, linear(2)), IMAGE, CONV),
        ("projection_left_out", RESIDUAL, MAPS, 8 * 37 + 8 * 73 + 72 + 18),
        ("projection_left_out",
         network(branches(conv(4, 1), residual(relu(), shortcut=conv(4, 1)))), MAPS, 20),
        ("projection_left_out",
         network(branches(conv(4, 1), residual(identity(), shortcut=conv(4, 1)))), MAPS, 20),
        ("concat_for_add", RESIDUAL, MAPS, 8 * 37 + 8 * 73 + 40 + 8 * 17 + 2 * 25),
        ("add_for_concat", SKIP, MAPS, 4 * 37 + 2 * 5),
        ("add_for_concat", network(branches(conv(3, 1), conv(3, 1)), conv(2, 1)), MAPS, 30 + 8),
    ],
)  # fmt: skip
def test_mistake_yields_expected_parameter_count(mistake, net, shape, parameters):
    assert given(mistake, total_params, net, shape) == parameters
    assert given(mistake, total_params, declare_input_sizes(net, shape), shape) == parameters


def test_trainable_false_parameter_count_has_its_own_mistakes():
    asked = {"net": SEPARABLE, "shape": MAPS, "trainable": False}
    assert given("batch_norm_learnable", total_params, **asked) == 36 + 8 + 30 + 125
    assert given("no_bias", total_params, **asked) == 36 + 16 + 24 + 120
    assert given("layer_left_out", total_params, **asked) == 36 + 16 + 30


@pytest.mark.parametrize(
    ("mistake", "net", "shape", "macs"),
    [
        ("flops_for_macs", SMALL, IMAGE, 2 * (36 * 216 + 720)),
        ("input_channels_left_out", SMALL, IMAGE, 36 * 72 + 720),
        ("output_channels_left_out", SMALL, IMAGE, 36 * 27 + 720),
        ("groups_left_out", SEPARABLE, MAPS, 36 * 144 + 36 * 24 + 120),
        ("positions_left_out", SMALL, IMAGE, 216 + 720),
        ("input_positions", SMALL, IMAGE, 144 * 216 + 720),
        ("bias_counted", SMALL, IMAGE, 36 * 216 + 720 + 8 * 36 + 10),
        ("stride_left_out", SMALL, IMAGE, 144 * 216 + 80 * 121),
        ("padding_left_out", SMALL, IMAGE, 25 * 216 + 80 * 4),
        ("pooling_left_out", SMALL, IMAGE, 36 * 216 + 80 * 36),
        ("layer_left_out", SMALL, IMAGE, 36 * 216),
        ("first_layer_left_out", SMALL, IMAGE, 720),
        ("fully_connected_left_out", network(SMALL, linear(2)), IMAGE, 36 * 216),
        ("projection_left_out", RESIDUAL, MAPS, 36 * (288 + 576 + 64 + 16)),
        ("earlier_channels_used", RESIDUAL, MAPS, 36 * (288 + 288 + 32 + 64 + 16)),
        ("add_for_concat", SKIP, MAPS, 36 * (144 + 8)),
    ],
)
def test_mistake_yields_expected_macs(mistake, net, shape, macs):
    assert given(mistake, total_macs, net, shape) == macs


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "value"),
    [
        ("forgot_plus_one", out_shape, (conv(8, 3), (3, 9, 9)), (8, 6, 6)),
        ("forgot_plus_one", out_shape, (conv(8, 1), MAPS), (8, 6, 6)),
        ("forgot_plus_one", out_shape, (conv(8, 1, stride=2), MAPS), (8, 2, 2)),
        ("forgot_plus_one", out_shape, (max_pool(1), MAPS), MAPS),
        ("forgot_plus_one", network_shape, (network(conv(8, (1, 3)), conv(2, 1)), MAPS), (2, 6, 3)),
        ("concat_for_add", out_shape, (residual(conv(4, 1)), MAPS), (8, 6, 6)),
        ("stride_left_out", network_shape, (SMALL, IMAGE), (10,)),
        ("rounded_up", network_shape, (network(conv(4, 3, stride=2)), MAPS), (4, 3, 3)),
        ("fraction_left", network_shape, (network(conv(4, 3, stride=4)), MAPS), (4, 1.75, 1.75)),
        ("pooling_left_out", network_shape, (network(conv(8, 1), max_pool(2)), MAPS), (8, 6, 6)),
        ("axes_swapped", network_shape, (network(conv(8, 3)), (3, 6, 9)), (8, 7, 4)),
        ("flatten_before_pool", network_shape, (network(max_pool(2), flatten()), MAPS), (144,)),
        ("flatten_before_pool", network_shape, (network(adaptive_avg_pool(1), flatten()), MAPS),
         (144,)),
        ("channels_kept", output_shapes, (network(side_output(conv(8, 1)), conv(9, 2)), MAPS),
         ((4, 6, 6), (4, 5, 5))),
        ("no_bias", layer_params, (conv(8, 3), IMAGE), 216),
        ("groups_left_out", layer_params, (conv(8, 3, groups=2), MAPS), 8 * 37),
        ("batch_norm_all", layer_params, (batch_norm(), MAPS), 16),
        ("one_bias", layer_params, (conv_transpose(8, 2), MAPS), 129),
        ("input_positions", layer_macs, (conv(8, 3), MAPS), 36 * 288),
        ("padding_left_out", layer_macs, (conv(8, 3, padding=1), MAPS), 16 * 288),
        ("parallel_layers_added", depth, (RESIDUAL,), 5),
        ("pooling_counted", depth, (SMALL,), 3),
        ("norms_counted", depth, (SEPARABLE,), 4),
        ("parallel_layers_added", layer_count, (RESIDUAL, "conv"), 5),
        ("padding_left_out", activation_values, (SMALL, IMAGE), 200 + 200 + 32 + 32 + 10),
        ("pooling_left_out", activation_values, (SMALL, IMAGE), 3 * 288 + 10),
        ("input_not_held", peak_activation, (SMALL, IMAGE), 288),
    ],
)  # fmt: skip
def test_network_mistake_yields_expected_value(mistake, solver, arguments, value):
    assert given(mistake, solver, *arguments) == value


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments"),
    [
        ("padding_left_out", total_params, (named("vgg16"),)),
        ("flatten_without_channels", total_params, (named("resnet18"), (3, 224, 224))),
        ("flatten_before_pool", total_params, (network(conv(4, 1), flatten()), MAPS)),
        ("flatten_before_pool", network_shape, (network(conv(4, 1)), MAPS)),
        ("padding_left_out", total_params, (named("resnet18"), (3, 224, 224))),
        ("add_for_concat", total_params, (named("googlenet"), (3, 224, 224))),
        ("layer_left_out", total_params, (network(conv(4, 1)), MAPS)),
        ("fully_connected_left_out", total_params, (network(linear(4), linear(5)), (3,))),
        ("fully_connected_left_out", total_params, (SMALL, IMAGE)),
        ("projection_left_out", total_params, (network(residual(conv(4, 1))), MAPS)),
        ("biased_before_batch_norm", total_params, (network(conv(4, 1), batch_norm()), MAPS)),
        *((mistake, total_params, (SMALL, IMAGE)) for mistake in REQUIRED_LAYERS),
        ("pooling_counted", layer_count, (SMALL, "conv")),
        ("norms_counted", layer_count, (SEPARABLE, "linear")),
    ],
)
def test_inapplicable_network_mistake_has_no_value(mistake, solver, arguments):
    with pytest.raises(SolverError):
        given(mistake, solver, *arguments)


@pytest.mark.parametrize(
    ("mistake", "name", "parameters"),
    [
        ("batch_norm_all", "resnet18", 11_699_112),
        ("batch_norm_left_out", "resnet18", 11_679_912),
        ("fully_connected_left_out", "vgg16", 14_714_688),
        ("layer_left_out", "resnet50", 23_508_032),
        ("flatten_before_pool", "vgg16", 138_357_544 + 3 * 25_088 * 4096),
        ("add_for_concat", "unet", 31_030_658 - 9 * (64**2 + 128**2 + 256**2 + 512**2)),
        ("groups_left_out", "mobilenet_v2", 3_504_872 + 9 * sum(m * m - m for m in DEPTHWISE)),
    ],
)
def test_mistake_yields_expected_parameter_count_of_published_network(mistake, name, parameters):
    """Libraries and blogs state the first two figures; the others follow from widths."""
    assert given(mistake, total_params, named(name), PUBLISHED_NETWORKS[name].image) == parameters


def test_declaring_or_clearing_input_sizes_keeps_parameter_counts():
    net = network(
        zero_pad(1), conv(8, 3), batch_norm(), skip(conv_transpose(8, 1)), group_norm(4),
        layer_norm(), relu(), flatten(), linear(3),
    )  # fmt: skip
    whole = declare_input_sizes(net, MAPS)
    assert total_params(whole, MAPS) == total_params(net, MAPS)
    assert total_params(clear_input_sizes(whole), (5, 7, 7)) == total_params(net, (5, 7, 7))
    assert whole.layers[1].in_channels == 4
    assert whole.layers[8].in_features == 16 * 36
    with pytest.raises(SolverError, match="takes 4, but 5 come in"):
        total_params(whole, (5, 7, 7))


def test_without_bias_removes_biases_in_branches():
    assert "no bias" not in str(RESIDUAL)
    assert str(without_bias(RESIDUAL)).count("no bias") == 5
