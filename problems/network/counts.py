"""What solvers ask of layers and networks: shapes, parameters, MACs, depth, values in memory.

Shapes are PyTorch's (C, H, W), or (features,) after a flatten.
"""

import math
from typing import Final

from grader.book import Solver
from grader.errors import SolverError
from problems.network.count_rules import EVERYTHING, MACS, PARAMS
from problems.network.graphs import Network
from problems.network.layers import (
    Activation,
    Conv,
    ConvTranspose,
    Dropout,
    Flatten,
    Layer,
    Linear,
    Pool,
)
from problems.network.shape_rules import SHAPES
from problems.network.walk import INPUT, Rules, Walk, not_ordered, total, walk_by
from problems.solvers.bounds import Shape, flag, shape_of

__all__ = [
    "LAYER_KINDS",
    "SOLVERS",
    "activation_values",
    "depth",
    "held_values",
    "layer_count",
    "layer_macs",
    "layer_params",
    "longest",
    "network_of",
    "network_shape",
    "out_shape",
    "output_shapes",
    "peak_activation",
    "total_macs",
    "total_params",
    "values_of",
    "walk",
]

LAYER_KINDS: Final[dict[str, tuple[type[Layer], ...]]] = {
    "weighted": (Conv, ConvTranspose, Linear),
    "conv": (Conv,),
    "linear": (Linear,),
    "pool": (Pool,),
}
IN_PLACE: Final = (Activation, Dropout, Flatten)


def walk(net: Network, shape: Shape | None = None) -> Walk:
    """Return the walk through *net*, for solvers that follow its paths.

    >>> from problems.network.build import conv, network, relu, residual
    >>> [step.inputs for step in walk(network(residual(network(conv(8, 3), relu())))).steps]
    [(-1,), (0,), (1, -1)]
    """
    if (module := network_of(net).count_only) is not None:
        raise not_ordered(module)
    return walk_by(SHAPES, net, None if shape is None else shape_of(shape))


def out_shape(layer: Layer, shape: Shape) -> Shape:
    """Return the shape after one *layer*.

    What does not fit is a `SolverError`.

    >>> from problems.network.build import conv
    >>> out_shape(conv(16, 3), (3, 32, 32))
    (16, 30, 30)
    """
    return network_shape(_alone(layer), shape)


def network_shape(net: Network, shape: Shape) -> Shape:
    """Return the shape after all layers of *net*.

    >>> from problems.network.build import conv, flatten, network
    >>> network_shape(network(conv(16, 3), flatten()), (3, 32, 32))
    (14400,)
    """
    return output_shapes(net, shape)[-1]


def output_shapes(net: Network, shape: Shape) -> tuple[Shape, ...]:
    """Return the shapes of the side outputs of *net*, in their order, and last that of its end.

    >>> from problems.network.build import conv, network, side_output
    >>> output_shapes(network(conv(8, 3), side_output(conv(2, 1)), conv(4, 3)), (3, 8, 8))
    ((2, 6, 6), (4, 4, 4))
    """
    return shapes_of(SHAPES, network_of(net), shape)


def shapes_of(rules: Rules, net: Network, shape: Shape) -> tuple[Shape, ...]:
    """Return the shapes of all outputs of *net* by *rules*."""
    found = walk_by(rules, net, shape_of(shape))
    return tuple(after for after in map(found.after, found.outputs) if after is not None)


def layer_params(layer: Layer, shape: Shape | None = None) -> int:
    """Return the learnable parameters of one *layer*.

    The *shape* that comes in may be left out where the layer declares what it takes.

    >>> from problems.network.build import conv
    >>> layer_params(conv(16, 3), (3, 32, 32))
    448
    """
    return total_params(_alone(layer), shape)


def total_params(net: Network, shape: Shape | None = None, *, trainable: bool = True) -> int:
    """Return the parameters of *net*, the learnable ones or, untrained statistics included, all.

    Batch normalisation has 2 learnable numbers a channel and 2 statistics. The *shape* that comes
    in may be left out where every layer declares what it takes.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> total_params(network(conv(16, 3), flatten(), linear(10)), (3, 5, 5))
    1898
    """
    rules = PARAMS if flag(trainable, "trainable") else EVERYTHING
    return total(rules, SHAPES, network_of(net), None if shape is None else shape_of(shape))


