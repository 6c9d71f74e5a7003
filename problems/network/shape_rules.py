"""Output shapes: one small rule per layer type; types without a rule keep the shape.

Source: the PyTorch documentation of the modules with these names.
"""

import math
from functools import lru_cache
from typing import Final

from grader.errors import SolverError
from problems.network.graphs import Branches, Gate, Residual
from problems.network.layers import (
    AdaptiveAvgPool,
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
    SelectChannels,
    Upsample,
    ZeroPad,
)
from problems.network.traversal import LayerRule, LayerRules
from problems.solvers.bounds import Shape
from problems.solvers.geometry import SizeRule
from problems.solvers.pooling import pool_size
from problems.solvers.sizes import conv_size
from problems.solvers.transposed import transposed_size

SPATIAL_AXES: Final = 3
MAX_CACHED_SIDES: Final = 4096


def require_spatial(layer: Layer, shape: Shape) -> Shape:
    """Return *shape*; raise `SolverError` unless it is (C, H, W)."""
    if len(shape) != SPATIAL_AXES:
        raise SolverError(
            f"{_description_heading(layer)} takes a shape (C, H, W), not one of {len(shape)} axes"
        )
    return shape


def resolve_input_channels(layer: Conv | ConvTranspose, shape: Shape | None) -> int:
    """Return the input channels of *layer*, as declared or taken from *shape*."""
    return resolve_input_size(
        layer, layer.in_channels, None if shape is None else require_spatial(layer, shape)[0]
    )


def resolve_input_features(layer: Linear, shape: Shape | None) -> int:
    """Return the input features of *layer*, as declared or taken from *shape*.

    Raises `SolverError` for a shape that is not flat.
    """
    if shape is not None and len(shape) != 1:
        raise SolverError(f"{layer} takes a flat input: put flatten() before it")
    return resolve_input_size(layer, layer.in_features, None if shape is None else shape[0])


def resolve_input_size(layer: Layer, declared: int | None, actual: int | None) -> int:
    """Return the input size of *layer*, as declared or actual.

    Raises `SolverError` if the two differ, or if neither is known.
    """
    if declared is not None and actual is not None and declared != actual:
        raise SolverError(f"{layer} takes {declared}, but {actual} come in")
    known = declared if actual is None else actual
    if known is None:
        raise SolverError(f"{layer} needs the shape that comes in")
    return known


def _description_heading(layer: Layer) -> str:
    """Return the first line of the layer's description, without a trailing colon."""
    return str(layer).partition("\n")[0].rstrip(":")


def _cache_size_rule(side: SizeRule) -> SizeRule:
    """Return *side* with an LRU cache, because networks repeat their layers."""
    return lru_cache(maxsize=MAX_CACHED_SIDES)(side)


def conv_shape_rule(side: SizeRule) -> LayerRule:
    """Return a shape rule for convolutions that computes each side with *side*."""
    cached_side = _cache_size_rule(side)

    def rule(layer: Conv, shape: Shape) -> Shape:
        resolve_input_channels(layer, shape)
        _, height, width = shape
        (kh, kw), (sh, sw), (ph, pw) = layer.kernel_size, layer.stride, layer.padding
        dh, dw = layer.dilation
        return (
            layer.out_channels,
            cached_side(height, kh, stride=sh, padding=ph, dilation=dh),
            cached_side(width, kw, stride=sw, padding=pw, dilation=dw),
        )

    return rule


def pool_shape_rule(side: SizeRule) -> LayerRule:
    """Return a shape rule for pooling that computes each side with *side*."""
    cached_side = _cache_size_rule(side)

    def rule(layer: Pool, shape: Shape) -> Shape:
        channels, height, width = require_spatial(layer, shape)
        (kh, kw), (sh, sw), (ph, pw) = layer.kernel_size, layer.stride, layer.padding
        return (
            channels,
            cached_side(height, kh, stride=sh, padding=ph, ceil_mode=layer.ceil_mode),
            cached_side(width, kw, stride=sw, padding=pw, ceil_mode=layer.ceil_mode),
        )

    return rule


