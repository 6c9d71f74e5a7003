"""What a layer does, one small rule for each type: its output shape, its parameters, its MACs."""

import math
from functools import partial
from typing import Final

from grader.errors import SolverError
from problems.network.layers import (
    Activation,
    BatchNorm,
    Branches,
    Conv,
    ConvTranspose,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Layer,
    Linear,
    Pool,
    Residual,
)
from problems.network.walk import (
    Rule,
    Rules,
    layer_shape_by,
    network_macs_by,
    network_params_by,
    network_shape_by,
)
from problems.solvers.bounds import Shape
from problems.solvers.cost import conv_macs, linear_macs
from problems.solvers.geometry import Side, sided
from problems.solvers.parameters import batch_norm_params, conv_params, linear_params
from problems.solvers.pooling import pool_size
from problems.solvers.sizes import conv_size
from problems.solvers.transposed import transposed_size

__all__ = [
    "EVERYTHING",
    "RULES",
    "channels_in",
    "conv_shaped_by",
    "features_in",
    "pool_shaped_by",
    "spatial",
]

SPATIAL: Final = 3


def spatial(shape: Shape, layer: Layer) -> Shape:
    """Return *shape*, which must be (C, H, W)."""
    if len(shape) != SPATIAL:
        raise SolverError(f"{layer} takes a shape (C, H, W), not one of {len(shape)} axes")
    return shape


def channels_in(layer: Conv | ConvTranspose, shape: Shape | None) -> int:
    """Return the channels that come into *layer*, as declared or as in *shape*."""
    return _agreed(layer, layer.in_channels, None if shape is None else spatial(shape, layer)[0])


def features_in(layer: Linear, shape: Shape | None) -> int:
    """Return the features that come into *layer*; a shape that is not flat is a `SolverError`."""
    if shape is not None and len(shape) != 1:
        raise SolverError(f"{layer} takes a flat input: put flatten() before it")
    return _agreed(layer, layer.in_features, None if shape is None else shape[0])


def _agreed(layer: Layer, declared: int | None, found: int | None) -> int:
    if declared is not None and found is not None and declared != found:
        raise SolverError(f"{layer} takes {declared}, but {found} come in")
    known = declared if found is None else found
    if known is None:
        raise SolverError(f"{layer} needs the shape that comes in")
    return known


# Shapes.


def conv_shaped_by(side: Side) -> Rule:
    """Return the rule for the shape after a convolution whose sides follow *side*."""

    def rule(layer: Conv, shape: Shape, _: Rules) -> Shape:
        channels_in(layer, shape)
        return sided(
            side,
            shape,
            "CHW",
            channels=layer.out_channels,
            kernel_size=layer.kernel_size,
            stride=layer.stride,
            padding=layer.padding,
            dilation=layer.dilation,
        )

    return rule


def pool_shaped_by(side: Side) -> Rule:
    """Return the rule for the shape after pooling whose sides follow *side*."""

    def rule(layer: Pool, shape: Shape, _: Rules) -> Shape:
        return sided(
            partial(side, ceil_mode=layer.ceil_mode),
            spatial(shape, layer),
            "CHW",
            kernel_size=layer.kernel_size,
            stride=layer.stride,
            padding=layer.padding,
        )

    return rule


def _transposed_shape(layer: ConvTranspose, shape: Shape, _: Rules) -> Shape:
    channels_in(layer, shape)
    return sided(
        transposed_size,
        shape,
        "CHW",
        channels=layer.out_channels,
        kernel_size=layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        output_padding=layer.output_padding,
    )


def _linear_shape(layer: Linear, shape: Shape, _: Rules) -> Shape:
    features_in(layer, shape)
    return (layer.out_features,)


def _kept_shape(_layer: Layer, shape: Shape, _: Rules) -> Shape:
    return shape


def _normed_shape(layer: BatchNorm, shape: Shape, _: Rules) -> Shape:
    _agreed(layer, layer.num_features, shape[0])
    return shape


def _branches_shape(layer: Branches, shape: Shape, rules: Rules) -> Shape:
    outputs = [network_shape_by(rules, branch, shape) for branch in layer.networks]
    if len({output[1:] for output in outputs}) != 1:
        raise SolverError(f"the branches give different sizes: {outputs}")
    return (sum(output[0] for output in outputs), *outputs[0][1:])


