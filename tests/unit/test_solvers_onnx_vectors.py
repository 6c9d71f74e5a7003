"""Tests against the test vectors of the onnx package, some computed by PyTorch.

Every vector of a supported operator is run, or is listed below with the reason why not.
"""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from onnx_vectors import Vector, node_vectors, torch_vectors

from problems.solvers.activations import activation
from problems.solvers.convolution import conv1d, conv2d, conv3d
from problems.solvers.dense import dense, matmul
from problems.solvers.normalisation import batch_norm_values, layer_norm_values
from problems.solvers.pool_values import avg_pool2d, global_pool2d, max_pool2d
from problems.solvers.sizes import same_padding_ends
from problems.solvers.transposed_values import conv_transpose1d, conv_transpose2d

CONVOLUTIONS = {1: conv1d, 2: conv2d, 3: conv3d}
TRANSPOSED = {1: conv_transpose1d, 2: conv_transpose2d}
CURVES = {
    "Elu": "elu",
    "Gelu": "gelu",
    "LeakyRelu": "leaky_relu",
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "Softplus": "softplus",
    "Swish": "silu",
    "Tanh": "tanh",
}

THREE_AXES = "pooling and transposed convolution have two axes at most"
WIDE_BORDER = "a padding of more than half the window is refused, as PyTorch refuses it"
GAPS = "average pooling has no dilation, as in PyTorch"
SEVERAL_AXES = "layer normalization is along the last axis"
FACTORS = "a fully connected layer has no factors alpha and beta"
STACKS = "a product takes two matrices, not stacks of them"
TRAINING = "training mode also gives running statistics"

CANNOT = {
    "test_convtranspose_3d": THREE_AXES,
    **dict.fromkeys(
        [
            "test_averagepool_3d_default",
            "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False",
            "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True",
            "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False",
            "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True",
            "test_averagepool_3d_dilations_small",
            "test_maxpool_3d_default",
            "test_maxpool_3d_dilations",
            "test_maxpool_3d_dilations_use_ref_impl",
            "test_maxpool_3d_dilations_use_ref_impl_large",
            "test_AvgPool3d",
            "test_AvgPool3d_stride",
            "test_AvgPool3d_stride1_pad0_gpu_input",
            "test_MaxPool3d",
            "test_MaxPool3d_stride",
            "test_MaxPool3d_stride_padding",
        ],
        THREE_AXES,
    ),
    "test_averagepool_2d_pads": WIDE_BORDER,
    "test_averagepool_2d_pads_count_include_pad": WIDE_BORDER,
    "test_maxpool_2d_pads": WIDE_BORDER,
    "test_averagepool_2d_dilations": GAPS,
    "test_elu": "our ELU has alpha 1",
    "test_elu_example": "our ELU has alpha 1",
    "test_ELU": "our ELU has alpha 1",
    "test_gelu_tanh_1": "our GELU is not the approximation by tanh",
    "test_gelu_tanh_2": "our GELU is not the approximation by tanh",
    "test_gemm_all_attributes": FACTORS,
    "test_gemm_alpha": FACTORS,
    "test_gemm_beta": FACTORS,
    "test_gemm_default_matrix_bias": "a bias is a number for each output",
    "test_matmul_1d_3d": STACKS,
    "test_matmul_3d": STACKS,
    "test_matmul_4d": STACKS,
    "test_matmul_4d_1d": STACKS,
    "test_matmul_bcast": STACKS,
}

# Its outputs are typed in, with four digits.
TYPED_IN = {"test_averagepool_2d_ceil_last_window_starts_on_pad"}
ACCURACY, FOUR_DIGITS = 1e-5, 1e-4


def flat(begins, ends):
    """Return padding in our order: both ends of each axis, the last axis first."""
    pairs = zip(reversed(begins), reversed(ends), strict=True)
    return tuple(int(one) for ends in pairs for one in ends)


def borders(vector, sizes, kernel):
    """Return the padding of a vector; SAME_LOWER has no keyword and becomes numbers."""
    given, axes = vector.attributes, len(sizes)
    word = given.get("auto_pad", "NOTSET")
    if word == "SAME_UPPER":
        return "tf"
    if word == "SAME_LOWER":
        steps, gaps = given.get("strides", [1] * axes), given.get("dilations", [1] * axes)
        found = [
            same_padding_ends(size, k, stride=step, dilation=gap, extra="before")
            for size, k, step, gap in zip(sizes, kernel, steps, gaps, strict=True)
        ]
        return flat(*zip(*found, strict=True))
    pads = given.get("pads", [0] * 2 * axes)
    return flat(pads[:axes], pads[axes:])


def per_axis(vector, name, axes):
    return tuple(vector.attributes.get(name, [1] * axes))


def convolution(vector):
    x, w, *bias = vector.inputs
    if vector.operator == "ConvInteger":
        x, w = (one.astype(int) for one in (x, w))
        x, w, bias = x - bias[0], w - (bias[1].reshape(-1, 1, 1, 1) if bias[1:] else 0), []
    axes = x.ndim - 2
    options = {
        "bias": bias[0] if bias else 0,
        "stride": per_axis(vector, "strides", axes),
        "dilation": per_axis(vector, "dilations", axes),
        "padding": borders(vector, x.shape[2:], w.shape[2:]),
        "groups": vector.attributes.get("group", 1),
    }
    return [CONVOLUTIONS[axes](example, w, **options) for example in x]


