"""Tests of the shapes of weights, of cut networks and of repeated blocks."""

from itertools import product
from math import prod

import pytest

from grader.errors import SolverError
from problems.network.constructors.all_constructors import (
    conv,
    flatten,
    linear,
    max_pool,
    network,
    relu,
    repeat,
    residual,
    subnetwork,
)
from problems.network.constructors.graphs import MAX_LAYERS
from problems.network.counts import network_shape, total_params
from problems.registry import REGISTRY
from problems.solvers.convolution_parameters import conv_params, conv_transpose_params
from problems.solvers.weight_shapes import conv_transpose_weight_shape, conv_weight_shape

NET = network(conv(8, 3), relu(), max_pool(2), conv(16, 3), relu(), flatten(), linear(10))
IMAGE = (3, 12, 12)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (conv_weight_shape(3, 64, 7), (64, 3, 7, 7)),  # the first of ResNet
        (conv_weight_shape(96, 256, 5, groups=2), (256, 48, 5, 5)),  # the second of AlexNet
        (conv_weight_shape(32, 32, 3, groups=32), (32, 1, 3, 3)),  # depthwise
        (conv_weight_shape(80, 512, (3,)), (512, 80, 3)),
        (conv_transpose_weight_shape(1024, 512, 2), (1024, 512, 2, 2)),  # the first of U-Net
        (conv_transpose_weight_shape(6, 4, (3, 5), groups=2), (6, 2, 3, 5)),
    ],
)
def test_weight_shapes_match_pytorch(shape, expected):
    assert shape == expected


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_weight_shapes_match_parameter_counts(groups):
    for kernel, into, out in product((3, (1, 5)), (4, 8), (4, 12)):
        options = {"groups": groups, "bias": False}
        shape = conv_weight_shape(into, out, kernel, groups=groups)
        assert prod(shape) == conv_params(into, out, kernel, **options)
        shape = conv_transpose_weight_shape(into, out, kernel, groups=groups)
        assert prod(shape) == conv_transpose_params(into, out, kernel, **options)


@pytest.mark.parametrize("solver", [conv_weight_shape, conv_transpose_weight_shape])
def test_groups_must_divide_input_and_output_channels(solver):
    with pytest.raises(SolverError, match="3 groups do not divide 6 and 4 channels"):
        solver(6, 4, 3, groups=3)


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({"stop": 1}, (8, 10, 10)),
        ({"stop": 3}, (8, 5, 5)),
        ({"stop": -2}, (16, 3, 3)),
        ({"stop": 7}, (10,)),
        ({}, (10,)),
        ({"start": 2}, None),
        ({"start": -4, "stop": -1}, None),
    ],
)
def test_subnetwork_slices_layers_like_a_list(keywords, expected):
    cut = subnetwork(NET, **keywords)
    assert cut.layers == NET.layers[keywords.get("start") : keywords.get("stop")]
    if expected is not None:
        assert network_shape(cut, IMAGE) == expected


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"stop": 0}, "no layer lies from 0 up to 0 in 7 layers"),
        ({"start": 3, "stop": 3}, "no layer lies from 3 up to 3"),
        ({"start": 5, "stop": -4}, "no layer lies"),
        ({"stop": 8}, "stop is 8, but the network has 7 layers"),
        ({"start": -8}, "start is -8, but the network has 7 layers"),
        ({"stop": True}, "stop must be a whole number"),
        ({"start": 1.5}, "start must be a whole number"),
        ({"start": "relu"}, "start must be a whole number"),
    ],
)
def test_empty_or_out_of_range_subnetwork_is_rejected(keywords, reason):
    with pytest.raises(SolverError, match=reason):
        subnetwork(NET, **keywords)


def test_subnetwork_rejects_layers():
    with pytest.raises(SolverError, match="is not a network"):
        subnetwork(conv(8, 3))


def test_repeated_blocks_have_separate_weights():
    block = residual(network(conv(8, 3, padding=1), relu()))
    net = network(conv(8, 3), repeat(4, block))
    assert len(net.layers) == 5
    assert total_params(net, IMAGE) == 3 * 8 * 9 + 8 + 4 * (8 * 8 * 9 + 8)
    assert repeat(2, network(relu(), conv(8, 1))).layers == (relu(), conv(8, 1)) * 2


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        (0, "times must be from 1"),
        (MAX_LAYERS + 1, f"at most {MAX_LAYERS} layers"),
        (MAX_LAYERS // 7 + 1, f"at most {MAX_LAYERS} layers"),
        (True, "times must be a whole number"),
    ],
)
def test_repeat_rejects_invalid_or_excessive_counts(times, reason):
    with pytest.raises(SolverError, match=reason):
        repeat(times, NET)


def test_repeat_rejects_values_that_are_not_layers():
    with pytest.raises(SolverError, match="3 is not a layer"):
        repeat(2, 3)


@pytest.mark.parametrize(
    ("mistake", "stop", "layers"),
    [
        ("cut_one_layer_early", 4, 3),
        ("cut_one_layer_late", 4, 5),
        ("cut_one_layer_early", None, 6),
        ("cut_one_layer_late", -2, 6),
    ],
)
def test_subnetwork_mistakes_cut_one_layer_early_or_late(mistake, stop, layers):
    wrong = REGISTRY.wrong_versions[mistake]["subnetwork"]
    assert wrong(NET, stop=stop).layers == NET.layers[:layers]


def test_repeat_mistakes_count_a_block_once_or_one_time_less():
    wrong = REGISTRY.wrong_versions
    assert len(wrong["block_counted_once"]["repeat"](4, relu()).layers) == 1
    assert len(wrong["one_block_fewer"]["repeat"](4, relu()).layers) == 3
    with pytest.raises(SolverError, match="twice"):
        wrong["one_block_fewer"]["repeat"](2, relu())


@pytest.mark.parametrize("stop", [7, None])
def test_late_cut_mistake_does_not_apply_after_the_last_layer(stop):
    with pytest.raises(SolverError, match="stop is 8"):
        REGISTRY.wrong_versions["cut_one_layer_late"]["subnetwork"](NET, stop=stop)
