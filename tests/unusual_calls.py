"""Solver calls traced differently from the examples: odd layouts, long networks."""

from fractions import Fraction
from typing import Any, Final

from grader.values import Tensor
from problems.network.constructors.all_constructors import (
    adaptive_avg_pool,
    batch_norm,
    branches,
    conv,
    conv_transpose,
    flatten,
    group_norm,
    layer_norm,
    linear,
    max_pool,
    network,
    pixel_shuffle,
    relu,
    residual,
    side_output,
    squeeze_excitation,
    upsample,
    zero_pad,
)
from problems.network.published.catalog import named

X: Final = Tensor.from_nested([[1, -2, 3, 0], [4, 5, -6, 2], [-7, 8, 9, 1]])
W: Final = Tensor.from_nested([[1, 2], [-3, 4]])
HALVES: Final = Tensor.from_nested([[Fraction(1, 2), Fraction(1, 10)], [Fraction(3, 4), -2]])
MAPS: Final = Tensor.from_nested([[[1, 2, 0], [3, 1, 1]], [[0, 1, 5], [2, 2, 1]]])
BLOCK: Final = network(conv(8, 3, padding=1), relu(), conv(4, 3, padding=1))
GRAPH: Final = network(
    zero_pad(1),
    conv(4, 3),
    residual(BLOCK),
    branches(conv(2, 1), network(conv(3, 5, padding=2), max_pool(3, stride=1, padding=1))),
    side_output(conv(2, 1)),
    squeeze_excitation(5, 2),
    max_pool(2, ceil_mode=True),
    flatten(),
    linear(10),
)
IMAGE: Final = (3, 9, 7)
SMALL: Final = (4, 6, 6)
LAYERS: Final = (
    conv(6, (3, 2), stride=2, padding=1, dilation=(2, 1), groups=2),
    conv_transpose(6, 3, stride=2, padding=1, output_padding=1),
    max_pool(3, stride=2, padding=1, ceil_mode=True),
    upsample(2),
    pixel_shuffle(2),
    adaptive_avg_pool(2),
    relu(),
    batch_norm(),
    group_norm(2),
    layer_norm(),
    flatten(),
    residual(network(conv(4, 1))),
)

