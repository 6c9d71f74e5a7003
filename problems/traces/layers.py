"""Tracers for the shape, parameters and MACs of a single network layer.

Each layer reuses the tracer of the matching solver, with its input sizes.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import SolutionStep, TextStep, Tracer, build_formula, build_value_step
from problems.network.counts import layer_macs, layer_params, out_shape, to_channels_first
from problems.network.graphs import CompositeLayer, Network
from problems.network.layers import (
    BatchNorm,
    Conv,
    ConvTranspose,
    Flatten,
    GroupNorm,
    LayerNorm,
    Linear,
    PixelShuffle,
    Pool,
    Upsample,
)
from problems.network.shape_rules import resolve_input_channels, resolve_input_features
from problems.solvers.bounds import Shape
from problems.traces import cost, networks, parameters, shapes
from problems.traces.cost import conv_macs_formula
from problems.traces.tracing import TracedArguments, build_tracers


def _trace_out_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    shape, layer = args.shape, args.layer
    layout = {"layout": args.layout}
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
                **layout,
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
                **layout,
            )
        case Pool():
            yield from shapes.TRACERS["pool_shape"](
                shape,
                layer.kernel_size,
                stride=layer.stride,
                padding=layer.padding,
                ceil_mode=layer.ceil_mode,
                **layout,
            )
        case Flatten():
            yield from shapes.TRACERS["flatten_size"](shape, **layout) if len(shape) > 1 else ()
            yield build_value_step("shape", args.result)
        case PixelShuffle():
            yield from shapes.TRACERS["pixel_shuffle_shape"](shape, layer.upscale_factor, **layout)
        case _:
            yield from _trace_other_shape(args, to_channels_first(shape, args.layout))


def _trace_other_shape(args: TracedArguments, shape: Shape) -> Iterator[SolutionStep]:
    """Yield the steps of a layer whose shape has no separate solver; *shape* is (C, H, W)."""
    layer = args.layer
    match layer:
        case Linear():
            yield TextStep("A fully connected layer outputs one number for each of its units.")
        case Upsample(scale_factor=(high, wide)):
            yield build_formula("H_out", "H*R", H=shape[1], R=high)
            yield build_formula("W_out", "W*R", W=shape[2], R=wide)
        case CompositeLayer():
            yield from networks.trace_shapes(Network((layer,)), shape)
            yield from networks.explain_layout(args.layout)
        case _ if args.result == args.shape:
            yield TextStep("A layer of this kind preserves the shape.")
    yield build_value_step("shape", args.result)


def _trace_layer_params(args: TracedArguments) -> Iterator[SolutionStep]:
    shape, layer = args.shape, args.layer
    match layer:
        case Conv() | ConvTranspose():
            solver = "conv_params" if isinstance(layer, Conv) else "conv_transpose_params"
            into, kernel = resolve_input_channels(layer, shape), layer.kernel_size
            options = {"bias": layer.bias, "groups": layer.groups}
            yield from parameters.TRACERS[solver](into, layer.out_channels, kernel, **options)
        case Linear():
            into = resolve_input_features(layer, shape)
            options = {"bias": layer.bias}
            yield from parameters.TRACERS["linear_params"](into, layer.out_features, **options)
        case BatchNorm() | GroupNorm() if layer.params_per_position == 2:  # noqa: PLR2004
            yield TextStep("Each channel has a scale and a shift.")
            yield build_formula("N", "2*C", C=args.result // 2)
        case BatchNorm() | GroupNorm() if layer.params_per_position:
            yield TextStep("Each channel has a scale and no shift.")
            yield build_value_step("N", args.result)
        case LayerNorm() if layer.affine:
            normalized = layer.normalized_shape or shape
            yield from parameters.TRACERS["layer_norm_params"](normalized, bias=layer.bias)
        case CompositeLayer():
            yield from networks.trace_params(Network((layer,)), shape)
        case _:
            yield TextStep("A layer of this kind has no parameters.")
            yield build_value_step("N", args.result)


def _trace_layer_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    shape, layer = args.shape, args.layer
    match layer:
        case Conv():
            into, out = resolve_input_channels(layer, shape), layer.out_channels
            places = out_shape(layer, shape)[1:]
            macs = cost.TRACERS["conv_macs"]
            yield from macs(into, out, layer.kernel_size, places, groups=layer.groups)
        case ConvTranspose():
            yield TextStep("Each weight is used once for each position of the input.")
            channels = (resolve_input_channels(layer, shape), layer.out_channels)
            kernel, groups = layer.kernel_size, layer.groups
            yield conv_macs_formula(channels, kernel, shape[1:], groups=groups, index="")
        case Linear():
            into = resolve_input_features(layer, shape)
            yield from cost.TRACERS["linear_macs"](into, layer.out_features)
        case CompositeLayer():
            yield from networks.trace_macs(Network((layer,)), shape)
        case _:
            yield TextStep("A layer of this kind has no weights to multiply by.")
            yield build_value_step("M", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {out_shape: _trace_out_shape, layer_params: _trace_layer_params, layer_macs: _trace_layer_macs}
)