def transposed_shape_rule(side: SizeRule) -> LayerRule:
    """Return a shape rule for transposed convolutions that computes each side with *side*."""
    cached_side = _cache_size_rule(side)

    def rule(layer: ConvTranspose, shape: Shape) -> Shape:
        resolve_input_channels(layer, shape)
        height, width = (
            cached_side(
                size,
                layer.kernel_size[axis],
                stride=layer.stride[axis],
                padding=layer.padding[axis],
                output_padding=layer.output_padding[axis],
                dilation=layer.dilation[axis],
            )
            for axis, size in enumerate(shape[1:])
        )
        return layer.out_channels, height, width

    return rule


def _linear_shape(layer: Linear, shape: Shape) -> Shape:
    resolve_input_features(layer, shape)
    return (layer.out_features,)


def _batch_norm_shape(layer: BatchNorm, shape: Shape) -> Shape:
    resolve_input_size(layer, layer.num_features, shape[0])
    return shape


def _group_norm_shape(layer: GroupNorm, shape: Shape) -> Shape:
    if resolve_input_size(layer, layer.num_channels, shape[0]) % layer.num_groups:
        raise SolverError(f"{layer.num_groups} groups do not divide {shape[0]} channels")
    return shape


def _layer_norm_shape(layer: LayerNorm, shape: Shape) -> Shape:
    normalized_shape = layer.normalized_shape
    if normalized_shape is not None and shape[-len(normalized_shape) :] != normalized_shape:
        raise SolverError(f"{layer} is over {normalized_shape}, but {shape} comes in")
    return shape


def _upsample_shape(layer: Upsample, shape: Shape) -> Shape:
    channels, height, width = require_spatial(layer, shape)
    return channels, height * layer.scale_factor[0], width * layer.scale_factor[1]


def _pixel_shuffle_shape(layer: PixelShuffle, shape: Shape) -> Shape:
    channels, height, width = require_spatial(layer, shape)
    factor = layer.upscale_factor
    if channels % factor**2:
        raise SolverError(f"{layer} takes a multiple of {factor**2} channels, not {channels}")
    return channels // factor**2, height * factor, width * factor


def _zero_pad_shape(layer: ZeroPad, shape: Shape) -> Shape:
    channels, height, width = require_spatial(layer, shape)
    left, right, top, bottom = layer.padding
    return channels, height + top + bottom, width + left + right


def _select_channels_shape(layer: SelectChannels, shape: Shape) -> Shape:
    if max(layer.channels) >= shape[0]:
        raise SolverError(f"there is no channel {max(layer.channels)} among {shape[0]}")
    return (len(layer.channels), *shape[1:])


def _branches_shape(layer: Branches, *shapes: Shape) -> Shape:
    sizes = {shape[1:] for shape in shapes}
    if len(sizes) != 1 and not (layer.crop and {len(size) for size in sizes} == {SPATIAL_AXES - 1}):
        raise SolverError(f"the branches give different sizes: {list(shapes)}")
    smallest = tuple(min(sides) for sides in zip(*sizes, strict=True))
    return (sum(shape[0] for shape in shapes), *smallest)


def _residual_shape(_layer: Residual, main_shape: Shape, shortcut_shape: Shape) -> Shape:
    if main_shape != shortcut_shape:
        raise SolverError(f"a residual block adds {shortcut_shape} to {main_shape}")
    return main_shape


def _gate_shape(_layer: Gate, gate_shape: Shape, shape: Shape) -> Shape:
    if gate_shape not in {shape, (shape[0], 1, 1)}:
        raise SolverError(f"a gate multiplies {shape} with {gate_shape}")
    return shape


SHAPES: Final = LayerRules(
    {
        AdaptiveAvgPool: lambda layer, shape: (
            require_spatial(layer, shape)[0],
            *layer.output_size,
        ),
        BatchNorm: _batch_norm_shape,
        Branches: _branches_shape,
        Conv: conv_shape_rule(conv_size),
        ConvTranspose: transposed_shape_rule(transposed_size),
        Flatten: lambda _, shape: (math.prod(shape),),
        Gate: _gate_shape,
        GroupNorm: _group_norm_shape,
        LayerNorm: _layer_norm_shape,
        Linear: _linear_shape,
        PixelShuffle: _pixel_shuffle_shape,
        Pool: pool_shape_rule(pool_size),
        Residual: _residual_shape,
        SelectChannels: _select_channels_shape,
        Upsample: _upsample_shape,
        ZeroPad: _zero_pad_shape,
    }
)
