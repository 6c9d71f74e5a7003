"""Forward pass through a network with given weights.

Each layer computes like the solver of its kind, in inference mode: dropout passes its
input through. Softmax takes only a vector; over maps it would need an axis. Source: the
PyTorch documentation of ``torch.nn``.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, TypeAlias, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.network.counts import require_network
from problems.network.graphs import Branches, Gate, Network, Residual
from problems.network.layers import (
    Activation,
    AdaptiveAvgPool,
    Conv,
    Dropout,
    Flatten,
    Identity,
    Layer,
    Linear,
    PixelShuffle,
    Pool,
    Upsample,
)
from problems.solvers.activations import activation
from problems.solvers.bounds import Grid, as_array
from problems.solvers.convolution import conv2d
from problems.solvers.dense import dense, flatten_values
from problems.solvers.pool_values import avg_pool2d, global_pool2d, max_pool2d
from problems.solvers.upsampling import pixel_shuffle_values, upsample_nearest2d
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments

ACTIVATION_NAMES: Final = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SiLU": "silu",
    "GELU": "gelu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
}
MAP_AXES: Final = 3

Weights: TypeAlias = Iterator[tuple[Grid, Number | Grid]]


def forward(
    net: Network, x: Grid, *, weights: tuple[Grid, ...] = (), biases: tuple[Grid, ...] = ()
) -> Array:
    """Return the output of *net* for *x*: a map (H, W), maps (C, H, W) or a vector.

    *weights* has one array per convolution and fully connected layer, in the order of
    the layers; in a residual block, the main network comes before the shortcut.
    *biases* has one vector per weight array; by default, all biases are 0. Raises
    `SolverError` if a layer has other learnable weights, such as a normalization, or if
    weights are left over.

    >>> from problems.network.constructors.elementwise import relu
    >>> from problems.network.constructors.graphs import network
    >>> from problems.network.constructors.layers import linear
    >>> forward(network(linear(2), relu()), [1, 2], weights=([[1, 1], [1, -1]],))
    array([3, 0])
    """
    values = [value for _, value in iter_layer_outputs(net, x, weights=weights, biases=biases)]
    return values[-1]


def iter_layer_outputs(
    net: Network, x: Grid, *, weights: tuple[Grid, ...] = (), biases: tuple[Grid, ...] = ()
) -> Iterator[tuple[str, Array]]:
    """Yield the input, then the output of each layer of *net*, with descriptions."""
    if biases and len(biases) != len(weights):
        raise SolverError(f"there are {len(biases)} biases for {len(weights)} weights")
    layer_biases: tuple[Number | Grid, ...] = biases or (0,) * len(weights)
    remaining = zip(weights, layer_biases, strict=True)
    value = as_array(x, "x", ranks=(1, 2, 3))
    yield "the input", value
    value = value[np.newaxis] if value.ndim == MAP_AXES - 1 else value
    for layer in require_network(net).layers:
        value = _run_layer(layer, value, remaining)
        yield str(layer), value
    if next(remaining, None) is not None:
        raise SolverError("there are more weights than layers that take them")


def _run_network(net: Network, value: Array, weights: Weights) -> Array:
    for layer in net.layers:
        value = _run_layer(layer, value, weights)
    return value


def _run_layer(layer: Layer, value: Array, weights: Weights) -> Array:
    """Return the output of *layer* for *value*; a weighted layer takes the next *weights*."""
    match layer:
        case Conv() | Linear():
            return _run_weighted_layer(layer, value, weights)
        case Pool():
            return _run_pool(layer, value)
        case Activation(name) if name in ACTIVATION_NAMES:
            return activation(value, ACTIVATION_NAMES[name])
        case Activation("leaky ReLU", Fraction() | int() as slope):
            return activation(value, "leaky_relu", negative_slope=slope)
        case Activation("softmax") if value.ndim == 1:
            return activation(value, "softmax")
        case AdaptiveAvgPool(output_size=(1, 1)):
            return global_pool2d(value).reshape(-1, 1, 1)
        case Flatten():
            return flatten_values(value)
        case Identity() | Dropout():
            return value
        case Upsample(scale_factor=(height, width), mode="nearest") if height == width:
            return upsample_nearest2d(value, height)
        case PixelShuffle():
            shuffled = pixel_shuffle_values(value, layer.upscale_factor)
            return shuffled.reshape(-1, *shuffled.shape[-2:])
        case Branches(networks, crop=False):
            return _concatenate_branches(
                [_run_network(network, value, weights) for network in networks]
            )
        case Residual() | Gate():
            first, second = (_run_network(part, value, weights) for part in layer.parts)
            return _add_or_multiply_outputs(layer, first, second)
    raise SolverError(f"forward does not compute this layer: {layer}")


def _run_weighted_layer(layer: Conv | Linear, value: Array, weights: Weights) -> Array:
    weight, bias = next(weights, (None, 0))
    if weight is None:
        raise SolverError(f"there are no weights for this layer: {layer}")
    if isinstance(layer, Linear):
        return dense(value, weight, bias=bias)
    if layer.padding_mode != "zeros":
        raise SolverError(f"forward pads with zeros alone: {layer}")
    return conv2d(
        value,
        weight,
        bias=bias,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
    )


def _run_pool(layer: Pool, value: Array) -> Array:
    pool = max_pool2d if layer.mode == "max" else avg_pool2d
    return pool(
        value,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        ceil_mode=layer.ceil_mode,
    )


def _concatenate_branches(values: list[Array]) -> Array:
    if len({value.shape[1:] for value in values}) > 1:
        raise SolverError("branches of different sizes are not concatenated")
    return cast("Array", np.concatenate(values))


def _add_or_multiply_outputs(layer: Residual | Gate, first: Array, second: Array) -> Array:
    if isinstance(layer, Gate) and first.shape[0] == second.shape[0]:
        return cast("Array", np.multiply(first, second))
    if first.shape != second.shape:
        raise SolverError(f"{first.shape} and {second.shape} are not joined")
    return cast("Array", np.add(first, second))


def _without_activations(net: Network) -> Network:
    """Return *net* without its activations, which have no weights."""
    return Network(tuple(layer for layer in net.layers if not isinstance(layer, Activation)))


def _without_last_bias(args: SolverArguments) -> tuple[Grid, ...]:
    if not args.biases:
        raise SolverError("no layer has a bias")
    *earlier, last = args.biases
    return (*earlier, np.zeros_like(np.asarray(last)))


SOLVERS: Final[tuple[Solver, ...]] = (forward,)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = build_wrong_versions(
    forward,
    {
        "activation_left_out": replace_arguments(
            forward, net=lambda args: _without_activations(args.net)
        ),
        "no_bias": replace_arguments(forward, biases=()),
        "last_bias_left_out": replace_arguments(forward, biases=_without_last_bias),
        "kernel_flipped": replace_arguments(
            forward,
            weights=lambda args: tuple(
                np.asarray(weight)[..., ::-1, ::-1] if np.ndim(weight) > 2 else weight  # noqa: PLR2004
                for weight in args.weights
            ),
        ),
    },
)
