"""Tests of forward passes through whole networks, against onnxruntime and by hand."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from grader.errors import SolverError
from problems.network.constructors.all_constructors import (
    avg_pool,
    batch_norm,
    branches,
    conv,
    dropout,
    flatten,
    gate,
    global_avg_pool,
    identity,
    leaky_relu,
    linear,
    max_pool,
    network,
    relu,
    residual,
    softmax,
    upsample,
)
from problems.network.forward import forward
from problems.network.pytorch.module_parser import torch_module

RANDOM = np.random.default_rng(3)
IMAGE = RANDOM.integers(-4, 5, (2, 6, 7))
KERNELS = RANDOM.integers(-3, 4, (4, 2, 3, 3))
POINTS = RANDOM.integers(-3, 4, (4, 4, 1, 1))
ROWS = RANDOM.integers(-3, 4, (3, 8 * 3 * 3))
BIASES = (RANDOM.integers(-5, 6, 4), RANDOM.integers(-5, 6, 4), RANDOM.integers(-5, 6, 3))


def by_onnxruntime(nodes, constants):
    """Return the output of onnxruntime for `x`, a batch of one."""
    weights = [
        numpy_helper.from_array(np.asarray(one, np.float32), name)
        for name, one in constants.items()
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, *IMAGE.shape))]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "forward", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": np.asarray(IMAGE[None], np.float32)})[0][0]


def test_network_with_residual_block_and_branches_matches_onnxruntime():
    net = network(
        conv(4, 3, padding=1),
        relu(),
        residual(conv(4, 1)),
        branches(identity(), identity()),
        max_pool(2),
        flatten(),
        dropout(),
        linear(3),
    )
    nodes = [
        helper.make_node("Conv", ["x", "w0", "b0"], ["c0"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c0"], ["r"]),
        helper.make_node("Conv", ["r", "w1", "b1"], ["c1"]),
        helper.make_node("Add", ["c1", "r"], ["a"]),
        helper.make_node("Concat", ["a", "a"], ["d"], axis=1),
        helper.make_node("MaxPool", ["d"], ["m"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["m"], ["f"]),
        helper.make_node("Gemm", ["f", "w2", "b2"], ["y"], transB=1),
    ]
    weights = (KERNELS, POINTS, ROWS)
    constants = {f"w{at}": one for at, one in enumerate(weights)}
    constants |= {f"b{at}": one for at, one in enumerate(BIASES)}
    found = forward(net, IMAGE, weights=weights, biases=BIASES)
    assert found.dtype == np.int64
    assert found.tolist() == by_onnxruntime(nodes, constants).tolist()


@pytest.mark.parametrize(
    ("net", "x", "weights", "value"),
    [
        (network(relu()), [-1, 2], (), [0, 2]),
        (network(global_avg_pool()), [[[1, 2], [3, 5]]], (), [[[2.75]]]),
        (network(avg_pool(2)), [[1, 2], [3, 5]], (), [[[2.75]]]),
        (network(upsample(2)), [[1]], (), [[[1, 1], [1, 1]]]),
        (network(gate(identity())), [2, 3], (), [4, 9]),
        (network(linear(1)), [2, 3], ([[4, 5]],), [23]),
    ],
)
def test_each_layer_matches_its_own_solver(net, x, weights, value):
    assert forward(net, x, weights=weights).tolist() == value


@pytest.mark.parametrize(
    ("net", "weights", "biases", "said"),
    [
        (network(linear(1)), (), (), "no weights for this layer"),
        (network(relu()), ([[1, 2]],), (), "more weights than layers"),
        (network(batch_norm()), (), (), "does not compute this layer"),
        (network(linear(1)), ([[1, 2]],), ([1], [2]), "2 biases for 1 weights"),
        (network(residual(linear(3))), ([[1, 2]] * 3,), (), "not joined"),
        ("no network", (), (), "not a network"),
    ],
)
def test_uncomputable_network_raises_error_with_reason(net, weights, biases, said):
    with pytest.raises(SolverError, match=said):
        forward(net, [1, 2], weights=weights, biases=biases)


def test_leaky_relu_uses_the_printed_slope():
    printed = "Net(\n  (0): LeakyReLU(negative_slope=0.2, inplace=True)\n)"
    assert forward(torch_module(printed), [-10, 10]).tolist() == [-2, 10]
    assert forward(network(leaky_relu()), [-100, 3]).tolist() == [-1, 3]


def test_softmax_is_computed_for_vectors_but_not_maps():
    assert forward(network(softmax()), [0, 0]).tolist() == [0.5, 0.5]
    with pytest.raises(SolverError, match="does not compute this layer: softmax"):
        forward(network(softmax()), [[[0, 1]], [[2, 3]]])
