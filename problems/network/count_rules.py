"""Rules for parameters and MACs, one per type of layer; other types have none.

A rule takes the layer and its step in a walk. If the shape is unknown, the parameters
follow from the input that the layer declares. Source: the PyTorch documentation of the
modules with these names.
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
from problems.network.shape_rules import (
    resolve_input_channels,
    resolve_input_features,
    resolve_input_size,
)
from problems.network.traversal import LayerRules, NetworkStep
from problems.solvers.bounds import Shape
from problems.solvers.convolution_parameters import conv_params
from problems.solvers.cost import conv_macs, linear_macs
from problems.solvers.parameters import linear_params

STATISTICS_PER_CHANNEL: Final = 2
"""The running mean and variance of each channel."""


def spatial_size(shape: Shape | None) -> tuple[int, int]:
    """Return the height and width of *shape*; raise `SolverError` if it is None."""
    if shape is None:
        raise SolverError("operations need the shape that comes in")
    return shape[1], shape[2]


def count_conv_macs(layer: Conv | ConvTranspose, step: NetworkStep, size: tuple[int, int]) -> int:
    """Return the MACs of a convolution that uses each weight at *size* positions."""
    return conv_macs(
        resolve_input_channels(layer, step.before),
        layer.out_channels,
        layer.kernel_size,
        size,
        groups=layer.groups,
    )


def _conv_params(layer: Conv | ConvTranspose, step: NetworkStep) -> int:
    return conv_params(
        resolve_input_channels(layer, step.before),
        layer.out_channels,
        layer.kernel_size,
        bias=layer.bias,
        groups=layer.groups,
    )


def _linear_params(layer: Linear, step: NetworkStep) -> int:
    return linear_params(
        resolve_input_features(layer, step.before), layer.out_features, bias=layer.bias
    )


def _batch_norm_params(layer: BatchNorm, step: NetworkStep) -> int:
    before = step.before[0] if step.before else None
    return layer.params_per_position * resolve_input_size(layer, layer.num_features, before)


def _batch_norm_all_params(layer: BatchNorm, step: NetworkStep) -> int:
    before = step.before[0] if step.before else None
    each = layer.params_per_position + (STATISTICS_PER_CHANNEL if layer.track_running_stats else 0)
    return each * resolve_input_size(layer, layer.num_features, before)


def _group_norm_params(layer: GroupNorm, step: NetworkStep) -> int:
    before = step.before[0] if step.before else None
    return layer.params_per_position * resolve_input_size(layer, layer.num_channels, before)


def _layer_norm_params(layer: LayerNorm, step: NetworkStep) -> int:
    normalized = layer.normalized_shape or step.before
    if normalized is None:
        raise SolverError(f"{layer} needs the shape that comes in")
    return math.prod(normalized) * layer.params_per_position


PARAMS: Final = LayerRules(
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

# The same, with the running statistics of batch normalization among the parameters.
ALL_PARAMS: Final = PARAMS.with_rules({BatchNorm: _batch_norm_all_params})

# Every weight of a convolution is used once for each position of its output; of a transposed one,
# for each position of its input.
MACS: Final = LayerRules(
    {
        Conv: lambda layer, step: count_conv_macs(layer, step, spatial_size(step.after)),
        ConvTranspose: lambda layer, step: count_conv_macs(layer, step, spatial_size(step.before)),
        Linear: lambda layer, step: linear_macs(
            resolve_input_features(layer, step.before), layer.out_features
        ),
    }
)
