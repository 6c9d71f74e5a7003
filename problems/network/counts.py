"""What solvers ask of layers and networks: shapes, parameters, MACs, depth.

Shapes are PyTorch's (C, H, W), or (features,) after a flatten.
"""

from collections.abc import Callable
from typing import Final

from grader.book import Solver
from grader.errors import SolverError
from problems.network.layers import (
    Branches,
    Conv,
    ConvTranspose,
    Layer,
    Linear,
    Network,
    Pool,
    Residual,
)
from problems.network.rules import EVERYTHING, RULES
from problems.network.walk import (
    layer_macs_by,
    layer_params_by,
    layer_shape_by,
    network_macs_by,
    network_params_by,
    network_shape_by,
)
from problems.solvers.bounds import Shape, flag, shape_of

__all__ = [
    "LAYER_KINDS",
    "SOLVERS",
    "along",
    "depth",
    "layer_count",
    "layer_macs",
    "layer_params",
    "network_shape",
    "out_shape",
    "total_macs",
    "total_params",
]

LAYER_KINDS: Final[dict[str, tuple[type[Layer], ...]]] = {
    "weighted": (Conv, ConvTranspose, Linear),
    "conv": (Conv,),
    "linear": (Linear,),
    "pool": (Pool,),
}


def out_shape(layer: Layer, shape: Shape) -> Shape:
    """Return the shape after one *layer*.

    What does not fit is a `SolverError`.

    >>> from problems.network.build import conv
    >>> out_shape(conv(16, 3), (3, 32, 32))
    (16, 30, 30)
    """
    return layer_shape_by(RULES, _layer(layer), shape_of(shape))


def network_shape(net: Network, shape: Shape) -> Shape:
    """Return the shape after all layers of *net*.

    >>> from problems.network.build import conv, flatten, network
    >>> network_shape(network(conv(16, 3), flatten()), (3, 32, 32))
    (14400,)
    """
    return network_shape_by(RULES, _network(net), shape_of(shape))


def layer_params(layer: Layer, shape: Shape | None = None) -> int:
    """Return the learnable parameters of one *layer*.

    The *shape* that comes in may be left out where the layer declares what it takes.

    >>> from problems.network.build import conv
    >>> layer_params(conv(16, 3), (3, 32, 32))
    448
    """
    return layer_params_by(RULES, _layer(layer), None if shape is None else shape_of(shape))


def total_params(net: Network, shape: Shape | None = None, *, trainable: bool = True) -> int:
    """Return the parameters of *net*, the learnable ones or, untrained statistics included, all.

    Batch normalisation has 2 learnable numbers a channel and 2 statistics. The *shape* that comes
    in may be left out where every layer declares what it takes.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> total_params(network(conv(16, 3), flatten(), linear(10)), (3, 5, 5))
    1898
    """
    rules = RULES if flag(trainable, "trainable") else EVERYTHING
    return network_params_by(rules, _network(net), None if shape is None else shape_of(shape))


def layer_macs(layer: Layer, shape: Shape) -> int:
    """Return the multiply-accumulate operations of one *layer*, biases not counted.

    Pooling, normalisation and activations have none.

    >>> from problems.network.build import conv
    >>> layer_macs(conv(16, 3), (3, 32, 32))
    388800
    """
    return layer_macs_by(RULES, _layer(layer), shape_of(shape))


def total_macs(net: Network, shape: Shape) -> int:
    """Return the multiply-accumulate operations of *net*, biases not counted.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> total_macs(network(conv(16, 3), flatten(), linear(10)), (3, 32, 32))
    532800
    """
    return network_macs_by(RULES, _network(net), shape_of(shape))


def layer_count(net: Network, kind: str = "weighted") -> int:
    """Return the number of layers of a *kind* along the path of *net* that has the most of them.

    The kind is ``weighted`` (convolutions and fully connected layers), ``conv``, ``linear`` or
    ``pool``.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> layer_count(network(conv(16, 3), flatten(), linear(10)))
    2
    """
    return along(_network(net), _kind(kind), max)


def depth(net: Network) -> int:
    """Return the number of weighted layers along the longest path of *net*.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> depth(network(conv(16, 3), flatten(), linear(10)))
    2
    """
    return layer_count(net, "weighted")


def along(net: Network, kinds: tuple[type[Layer], ...], join: Callable[[list[int]], int]) -> int:
    """Return how many layers of *kinds* there are; *join* decides between parallel paths."""
    count = 0
    for layer in net.layers:
        match layer:
            case Branches(networks):
                count += join([along(branch, kinds, join) for branch in networks])
            case Residual(main, shortcut):
                beside = along(shortcut, kinds, join) if shortcut else 0
                count += join([along(main, kinds, join), beside])
            case _:
                count += isinstance(layer, kinds)
    return count


SOLVERS: Final[tuple[Solver, ...]] = (
    out_shape,
    network_shape,
    layer_params,
    total_params,
    layer_macs,
    total_macs,
    layer_count,
    depth,
)


def _layer(value: object) -> Layer:
    if not isinstance(value, Layer):
        raise SolverError(f"{value} is not a layer")
    return value


def _network(value: object) -> Network:
    if not isinstance(value, Network):
        raise SolverError(f"{value} is not a network")
    return value


def _kind(kind: object) -> tuple[type[Layer], ...]:
    if not isinstance(kind, str) or kind not in LAYER_KINDS:
        raise SolverError(f"kind must be one of {', '.join(LAYER_KINDS)}, not {kind}")
    return LAYER_KINDS[kind]