UNUSUAL_CALLS: Final[dict[str, list[Any]]] = {
    "conv_size": [
        ((20, 3), {"stride": 2, "padding": 1, "dilation": 2}),
        ((20, 3), {"padding": (1, 2), "dilation": 2}),
        ((20, 3), {"stride": 3, "rounding": "ceil"}),
        ((20, 4), {"padding": "same"}),
        ((21, 3), {"stride": 2, "padding": "same"}),
        ((20, 3), {"padding": "valid"}),
    ],
    "conv_shape": [
        (((2, 4, 8, 9, 9), 6, 3), {"layout": "NCDHW", "dilation": 2}),
        (((9, 9, 3), 16, (3, 5)), {"stride": (1, 2)}),
        (((9, 3), 16, 3), {"layout": "LC"}),
        (((9, 8, 3), 16, 4), {"stride": (1, 2), "padding": "same"}),
    ],
    "pool_size": [
        ((5, 2), {"stride": 2, "padding": 1, "ceil_mode": True}),
        ((21, 3), {"stride": 2, "dilation": 2}),
    ],
    "pool_shape": [(((5, 6, 2), 2), {"padding": (1, 0), "ceil_mode": True})],
    "same_padding": [((5,), {"dilation": 2})],
    "same_padding_ends": [((20, 4), {"extra": "before"}), ((9, 1), {"stride": 3})],
    "transposed_size": [((7, 3), {"stride": 2, "padding": 1, "output_padding": 1, "dilation": 2})],
    "upsample_size": [((7, Fraction(3, 2)), {})],
    "flatten_size": [(((7, 5),), {})],
    "kernel_for": [((5, 5), {"stride": 2, "padding": 3}), ((10, 1), {"stride": 12})],
    "padding_for": [((20, 5, 3), {"stride": 4})],
    "layers_to_reach": [
        ((22, 4, 4), {"stride": 2}),
        ((8, 8, 3), {}),
        ((8, 12, 3), {"padding": 2}),
        ((5, 5, 3), {"padding": 1}),
    ],
    "transposed_layers_to_reach": [((4, 22, 4), {"stride": 2}), ((8, 20, 5), {"padding": 1})],
    "filter_from": [(((1, 2, 4, 7), (4, 8, 15)), {"flip": True})],
    "conv2d": [
        ((X, HALVES), {"padding": "same", "flip": True}),
        ((X, W), {"padding": (0, 1, 2, 0), "stride": (1, 2)}),
        ((MAPS, Tensor.from_nested([[[[1, 2]]], [[[3, 1]]]])), {"groups": 2, "bias": (1, -1)}),
        ((MAPS, W), {}),
        ((Tensor((20, 20), tuple(range(400))), W), {}),
        ((Tensor((40, 40), (1,) * 1600), Tensor((20, 20), (1,) * 400)), {}),
    ],
    "conv_transpose2d": [
        ((X, W), {"padding": "same"}),
        ((X, W), {"padding": (1, 0, 0, 1), "bias": 1}),
        ((MAPS, Tensor.from_nested([[[[1, 2]]], [[[3, 1]]]])), {}),
        ((Tensor((2, 2), (0,) * 4), W), {}),
        ((Tensor((20, 20), (1,) * 400), W), {}),
        ((Tensor((5, 5), tuple(range(25))), W), {"stride": 2}),
    ],
    "max_pool2d": [
        ((X, 2), {"ceil_mode": True}),
        ((MAPS, 2), {"padding": 1}),
        ((Tensor((20, 20), tuple(range(400))), 2), {}),
        ((Tensor((20, 20), tuple(range(400))), 20), {}),
    ],
    "avg_pool2d": [
        ((X, 2), {"padding": 1, "count_include_pad": False}),
        ((X, 2), {"padding": 1, "ceil_mode": True, "stride": 3}),
        ((MAPS, (2, 3)), {}),
    ],
    "global_pool2d": [((X,), {}), ((HALVES,), {"mode": "max"})],
    "activation": [
        ((X, "leaky_relu"), {}),
        ((X, "sigmoid"), {}),
        ((Tensor.from_nested([1, 2, 3]), "softmax"), {}),
    ],
    "matmul": [
        ((Tensor.from_nested([1, 2]), Tensor.from_nested([3, 4])), {}),
        ((Tensor.from_nested([1, 2]), W), {}),
    ],
    "dense": [((Tensor((300,), (1,) * 300), Tensor((1, 300), (1,) * 300)), {})],
    "conv_params": [((8, 16, (3, 5)), {"groups": 4, "bias": False}), ((8, 16, 1), {"groups": 8})],
    "locally_connected_params": [((3, 4, 3, (5, 6)), {"shared_bias": True})],
    "separable_params": [((8, 16, 3), {"bias": True})],
    "mlp_params": [(((3,) * 200,), {}), (((20, 10, 5),), {"bias": False})],
    "mlp_macs": [(((3,) * 200,), {})],
    "batch_norm_params": [((8,), {"count": "all"})],
    "layer_norm_params": [(((4, 5),), {"bias": False})],
    "basic_block_params": [((64, 64), {"batch_norm": False, "bias": True})],
    "bottleneck_params": [((64, 8, 64), {"projection": True, "groups": 2, "count": "all"})],
    "upsample_nearest2d": [((X, Fraction(3, 2)), {}), ((X, Fraction(1, 2)), {}), ((X, 1), {})],
    "pixel_shuffle_values": [((MAPS, 1), {})],
    "conv_macs": [
        ((8, 16, (3, 5), (7, 9)), {"groups": 4}),
        ((1, 16, (80,), 500), {}),
        ((3, 8, (3, 3, 3), (4, 5, 6)), {}),
    ],
    "receptive_field": [
        ((GRAPH,), {}),
        ((named("alexnet"),), {}),
        ((named("resnet18"),), {}),
        ((named("googlenet"),), {}),
        ((((3, 1, 2),),), {}),
        ((network(relu()),), {}),
    ],
    "effective_stride": [((named("resnet18"),), {})],
    "field_centre": [((GRAPH, 2), {"first_centre": Fraction(1, 2)}), ((named("resnet18"), 1), {})],
    "field_range": [((GRAPH, 2), {}), ((named("vgg16"), 3), {})],
    "receptive_field_trace": [((GRAPH,), {}), ((named("vgg16"),), {})],
    "layers_for_field": [((1, 3), {}), ((30, 3), {"stride": 2, "dilation": 2})],
    "out_shape": [((layer, SMALL), {}) for layer in LAYERS]
    + [((linear(7), (5,)), {})]
    + [((layer, (6, 8, 4)), {"layout": "HWC"}) for layer in LAYERS],
    "layer_params": [((layer, SMALL), {}) for layer in LAYERS] + [((linear(7), (5,)), {})],
    "layer_macs": [((layer, SMALL), {}) for layer in LAYERS] + [((linear(7), (5,)), {})],
    "network_shape": [
        ((GRAPH, IMAGE), {}),
        ((BLOCK, (9, 7, 3)), {"layout": "HWC"}),
        ((GRAPH, (9, 7, 3)), {"layout": "HWC"}),
        ((named("resnet152"), (3, 224, 224)), {}),
    ],
    "output_shapes": [((GRAPH, IMAGE), {})],
    "total_params": [
        ((GRAPH, IMAGE), {}),
        ((named("resnet152"),), {}),
        ((named("vgg11_bn"),), {"trainable": False}),
    ],
    "total_macs": [((GRAPH, IMAGE), {}), ((named("mobilenet_v2"), (3, 224, 224)), {})],
    "activation_values": [
        ((GRAPH, IMAGE), {"in_place": True}),
        ((named("unet"), (1, 256, 256)), {}),
    ],
    "peak_activation": [((GRAPH, IMAGE), {}), ((named("resnet50"), (3, 224, 224)), {})],
    "layer_count": [
        ((GRAPH, "conv"), {}),
        ((named("googlenet"), "pool"), {}),
        ((BLOCK, "pool"), {}),
    ],
    "depth": [((named("resnet152"),), {}), ((GRAPH,), {})],
    "layer_table": [((GRAPH, IMAGE), {})],
}
