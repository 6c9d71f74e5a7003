"""Values and sizes against onnxruntime, which shares no code with us.

A model of one node is spelled in protobuf by hand, so that the tests need no further package.
"""

from itertools import product

import numpy as np
import onnxruntime
import pytest

from problems.solvers.convolution import conv2d
from problems.solvers.pooling import avg_pool2d, max_pool2d, pool_size
from problems.solvers.transposed import conv_transpose2d

FLOAT = 1
INTEGER_ATTRIBUTE, INTEGERS_ATTRIBUTE = 2, 7


def varint(number):
    pieces = []
    while number > 0x7F:
        pieces.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*pieces, number])


def message(*fields):
    """Return a protobuf message of (number, value) fields: integers, texts or messages."""
    found = b""
    for number, value in fields:
        if isinstance(value, int):
            found += varint(number << 3) + varint(value)
        else:
            body = value.encode() if isinstance(value, str) else value
            found += varint(number << 3 | 2) + varint(len(body)) + body
    return found


def attribute(name, value):
    if isinstance(value, int):
        return message((1, name), (3, value), (20, INTEGER_ATTRIBUTE))
    return message((1, name), *((8, item) for item in value), (20, INTEGERS_ATTRIBUTE))


def floats_named(name):
    return message((1, name), (2, message((1, message((1, FLOAT))))))


def run(operator, *inputs, **attributes):
    """Return what onnxruntime computes for one operator."""
    names = [f"in{index}" for index in range(len(inputs))]
    node = message(
        *((1, name) for name in names),
        (2, "out"),
        (4, operator),
        *((5, attribute(name, value)) for name, value in attributes.items()),
    )
    graph = message(
        (1, node), (2, "graph"), *((11, floats_named(name)) for name in names),
        (12, floats_named("out")),
    )  # fmt: skip
    model = message((1, 8), (7, graph), (8, message((1, ""), (2, 17))))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    given = {name: np.asarray(x, np.float32) for name, x in zip(names, inputs, strict=True)}
    return session.run(None, given)[0]


def integers(*shape, seed=0):
    return np.random.default_rng(seed).integers(-5, 6, shape)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
def test_a_grouped_convolution_is_that_of_onnxruntime(groups, stride, dilation):
    x, w = integers(4, 9, 8), integers(8, 4 // groups, 3, 2, seed=1)
    bias = integers(8, seed=2)
    found = conv2d(
        x, w, bias=bias, stride=(stride, 1), padding=(2, 1), dilation=dilation, groups=groups
    )
    expected = run(
        "Conv", x[np.newaxis], w, bias,
        group=groups, strides=[stride, 1], pads=[2, 1, 2, 1], dilations=[dilation] * 2,
    )  # fmt: skip
    np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_a_transposed_convolution_is_that_of_onnxruntime(stride, padding):
    x, w = integers(4, 3), integers(3, 4, seed=1)
    expected = run(
        "ConvTranspose", x[np.newaxis, np.newaxis], w[np.newaxis, np.newaxis],
        strides=[stride] * 2, pads=[padding] * 4,
    )  # fmt: skip
    found = conv_transpose2d(x, w, stride=stride, padding=padding)
    np.testing.assert_array_equal(found, expected[0, 0])


@pytest.mark.parametrize("window", [2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_pooling_is_that_of_onnxruntime(window, stride, padding):
    x = integers(2, 8, 7)
    geometry = {
        "kernel_shape": [window] * 2, "strides": [stride] * 2, "pads": [padding] * 4
    }  # fmt: skip
    largest = run("MaxPool", x[np.newaxis], **geometry)[0]
    mean = run("AveragePool", x[np.newaxis], count_include_pad=1, **geometry)[0]
    ours = {"stride": stride, "padding": padding}
    np.testing.assert_array_equal(max_pool2d(x, window, **ours), largest)
    np.testing.assert_allclose(avg_pool2d(x, window, **ours), mean, rtol=1e-6)


def test_ceil_mode_sizes_are_those_of_onnxruntime():
    for size, window, stride, padding in product((4, 5, 7), (2, 3), (1, 2, 3), (0, 1)):
        geometry = {"kernel_shape": [window, 1], "strides": [stride, 1], "ceil_mode": 1}
        pooled = run("MaxPool", np.ones((1, 1, size, 1)), pads=[padding, 0] * 2, **geometry)
        ours = pool_size(size, window, stride=stride, padding=padding, ceil_mode=True)
        assert ours == pooled.shape[2], (size, window, stride, padding)
