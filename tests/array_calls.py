"""Sample calls of array solvers that expose each mistake.

A solver has several calls where its mistakes exclude each other.
"""

from grader.values import Tensor

X = Tensor.from_nested([[1, -2, 3, 0], [4, 5, -6, 2], [-7, 8, 9, 1]])
W = Tensor.from_nested([[1, 2], [-3, 4]])
RGB = Tensor.from_nested([[[1, -2, 3], [0, 4, 5], [6, 2, 1]], [[-7, 8, 9], [1, 2, 0], [3, 3, -4]]])
FILTERS = Tensor.from_nested([[[[1, 2], [3, -4]], [[0, 5], [2, 1]]]])
SEQUENCE, TAPS = Tensor.from_nested([1, -2, 3, 0, 4, 5]), Tensor.from_nested([1, 2, -3])
CHANNELS = Tensor.from_nested([[1, -2, 3, 0], [4, 5, -6, 2]])
VOLUME = Tensor.from_nested([[[1, 2, 4], [3, -4, 0], [2, 2, 1]], [[5, 6, 1], [7, 9, 2], [0, 1, 3]]])
CUBE = Tensor.from_nested([[[1, 2], [0, 3]], [[-1, 4], [5, 1]]])
THREE = Tensor.from_nested([[1, -2, 3, 0], [4, 5, -6, 2], [3, 1, 4, 1]])
THREE_TAPS = Tensor.from_nested([[1, 2], [3, -4], [5, 9]])
TWO_TAPS = Tensor.from_nested([[[1, 2], [3, -4]], [[0, 1], [5, 9]]])
RED_GREEN_BLUE = Tensor((3, 3, 3), tuple(range(5, 32)))
TWO_FILTERS = Tensor.from_nested([[[[1, 2], [3, -4]]], [[[0, 5], [2, 1]]]])
FOUR = Tensor.from_nested([[[[1, 2], [3, 4]]], [[[5, 6], [7, 9]]]])
WEIGHT = Tensor.from_nested([[1, 2, 3], [4, 5, 6], [7, 8, 10]])
SHUFFLED = Tensor((8, 2, 3), tuple(range(48)))
DY = Tensor.from_nested([[1, -2, 3], [4, 5, -6]])

ARRAY_CALLS = {
    "conv1d": [
        ((SEQUENCE, TAPS), {"bias": 3, "padding": 1}),
        ((SEQUENCE, TAPS), {"stride": 2, "dilation": 2}),
        ((CHANNELS, Tensor.from_nested([[1, 2], [3, -4]])), {}),
        ((THREE, THREE_TAPS), {"stride": 2}),
        ((CHANNELS, TWO_TAPS), {}),
    ],
    "conv2d": [
        ((X, W), {"bias": 3, "padding": 1}),
        ((X, W), {"stride": 2, "padding": 1}),
        ((X, W), {"dilation": 2}),
        ((RGB, FILTERS), {"bias": 1}),
        ((RED_GREEN_BLUE, W), {"stride": 2}),
        ((X, TWO_FILTERS), {}),
    ],
    "conv3d": [
        ((VOLUME, CUBE), {"bias": 3, "padding": 1, "stride": 2}),
        ((VOLUME, CUBE), {"padding": 1, "dilation": 2}),
        ((FOUR, Tensor.from_nested([[[[1, 2]]], [[[3, 5]]]])), {}),
        ((Tensor((3, 1, 2, 2), tuple(range(12))), CUBE), {"padding": 1}),
        ((VOLUME, Tensor((2, 1, 2, 2, 2), tuple(range(16)))), {}),
    ],
    "conv_transpose1d": [
        ((SEQUENCE, TAPS), {"bias": 1, "padding": 1}),
        ((SEQUENCE, TAPS), {"stride": 2, "dilation": 2, "output_padding": 1}),
    ],
    "conv_transpose2d": [
        ((X, W), {"padding": 1, "bias": 2}),
        ((X, W), {"stride": 2, "dilation": 2, "output_padding": 1}),
        ((X, W), {"stride": 2}),
    ],
    "transposed_running_sum": [((X, W), {"after": 6}), ((X, W), {"after": 6, "stride": 2})],
    "upsample_nearest2d": [((X, 2), {}), ((RGB, 3), {})],
    "pixel_shuffle_values": [((SHUFFLED, 2), {})],
    "max_pool2d": [
        ((X, 2), {"stride": 1, "padding": 1}),
        ((X, 2), {}),
        ((X, 2), {"stride": 2}),
        ((X, 2), {"dilation": 2}),
    ],
    "avg_pool2d": [((X, 2), {"stride": 1, "padding": 1}), ((X, 2), {}), ((X, 2), {"stride": 2})],
    "global_pool2d": [((RGB,), {}), ((RGB,), {"mode": "max"})],
    "activation": [((DY, name), {}) for name in ("relu", "softmax", "sigmoid", "tanh")],
    "activation_backward": [
        ((DY, Tensor.from_nested([[1, 2, 3], [4, 5, 6]]), "relu"), {}),
        ((DY, DY, "sigmoid"), {}),
    ],
    "dense": [((DY, WEIGHT), {"bias": 2})],
    "dense_backward_input": [((DY, WEIGHT), {})],
    "dense_backward_weight": [((DY, DY), {}), (((1, 2), (3, 4)), {})],
    "dense_backward_bias": [((DY,), {})],
    "matmul": [
        ((WEIGHT, WEIGHT), {}),
        ((WEIGHT, Tensor.from_nested([[0, 1, 2], [3, 4, 5], [6, 7, 9]])), {}),
    ],
    "flatten_values": [((DY,), {})],
    "batch_norm_values": [((DY,), {"gamma": 2, "beta": 3}), ((DY,), {"axis": 1})],
    "layer_norm_values": [((DY,), {"gamma": 2, "beta": 3})],
    "conv2d_backward_input": [
        ((X, W), {}),
        ((X, W), {"padding": 1, "stride": 2}),
        ((X, W), {"dilation": 2}),
    ],
    "conv2d_backward_weight": [
        ((X, W), {"padding": 1}),
        ((X, W), {"stride": 2, "kernel_size": (1, 2)}),
    ],
    "conv2d_backward_bias": [((RGB,), {})],
    "shared_weight_gradient": [((DY, DY), {})],
    "pool2d_backward": [
        ((X, W, (2, 3)), {"stride": 1}),
        ((X, W, (2, 3)), {"stride": 1, "mode": "avg"}),
        ((X, DY, 2), {"stride": 1, "mode": "avg"}),
    ],
    "softmax_cross_entropy_gradient": [((DY, (0, 2)), {})],
    "im2col": [((RGB, 2), {"padding": 1, "stride": 2, "dilation": 2}), ((X, 2), {})],
    "im2col_shape": [(((3, 9, 8), 3), {"padding": 1, "stride": 2, "dilation": 2})],
    "conv_matrix": [((W, (3, 4)), {"padding": 1, "stride": 2, "dilation": 2})],
    "conv_matrix_shape": [(((3, 9, 8), 4, 3), {"padding": 1, "stride": 2, "dilation": 2})],
    "conv_matrix_nonzeros": [(((3, 9, 8), 4, 3), {"padding": 1})],
}
