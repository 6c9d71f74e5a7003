"""Tests of values and sizes against onnxruntime, which shares no code with us.

A model of one node is written in protobuf by hand, so that the tests need no further
package.
"""

from fractions import Fraction
from itertools import product

import numpy as np
import onnxruntime
import pytest

from grader.values import Tensor
from problems.network.constructors.all_constructors import conv_transpose
from problems.network.counts import out_shape
from problems.network.wrong_versions.network_solvers import WRONG_VERSIONS
from problems.registry import REGISTRY
from problems.solvers.activations import activation
from problems.solvers.convolution import conv1d, conv2d, conv3d
from problems.solvers.pool_values import avg_pool2d, max_pool2d
from problems.solvers.pooling import pool_size
from problems.solvers.transposed_values import conv_transpose2d
from problems.solvers.upsampling import pixel_shuffle_values, upsample_nearest2d
from problems.solvers.weight_shapes import conv_transpose_weight_shape, conv_weight_shape

WRONG_SHAPE = {twin.mistake: twin.function for twin in WRONG_VERSIONS if twin.solver == "out_shape"}
FLOAT = 1
INTEGER_ATTRIBUTE, TEXT_ATTRIBUTE, INTEGERS_ATTRIBUTE = 2, 3, 7


def varint(number):
    pieces = []
    while number > 0x7F:
        pieces.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*pieces, number])


def message(*fields):
    """Return a protobuf message of (number, value) fields: integers, text or messages."""
    found = b""
    for number, value in fields:
        if isinstance(value, int):
            found += varint(number << 3) + varint(value)
        else:
            body = value.encode() if isinstance(value, str) else value
            found += varint(number << 3 | 2) + varint(len(body)) + body
    return found


def attribute(name, value):
    if isinstance(value, str):
        return message((1, name), (4, value), (20, TEXT_ATTRIBUTE))
    if isinstance(value, int):
        return message((1, name), (3, value), (20, INTEGER_ATTRIBUTE))
    return message((1, name), *((8, item) for item in value), (20, INTEGERS_ATTRIBUTE))


def floats_named(name):
    return message((1, name), (2, message((1, message((1, FLOAT))))))


def run(operator, *inputs, **attributes):
    """Return the output of onnxruntime for one operator."""
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


@pytest.mark.parametrize(("groups", "kernel"), [(1, (3, 2)), (2, (2, 2)), (4, (1, 3))])
@pytest.mark.parametrize(
    ("operator", "weight_shape"),
    [("Conv", conv_weight_shape), ("ConvTranspose", conv_transpose_weight_shape)],
)
def test_weight_shapes_produce_expected_channels_in_onnxruntime(
    operator, weight_shape, groups, kernel
):
    weights = np.ones(weight_shape(8, 12, kernel, groups=groups))
    assert run(operator, np.ones((1, 8, 6, 6)), weights, group=groups).shape[1] == 12


def integers(*shape, seed=0):
    return np.random.default_rng(seed).integers(-5, 6, shape)


