"""Solvers for layers and networks: shapes, parameters, MACs, depth, values in memory.

Shapes are (C, H, W), as in PyTorch, or (features,) after a flatten. `out_shape` and
`network_shape` also take and give (H, W, C).
"""

import math
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver
from problems.network.count_rules import ALL_PARAMS, MACS, PARAMS
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
from problems.network.shape_rules import SHAPES, SPATIAL_AXES
from problems.network.traversal import (
    INPUT,
    LayerRules,
    NetworkWalk,
    total_count,
    unordered_module_error,
    walk_with_rules,
)
from problems.solvers.bounds import Shape, as_shape, require_bool
from problems.solvers.geometry import move_channels

LAYER_KINDS: Final[dict[str, tuple[type[Layer], ...]]] = {
    "weighted": (Conv, ConvTranspose, Linear),
    "conv": (Conv,),
    "linear": (Linear,),
    "pool": (Pool,),
}
NETWORK_LAYOUTS: Final = ("CHW", "HWC")
IN_PLACE_LAYERS: Final = (Activation, Dropout, Flatten)


def walk_network(net: Network, shape: Shape | None = None) -> NetworkWalk:
    """Return the walk through *net*, for solvers that follow its paths.

    >>> from problems.network.constructors.all_constructors import conv, network, relu, residual
    >>> [step.inputs for step in walk_network(network(residual(network(conv(8, 3), relu())))).steps]
    [(-1,), (0,), (1, -1)]
    """
    if (module := require_network(net).count_only) is not None:
        raise unordered_module_error(module)
    return walk_with_rules(SHAPES, net, None if shape is None else as_shape(shape))


def out_shape(layer: Layer, shape: Shape, *, layout: str = "CHW") -> Shape:
    """Return the output shape of one *layer*.

    Input and output have the same *layout*, ``CHW`` or ``HWC``; a flat shape has none.
    Raises `SolverError` if the input does not fit.

    >>> from problems.network.constructors.all_constructors import conv
    >>> out_shape(conv(16, 3), (3, 32, 32))
    (16, 30, 30)
    >>> out_shape(conv(16, 3), (32, 32, 3), layout="HWC")
    (30, 30, 16)
    """
    return network_shape(_wrap_layer(layer), shape, layout=layout)


def network_shape(net: Network, shape: Shape, *, layout: str = "CHW") -> Shape:
    """Return the output shape of *net*, in the *layout* of `out_shape`.

    >>> from problems.network.constructors.all_constructors import conv, flatten, network
    >>> network_shape(network(conv(16, 3), flatten()), (3, 32, 32))
    (14400,)
    """
    result = output_shapes(net, to_channels_first(shape, layout))[-1]
    return from_channels_first(result, layout)


def to_channels_first(shape: Shape, layout: str) -> Shape:
    """Return a *shape* in *layout* as (C, H, W); a flat shape stays as it is.

    >>> to_channels_first((32, 28, 3), "HWC")
    (3, 32, 28)
    """
    if layout not in NETWORK_LAYOUTS:
        raise SolverError(f"layout must be CHW or HWC, not {layout}")
    sizes = as_shape(shape)
    return sizes if layout == "CHW" or len(sizes) != SPATIAL_AXES else move_channels(sizes, "HWC")


def from_channels_first(shape: Shape, layout: str) -> Shape:
    """Return a shape (C, H, W) in *layout*; a flat shape stays as it is.

    >>> from_channels_first((3, 32, 28), "HWC"), from_channels_first((10,), "HWC")
    ((32, 28, 3), (10,))
    """
    return shape if layout == "CHW" or len(shape) != SPATIAL_AXES else move_channels(shape, "CHW")


def output_shapes(net: Network, shape: Shape) -> tuple[Shape, ...]:
    """Return the shapes of the side outputs of *net*, in order, then that of its end.

    >>> from problems.network.constructors.all_constructors import conv, network, side_output
    >>> output_shapes(network(conv(8, 3), side_output(conv(2, 1)), conv(4, 3)), (3, 8, 8))
    ((2, 6, 6), (4, 4, 4))
    """
    return compute_output_shapes(SHAPES, require_network(net), shape)


def compute_output_shapes(rules: LayerRules, net: Network, shape: Shape) -> tuple[Shape, ...]:
    """Return the shapes of all outputs of *net*, computed by *rules*."""
    walk = walk_with_rules(rules, net, as_shape(shape))
    return tuple(after for after in map(walk.shape_after, walk.outputs) if after is not None)


def layer_params(layer: Layer, shape: Shape | None = None) -> int:
    """Return the number of learnable parameters of one *layer*.

    The input *shape* is optional if the layer declares its input.

    >>> from problems.network.constructors.all_constructors import conv
    >>> layer_params(conv(16, 3), (3, 32, 32))
    448
    """
    return total_params(_wrap_layer(layer), shape)


