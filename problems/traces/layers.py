"""The way to the shape, the parameters and the MACs of one layer of a network.

A layer is traced as the solver of its kind is, with the sizes that come in.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Said, Step, Tracer, formula, stated
from problems.network.counts import layer_macs, layer_params, out_shape
from problems.network.graphs import Graph, Network
from problems.network.layers import (
    BatchNorm,
    Conv,
    ConvTranspose,
    Flatten,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    PixelShuffle,
    Pool,
    Upsample,
)
from problems.network.shape_rules import channels_in, features_in
from problems.solvers.bounds import Shape
from problems.traces import cost, networks, parameters, shapes
from problems.traces.cost import conv_formula
from problems.traces.tracing import tracers

__all__ = ["TRACERS"]


def _out_shape(given: SimpleNamespace) -> Iterator[Step]:
    shape, layer = given.shape, given.layer
    laid = {"layout": "CHW"}
    match layer:
        case Conv():
            geometry = {"stride": layer.stride, "padding": layer.padding}
            yield from shapes.TRACERS["conv_shape"](
                shape,
                layer.out_channels,
                layer.kernel_size,
                dilation=layer.dilation,
                groups=layer.groups,
                **geometry,
                **laid,
            )
        case ConvTranspose():
            yield from shapes.TRACERS["transposed_shape"](
                shape,
                layer.out_channels,
                layer.kernel_size,
                stride=layer.stride,
                padding=layer.padding,
                output_padding=layer.output_padding,
                dilation=layer.dilation,
                **laid,
            )
        case Pool():
            yield from shapes.TRACERS["pool_shape"](
                shape,
                layer.kernel_size,
                stride=layer.stride,
                padding=layer.padding,
                ceil_mode=layer.ceil_mode,
                **laid,
            )
        case Flatten():
            yield from shapes.TRACERS["flatten_size"](shape, **laid) if len(shape) > 1 else ()
            yield stated("shape", given.result)
        case PixelShuffle():
            yield from shapes.TRACERS["pixel_shuffle_shape"](shape, layer.upscale_factor, **laid)
        case _:
            yield from _other_shape(layer, shape, given.result)


def _other_shape(layer: Layer, shape: Shape, result: Shape) -> Iterator[Step]:
    """Yield the steps of a layer whose shape takes no formula."""
    match layer:
        case Linear():
            yield Said("A fully connected layer gives one number for each of its units.")
        case Upsample(scale_factor=(high, wide)):
            yield formula("H_out", "H*R", H=shape[1], R=high)
            yield formula("W_out", "W*R", W=shape[2], R=wide)
        case Graph():
            yield from networks.shape_table(Network((layer,)), shape)
        case _ if result == shape:
            yield Said("A layer of this kind keeps the shape.")
    yield stated("shape", result)


def _layer_params(given: SimpleNamespace) -> Iterator[Step]:
    shape, layer = given.shape, given.layer
    match layer:
        case Conv() | ConvTranspose():
            solver = "conv_params" if isinstance(layer, Conv) else "conv_transpose_params"
            into, kernel = channels_in(layer, shape), layer.kernel_size
            own = {"bias": layer.bias, "groups": layer.groups}
            yield from parameters.TRACERS[solver](into, layer.out_channels, kernel, **own)
        case Linear():
            into = features_in(layer, shape)
            own = {"bias": layer.bias}
            yield from parameters.TRACERS["linear_params"](into, layer.out_features, **own)
        case BatchNorm() | GroupNorm() if layer.learned == 2:  # noqa: PLR2004
            yield Said("Each channel has a scale and a shift.")
            yield formula("N", "2*C", C=given.result // 2)
        case BatchNorm() | GroupNorm() if layer.learned:
            yield Said("Each channel has a scale and no shift.")
            yield stated("N", given.result)
        case LayerNorm() if layer.affine:
            normalized = layer.normalized_shape or shape
            yield from parameters.TRACERS["layer_norm_params"](normalized, bias=layer.bias)
        case Graph():
            yield from networks.params_table(Network((layer,)), shape)
        case _:
            yield Said("A layer of this kind has nothing to learn.")
            yield stated("N", given.result)


def _layer_macs(given: SimpleNamespace) -> Iterator[Step]:
    shape, layer = given.shape, given.layer
    match layer:
        case Conv():
            into, out = channels_in(layer, shape), layer.out_channels
            places = out_shape(layer, shape)[1:]
            macs = cost.TRACERS["conv_macs"]
            yield from macs(into, out, layer.kernel_size, places, groups=layer.groups)
        case ConvTranspose():
            yield Said("Each weight is used once for each place of the input, which it stamps.")
            channels = (channels_in(layer, shape), layer.out_channels)
            kernel, groups = layer.kernel_size, layer.groups
            yield conv_formula(channels, kernel, shape[1:], groups=groups, index="")
        case Linear():
            into = features_in(layer, shape)
            yield from cost.TRACERS["linear_macs"](into, layer.out_features)
        case Graph():
            yield from networks.macs_table(Network((layer,)), shape)
        case _:
            yield Said("A layer of this kind multiplies by no weights.")
            yield stated("M", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {out_shape: _out_shape, layer_params: _layer_params, layer_macs: _layer_macs}
)
