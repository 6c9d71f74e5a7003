"""Tests of layers and networks: shapes, parameters, MACs and depth."""

import pytest

from grader.errors import SolverError
from problems.network.constructors.all_constructors import (
    adaptive_avg_pool,
    avg_pool,
    batch_norm,
    branches,
    conv,
    conv_transpose,
    dense_block,
    dropout,
    flatten,
    gate,
    global_avg_pool,
    group_norm,
    identity,
    layer_norm,
    linear,
    max_pool,
    network,
    pixel_shuffle,
    relu,
    residual,
    select_channels,
    side_output,
    sigmoid,
    skip,
    softmax,
    squeeze_excitation,
    upsample,
    zero_pad,
)
from problems.network.counts import (
    depth,
    layer_count,
    layer_macs,
    layer_params,
    network_shape,
    out_shape,
    total_params,
)
from problems.registry import REGISTRY

SAME_CONVOLUTIONS = [
    (conv(4, 3, padding="same"), (4, 9, 8)),
    (conv(4, (5, 1), stride=2, padding="same"), (4, 5, 4)),
    (conv(4, 3, stride=3, dilation=2, padding="same"), (4, 3, 3)),
    (conv(4, 4, padding="valid"), (4, 6, 5)),
]

LENET = network(
    conv(6, 5, padding=2),
    sigmoid(),
    avg_pool(2),
    conv(16, 5),
    sigmoid(),
    avg_pool(2),
    flatten(),
    linear(120),
    sigmoid(),
    linear(84),
    sigmoid(),
    linear(10),
    softmax(),
)


# --- single layers


@pytest.mark.parametrize(
    ("layer", "shape", "after", "parameters", "macs"),
    [
        (conv(16, 3), (3, 32, 20), (16, 30, 18), 448, 30 * 18 * 432),
        (conv(16, (3, 1), stride=(2, 1), padding=(1, 0)), (3, 9, 9), (16, 5, 9), 160, 45 * 144),
        (conv(6, 3, groups=3, bias=False), (3, 5, 5), (6, 3, 3), 54, 9 * 54),
        (conv_transpose(8, 2, stride=2), (16, 7, 5), (8, 14, 10), 520, 35 * 512),
        (conv_transpose(8, 3, stride=2, padding=1, output_padding=1), (4, 5, 5), (8, 10, 10), 296,
         25 * 288),
        (conv_transpose(6, 3, dilation=2, groups=2), (4, 5, 5), (6, 9, 9), 114, 25 * 108),
        (linear(10), (20,), (10,), 210, 200),
        (linear(10, bias=False), (20,), (10,), 200, 200),
        (relu(), (3, 4, 5), (3, 4, 5), 0, 0),
        (dropout(), (3, 4, 5), (3, 4, 5), 0, 0),
        (max_pool(2), (3, 5, 4), (3, 2, 2), 0, 0),
        (max_pool(2, ceil_mode=True), (3, 5, 4), (3, 3, 2), 0, 0),
        (avg_pool(3, stride=1, padding=1), (3, 5, 4), (3, 5, 4), 0, 0),
        (global_avg_pool(), (3, 5, 4), (3, 1, 1), 0, 0),
        (adaptive_avg_pool((7, 6)), (3, 5, 4), (3, 7, 6), 0, 0),
        (upsample((2, 3)), (3, 5, 4), (3, 10, 12), 0, 0),
        (pixel_shuffle(2), (12, 5, 4), (3, 10, 8), 0, 0),
        (zero_pad((1, 2, 3, 4)), (3, 5, 4), (3, 12, 7), 0, 0),
        (zero_pad(1), (3, 5, 4), (3, 7, 6), 0, 0),
        (select_channels(0, 2, 0), (3, 5, 4), (3, 5, 4), 0, 0),
        (identity(), (3, 5, 4), (3, 5, 4), 0, 0),
        (layer_norm(), (3, 5, 4), (3, 5, 4), 120, 0),
        (layer_norm(4, bias=False), (3, 5, 4), (3, 5, 4), 4, 0),
        (layer_norm((5, 4)), (3, 5, 4), (3, 5, 4), 40, 0),
        (group_norm(3), (6, 5, 4), (6, 5, 4), 12, 0),
        (flatten(), (3, 5, 4), (60,), 0, 0),
        (batch_norm(), (3, 5, 4), (3, 5, 4), 6, 0),
        (batch_norm(), (12,), (12,), 24, 0),
        (branches(conv(4, 1), conv(5, 3, padding=1)), (3, 5, 4), (9, 5, 4), 16 + 140,
         20 * (12 + 135)),
        (branches(conv(4, 1), conv(5, 3), crop=True), (3, 5, 4), (9, 3, 2), 16 + 140,
         20 * 12 + 6 * 135),
        (skip(conv(5, 3, padding=1)), (3, 5, 4), (8, 5, 4), 140, 20 * 135),
        (network(dense_block(2, 4)).layers[0], (8, 5, 4), (12, 5, 4), 16 + 128 + 32 + 576,
         20 * (128 + 576)),
        (gate(conv(3, 1)), (3, 5, 4), (3, 5, 4), 12, 20 * 9),
        (squeeze_excitation(8, 2), (8, 5, 4), (8, 5, 4), 18 + 24, 16 + 16),
        (side_output(conv(2, 1)), (3, 5, 4), (3, 5, 4), 8, 20 * 6),
        (residual(conv(3, 3, padding=1)), (3, 5, 4), (3, 5, 4), 84, 20 * 81),
        (residual(conv(6, 3, padding=1), shortcut=conv(6, 1)), (3, 5, 4), (6, 5, 4), 168 + 24,
         20 * (162 + 18)),
    ],
)  # fmt: skip
def test_layer_has_expected_shape_parameters_and_macs(layer, shape, after, parameters, macs):
    assert out_shape(layer, shape) == after
    assert layer_params(layer, shape) == parameters
    assert layer_macs(layer, shape) == macs


