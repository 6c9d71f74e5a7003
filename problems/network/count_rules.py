"""The parameters and the MACs of a layer, one small rule for each type; the others have none.

A rule takes the layer and its step in a walk. Where no shape is known, parameters follow from what
the layer declares. Source: the PyTorch documentation of the modules with these names.
"""

import math
from typing import Final

from grader.errors import SolverError
from problems.network.graphs import CountOnly
from problems.network.layers import (
    BatchNorm,
    Conv,
    ConvTranspose,
    GroupNorm,
    LayerNorm,
    Linear,
)
from problems.network.shape_rules import agreed, channels_in, features_in
from problems.network.walk import Rules, Step
from problems.solvers.bounds import Shape
from problems.solvers.convolution_parameters import conv_params
from problems.solvers.cost import conv_macs, linear_macs
from problems.solvers.parameters import linear_params

STATISTICS: Final = 2
"""The running mean and variance of each channel."""

__all__ = ["EVERYTHING", "MACS", "PARAMS", "maps_of", "weights_by_maps"]


def maps_of(shape: Shape | None) -> tuple[int, int]:
    """Return the height and width of *shape*, which must be known."""
    if shape is None:
        raise SolverError("operations need the shape that comes in")
    return shape[1], shape[2]


def weights_by_maps(layer: Conv | ConvTranspose, step: Step, size: tuple[int, int]) -> int:
    """Return the MACs of a convolution that uses each of its weights at *size* positions."""
    return conv_macs(
        channels_in(layer, step.before),
        layer.out_channels,
        layer.kernel_size,
        size,
        groups=layer.groups,
    )


def _conv_params(layer: Conv | ConvTranspose, step: Step) -> int:
    return conv_params(
        channels_in(layer, step.before),
        layer.out_channels,
        layer.kernel_size,
        bias=layer.bias,
        groups=layer.groups,
    )


def _linear_params(layer: Linear, step: Step) -> int:
    return linear_params(features_in(layer, step.before), layer.out_features, bias=layer.bias)


def _batch_norm_params(layer: BatchNorm, step: Step) -> int:
    before = step.before[0] if step.before else None
    return layer.learned * agreed(layer, layer.num_features, before)


def _batch_norm_values(layer: BatchNorm, step: Step) -> int:
    before = step.before[0] if step.before else None
    each = layer.learned + (STATISTICS if layer.track_running_stats else 0)
    return each * agreed(layer, layer.num_features, before)


def _group_norm_params(layer: GroupNorm, step: Step) -> int:
    before = step.before[0] if step.before else None
    return layer.learned * agreed(layer, layer.num_channels, before)


def _layer_norm_params(layer: LayerNorm, step: Step) -> int:
    normalized = layer.normalized_shape or step.before
    if normalized is None:
        raise SolverError(f"{layer} needs the shape that comes in")
    return math.prod(normalized) * layer.learned


PARAMS: Final = Rules(
    {
        BatchNorm: _batch_norm_params,
        Conv: _conv_params,
        ConvTranspose: _conv_params,
        CountOnly: lambda layer, _step: layer.own_params,
        GroupNorm: _group_norm_params,
        LayerNorm: _layer_norm_params,
        Linear: _linear_params,
    }
)

# The same, with the running statistics of batch normalisation among the parameters.
EVERYTHING: Final = PARAMS.but({BatchNorm: _batch_norm_values})

# Every weight of a convolution is used once for each position of its output; of a transposed one,
# for each position of its input.
MACS: Final = Rules(
    {
        Conv: lambda layer, step: weights_by_maps(layer, step, maps_of(step.after)),
        ConvTranspose: lambda layer, step: weights_by_maps(layer, step, maps_of(step.before)),
        Linear: lambda layer, step: linear_macs(
            features_in(layer, step.before), layer.out_features
        ),
    }
)
