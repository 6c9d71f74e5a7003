"""Copies of networks with changed layers, nested layers included."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeAlias

from grader.errors import SolverError
from problems.network.graphs import CompositeLayer, Network
from problems.network.layers import (
    Activation,
    AdaptiveAvgPool,
    BatchNorm,
    Conv,
    ConvTranspose,
    Dropout,
    Flatten,
    GroupNorm,
    Identity,
    Layer,
    LayerNorm,
    Linear,
    Pool,
)
from problems.network.shape_rules import SHAPES
from problems.network.traversal import walk_with_rules
from problems.solvers.bounds import Shape

MAX_CACHED_NETWORKS: Final = 256

LayerChange: TypeAlias = Callable[[Layer], Layer | None]


def map_layers(network: Network, change: LayerChange) -> Network:
    """Return *network* with *change* applied to each layer that is not composite.

    A layer for which *change* returns None is dropped.
    """
    layers: list[Layer] = []
    for layer in network.layers:
        if isinstance(layer, CompositeLayer):
            layers.append(layer.with_parts(tuple(map_layers(part, change) for part in layer.parts)))
        elif (new := change(layer)) is not None:
            layers.append(new)
    return Network(tuple(layers))


@lru_cache(maxsize=MAX_CACHED_NETWORKS)
def clear_input_sizes(network: Network) -> Network:
    """Return *network* with layers that declare no input size and so accept any input.

    This models a student who computes a wrong size and continues with it.
    """
    return map_layers(network, _clear_layer_input_size)


def declare_input_sizes(network: Network, shape: Shape) -> Network:
    """Return *network* with layers that declare their inputs, for an input of *shape*."""
    steps = iter(
        step
        for step in walk_with_rules(SHAPES, network, shape).steps
        if not isinstance(step.layer, CompositeLayer)
    )

    def declare_layer(layer: Layer) -> Layer:
        return (
            layer
            if isinstance(layer, Identity)
            else _declare_layer_input_size(layer, next(steps).before or ())
        )

    return map_layers(network, declare_layer)


def _declare_layer_input_size(layer: Layer, shape: Shape) -> Layer:
    match layer:
        case Conv() | ConvTranspose():
            return replace(layer, in_channels=shape[0])
        case Linear():
            return replace(layer, in_features=shape[0])
        case BatchNorm():
            return replace(layer, num_features=shape[0])
        case _:
            return layer


def _clear_layer_input_size(layer: Layer) -> Layer:
    match layer:
        case Conv() | ConvTranspose():
            return replace(layer, in_channels=None)
        case Linear():
            return replace(layer, in_features=None)
        case BatchNorm():
            return replace(layer, num_features=None)
        case GroupNorm():
            return replace(layer, num_channels=None)
        case LayerNorm():
            return replace(layer, normalized_shape=None)
        case _:
            return layer


@lru_cache(maxsize=MAX_CACHED_NETWORKS)
def without_bias(network: Network) -> Network:
    """Return *network* without biases in convolutions and fully connected layers."""
    return map_layers(network, _remove_bias)


def _remove_bias(layer: Layer) -> Layer:
    if isinstance(layer, (Conv, ConvTranspose, Linear)) and layer.bias:
        return replace(layer, bias=False)
    return layer


@lru_cache(maxsize=MAX_CACHED_NETWORKS)
def without_pools(network: Network) -> Network:
    """Return *network* without its pooling layers."""
    return map_layers(network, lambda layer: None if isinstance(layer, Pool) else layer)


@lru_cache(maxsize=MAX_CACHED_NETWORKS)
def with_pool_strides_of_one(network: Network) -> Network:
    """Return *network* with pooling layers of stride 1."""
    return map_layers(
        network,
        lambda layer: replace(layer, stride=(1, 1)) if isinstance(layer, Pool) else layer,
    )


@lru_cache(maxsize=MAX_CACHED_NETWORKS)
def with_pool_windows_of_one(network: Network) -> Network:
    """Return *network* with pooling layers that keep their strides, but see one cell."""
    return map_layers(
        network,
        lambda layer: (
            replace(layer, kernel_size=(1, 1), padding=(0, 0)) if isinstance(layer, Pool) else layer
        ),
    )


@lru_cache(maxsize=MAX_CACHED_NETWORKS)
def without_last_pool(network: Network) -> Network:
    """Return *network* without the last pooling before the flatten.

    Activations and dropout may lie between the two. Raises `SolverError` if there is no
    such pooling.
    """
    layers = network.layers
    index = next((index for index, layer in enumerate(layers) if isinstance(layer, Flatten)), 0) - 1
    while index > 0 and isinstance(layers[index], (Activation, Dropout)):
        index -= 1
    if index < 0 or not isinstance(layers[index], (Pool, AdaptiveAvgPool)):
        raise SolverError("no pooling precedes the flatten")
    return Network(layers[:index] + layers[index + 1 :])