def _residual_shape(layer: Residual, shape: Shape, rules: Rules) -> Shape:
    found = network_shape_by(rules, layer.network, shape)
    added = network_shape_by(rules, layer.shortcut, shape) if layer.shortcut else shape
    if found != added:
        raise SolverError(f"a residual block adds {added} to {found}")
    return found


# Parameters; the shape that comes in is None where it is unknown.


def _conv_params(layer: Conv, shape: Shape | None, _: Rules) -> int:
    return conv_params(
        channels_in(layer, shape),
        layer.out_channels,
        layer.kernel_size,
        bias=layer.bias,
        groups=layer.groups,
    )


def _transposed_params(layer: ConvTranspose, shape: Shape | None, _: Rules) -> int:
    channels = channels_in(layer, shape)
    return conv_params(channels, layer.out_channels, layer.kernel_size, bias=layer.bias)


def _linear_params(layer: Linear, shape: Shape | None, _: Rules) -> int:
    return linear_params(features_in(layer, shape), layer.out_features, bias=layer.bias)


def _norm_params(layer: BatchNorm, shape: Shape | None, _: Rules) -> int:
    return batch_norm_params(_agreed(layer, layer.num_features, shape[0] if shape else None))


def _norm_everything(layer: BatchNorm, shape: Shape | None, _: Rules) -> int:
    channels = _agreed(layer, layer.num_features, shape[0] if shape else None)
    return batch_norm_params(channels, count="all")


def _branches_params(layer: Branches, shape: Shape | None, rules: Rules) -> int:
    return sum(network_params_by(rules, branch, shape) for branch in layer.networks)


def _residual_params(layer: Residual, shape: Shape | None, rules: Rules) -> int:
    added = network_params_by(rules, layer.shortcut, shape) if layer.shortcut else 0
    return network_params_by(rules, layer.network, shape) + added


# Multiply-accumulate operations; layers without a rule have none.


def _conv_macs(layer: Conv, shape: Shape, rules: Rules) -> int:
    _, height, width = layer_shape_by(rules, layer, shape)
    return conv_macs(
        channels_in(layer, shape),
        layer.out_channels,
        layer.kernel_size,
        (height, width),
        groups=layer.groups,
    )


def _transposed_macs(layer: ConvTranspose, shape: Shape, _: Rules) -> int:
    """Return the MACs: every input cell meets the whole kernel."""
    channels, height, width = spatial(shape, layer)
    return conv_macs(channels, layer.out_channels, layer.kernel_size, (height, width))


def _linear_macs(layer: Linear, shape: Shape, _: Rules) -> int:
    return linear_macs(features_in(layer, shape), layer.out_features)


def _branches_macs(layer: Branches, shape: Shape, rules: Rules) -> int:
    return sum(network_macs_by(rules, branch, shape) for branch in layer.networks)


def _residual_macs(layer: Residual, shape: Shape, rules: Rules) -> int:
    added = network_macs_by(rules, layer.shortcut, shape) if layer.shortcut else 0
    return network_macs_by(rules, layer.network, shape) + added


RULES: Final = Rules(
    shapes={
        Activation: _kept_shape,
        BatchNorm: _normed_shape,
        Branches: _branches_shape,
        Conv: conv_shaped_by(conv_size),
        ConvTranspose: _transposed_shape,
        Dropout: _kept_shape,
        Flatten: lambda _layer, shape, _: (math.prod(shape),),
        GlobalAvgPool: lambda layer, shape, _: (spatial(shape, layer)[0], 1, 1),
        Linear: _linear_shape,
        Pool: pool_shaped_by(pool_size),
        Residual: _residual_shape,
    },
    params={
        BatchNorm: _norm_params,
        Branches: _branches_params,
        Conv: _conv_params,
        ConvTranspose: _transposed_params,
        Linear: _linear_params,
        Residual: _residual_params,
    },
    macs={
        Branches: _branches_macs,
        Conv: _conv_macs,
        ConvTranspose: _transposed_macs,
        Linear: _linear_macs,
        Residual: _residual_macs,
    },
)

# The same, with the running statistics of batch normalisation among the parameters.
EVERYTHING: Final = RULES.but(params={BatchNorm: _norm_everything})
