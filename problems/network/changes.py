"""Networks made from others by changing their layers, wherever they are nested."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeAlias

from grader.errors import SolverError
from problems.network.graphs import Graph, Network
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
from problems.network.walk import walk_by
from problems.solvers.bounds import Shape

__all__ = [
    "changed",
    "declared",
    "undeclared",
    "without_bias",
    "without_last_pool",
    "without_pools",
]

KEPT: Final = 256

Change: TypeAlias = Callable[[Layer], Layer | None]


def changed(network: Network, change: Change) -> Network:
    """Return *network* with *change* made to each layer that is no graph; None leaves it out."""
    found: list[Layer] = []
    for layer in network.layers:
        if isinstance(layer, Graph):
            found.append(layer.holding(tuple(changed(part, change) for part in layer.parts)))
        elif (new := change(layer)) is not None:
            found.append(new)
    return Network(tuple(found))


@lru_cache(maxsize=KEPT)
def undeclared(network: Network) -> Network:
    """Return *network* with layers that take what comes in, whatever they declare.

    So goes who computes sizes wrongly, and on with them.
    """
    return changed(network, _undeclared)


def declared(network: Network, shape: Shape) -> Network:
    """Return *network* with layers that declare what comes into them where *shape* comes in."""
    steps = iter(
        step for step in walk_by(SHAPES, network, shape).steps if not isinstance(step.layer, Graph)
    )

    def change(layer: Layer) -> Layer:
        return layer if isinstance(layer, Identity) else _declared(layer, next(steps).before or ())

    return changed(network, change)


def _declared(layer: Layer, shape: Shape) -> Layer:
    match layer:
        case Conv() | ConvTranspose():
            return replace(layer, in_channels=shape[0])
        case Linear():
            return replace(layer, in_features=shape[0])
        case BatchNorm():
            return replace(layer, num_features=shape[0])
        case _:
            return layer


def _undeclared(layer: Layer) -> Layer:
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


@lru_cache(maxsize=KEPT)
def without_bias(network: Network) -> Network:
    """Return *network* with convolutions and fully connected layers that have no bias."""
    return changed(network, _unbiased)


def _unbiased(layer: Layer) -> Layer:
    if isinstance(layer, (Conv, ConvTranspose, Linear)) and layer.bias:
        return replace(layer, bias=False)
    return layer


@lru_cache(maxsize=KEPT)
def without_pools(network: Network) -> Network:
    """Return *network* without its pooling layers."""
    return changed(network, lambda layer: None if isinstance(layer, Pool) else layer)


@lru_cache(maxsize=KEPT)
def without_last_pool(network: Network) -> Network:
    """Return *network* without the pooling just before the maps are flattened."""
    layers = network.layers
    at = next((at for at, layer in enumerate(layers) if isinstance(layer, Flatten)), 0) - 1
    while at > 0 and isinstance(layers[at], (Activation, Dropout)):
        at -= 1
    if at < 0 or not isinstance(layers[at], (Pool, AdaptiveAvgPool)):
        raise SolverError("no pooling stands before the flatten")
    return Network(layers[:at] + layers[at + 1 :])
