"""Values through a network whose weights are given: what each layer makes of what comes in.

The layers compute as the solvers of their kind do, in the form for prediction: dropout passes all
on. A softmax is one of a vector: over maps it would need an axis. Source: the PyTorch documentation
of ``torch.nn``.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, TypeAlias, cast

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.network.counts import network_of
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
from problems.solvers.bounds import Grid, array
from problems.solvers.convolution import conv2d
from problems.solvers.dense import dense, flatten_values
from problems.solvers.pool_values import avg_pool2d, global_pool2d, max_pool2d
from problems.solvers.twins import told, twins_of
from problems.solvers.upsampling import pixel_shuffle_values, upsample_nearest2d

__all__ = ["SOLVERS", "TWINS", "along", "forward"]

CURVES: Final = {
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
    """Return the output of *net* for the input *x*, a map (H, W), maps (C, H, W) or a vector.

    *weights* has an array for each convolution and fully connected layer, in the order in which the
    layers stand (of a residual block the network before its shortcut), *biases* a vector for each
    of them; without biases all are 0. A layer with other weights to learn, such as a normalisation,
    is a `SolverError`, and so are weights that are left over.

    >>> from problems.network.constructors.elementwise import relu
    >>> from problems.network.constructors.graphs import network
    >>> from problems.network.constructors.layers import linear
    >>> forward(network(linear(2), relu()), [1, 2], weights=([[1, 1], [1, -1]],))
    array([3, 0])
    """
    values = [value for _, value in along(net, x, weights=weights, biases=biases)]
    return values[-1]


def along(
    net: Network, x: Grid, *, weights: tuple[Grid, ...] = (), biases: tuple[Grid, ...] = ()
) -> Iterator[tuple[str, Array]]:
    """Yield the input and the output of each layer of *net*, with the layer in words."""
    if biases and len(biases) != len(weights):
        raise SolverError(f"there are {len(biases)} biases for {len(weights)} weights")
    added: tuple[Number | Grid, ...] = biases or (0,) * len(weights)
    taken = zip(weights, added, strict=True)
    value = array(x, "x", ranks=(1, 2, 3))
    yield "the input", value
    value = value[np.newaxis] if value.ndim == MAP_AXES - 1 else value
    for layer in network_of(net).layers:
        value = _after(layer, value, taken)
        yield str(layer), value
    if next(taken, None) is not None:
        raise SolverError("there are more weights than layers that take them")


def _through(net: Network, value: Array, taken: Weights) -> Array:
    for layer in net.layers:
        value = _after(layer, value, taken)
    return value


def _after(layer: Layer, value: Array, taken: Weights) -> Array:
    """Return what *layer* makes of *value*; a layer with weights takes the next ones."""
    match layer:
        case Conv() | Linear():
            return _weighted(layer, value, taken)
        case Pool():
            return _pooled(layer, value)
        case Activation(name) if name in CURVES:
            return activation(value, CURVES[name])
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
            return _concatenated([_through(one, value, taken) for one in networks])
        case Residual() | Gate():
            one, two = (_through(part, value, taken) for part in layer.parts)
            return _joined(layer, one, two)
    raise SolverError(f"forward does not compute this layer: {layer}")


def _weighted(layer: Conv | Linear, value: Array, taken: Weights) -> Array:
    weight, bias = next(taken, (None, 0))
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


def _pooled(layer: Pool, value: Array) -> Array:
    pool = max_pool2d if layer.mode == "max" else avg_pool2d
    return pool(
        value,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        ceil_mode=layer.ceil_mode,
    )


def _concatenated(values: list[Array]) -> Array:
    if len({value.shape[1:] for value in values}) > 1:
        raise SolverError("branches of different sizes are not concatenated")
    return cast("Array", np.concatenate(values))


def _joined(layer: Residual | Gate, one: Array, two: Array) -> Array:
    if isinstance(layer, Gate) and one.shape[0] == two.shape[0]:
        return cast("Array", np.multiply(one, two))
    if one.shape != two.shape:
        raise SolverError(f"{one.shape} and {two.shape} are not joined")
    return cast("Array", np.add(one, two))


def _linear_only(net: Network) -> Network:
    """Return *net* without its ReLUs and other curves; they stand in no weights."""
    return Network(tuple(layer for layer in net.layers if not isinstance(layer, Activation)))


SOLVERS: Final[tuple[Solver, ...]] = (forward,)

TWINS: Final[tuple[Twin, ...]] = twins_of(
    forward,
    {
        "activation_left_out": told(forward, net=lambda given: _linear_only(given.net)),
        "no_bias": told(forward, biases=()),
        "kernel_flipped": told(
            forward,
            weights=lambda given: tuple(
                np.asarray(one)[..., ::-1, ::-1] if np.ndim(one) > 2 else one  # noqa: PLR2004
                for one in given.weights
            ),
        ),
    },
)