def transposed(vector):
    x, w, *bias = vector.inputs
    axes = x.ndim - 2
    steps = per_axis(vector, "strides", axes)
    added = vector.attributes.get("output_padding", [0] * axes)
    if "output_shape" in vector.attributes:  # larger than what the stamps reach
        reach = [(n - 1) * s + k for n, s, k in zip(x.shape[2:], steps, w.shape[2:], strict=True)]
        added = np.subtract(vector.attributes["output_shape"], reach).tolist()
    options = {
        "bias": bias[0] if bias else 0,
        "stride": steps,
        "dilation": per_axis(vector, "dilations", axes),
        "padding": borders(vector, x.shape[2:], w.shape[2:]),
        "output_padding": tuple(added),
        "groups": vector.attributes.get("group", 1),
    }
    return [TRANSPOSED[axes](example, w, **options) for example in x]


def pooled(vector):
    """Return the pooled examples; a single axis is pooled as the columns of one row."""
    (x,) = vector.inputs
    given = vector.attributes
    axes, kernel = x.ndim - 2, tuple(given["kernel_shape"])
    padding = borders(vector, x.shape[2:], kernel)
    steps, gaps = per_axis(vector, "strides", axes), per_axis(vector, "dilations", axes)
    if axes == 1:
        x, kernel, steps, gaps = x[:, :, np.newaxis], (1, *kernel), (1, *steps), (1, *gaps)
        padding = (*padding, 0, 0)
    options = {"stride": steps, "padding": padding, "ceil_mode": bool(given.get("ceil_mode", 0))}
    if vector.operator == "MaxPool":
        found = [max_pool2d(example, kernel, dilation=gaps, **options) for example in x]
    else:
        counted = bool(given.get("count_include_pad", 0))
        found = [avg_pool2d(one, kernel, count_include_pad=counted, **options) for one in x]
    return [one[:, 0] for one in found] if axes == 1 else found


def globally(vector):
    mode = "max" if vector.operator == "GlobalMaxPool" else "avg"
    found = [global_pool2d(example, mode=mode) for example in vector.inputs[0]]
    return [one.reshape(-1, 1, 1) for one in found]


def activated(vector):
    given = vector.attributes
    return activation(
        vector.inputs[0],
        CURVES[vector.operator],
        negative_slope=Fraction(given.get("alpha", 0.01)),
        axis=given.get("axis", -1),
    )


def connected(vector):
    x, weight, *bias = vector.inputs
    given = vector.attributes
    x = x.T if given.get("transA") else x
    weight = weight if given.get("transB") else weight.T
    return dense(x, weight, bias=bias[0].reshape(-1) if bias else 0)


def normalised(vector):
    x, gamma, beta, *running = vector.inputs
    eps = Fraction(vector.attributes.get("epsilon", 1e-5))
    if vector.operator == "LayerNormalization":
        return layer_norm_values(x, gamma=gamma, beta=beta, eps=eps)
    mean, var = running
    given = {"mean": mean, "var": var, "gamma": gamma, "beta": beta, "eps": eps, "axis": 0}
    return [batch_norm_values(example, **given) for example in x]


RUNS = {
    "AveragePool": pooled,
    "BatchNormalization": normalised,
    "Conv": convolution,
    "ConvInteger": convolution,
    "ConvTranspose": transposed,
    "Gemm": connected,
    "GlobalAveragePool": globally,
    "GlobalMaxPool": globally,
    "LayerNormalization": normalised,
    "MatMul": lambda vector: matmul(*vector.inputs),
    "MaxPool": pooled,
    **dict.fromkeys(CURVES, activated),
}


def along_several_axes(vector: Vector) -> bool:
    """Return whether a layer normalization takes more than the last axis together."""
    axis = vector.attributes.get("axis", -1)
    return vector.operator == "LayerNormalization" and axis not in {-1, vector.output.ndim - 1}


def reason(vector: Vector) -> str | None:
    """Return why a vector is not run, or None if it is."""
    if along_several_axes(vector):
        return SEVERAL_AXES
    if vector.attributes.get("training_mode"):
        return TRAINING
    return CANNOT.get(vector.name)


@cache
def vectors() -> tuple[list[Vector], list[Vector]]:
    """Return the node vectors and the PyTorch vectors, which take seconds to compute."""
    return list(node_vectors()), list(torch_vectors())


def run() -> list[Vector]:
    node, torch = vectors()
    return [vector for vector in (*node, *torch) if reason(vector) is None]


@pytest.mark.parametrize("operator", sorted(RUNS))
def test_solvers_reproduce_every_onnx_vector_of_an_operator(operator):
    mine = [vector for vector in run() if vector.operator == operator]
    assert mine
    for vector in mine:
        found = np.asarray(RUNS[operator](vector))
        assert found.shape == vector.output.shape, vector.name
        near = FOUR_DIGITS if vector.name in TYPED_IN else ACCURACY
        np.testing.assert_allclose(found, vector.output, rtol=1e-5, atol=near, err_msg=vector.name)


def test_every_onnx_vector_is_run_or_excluded_with_a_reason():
    node, torch = vectors()
    names = [vector.name for vector in (*node, *torch)]
    assert len(names) == len(set(names))
    assert CANNOT.keys() <= set(names)
    assert (len(node), len(torch), len(run())) == (128, 62, 141)
    assert {vector.operator for vector in run()} == RUNS.keys()
