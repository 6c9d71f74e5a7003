"""Layers that keep the shape: activations, normalization, dropout."""

from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver
from grader.values import Number
from problems.network.constructors.layers import as_integer_or_none
from problems.network.layers import Activation, BatchNorm, Dropout, GroupNorm, Identity, LayerNorm
from problems.solvers.bounds import Shape, as_integer, as_numbers, as_shape, require_bool


def relu() -> Activation:
    """Return a ReLU layer.

    >>> str(relu())
    'ReLU'
    """
    return Activation("ReLU")


def relu6() -> Activation:
    """Return a ReLU layer capped at 6.

    >>> str(relu6())
    'ReLU6'
    """
    return Activation("ReLU6")


def leaky_relu(*, negative_slope: Number = Fraction(1, 100)) -> Activation:
    """Return a leaky ReLU layer, with slope *negative_slope* below zero.

    >>> str(leaky_relu())
    'leaky ReLU'
    """
    (slope,) = as_numbers((negative_slope,), "negative_slope")
    return Activation("leaky ReLU", slope)


def silu() -> Activation:
    """Return a SiLU layer: ``x * sigmoid(x)``, also called swish.

    >>> str(silu())
    'SiLU'
    """
    return Activation("SiLU")


def gelu() -> Activation:
    """Return a GELU layer: ``x`` times the normal distribution function of ``x``.

    >>> str(gelu())
    'GELU'
    """
    return Activation("GELU")


def hardswish() -> Activation:
    """Return a hardswish layer, the piecewise form of `silu`.

    >>> str(hardswish())
    'hardswish'
    """
    return Activation("hardswish")


def hardsigmoid() -> Activation:
    """Return a hardsigmoid layer, the piecewise form of `sigmoid`.

    >>> str(hardsigmoid())
    'hardsigmoid'
    """
    return Activation("hardsigmoid")


def sigmoid() -> Activation:
    """Return a sigmoid layer, the logistic function.

    >>> str(sigmoid())
    'sigmoid'
    """
    return Activation("sigmoid")


def tanh() -> Activation:
    """Return a hyperbolic tangent layer.

    >>> str(tanh())
    'tanh'
    """
    return Activation("tanh")


def softmax() -> Activation:
    """Return a softmax layer.

    >>> str(softmax())
    'softmax'
    """
    return Activation("softmax")


def batch_norm(num_features: int | None = None) -> BatchNorm:
    """Return batch normalization; *num_features* defaults to the input channels.

    >>> str(batch_norm(64))
    'batch normalization'
    """
    return BatchNorm(as_integer_or_none(num_features, "num_features"))


def dropout(p: int | Fraction = Fraction(1, 2)) -> Dropout:
    """Return dropout with probability *p*.

    >>> str(dropout(Fraction(1, 4)))
    'dropout 0.25'
    """
    if isinstance(p, bool) or not isinstance(p, (int, Fraction)) or not 0 <= p <= 1:
        raise SolverError(f"p must be a probability, not {p}")
    return Dropout(p)


def layer_norm(normalized_shape: int | Shape | None = None, *, bias: bool = True) -> LayerNorm:
    """Return layer normalization over the last axes, given as *normalized_shape*.

    By default, it normalizes over the whole input. Each position has a scale and, with
    *bias*, a shift.

    >>> str(layer_norm(512))
    'layer normalization'
    """
    if isinstance(normalized_shape, int):
        normalized_shape = (normalized_shape,)
    if normalized_shape is not None:
        normalized_shape = as_shape(normalized_shape, "normalized_shape")
    return LayerNorm(normalized_shape, require_bool(bias, "bias"))


def group_norm(num_groups: int, num_channels: int | None = None) -> GroupNorm:
    """Return normalization over groups of channels; each channel has a scale and a shift.

    >>> str(group_norm(8))
    'group normalization, 8 groups'
    """
    return GroupNorm(
        as_integer(num_groups, "num_groups"), as_integer_or_none(num_channels, "num_channels")
    )


def identity() -> Identity:
    """Return the identity layer: the branch of a skip connection.

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