def single(*arrays):
    """Return each array as a batch of one."""
    return [array[np.newaxis] for array in arrays]


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
def test_grouped_convolution_matches_onnxruntime(groups, stride, dilation):
    x, w = integers(4, 9, 8), integers(8, 4 // groups, 3, 2, seed=1)
    bias = integers(8, seed=2)
    found = conv2d(
        x, w, bias=bias, stride=(stride, 1), padding=(2, 1), dilation=dilation, groups=groups
    )
    expected = run(
        "Conv", *single(x), w, bias,
        group=groups, strides=[stride, 1], pads=[2, 1, 2, 1], dilations=[dilation] * 2,
    )  # fmt: skip
    np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("ends", [(0, 0, 0, 0), (1, 0, 2, 3), (0, 4, 1, 0)])
def test_asymmetric_padding_matches_onnxruntime(stride, dilation, ends):
    """Ours is (left, right, top, bottom); onnxruntime's is (top, left, bottom, right)."""
    left, right, top, bottom = ends
    x, w = integers(2, 9, 8), integers(3, 2, 3, 2, seed=1)
    found = conv2d(x, w, stride=stride, padding=ends, dilation=dilation)
    expected = run(
        "Conv", *single(x), w,
        strides=[stride] * 2, pads=[top, left, bottom, right], dilations=[dilation] * 2,
    )  # fmt: skip
    np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize("size", [6, 7, 8])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_tensorflow_padding_matches_onnxruntime(size, kernel, stride):
    x, w = integers(1, size, size + 1), integers(1, 1, kernel, kernel, seed=1)
    expected = run("Conv", *single(x), w, strides=[stride] * 2, auto_pad="SAME_UPPER")
    np.testing.assert_array_equal(conv2d(x, w, stride=stride, padding="tf"), expected[0])


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolutions_with_one_and_three_axes_match_onnxruntime(groups, stride):
    x, w = integers(4, 11), integers(6, 4 // groups, 3, seed=1)
    expected = run("Conv", *single(x), w, group=groups, strides=[stride], pads=[1, 2])
    found = conv1d(x, w, groups=groups, stride=stride, padding=(1, 2))
    np.testing.assert_array_equal(found, expected[0])
    x, w = integers(4, 5, 6, 7), integers(2, 4 // groups, 2, 3, 4, seed=1)
    expected = run(
        "Conv", *single(x), w, group=groups, strides=[1, stride, 2], pads=[0, 1, 2, 3, 1, 0]
    )
    found = conv3d(x, w, groups=groups, stride=(1, stride, 2), padding=(2, 0, 1, 1, 0, 3))
    np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_transposed_convolution_matches_onnxruntime(stride, padding):
    x, w = integers(4, 3), integers(3, 4, seed=1)
    expected = run(
        "ConvTranspose", x[np.newaxis, np.newaxis], w[np.newaxis, np.newaxis],
        strides=[stride] * 2, pads=[padding] * 4,
    )  # fmt: skip
    found = conv_transpose2d(x, w, stride=stride, padding=padding)
    np.testing.assert_array_equal(found, expected[0, 0])


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("stride", [(2, 3), (3, 2)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("added", [0, 1])
def test_grouped_transposed_convolution_matches_onnxruntime(groups, stride, dilation, added):
    x, w, bias = integers(4, 5, 4), integers(4, 3, 3, 2, seed=1), integers(3 * groups, seed=2)
    expected = run(
        "ConvTranspose", *single(x), w, bias, group=groups, strides=list(stride),
        dilations=[dilation] * 2, output_padding=[added] * 2, pads=[1, 0, 2, 1],
    )  # fmt: skip
    found = conv_transpose2d(
        x, w, bias=bias, stride=stride, padding=(0, 1, 1, 2),
        output_padding=added, dilation=dilation, groups=groups,
    )  # fmt: skip
    np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize(
    ("kernel", "stride"), [(2, 1), (3, 1), (4, 1), (2, 2), (3, 2), (4, 2), (3, 3), (5, 3)]
)
def test_tensorflow_padding_of_a_transposed_convolution_matches_onnxruntime(kernel, stride):
    """With a kernel smaller than the stride, onnxruntime gives fewer cells than its rule."""
    x, w = integers(1, 4, 5), integers(1, 2, kernel, kernel, seed=1)
    found = conv_transpose2d(x, w, stride=stride, padding="tf")
    expected = run("ConvTranspose", *single(x), w, strides=[stride] * 2, auto_pad="SAME_UPPER")
    np.testing.assert_array_equal(found, expected[0])


UP = {"strides": [2, 3], "pads": [1, 2, 1, 2], "dilations": [2, 1], "output_padding": [1, 2]}
PLAIN = {name: one for name, one in UP.items() if name != "output_padding"}


def sides(operator, height, width, **attributes):
    """Return the output height and width for one channel and a 3×5 kernel."""
    found = run(operator, integers(1, 1, height, width), integers(1, 1, 3, 5), **attributes)
    return found.shape[1:]


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        (None, sides("ConvTranspose", 6, 7, **UP)),
        ("output_padding_left_out", sides("ConvTranspose", 6, 7, **PLAIN)),
        ("padding_left_out", sides("ConvTranspose", 6, 7, **UP | {"pads": [0] * 4})),
        ("stride_left_out", sides("ConvTranspose", 6, 7, **UP | {"strides": [1, 1],
         "output_padding": [0, 0]}) + np.array([0, 1, 2])),
        ("dilation_left_out", sides("ConvTranspose", 6, 7, **UP | {"dilations": [1, 1]})),
        ("forgot_minus_one", sides("ConvTranspose", 7, 8, **UP)),
        ("convolution_for_transposed", sides("Conv", 6, 7, **PLAIN)),
        ("padding_added", sides("ConvTranspose", 6, 7, **UP | {"pads": [0] * 4})
         + np.array([0, 2, 4])),
        ("transposed_cropped", sides("ConvTranspose", 6, 7, strides=[2, 3], auto_pad="SAME_UPPER")),
        ("forgot_plus_one", sides("ConvTranspose", 6, 7, **UP) - np.array([0, 1, 1])),
    ],
)  # fmt: skip
def test_transposed_layer_shape_and_its_mistakes_match_onnxruntime(mistake, wrong):
    layer = conv_transpose(
        1, (3, 5), stride=(2, 3), padding=(1, 2), output_padding=(1, 2), dilation=(2, 1)
    )
    shape = out_shape if mistake is None else WRONG_SHAPE[mistake]
    assert shape(layer, (1, 6, 7)) == tuple(wrong)


@pytest.mark.parametrize("window", [2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (1, 1, 1, 1), (1, 0, 0, 1)])
@pytest.mark.parametrize("ceil", [False, True])
def test_pooling_matches_onnxruntime(window, stride, padding, ceil):
    x = integers(2, 8, 7)
    left, right, top, bottom = padding
    geometry = {
        "kernel_shape": [window] * 2, "strides": [stride] * 2,
        "pads": [top, left, bottom, right], "ceil_mode": int(ceil),
    }  # fmt: skip
    ours = {"stride": stride, "padding": padding, "ceil_mode": ceil}
    largest = run("MaxPool", *single(x), **geometry)[0]
    np.testing.assert_array_equal(max_pool2d(x, window, **ours), largest)
    for counted in (False, True):
        mean = run("AveragePool", *single(x), count_include_pad=int(counted), **geometry)[0]
        found = avg_pool2d(x, window, count_include_pad=counted, **ours)
        np.testing.assert_allclose(found, mean, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_dilated_max_pooling_matches_onnxruntime(dilation):
    x = integers(2, 9, 8)
    expected = run(
        "MaxPool", *single(x), kernel_shape=[2, 3], strides=[2, 1],
        pads=[1, 1, 1, 1], dilations=[dilation] * 2,
    )  # fmt: skip
    found = max_pool2d(x, (2, 3), stride=(2, 1), padding=1, dilation=dilation)
    np.testing.assert_array_equal(found, expected[0])


def test_ceil_mode_sizes_match_onnxruntime():
    for size, window, stride, padding in product((4, 5, 7), (2, 3), (1, 2, 3), (0, 1)):
        geometry = {"kernel_shape": [window, 1], "strides": [stride, 1], "ceil_mode": 1}
        pooled = run("MaxPool", np.ones((1, 1, size, 1)), pads=[padding, 0] * 2, **geometry)
        ours = pool_size(size, window, stride=stride, padding=padding, ceil_mode=True)
        assert ours == pooled.shape[2], (size, window, stride, padding)


@pytest.mark.parametrize(
    ("name", "operator", "options"),
    [
        ("relu", "Relu", {}),
        ("elu", "Elu", {}),
        ("sigmoid", "Sigmoid", {}),
        ("tanh", "Tanh", {}),
        ("softplus", "Softplus", {}),
        ("softmax", "Softmax", {"axis": 2}),
    ],
)
def test_activations_match_onnxruntime(name, operator, options):
    x = integers(3, 4, 5) * 2
    np.testing.assert_allclose(
        activation(x, name), run(operator, x, **options), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("factor", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 2])
def test_pixel_shuffle_matches_onnxruntime(factor, channels):
    """ONNX calls it DepthToSpace; CRD is the order of PyTorch, DCR that of TensorFlow."""
    x = integers(channels * factor**2, 3, 4)
    expected = run("DepthToSpace", *single(x), blocksize=factor, mode="CRD")
    np.testing.assert_array_equal(pixel_shuffle_values(x, factor), expected[0])
    far = REGISTRY.wrong_versions["channels_far_apart"]["pixel_shuffle_values"](
        Tensor.from_array(x), factor
    )
    other = run("DepthToSpace", *single(x), blocksize=factor, mode="DCR")
    np.testing.assert_array_equal(far.to_array(), other[0])


@pytest.mark.parametrize("factor", [Fraction(1, 2), 1, Fraction(3, 2), 2, Fraction(9, 4), 3])
def test_nearest_upsampling_matches_onnxruntime(factor):
    x = integers(2, 5, 7)
    expected = run(
        "Resize", *single(x), [], [1, 1, factor, factor],
        mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    )  # fmt: skip
    np.testing.assert_array_equal(upsample_nearest2d(x, factor), expected[0])