def total_params(net: Network, shape: Shape | None = None, *, trainable: bool = True) -> int:
    """Return the number of parameters of *net*, by default only the learnable ones.

    If *trainable* is false, the running statistics count too: batch normalization has 2
    learnable parameters and 2 statistics per channel. The input *shape* is optional if
    every layer declares its input.

    >>> from problems.network.constructors.all_constructors import conv, flatten, linear, network
    >>> total_params(network(conv(16, 3), flatten(), linear(10)), (3, 5, 5))
    1898
    """
    rules = PARAMS if require_bool(trainable, "trainable") else ALL_PARAMS
    return total_count(
        rules, SHAPES, require_network(net), None if shape is None else as_shape(shape)
    )


def layer_macs(layer: Layer, shape: Shape) -> int:
    """Return the multiply-accumulate operations of one *layer*, without biases.

    Pooling, normalization, activations and additions have none.

    >>> from problems.network.constructors.all_constructors import conv
    >>> layer_macs(conv(16, 3), (3, 32, 32))
    388800
    """
    return total_macs(_wrap_layer(layer), shape)


def total_macs(net: Network, shape: Shape) -> int:
    """Return the multiply-accumulate operations of *net*, without biases.

    Only convolutions, transposed convolutions and fully connected layers have any.

    >>> from problems.network.constructors.all_constructors import conv, flatten, linear, network
    >>> total_macs(network(conv(16, 3), flatten(), linear(10)), (3, 32, 32))
    532800
    """
    return total_count(MACS, SHAPES, require_network(net), as_shape(shape))


def layer_count(net: Network, kind: str = "weighted") -> int:
    """Return the number of layers of a *kind* on the path of *net* with the most of them.

    The kind is ``weighted`` (convolutions, transposed convolutions and fully connected
    layers), ``conv``, ``linear`` or ``pool``.

    >>> from problems.network.constructors.all_constructors import conv, flatten, linear, network
    >>> layer_count(network(conv(16, 3), flatten(), linear(10)))
    2
    """
    if not isinstance(kind, str) or kind not in LAYER_KINDS:
        raise SolverError(f"kind must be one of {', '.join(LAYER_KINDS)}, not {kind}")
    return longest_path_length(net, LAYER_KINDS[kind])


def depth(net: Network) -> int:
    """Return the number of weighted layers on the longest path of *net*.

    >>> from problems.network.constructors.all_constructors import conv, flatten, linear, network
    >>> depth(network(conv(16, 3), flatten(), linear(10)))
    2
    """
    return layer_count(net, "weighted")


def longest_path_length(net: Network, kinds: tuple[type[Layer], ...]) -> int:
    """Return the number of layers of *kinds* on the path of *net* with the most of them."""
    lengths: list[int] = []
    for step in walk_network(net).steps:
        before = max(0 if at == INPUT else lengths[at] for at in step.inputs)
        lengths.append(before + isinstance(step.layer, kinds))
    return max(lengths, default=0)


def activation_values(net: Network, shape: Shape, *, in_place: bool = False) -> int:
    """Return the total number of values that the layers of *net* output for one input.

    Concatenations, additions and products of parallel paths are outputs too; the
    network input is not. *in_place* excludes activations, dropout and flatten, which
    can overwrite their input.

    >>> from problems.network.constructors.all_constructors import conv, max_pool, network, relu
    >>> activation_values(network(conv(8, 3), relu(), max_pool(2)), (3, 10, 10))
    1152
    """
    return count_output_values(
        walk_network(net, as_shape(shape)), in_place=require_bool(in_place, "in_place")
    )


def count_output_values(walk: NetworkWalk, *, in_place: bool) -> int:
    """Return the total number of values that the steps of a *walk* output.

    *in_place* excludes layers that can overwrite their input.
    """
    return sum(
        math.prod(step.after or ())
        for step in walk.steps
        if not (in_place and isinstance(step.layer, IN_PLACE_LAYERS))
    )


def peak_activation(net: Network, shape: Shape) -> int:
    """Return the peak number of values that *net* holds in memory for one input.

    Layers run one after another. A value is held from the step that computes it until
    its last use; a running layer holds its inputs and its output. The outputs of the
    network stay in memory.

    >>> from problems.network.constructors.all_constructors import conv, network
    >>> peak_activation(network(conv(8, 1), conv(2, 1)), (3, 10, 10))
    1100
    """
    return max(count_live_values_per_step(walk_network(net, as_shape(shape))))


def count_live_values_per_step(walk: NetworkWalk) -> tuple[int, ...]:
    """Return the number of values held before the first step of a *walk* and during each."""
    last_use = {at: number for number, step in enumerate(walk.steps) for at in step.inputs}
    sizes = {
        index: math.prod(walk.shape_after(index) or ()) for index in range(INPUT, len(walk.steps))
    }
    live = sizes[INPUT]
    counts = [live]
    for number, step in enumerate(walk.steps):
        live += sizes[number]
        counts.append(live)
        released = {at for at in step.inputs if last_use[at] == number and at not in walk.outputs}
        live -= sum(sizes[at] for at in released)
    return tuple(counts)


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


def _wrap_layer(layer: object) -> Network:
    """Return a network of one layer; raise `SolverError` if *layer* is not a layer."""
    if not isinstance(layer, Layer):
        raise SolverError(f"{layer} is not a layer")
    return Network((layer,))


def require_network(value: object) -> Network:
    """Return *value*; raise `SolverError` if it is not a network."""
    if not isinstance(value, Network):
        raise SolverError(f"{value} is not a network")
    return value
