"""Networks as values: shapes, parameters, MACs and depth, against published figures."""

from dataclasses import FrozenInstanceError

import pytest

from grader.errors import SolverError
from problems.network.build import (
    MAX_LAYERS,
    avg_pool,
    batch_norm,
    branches,
    conv,
    conv_transpose,
    dropout,
    flatten,
    global_avg_pool,
    linear,
    max_pool,
    network,
    relu,
    residual,
    sigmoid,
    softmax,
)
from problems.network.counts import (
    depth,
    layer_count,
    layer_macs,
    layer_params,
    network_shape,
    out_shape,
    total_macs,
    total_params,
)
from problems.network.layers import Network
from problems.network.named import NAMED, named
from problems.solvers.receptive_field import receptive_field

IMAGE = (3, 224, 224)

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


# --- published figures


@pytest.mark.parametrize(
    ("name", "parameters", "gigamacs", "layers"),
    [
        ("alexnet", 61_100_840, 0.714, 8),
        ("vgg16", 138_357_544, 15.470, 16),
        ("googlenet", 6_624_904, 1.498, 22),
        ("resnet18", 11_689_512, 1.814, 18),
        ("resnet50", 25_557_032, 4.089, 50),
    ],
)
def test_a_published_network_has_its_published_figures(name, parameters, gigamacs, layers):
    net = named(name)
    assert total_params(net) == parameters
    assert total_params(net, IMAGE) == parameters
    assert round(total_macs(net, IMAGE) / 10**9, 3) == gigamacs
    assert network_shape(net, IMAGE) == (1000,)
    assert depth(net) == layers


def test_every_named_network_is_among_the_published_figures():
    assert set(NAMED) == {"alexnet", "vgg16", "googlenet", "resnet18", "resnet50"}


def test_lenet_has_its_published_parameters_whatever_comes_first_declared():
    assert total_params(LENET, (1, 28, 28)) == 61_706
    assert network_shape(LENET, (1, 28, 28)) == (10,)


@pytest.mark.parametrize(
    ("name", "field"), [("alexnet", 195), ("vgg16", 212), ("resnet50", 427), ("resnet18", 435)]
)
def test_a_published_network_has_its_published_receptive_field(name, field):
    assert receptive_field(named(name)) == field


def test_a_u_net_counts_transposed_convolutions():
    """The published U-Net of 31,030,658 parameters, skips as branches past the level below."""

    def double(width):
        return network(conv(width, 3, padding=1), relu(), conv(width, 3, padding=1), relu())

    inner = double(1024)
    for width in (512, 256, 128, 64):
        below = network(max_pool(2), inner, conv_transpose(width, 2, stride=2))
        identity = network(dropout(0))
        inner = network(double(width), branches(identity, below), double(width))
    net = network(inner, conv(2, 1))
    assert total_params(net, (1, 64, 64)) == 31_030_658
    assert network_shape(net, (1, 64, 64)) == (2, 64, 64)
    assert depth(net) == 23


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
        (linear(10), (20,), (10,), 210, 200),
        (linear(10, bias=False), (20,), (10,), 200, 200),
        (relu(), (3, 4, 5), (3, 4, 5), 0, 0),
        (dropout(), (3, 4, 5), (3, 4, 5), 0, 0),
        (max_pool(2), (3, 5, 4), (3, 2, 2), 0, 0),
        (max_pool(2, ceil_mode=True), (3, 5, 4), (3, 3, 2), 0, 0),
        (avg_pool(3, stride=1, padding=1), (3, 5, 4), (3, 5, 4), 0, 0),
        (global_avg_pool(), (3, 5, 4), (3, 1, 1), 0, 0),
        (flatten(), (3, 5, 4), (60,), 0, 0),
        (batch_norm(), (3, 5, 4), (3, 5, 4), 6, 0),
        (batch_norm(), (12,), (12,), 24, 0),
        (branches(conv(4, 1), conv(5, 3, padding=1)), (3, 5, 4), (9, 5, 4), 16 + 140,
         20 * (12 + 135)),
        (residual(conv(3, 3, padding=1)), (3, 5, 4), (3, 5, 4), 84, 20 * 81),
        (residual(conv(6, 3, padding=1), shortcut=conv(6, 1)), (3, 5, 4), (6, 5, 4), 168 + 24,
         20 * (162 + 18)),
    ],
)  # fmt: skip
def test_a_layer_has_its_shape_its_parameters_and_its_macs(layer, shape, after, parameters, macs):
    assert out_shape(layer, shape) == after
    assert layer_params(layer, shape) == parameters
    assert layer_macs(layer, shape) == macs


def test_all_parameters_include_the_statistics_of_batch_normalisation():
    net = network(conv(8, 3, in_channels=3), batch_norm(8))
    assert total_params(net) == 224 + 16
    assert total_params(net, trainable=False) == 224 + 32


def test_parameters_without_a_shape_need_what_the_layers_take():
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
        (conv(8, 3), (3, 9, 9), "is not a network"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_with_the_reason(net, shape, reason):
    with pytest.raises(SolverError, match=reason):
        total_params(net, shape)


# --- depth


def test_the_depth_is_that_of_the_longest_path():
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


def test_layers_of_an_unknown_kind_are_not_counted():
    with pytest.raises(SolverError, match="kind must be one of weighted, conv, linear, pool"):
        layer_count(LENET, "dense")


# --- values


def test_networks_are_values():
    assert network(conv(8, 3), relu()) == network(conv(8, (3, 3)), relu())
    assert network(conv(8, 3)) != network(conv(8, 5))
    assert len({LENET, LENET}) == 1
    with pytest.raises(FrozenInstanceError):
        LENET.layers[0].bias = False


def test_networks_in_a_network_are_spliced_in():
    assert network(network(conv(8, 3), relu()), linear(2)) == network(conv(8, 3), relu(), linear(2))


def test_the_fields_of_a_layer_can_be_read_and_what_it_leaves_open_cannot():
    layer = conv(8, 3, stride=2)
    assert layer.field("out_channels") == 8
    assert layer.field("stride") == (2, 2)
    assert network(layer).field("layers") == (layer,)
    for name in ("in_channels", "field", "__class__", "weights"):
        with pytest.raises(KeyError):
            layer.field(name)


def test_a_network_lists_its_layers_in_words_one_a_line():
    net = network(
        conv(16, 3, padding=1, bias=False),
        batch_norm(),
        relu(),
        branches(conv(8, 1), network(max_pool(3, stride=1, padding=1), conv(8, (1, 3), groups=2))),
        residual(conv(16, 3, padding=1, dilation=2), shortcut=conv(16, 1)),
        residual(relu()),
        conv_transpose(4, 2, stride=2, output_padding=1),
        global_avg_pool(),
        flatten(),
        dropout(),
        linear(10, bias=False),
        softmax(),
    )
    assert str(net).splitlines() == [
        "convolution 3×3, 16 filters, stride 1, padding 1, no bias",
        "batch normalisation",
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
        "transposed convolution 2×2, 4 filters, stride 2, output padding 1",
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
        (lambda: named("vgg61"), "name must be one of alexnet, vgg16"),
    ],
)
def test_a_layer_that_makes_no_sense_is_refused_with_the_reason(make, reason):
    with pytest.raises(SolverError, match=reason):
        make()


def doubled(times):
    net = network(conv(8, 1))
    for _ in range(times):
        net = network(branches(net, net))
    return net


def test_a_graph_that_doubles_itself_is_stopped():
    assert isinstance(doubled(5), Network)
    with pytest.raises(SolverError, match=f"at most {MAX_LAYERS} layers"):
        doubled(40)
