"""Layers that keep the shape: activations, normalisation, dropout."""

from fractions import Fraction
from typing import Final

from grader.book import Solver
from grader.errors import SolverError
from grader.values import Number
from problems.network.constructors.layers import optional
from problems.network.layers import Activation, BatchNorm, Dropout, GroupNorm, Identity, LayerNorm
from problems.solvers.bounds import Shape, flag, numbers, shape_of, whole

__all__ = [
    "SOLVERS",
    "batch_norm",
    "dropout",
    "gelu",
    "group_norm",
    "hardsigmoid",
    "hardswish",
    "identity",
    "layer_norm",
    "leaky_relu",
    "relu",
    "relu6",
    "sigmoid",
    "silu",
    "softmax",
    "tanh",
]


def relu() -> Activation:
    """Return the rectifier.

    >>> str(relu())
    'ReLU'
    """
    return Activation("ReLU")


def relu6() -> Activation:
    """Return the rectifier that ends at 6.

    >>> str(relu6())
    'ReLU6'
    """
    return Activation("ReLU6")


def leaky_relu(*, negative_slope: Number = Fraction(1, 100)) -> Activation:
    """Return the rectifier with a small slope below zero.

    >>> str(leaky_relu())
    'leaky ReLU'
    """
    (slope,) = numbers((negative_slope,), "negative_slope")
    return Activation("leaky ReLU", slope)


def silu() -> Activation:
    """Return ``x * sigmoid(x)``, also called swish.

    >>> str(silu())
    'SiLU'
    """
    return Activation("SiLU")


def gelu() -> Activation:
    """Return ``x`` times the normal distribution function of ``x``.

    >>> str(gelu())
    'GELU'
    """
    return Activation("GELU")


def hardswish() -> Activation:
    """Return the piecewise form of `silu`.

    >>> str(hardswish())
    'hardswish'
    """
    return Activation("hardswish")


def hardsigmoid() -> Activation:
    """Return the piecewise form of `sigmoid`.

    >>> str(hardsigmoid())
    'hardsigmoid'
    """
    return Activation("hardsigmoid")


def sigmoid() -> Activation:
    """Return the logistic function.

    >>> str(sigmoid())
    'sigmoid'
    """
    return Activation("sigmoid")


def tanh() -> Activation:
    """Return the hyperbolic tangent.

    >>> str(tanh())
    'tanh'
    """
    return Activation("tanh")


def softmax() -> Activation:
    """Return the softmax.

    >>> str(softmax())
    'softmax'
    """
    return Activation("softmax")


def batch_norm(num_features: int | None = None) -> BatchNorm:
    """Return batch normalisation; without *num_features* it takes the channels that come in.

    >>> str(batch_norm(64))
    'batch normalisation'
    """
    return BatchNorm(optional(num_features, "num_features"))


def dropout(p: int | Fraction = Fraction(1, 2)) -> Dropout:
    """Return dropout with probability *p*.

    >>> str(dropout(Fraction(1, 4)))
    'dropout 0.25'
    """
    if isinstance(p, bool) or not isinstance(p, (int, Fraction)) or not 0 <= p <= 1:
        raise SolverError(f"p must be a probability, not {p}")
    return Dropout(p)


def layer_norm(normalized_shape: int | Shape | None = None, *, bias: bool = True) -> LayerNorm:
    """Return layer normalisation over the last axes, as *normalized_shape* lists them.

    Without it, all that comes in is normalised together. Each place has a scale and, with *bias*,
    a shift.

    >>> str(layer_norm(512))
    'layer normalisation'
    """
    if isinstance(normalized_shape, int):
        normalized_shape = (normalized_shape,)
    if normalized_shape is not None:
        normalized_shape = shape_of(normalized_shape, "normalized_shape")
    return LayerNorm(normalized_shape, flag(bias, "bias"))


def group_norm(num_groups: int, num_channels: int | None = None) -> GroupNorm:
    """Return normalisation over groups of channels; each channel has a scale and a shift.

    >>> str(group_norm(8))
    'group normalisation, 8 groups'
    """
    return GroupNorm(whole(num_groups, "num_groups"), optional(num_channels, "num_channels"))


def identity() -> Identity:
    """Return what comes in: the branch of a skip connection.

    >>> str(identity())
    'the input itself'
    """
    return Identity()


SOLVERS: Final[tuple[Solver, ...]] = (
    relu,
    relu6,
    leaky_relu,
    silu,
    gelu,
    hardswish,
    hardsigmoid,
    sigmoid,
    tanh,
    softmax,
    batch_norm,
    layer_norm,
    group_norm,
    dropout,
    identity,
)