def test_batch_norm_statistics_count_as_untrainable_parameters():
    net = network(conv(8, 3, in_channels=3), batch_norm(8))
    assert total_params(net) == 224 + 16
    assert total_params(net, trainable=False) == 224 + 32


def test_parameter_count_without_a_shape_needs_declared_input_sizes():
    with pytest.raises(SolverError, match=r"convolution 3×3, 8 filters.* needs the shape"):
        total_params(network(conv(8, 3)))
    assert layer_params(linear(10, in_features=4)) == 50


@pytest.mark.parametrize(
    ("net", "shape", "reason"),
    [
        (network(conv(8, 3, in_channels=4)), (3, 9, 9), "takes 4, but 3 come in"),
        (network(batch_norm(4)), (3, 9, 9), "takes 4, but 3 come in"),
        (network(linear(8, in_features=4)), (3,), "takes 4, but 3 come in"),
        (network(linear(8)), (3, 9, 9), r"put flatten\(\) before it"),
        (network(conv(8, 3)), (27,), r"takes a shape \(C, H, W\)"),
        (network(max_pool(2)), (27,), r"takes a shape \(C, H, W\)"),
        (network(conv(8, 11)), (3, 9, 9), "does not fit"),
        (network(conv(4, 3, groups=2)), (3, 9, 9), "groups do not divide"),
        (network(branches(conv(8, 3), conv(8, 1))), (3, 9, 9), "branches give different sizes"),
        (network(residual(conv(8, 3))), (3, 9, 9), "residual block adds"),
        (network(gate(conv(8, 3))), (3, 9, 9), "a gate multiplies"),
        (network(branches(flatten(), conv(8, 1), crop=True)), (3, 9, 9), "different sizes"),
        (network(layer_norm((4, 9))), (3, 9, 9), r"is over \(4, 9\)"),
        (network(group_norm(2)), (3, 9, 9), "2 groups do not divide 3"),
        (network(pixel_shuffle(2)), (3, 9, 9), "a multiple of 4 channels, not 3"),
        (network(select_channels(0, 3)), (3, 9, 9), "there is no channel 3 among 3"),
        (network(upsample(10**9), upsample(10**9)), (3, 9, 9), "after layer 2 is too large"),
        (conv(8, 3), (3, 9, 9), "is not a network"),
    ],
)
def test_mismatched_network_is_rejected_with_reason(net, shape, reason):
    with pytest.raises(SolverError, match=reason):
        total_params(net, shape)


# --- depth


def test_depth_counts_layers_on_the_longest_path():
    net = network(
        conv(8, 3),
        branches(conv(8, 1), network(conv(8, 1), relu(), conv(8, 3, padding=1))),
        residual(network(conv(16, 1), conv(16, 1), conv(16, 1)), shortcut=conv(16, 1)),
        max_pool(2),
        flatten(),
        linear(10),
    )
    assert depth(net) == layer_count(net) == 1 + 2 + 3 + 1
    assert layer_count(net, "conv") == 6
    assert layer_count(net, "linear") == 1
    assert layer_count(net, "pool") == 1


def test_layer_count_rejects_unknown_kinds():
    with pytest.raises(SolverError, match="kind must be one of weighted, conv, linear, pool"):
        layer_count(LENET, "dense")


@pytest.mark.parametrize(("layer", "shape"), SAME_CONVOLUTIONS, ids=str)
def test_layers_accept_padding_keywords(layer, shape):
    assert out_shape(layer, (3, 9, 8)) == shape


def test_layer_with_same_padding_prints_it_as_a_number():
    assert str(conv(4, (5, 3), padding="same")).endswith("padding 2×1")


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"padding": "same"}, "a kernel of extent 4 has no equal padding on both sides"),
        ({"padding": "full"}, "padding must be numbers, valid or same"),
    ],
)
def test_layer_rejects_impossible_padding(keywords, reason):
    with pytest.raises(SolverError, match=reason):
        conv(4, 4, **keywords)


HALVED = network(conv(8, 3, stride=2, padding="same"), max_pool(2))


@pytest.mark.parametrize(
    ("net", "shape", "expected"),
    [
        (HALVED, (16, 20, 3), (4, 5, 8)),
        (network(HALVED, flatten()), (16, 20, 3), (160,)),
        (network(linear(7)), (20,), (7,)),
        (network(residual(conv(3, 3, padding=1))), (9, 7, 3), (9, 7, 3)),
    ],
)
def test_network_supports_channels_last_shapes(net, shape, expected):
    assert network_shape(net, shape, layout="HWC") == expected


def test_unknown_layout_is_rejected():
    with pytest.raises(SolverError, match="layout must be CHW or HWC, not NCHW"):
        out_shape(conv(8, 3), (3, 9, 9), layout="NCHW")


@pytest.mark.parametrize("shape", [(3, 9, 9), (10,)])
def test_layout_mistake_does_not_apply_to_channels_first(shape):
    layer = conv(8, 3) if len(shape) > 1 else linear(5)
    layouts = ("CHW",) if len(shape) > 1 else ("CHW", "HWC")
    for layout in layouts:
        with pytest.raises(SolverError, match=r"come first|no order of axes"):
            REGISTRY.wrong_versions["layout_swapped"]["out_shape"](layer, shape, layout=layout)
