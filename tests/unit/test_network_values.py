"""Tests of layers and networks as values: equality, fields, descriptions and bounds."""

from dataclasses import FrozenInstanceError

import pytest

from grader.errors import SolverError
from problems.network.constructors.all_constructors import (
    MAX_LAYERS,
    adaptive_avg_pool,
    batch_norm,
    branches,
    conv,
    conv_transpose,
    dense_block,
    dropout,
    flatten,
    gelu,
    global_avg_pool,
    group_norm,
    hardsigmoid,
    hardswish,
    layer_norm,
    leaky_relu,
    linear,
    max_pool,
    network,
    pixel_shuffle,
    relu,
    relu6,
    residual,
    select_channels,
    side_output,
    silu,
    skip,
    softmax,
    squeeze_excitation,
    tanh,
    upsample,
    zero_pad,
)
from problems.network.constructors.graphs import MAX_NESTING
from problems.network.counts import network_shape
from problems.network.graphs import Network

NET = network(conv(8, 3), relu(), flatten(), linear(10))


def test_networks_compare_and_hash_by_value_and_are_immutable():
    assert network(conv(8, 3), relu()) == network(conv(8, (3, 3)), relu())
    assert network(conv(8, 3)) != network(conv(8, 5))
    assert len({NET, NET}) == 1
    with pytest.raises(FrozenInstanceError):
        NET.layers[0].bias = False


def test_nested_networks_are_flattened():
    assert network(network(conv(8, 3), relu()), linear(2)) == network(conv(8, 3), relu(), linear(2))


def test_layer_exposes_only_its_set_fields():
    layer = conv(8, 3, stride=2)
    assert layer.get_field("out_channels") == 8
    assert layer.get_field("stride") == (2, 2)
    assert network(layer).get_field("layers") == (layer,)
    with pytest.raises(KeyError):
        network(layer).get_field("hashed")
    for name in ("in_channels", "field", "__class__", "weights"):
        with pytest.raises(KeyError):
            layer.get_field(name)


def test_network_prints_one_described_layer_per_line():
    net = network(
        conv(16, 3, padding=1, bias=False),
        batch_norm(),
        relu(),
        branches(conv(8, 1), network(max_pool(3, stride=1, padding=1), conv(8, (1, 3), groups=2))),
        residual(conv(16, 3, padding=1, dilation=2), shortcut=conv(16, 1)),
        residual(relu()),
        conv_transpose(4, 2, stride=2, output_padding=1, dilation=3, groups=2),
        skip(relu6(), crop=True),
        squeeze_excitation(8, 2),
        side_output(linear(2)),
        adaptive_avg_pool((1, 2)),
        upsample((2, 1), mode="bilinear"),
        pixel_shuffle(2),
        zero_pad(2),
        zero_pad((0, 1, 2, 3)),
        select_channels(0, 1),
        layer_norm(bias=False),
        group_norm(2),
        leaky_relu(),
        silu(),
        gelu(),
        hardswish(),
        hardsigmoid(),
        tanh(),
        global_avg_pool(),
        flatten(),
        dropout(),
        linear(10, bias=False),
        softmax(),
    )
    assert str(net).splitlines() == [
        "convolution 3×3, 16 filters, stride 1, padding 1, no bias",
        "batch normalization",
        "ReLU",
        "branches, concatenated on the channels:",
        "  branch 1:",
        "    convolution 1×1, 8 filters, stride 1",
        "  branch 2:",
        "    max pooling 3×3, stride 1, padding 1",
        "    convolution 1×3, 8 filters, stride 1, 2 groups",
        "residual block, added to its input:",
        "    convolution 3×3, 16 filters, stride 1, padding 1, dilation 2",
        "  shortcut:",
        "    convolution 1×1, 16 filters, stride 1",
        "residual block, added to its input:",
        "    ReLU",
        "transposed convolution 2×2, 4 filters, stride 2, dilation 3, output padding 1, 2 groups",
        "branches, cropped to the smallest and concatenated on the channels:",
        "  branch 1:",
        "    the input itself",
        "  branch 2:",
        "    ReLU6",
        "gate, multiplied with its input:",
        "    global average pooling",
        "    convolution 1×1, 2 filters, stride 1",
        "    ReLU",
        "    convolution 1×1, 8 filters, stride 1",
        "    sigmoid",
        "side output:",
        "    fully connected, 2 units",
        "adaptive average pooling to 1×2",
        "upsampling by 2×1, bilinear",
        "pixel shuffle by 2",
        "zero padding 2",
        "zero padding 0 left, 1 right, 2 above, 3 below",
        "channels 0, 1",
        "layer normalization, no bias",
        "group normalization, 2 groups",
        "leaky ReLU",
        "SiLU",
        "GELU",
        "hardswish",
        "hardsigmoid",
        "tanh",
        "global average pooling",
        "flatten",
        "dropout 0.5",
        "fully connected, 10 units, no bias",
        "softmax",
    ]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (network, "at least one layer"),
        (branches, "at least one network"),
        (lambda: network(3), "3 is not a layer"),
        (lambda: conv(0, 3), "out_channels must be from 1"),
        (lambda: conv(8, 3, bias="no"), "bias must be True or False"),
        (lambda: conv(8, 3, in_channels=0), "in_channels must be from 1"),
        (lambda: dropout(2), "p must be a probability"),
        (lambda: upsample(2, mode="cubic"), "mode must be one of nearest, bilinear"),
        (lambda: zero_pad((1, 2)), "padding must be one number or four, not 2"),
        (select_channels, "select from 1 to 2000 channels"),
        (lambda: dense_block(10**9, 4), f"at most {MAX_LAYERS} layers"),
        (lambda: network(*(relu(),) * (MAX_LAYERS + 1)), f"at most {MAX_LAYERS} layers"),
    ],
)
def test_invalid_layer_is_rejected_with_reason(make, reason):
    with pytest.raises(SolverError, match=reason):
        make()


def doubled(times):
    net = network(conv(8, 1))
    for _ in range(times):
        net = network(branches(net, net))
    return net


def test_graph_that_doubles_itself_is_rejected():
    assert isinstance(doubled(5), Network)
    with pytest.raises(SolverError, match=f"at most {MAX_LAYERS} layers"):
        doubled(40)


def test_deeply_nested_graph_is_rejected():
    net = network(relu())
    for _ in range(MAX_NESTING):
        net = network(residual(net))
    assert net.nesting == MAX_NESTING
    assert network_shape(net, (3,)) == (3,)
    with pytest.raises(SolverError, match=f"nest at most {MAX_NESTING} deep"):
        residual(net)


def test_network_counts_size_and_nesting_of_nested_layers():
    net = network(conv(8, 1), branches(relu(), residual(network(relu(), relu()))), flatten())
    assert (net.size, net.nesting) == (7, 2)