def layer_macs(layer: Layer, shape: Shape) -> int:
    """Return the multiply-accumulate operations of one *layer*, biases not counted.

    Pooling, normalisation, activations and additions have none.

    >>> from problems.network.build import conv
    >>> layer_macs(conv(16, 3), (3, 32, 32))
    388800
    """
    return total_macs(_alone(layer), shape)


def total_macs(net: Network, shape: Shape) -> int:
    """Return the multiply-accumulate operations of *net*, biases not counted.

    Convolutions, transposed convolutions and fully connected layers have some, nothing else.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> total_macs(network(conv(16, 3), flatten(), linear(10)), (3, 32, 32))
    532800
    """
    return total(MACS, SHAPES, network_of(net), shape_of(shape))


def layer_count(net: Network, kind: str = "weighted") -> int:
    """Return the number of layers of a *kind* along the path of *net* that has the most of them.

    The kind is ``weighted`` (convolutions and fully connected layers), ``conv``, ``linear`` or
    ``pool``.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> layer_count(network(conv(16, 3), flatten(), linear(10)))
    2
    """
    if not isinstance(kind, str) or kind not in LAYER_KINDS:
        raise SolverError(f"kind must be one of {', '.join(LAYER_KINDS)}, not {kind}")
    return longest(net, LAYER_KINDS[kind])


def depth(net: Network) -> int:
    """Return the number of weighted layers along the longest path of *net*.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> depth(network(conv(16, 3), flatten(), linear(10)))
    2
    """
    return layer_count(net, "weighted")


def longest(net: Network, kinds: tuple[type[Layer], ...]) -> int:
    """Return how many layers of *kinds* lie on the path of *net* that has the most of them."""
    lengths: list[int] = []
    for step in walk(net).steps:
        before = max(0 if at == INPUT else lengths[at] for at in step.inputs)
        lengths.append(before + isinstance(step.layer, kinds))
    return max(lengths, default=0)


def activation_values(net: Network, shape: Shape, *, in_place: bool = False) -> int:
    """Return how many values all layers of *net* put out together, for one input.

    Concatenations, additions and products of parallel paths are outputs too; what comes into the
    network is none. *in_place* leaves out activations, dropout and flatten, which can write over
    their input.

    >>> from problems.network.build import conv, max_pool, network, relu
    >>> activation_values(network(conv(8, 3), relu(), max_pool(2)), (3, 10, 10))
    1152
    """
    return values_of(walk(net, shape_of(shape)), in_place=flag(in_place, "in_place"))


def values_of(found: Walk, *, in_place: bool) -> int:
    """Return the values that the steps of a walk put out."""
    return sum(
        math.prod(step.after or ())
        for step in found.steps
        if not (in_place and isinstance(step.layer, IN_PLACE))
    )


def peak_activation(net: Network, shape: Shape) -> int:
    """Return the most values that *net* must hold at once to compute its outputs for one input.

    Layers are computed one after the other. A value is held from the step that makes it until the
    last that takes it; while a layer works, all that it takes and gives is held. Outputs stay.

    >>> from problems.network.build import conv, network
    >>> peak_activation(network(conv(8, 1), conv(2, 1)), (3, 10, 10))
    1100
    """
    return max(held_values(walk(net, shape_of(shape))))


def held_values(found: Walk) -> tuple[int, ...]:
    """Return how many values are held before the first step of a walk, and while each one works."""
    last = {at: number for number, step in enumerate(found.steps) for at in step.inputs}
    sizes = {at: math.prod(found.after(at) or ()) for at in range(INPUT, len(found.steps))}
    now = sizes[INPUT]
    held = [now]
    for number, step in enumerate(found.steps):
        now += sizes[number]
        held.append(now)
        done = {at for at in step.inputs if last[at] == number and at not in found.outputs}
        now -= sum(sizes[at] for at in done)
    return tuple(held)


SOLVERS: Final[tuple[Solver, ...]] = (
    out_shape,
    network_shape,
    output_shapes,
    layer_params,
    total_params,
    layer_macs,
    total_macs,
    layer_count,
    depth,
    activation_values,
    peak_activation,
)


def _alone(layer: object) -> Network:
    """Return the network of one layer."""
    if not isinstance(layer, Layer):
        raise SolverError(f"{layer} is not a layer")
    return Network((layer,))


def network_of(value: object) -> Network:
    """Return *value*, which must be a network."""
    if not isinstance(value, Network):
        raise SolverError(f"{value} is not a network")
    return value
