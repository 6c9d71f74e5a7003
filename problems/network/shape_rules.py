"""The shape after a layer, one small rule for each type; the others keep the shape.

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
from problems.network.walk import Rule, Rules
from problems.solvers.bounds import Shape
from problems.solvers.geometry import Side
from problems.solvers.pooling import pool_size
from problems.solvers.sizes import conv_size
from problems.solvers.transposed import transposed_size

__all__ = [
    "SHAPES",
    "agreed",
    "channels_in",
    "conv_shaped_by",
    "features_in",
    "pool_shaped_by",
    "spatial",
    "transposed_shaped_by",
]

SPATIAL: Final = 3
KEPT_SIDES: Final = 4096


def spatial(layer: Layer, shape: Shape) -> Shape:
    """Return *shape*, which must be (C, H, W)."""
    if len(shape) != SPATIAL:
        raise SolverError(f"{_named(layer)} takes a shape (C, H, W), not one of {len(shape)} axes")
    return shape


def channels_in(layer: Conv | ConvTranspose, shape: Shape | None) -> int:
    """Return the channels that come into *layer*, as declared or as in *shape*."""
    return agreed(layer, layer.in_channels, None if shape is None else spatial(layer, shape)[0])


def features_in(layer: Linear, shape: Shape | None) -> int:
    """Return the features that come into *layer*; a shape that is not flat is a `SolverError`."""
    if shape is not None and len(shape) != 1:
        raise SolverError(f"{layer} takes a flat input: put flatten() before it")
    return agreed(layer, layer.in_features, None if shape is None else shape[0])


def agreed(layer: Layer, declared: int | None, found: int | None) -> int:
    """Return what *layer* takes, as declared or as found; the two must not differ."""
    if declared is not None and found is not None and declared != found:
        raise SolverError(f"{layer} takes {declared}, but {found} come in")
    known = declared if found is None else found
    if known is None:
        raise SolverError(f"{layer} needs the shape that comes in")
    return known


def _named(layer: Layer) -> str:
    """Return the first line of what *layer* is in words."""
    return str(layer).partition("\n")[0].rstrip(":")


def _kept(side: Side) -> Side:
    """Return *side* with its last results kept: networks repeat their layers."""
    return lru_cache(maxsize=KEPT_SIDES)(side)


def conv_shaped_by(side: Side) -> Rule:
    """Return the rule for the shape after a convolution whose sides follow *side*."""
    kept = _kept(side)

    def rule(layer: Conv, shape: Shape) -> Shape:
        channels_in(layer, shape)
        _, height, width = shape
        (kh, kw), (sh, sw), (ph, pw) = layer.kernel_size, layer.stride, layer.padding
        dh, dw = layer.dilation
        return (
            layer.out_channels,
            kept(height, kh, stride=sh, padding=ph, dilation=dh),
            kept(width, kw, stride=sw, padding=pw, dilation=dw),
        )

    return rule


def pool_shaped_by(side: Side) -> Rule:
    """Return the rule for the shape after pooling whose sides follow *side*."""
    kept = _kept(side)

    def rule(layer: Pool, shape: Shape) -> Shape:
        channels, height, width = spatial(layer, shape)
        (kh, kw), (sh, sw), (ph, pw) = layer.kernel_size, layer.stride, layer.padding
        return (
            channels,
            kept(height, kh, stride=sh, padding=ph, ceil_mode=layer.ceil_mode),
            kept(width, kw, stride=sw, padding=pw, ceil_mode=layer.ceil_mode),
        )

    return rule


def transposed_shaped_by(side: Side) -> Rule:
    """Return the rule for the shape after a transposed convolution whose sides follow *side*."""
    kept = _kept(side)

    def rule(layer: ConvTranspose, shape: Shape) -> Shape:
        channels_in(layer, shape)
        height, width = (
            kept(
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
    features_in(layer, shape)
    return (layer.out_features,)


def _batch_normed_shape(layer: BatchNorm, shape: Shape) -> Shape:
    agreed(layer, layer.num_features, shape[0])
    return shape


def _group_normed_shape(layer: GroupNorm, shape: Shape) -> Shape:
    if agreed(layer, layer.num_channels, shape[0]) % layer.num_groups:
        raise SolverError(f"{layer.num_groups} groups do not divide {shape[0]} channels")
    return shape


def _layer_normed_shape(layer: LayerNorm, shape: Shape) -> Shape:
    wanted = layer.normalized_shape
    if wanted is not None and shape[-len(wanted) :] != wanted:
        raise SolverError(f"{layer} is over {wanted}, but {shape} comes in")
    return shape


def _upsampled_shape(layer: Upsample, shape: Shape) -> Shape:
    channels, height, width = spatial(layer, shape)
    return channels, height * layer.scale_factor[0], width * layer.scale_factor[1]


def _shuffled_shape(layer: PixelShuffle, shape: Shape) -> Shape:
    channels, height, width = spatial(layer, shape)
    factor = layer.upscale_factor
    if channels % factor**2:
        raise SolverError(f"{layer} takes a multiple of {factor**2} channels, not {channels}")
    return channels // factor**2, height * factor, width * factor


def _padded_shape(layer: ZeroPad, shape: Shape) -> Shape:
    channels, height, width = spatial(layer, shape)
    left, right, top, bottom = layer.padding
    return channels, height + top + bottom, width + left + right


def _selected_shape(layer: SelectChannels, shape: Shape) -> Shape:
    if max(layer.channels) >= shape[0]:
        raise SolverError(f"there is no channel {max(layer.channels)} among {shape[0]}")
    return (len(layer.channels), *shape[1:])


def _concatenated_shape(layer: Branches, *shapes: Shape) -> Shape:
    sizes = {shape[1:] for shape in shapes}
    if len(sizes) != 1 and not (layer.crop and {len(size) for size in sizes} == {SPATIAL - 1}):
        raise SolverError(f"the branches give different sizes: {list(shapes)}")
    smallest = tuple(min(sides) for sides in zip(*sizes, strict=True))
    return (sum(shape[0] for shape in shapes), *smallest)


def _added_shape(_layer: Residual, found: Shape, added: Shape) -> Shape:
    if found != added:
        raise SolverError(f"a residual block adds {added} to {found}")
    return found


def _gated_shape(_layer: Gate, factor: Shape, shape: Shape) -> Shape:
    if factor not in {shape, (shape[0], 1, 1)}:
        raise SolverError(f"a gate multiplies {shape} with {factor}")
    return shape


SHAPES: Final = Rules(
    {
        AdaptiveAvgPool: lambda layer, shape: (spatial(layer, shape)[0], *layer.output_size),
        BatchNorm: _batch_normed_shape,
        Branches: _concatenated_shape,
        Conv: conv_shaped_by(conv_size),
        ConvTranspose: transposed_shaped_by(transposed_size),
        Flatten: lambda _, shape: (math.prod(shape),),
        Gate: _gated_shape,
        GroupNorm: _group_normed_shape,
        LayerNorm: _layer_normed_shape,
        Linear: _linear_shape,
        PixelShuffle: _shuffled_shape,
        Pool: pool_shaped_by(pool_size),
        Residual: _added_shape,
        SelectChannels: _selected_shape,
        Upsample: _upsampled_shape,
        ZeroPad: _padded_shape,
    }
)
