"""The functions that expressions make layers and networks with; each checks what it is given."""

from fractions import Fraction
from typing import Final, TypeVar

from grader.book import Solver
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
    Network,
    Pool,
    Residual,
)
from problems.solvers.bounds import Pair, flag, pair, whole

__all__ = [
    "MAX_LAYERS",
    "SOLVERS",
    "avg_pool",
    "batch_norm",
    "branches",
    "conv",
    "conv_transpose",
    "dropout",
    "flatten",
    "global_avg_pool",
    "linear",
    "max_pool",
    "network",
    "relu",
    "residual",
    "sigmoid",
    "softmax",
]

MAX_LAYERS: Final = 2000

Graph = TypeVar("Graph", Network, Branches, Residual)


def conv(
    out_channels: int,
    kernel_size: Pair,
    *,
    in_channels: int | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    bias: bool = True,
) -> Conv:
    """Return a 2-D convolution with *out_channels* filters.

    >>> str(conv(16, 3, padding=1))
    'convolution 3×3, 16 filters, stride 1, padding 1'
    """
    return Conv(
        whole(out_channels, "out_channels"),
        pair(kernel_size, "kernel_size"),
        _optional(in_channels, "in_channels"),
        pair(stride, "stride"),
        pair(padding, "padding", least=0),
        pair(dilation, "dilation"),
        whole(groups, "groups"),
        flag(bias, "bias"),
    )


def conv_transpose(
    out_channels: int,
    kernel_size: Pair,
    *,
    in_channels: int | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    bias: bool = True,
) -> ConvTranspose:
    """Return a transposed 2-D convolution with *out_channels* filters.

    >>> str(conv_transpose(8, 2, stride=2))
    'transposed convolution 2×2, 8 filters, stride 2'
    """
    return ConvTranspose(
        whole(out_channels, "out_channels"),
        pair(kernel_size, "kernel_size"),
        _optional(in_channels, "in_channels"),
        pair(stride, "stride"),
        pair(padding, "padding", least=0),
        pair(output_padding, "output_padding", least=0),
        flag(bias, "bias"),
    )


def linear(out_features: int, *, in_features: int | None = None, bias: bool = True) -> Linear:
    """Return a fully connected layer with *out_features* units.

    >>> str(linear(10))
    'fully connected, 10 units'
    """
    features = whole(out_features, "out_features")
    return Linear(features, _optional(in_features, "in_features"), flag(bias, "bias"))


def relu() -> Activation:
    """Return the rectifier.

    >>> str(relu())
    'ReLU'
    """
    return Activation("ReLU")


def sigmoid() -> Activation:
    """Return the logistic function.

    >>> str(sigmoid())
    'sigmoid'
    """
    return Activation("sigmoid")


def softmax() -> Activation:
    """Return the softmax.

    >>> str(softmax())
    'softmax'
    """
    return Activation("softmax")


def max_pool(
    kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0, ceil_mode: bool = False
) -> Pool:
    """Return max pooling; the stride defaults to the window.

    >>> str(max_pool(2))
    'max pooling 2×2, stride 2'
    """
    window = pair(kernel_size, "kernel_size")
    step = window if stride is None else pair(stride, "stride")
    border = pair(padding, "padding", least=0)
    return Pool("max", window, step, border, flag(ceil_mode, "ceil_mode"))


def avg_pool(
    kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0, ceil_mode: bool = False
) -> Pool:
    """Return average pooling; the stride defaults to the window.

    >>> str(avg_pool(3, stride=1, padding=1))
    'average pooling 3×3, stride 1, padding 1'
    """
    window = pair(kernel_size, "kernel_size")
    step = window if stride is None else pair(stride, "stride")
    border = pair(padding, "padding", least=0)
    return Pool("average", window, step, border, flag(ceil_mode, "ceil_mode"))


def global_avg_pool() -> GlobalAvgPool:
    """Return the mean of each channel.

    >>> str(global_avg_pool())
    'global average pooling'
    """
    return GlobalAvgPool()


def flatten() -> Flatten:
    """Return the layer that puts all values in one row.

    >>> str(flatten())
    'flatten'
    """
    return Flatten()


def batch_norm(num_features: int | None = None) -> BatchNorm:
    """Return batch normalisation; without *num_features* it takes the channels that come in.

    >>> str(batch_norm(64))
    'batch normalisation'
    """
    return BatchNorm(_optional(num_features, "num_features"))


def dropout(p: int | Fraction = Fraction(1, 2)) -> Dropout:
    """Return dropout with probability *p*.

    >>> str(dropout(Fraction(1, 4)))
    'dropout 0.25'
    """
    if isinstance(p, bool) or not isinstance(p, (int, Fraction)) or not 0 <= p <= 1:
        raise SolverError(f"p must be a probability, not {p}")
    return Dropout(p)


def branches(*networks: Network | Layer) -> Branches:
    """Return *networks* side by side, concatenated on the channels.

    >>> len(branches(conv(8, 1), network(conv(4, 1), conv(8, 3, padding=1))).networks)
    2
    """
    if not networks:
        raise SolverError("branches need at least one network")
    return _bounded(Branches(tuple(network(branch) for branch in networks)))


def residual(main: Network | Layer, *, shortcut: Network | Layer | None = None) -> Residual:
    """Return *main* with its input, or what *shortcut* makes of it, added to its output.

    >>> residual(conv(8, 3, padding=1)).shortcut is None
    True
    """
    return _bounded(Residual(network(main), None if shortcut is None else network(shortcut)))


def network(*layers: Network | Layer) -> Network:
    """Return the network of *layers* one after the other; a network among them is spliced in.

    >>> len(network(conv(8, 3), network(relu(), flatten()), linear(10)).layers)
    4
    """
    flat: list[Layer] = []
    for layer in layers:
        if isinstance(layer, Network):
            flat.extend(layer.layers)
        elif isinstance(layer, Layer):
            flat.append(layer)
        else:
            raise SolverError(f"{layer} is not a layer")
    if not flat:
        raise SolverError("a network has at least one layer")
    return _bounded(Network(tuple(flat)))


def _bounded(graph: Graph) -> Graph:
    """Return *graph* unless it holds too many layers, however they are nested."""
    if _layers_in(graph) > MAX_LAYERS:
        raise SolverError(f"a network has at most {MAX_LAYERS} layers")
    return graph


def _layers_in(graph: Network | Layer) -> int:
    match graph:
        case Network(layers):
            return sum(_layers_in(layer) for layer in layers)
        case Branches(networks):
            return 1 + sum(_layers_in(branch) for branch in networks)
        case Residual(main, shortcut):
            return 1 + _layers_in(main) + (_layers_in(shortcut) if shortcut else 0)
        case _:
            return 1


def _optional(value: int | None, what: str) -> int | None:
    return None if value is None else whole(value, what)


SOLVERS: Final[tuple[Solver, ...]] = (
    conv,
    conv_transpose,
    linear,
    relu,
    sigmoid,
    softmax,
    max_pool,
    avg_pool,
    global_avg_pool,
    flatten,
    batch_norm,
    dropout,
    branches,
    residual,
    network,
)
