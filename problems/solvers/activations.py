"""Values of activation functions, cell by cell, and the gradient that they give back.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 6.3, and the PyTorch
documentation of the functions of these names. Irrational values are doubles.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Final, TypeAlias, cast

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, array, fitting
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "activation", "activation_backward", "softmax"]

RANKS: Final = (0, 1, 2, 3, 4)
MAX_ACTIVATED: Final = 500_000
MAX_SLOPE: Final = 10**6
RELU6_TOP: Final = 6

Curve: TypeAlias = Callable[[Array], Array]


def activation(
    x: Grid, name: str, *, negative_slope: Number = Fraction(1, 100), axis: int = -1
) -> Array:
    """Return the activation *name* of a number *x* or each cell of it, or the softmax along *axis*.

    The names are ``relu relu6 leaky_relu elu sigmoid tanh softplus silu gelu softmax``; a leaky
    ReLU multiplies negative cells by *negative_slope*. ReLUs of integers are exact. The GELU is
    that of the normal distribution.

    >>> activation([[-3, 2]], "relu")
    array([[0, 2]])
    """
    cells = array(x, "x", ranks=RANKS)
    fitting(cells.shape, "x", most=MAX_ACTIVATED)
    if name == "softmax":
        return softmax(cells, _axis(axis, cells))
    if name == "leaky_relu":
        return _sloped(cells, np.maximum(cells, 0), np.minimum(cells, 0), negative_slope)
    return _curve(name)[0](cells)


def activation_backward(
    x: Grid, dy: Grid, name: str, *, negative_slope: Number = Fraction(1, 100), axis: int = -1
) -> Array:
    """Return the gradient with respect to the input *x* of an activation, from *dy* of its output.

    ``dx = dy * f'(x)``; of the softmax ``dx = y * (dy - sum(y * dy))`` along *axis*. The slope of a
    ReLU at 0 is 0. The names are those of `activation`.

    >>> activation_backward([-3, 2], [10, 20], "relu")
    array([ 0, 20])
    """
    cells, given = array(x, "x", ranks=RANKS), array(dy, "dy", ranks=RANKS)
    fitting(cells.shape, "x", most=MAX_ACTIVATED)
    if given.shape != cells.shape:
        raise SolverError(f"dy must have the shape {cells.shape} of x, not {given.shape}")
    if name == "softmax":
        shares = softmax(cells, _axis(axis, cells))
        mean = (shares * given).sum(axis=axis, keepdims=True)
        return cast("Array", shares * (given - mean))
    if name == "leaky_relu":
        return _sloped(given, given * (cells > 0), given * (cells <= 0), negative_slope)
    return given * _curve(name)[1](cells)


def softmax(cells: Array, axis: int = -1) -> Array:
    """Return ``exp(x) / sum(exp(x))`` along *axis*; large cells do not overflow.

    >>> softmax(np.array([1000, 1000]))
    array([0.5, 0.5])
    """
    powers = np.exp(cells - cells.max(axis=axis, keepdims=True))
    return cast("Array", powers / powers.sum(axis=axis, keepdims=True))


def _axis(axis: int, cells: Array) -> int:
    if not isinstance(axis, int) or not -cells.ndim <= axis < cells.ndim:
        raise SolverError(f"x has {cells.ndim} axes, so there is no axis {axis}")
    return axis


def _curve(name: str) -> tuple[Curve, Curve]:
    if name not in CURVES:
        names = ", ".join((*CURVES, "leaky_relu", "softmax"))
        raise SolverError(f"name must be one of {names}, not {str(name)[:20]}")
    return CURVES[name]


def _sloped(like: Array, above: Array, below: Array, slope: Number) -> Array:
    """Return ``above + slope * below``; the quotient of integers is the double nearest to it."""
    if not isinstance(slope, (int, Fraction)) or not 0 <= slope <= MAX_SLOPE:
        raise SolverError(f"negative_slope must be from 0 to {MAX_SLOPE}, not {slope}")
    ratio = Fraction(slope)
    if ratio.denominator == 1 or not like.any():
        return above + below * ratio.numerator
    return above + below * ratio.numerator / ratio.denominator


def _sigmoid(cells: Array) -> Array:
    """Return ``1 / (1 + exp(-x))`` by the power that does not overflow."""
    power = np.exp(-np.abs(cells))
    return cast("Array", np.where(cells < 0, power, 1.0) / (1 + power))


def _relu6(cells: Array) -> Array:
    return cast("Array", np.clip(cells, 0, RELU6_TOP))


def _elu(cells: Array) -> Array:
    return np.where(cells > 0, cells, np.expm1(np.minimum(cells, 0)))


def _normal(cells: Array) -> Array:
    """Return how much of the standard normal distribution lies below each cell."""
    below = [math.erfc(-cell / math.sqrt(2)) / 2 for cell in cells.ravel().tolist()]
    return np.array(below).reshape(cells.shape)


def _gelu_slope(cells: Array) -> Array:
    density = np.exp(-np.square(cells.astype(np.float64)) / 2) / math.sqrt(2 * math.pi)
    return cast("Array", _normal(cells) + cells * density)


def _silu_slope(cells: Array) -> Array:
    gate = _sigmoid(cells)
    return gate * (1 + cells * (1 - gate))


# Each function of one cell with its derivative.
CURVES: Final[dict[str, tuple[Curve, Curve]]] = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1, 0)),
    "relu6": (_relu6, lambda x: np.where((x > 0) & (x < RELU6_TOP), 1, 0)),
    "elu": (_elu, lambda x: np.exp(np.minimum(x, 0))),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    "tanh": (np.tanh, lambda x: 1 - np.square(np.tanh(x))),
    "softplus": (lambda x: np.logaddexp(x, 0), _sigmoid),
    "silu": (lambda x: x * _sigmoid(x), _silu_slope),
    "gelu": (lambda x: x * _normal(x), _gelu_slope),
}


# What students do instead.


def _of_the_softmax(given: SimpleNamespace) -> Array:
    """Return the cells of a softmax that is asked for."""
    if given.name != "softmax":
        raise SolverError("only a softmax has a sum")
    return array(given.x, "x", ranks=RANKS)


def _shares_of_sum(given: SimpleNamespace) -> Array:
    cells = _of_the_softmax(given)
    sums = cells.sum(axis=_axis(given.axis, cells), keepdims=True)
    if not sums.all():
        raise SolverError("the cells sum to zero")
    return cast("Array", cells / sums)


def _powers(given: SimpleNamespace) -> Array:
    return cast("Array", np.exp(_of_the_softmax(given)))


def _other_axis(given: SimpleNamespace) -> int:
    cells = _of_the_softmax(given)
    if cells.ndim == 1:
        raise SolverError("a vector has one axis")
    return -2 if _axis(given.axis, cells) in {-1, cells.ndim - 1} else -1


def _turned(given: SimpleNamespace) -> Array:
    """Return *x* with the sign that the exponent must not have."""
    if given.name not in {"sigmoid", "softmax"}:
        raise SolverError("there is no exponent whose sign could be lost")
    return -array(given.x, "x", ranks=RANKS)


def _named(asked: str, given_instead: str) -> Callable[[SimpleNamespace], str]:
    """Return the change of the name of a function that is *asked*; for others there is none."""

    def change(given: SimpleNamespace) -> str:
        if given.name != asked:
            raise SolverError(f"not {asked} is asked for")
        if "softmax" in {asked, given_instead} and array(given.x, "x", ranks=RANKS).ndim == 0:
            raise SolverError("a softmax is of several numbers")
        return given_instead

    return change


def _over_all(given: SimpleNamespace) -> Array:
    """Return the softmax over all cells, where it is asked of each row or column."""
    cells = _of_the_softmax(given)
    if cells.ndim < 2:  # noqa: PLR2004 - rows and columns
        raise SolverError("a vector has one axis")
    return softmax(cells.ravel()).reshape(cells.shape)


def _open_gates(given: SimpleNamespace) -> Array:
    if given.name not in {"relu", "relu6", "leaky_relu"}:
        raise SolverError("only a ReLU closes")
    return array(given.dy, "dy", ranks=RANKS)


def _slope_of_output(given: SimpleNamespace) -> Array:
    """Return the gradient with the input put where the formula has the output: ``x * (1 - x)``."""
    cells, given_back = array(given.x, "x", ranks=RANKS), array(given.dy, "dy", ranks=RANKS)
    if given.name == "sigmoid":
        return given_back * cells * (1 - cells)
    if given.name == "tanh":
        return given_back * (1 - cells * cells)
    raise SolverError("the derivative is not written by the output")


SOLVERS: Final[tuple[Solver, ...]] = (activation, activation_backward)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        activation,
        {
            "activation_left_out": instead(
                activation, lambda given: array(given.x, "x", ranks=RANKS)
            ),
            "softmax_without_powers": instead(activation, _shares_of_sum),
            "softmax_undivided": instead(activation, _powers),
            "other_axis": told(activation, axis=_other_axis),
            "softmax_over_all": instead(activation, _over_all),
            "exponent_sign": told(activation, x=_turned),
            "softmax_for_sigmoid": told(activation, name=_named("sigmoid", "softmax")),
            "sigmoid_for_softmax": told(activation, name=_named("softmax", "sigmoid")),
            "tanh_for_sigmoid": told(activation, name=_named("sigmoid", "tanh")),
            "sigmoid_for_tanh": told(activation, name=_named("tanh", "sigmoid")),
        },
    ),
    *twins_of(
        activation_backward,
        {
            "gate_left_open": instead(activation_backward, _open_gates),
            "slope_of_output": instead(activation_backward, _slope_of_output),
            "upstream_left_out": told(
                activation_backward,
                dy=lambda given: np.ones_like(array(given.dy, "dy", ranks=RANKS)),
            ),
        },
    ),
)
