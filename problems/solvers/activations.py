"""Activation functions, applied elementwise, and their backward pass.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 6.3, and the
PyTorch documentation of the functions of these names. Irrational values are doubles.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final, TypeAlias, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, as_array, check_cell_count
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

RANKS: Final = (0, 1, 2, 3, 4)
MAX_ACTIVATION_CELLS: Final = 500_000
MAX_SLOPE: Final = 10**6
RELU6_TOP: Final = 6

ActivationCurve: TypeAlias = Callable[[Array], Array]


def activation(
    x: Grid, name: str, *, negative_slope: Number = Fraction(1, 100), axis: int = -1
) -> Array:
    """Return the activation *name* of *x*, elementwise; the softmax is along *axis*.

    *x* is a number or an array. The names are
    ``relu relu6 leaky_relu elu sigmoid tanh softplus silu gelu softmax``; a leaky ReLU
    multiplies negative cells by *negative_slope*. ReLUs of integers are exact. The GELU
    uses the normal distribution function.

    >>> activation([[-3, 2]], "relu")
    array([[0, 2]])
    """
    cells = as_array(x, "x", ranks=RANKS)
    check_cell_count(cells.shape, "x", most=MAX_ACTIVATION_CELLS)
    if name == "softmax":
        return softmax(cells, _require_axis(axis, cells))
    if name == "leaky_relu":
        return _apply_leaky_slope(cells, np.maximum(cells, 0), np.minimum(cells, 0), negative_slope)
    return _find_activation_curves(name)[0](cells)


def activation_backward(
    x: Grid, dy: Grid, name: str, *, negative_slope: Number = Fraction(1, 100), axis: int = -1
) -> Array:
    """Return the gradient with respect to *x* of an activation, from the gradient *dy*.

    *dy* is the gradient with respect to the output. ``dx = dy * f'(x)``; for the
    softmax, ``dx = y * (dy - sum(y * dy))`` along *axis*. The slope of a ReLU at 0 is
    0. The names are those of `activation`.

    >>> activation_backward([-3, 2], [10, 20], "relu")
    array([ 0, 20])
    """
    cells, upstream = as_array(x, "x", ranks=RANKS), as_array(dy, "dy", ranks=RANKS)
    check_cell_count(cells.shape, "x", most=MAX_ACTIVATION_CELLS)
    if upstream.shape != cells.shape:
        raise SolverError(f"dy must have the shape {cells.shape} of x, not {upstream.shape}")
    if name == "softmax":
        shares = softmax(cells, _require_axis(axis, cells))
        mean = (shares * upstream).sum(axis=axis, keepdims=True)
        return cast("Array", shares * (upstream - mean))
    if name == "leaky_relu":
        return _apply_leaky_slope(
            upstream, upstream * (cells > 0), upstream * (cells <= 0), negative_slope
        )
    return upstream * _find_activation_curves(name)[1](cells)


def softmax(cells: Array, axis: int = -1) -> Array:
    """Return ``exp(x) / sum(exp(x))`` along *axis*, without overflow for large cells.

    >>> softmax(np.array([1000, 1000]))
    array([0.5, 0.5])
    """
    powers = np.exp(cells - cells.max(axis=axis, keepdims=True))
    return cast("Array", powers / powers.sum(axis=axis, keepdims=True))


def _require_axis(axis: int, cells: Array) -> int:
    if not isinstance(axis, int) or not -cells.ndim <= axis < cells.ndim:
        raise SolverError(f"x has {cells.ndim} axes, so there is no axis {axis}")
    return axis


def _find_activation_curves(name: str) -> tuple[ActivationCurve, ActivationCurve]:
    if name not in ACTIVATION_CURVES:
        names = ", ".join((*ACTIVATION_CURVES, "leaky_relu", "softmax"))
        raise SolverError(f"name must be one of {names}, not {str(name)[:20]}")
    return ACTIVATION_CURVES[name]


def _apply_leaky_slope(like: Array, above: Array, below: Array, slope: Number) -> Array:
    """Return ``above + slope * below``; a quotient of integers is the nearest double."""
    if not isinstance(slope, (int, Fraction)) or not 0 <= slope <= MAX_SLOPE:
        raise SolverError(f"negative_slope must be from 0 to {MAX_SLOPE}, not {slope}")
    ratio = Fraction(slope)
    if ratio.denominator == 1 or not like.any():
        return above + below * ratio.numerator
    return above + below * ratio.numerator / ratio.denominator


def _sigmoid(cells: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``, computed without overflow."""
    power = np.exp(-np.abs(cells))
    return cast("Array", np.where(cells < 0, power, 1.0) / (1 + power))


def _relu6(cells: Array) -> Array:
    return cast("Array", np.clip(cells, 0, RELU6_TOP))


def _elu(cells: Array) -> Array:
    return np.where(cells > 0, cells, np.expm1(np.minimum(cells, 0)))


def _normal_cdf(cells: Array) -> Array:
    """Return the standard normal distribution function of each cell."""
    below = [math.erfc(-cell / math.sqrt(2)) / 2 for cell in cells.ravel().tolist()]
    return np.array(below).reshape(cells.shape)


def _gelu_derivative(cells: Array) -> Array:
    density = np.exp(-np.square(cells.astype(np.float64)) / 2) / math.sqrt(2 * math.pi)
    return cast("Array", _normal_cdf(cells) + cells * density)


def _silu_derivative(cells: Array) -> Array:
    gate = _sigmoid(cells)
    return gate * (1 + cells * (1 - gate))


# Each function of one cell with its derivative.
ACTIVATION_CURVES: Final[dict[str, tuple[ActivationCurve, ActivationCurve]]] = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1, 0)),
    "relu6": (_relu6, lambda x: np.where((x > 0) & (x < RELU6_TOP), 1, 0)),
    "elu": (_elu, lambda x: np.exp(np.minimum(x, 0))),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    "tanh": (np.tanh, lambda x: 1 - np.square(np.tanh(x))),
    "softplus": (lambda x: np.logaddexp(x, 0), _sigmoid),
    "silu": (lambda x: x * _sigmoid(x), _silu_derivative),
    "gelu": (lambda x: x * _normal_cdf(x), _gelu_derivative),
}


# What students do instead.


def _softmax_input(args: SolverArguments) -> Array:
    """Return the input as an array; raise `SolverError` unless *name* is the softmax."""
    if args.name != "softmax":
        raise SolverError("only a softmax has a sum")
    return as_array(args.x, "x", ranks=RANKS)


def _softmax_without_exp(args: SolverArguments) -> Array:
    cells = _softmax_input(args)
    sums = cells.sum(axis=_require_axis(args.axis, cells), keepdims=True)
    if not sums.all():
        raise SolverError("the cells sum to zero")
    return cast("Array", cells / sums)


def _undivided_softmax(args: SolverArguments) -> Array:
    return cast("Array", np.exp(_softmax_input(args)))


def _swap_softmax_axis(args: SolverArguments) -> int:
    cells = _softmax_input(args)
    if cells.ndim == 1:
        raise SolverError("a vector has one axis")
    return -2 if _require_axis(args.axis, cells) in {-1, cells.ndim - 1} else -1


def _negate_input(args: SolverArguments) -> Array:
    """Return *x* negated, for a wrong sign in the exponent."""
    if args.name not in {"sigmoid", "softmax"}:
        raise SolverError("there is no exponent whose sign could be lost")
    return -as_array(args.x, "x", ranks=RANKS)


def _replace_activation_argument(
    expected: str, replacement: str
) -> Callable[[SolverArguments], str]:
    """Return a function that replaces the name *expected* by *replacement*.

    It raises `SolverError` for any other name.
    """

    def replace_name(args: SolverArguments) -> str:
        if args.name != expected:
            raise SolverError(f"not {expected} is asked for")
        if "softmax" in {expected, replacement} and as_array(args.x, "x", ranks=RANKS).ndim == 0:
            raise SolverError("a softmax is of several numbers")
        return replacement

    return replace_name


def _softmax_over_all_cells(args: SolverArguments) -> Array:
    """Return the softmax over all cells, instead of over each row or column."""
    cells = _softmax_input(args)
    if cells.ndim < 2:  # noqa: PLR2004 - rows and columns
        raise SolverError("a vector has one axis")
    return softmax(cells.ravel()).reshape(cells.shape)


def _gradient_without_relu_gate(args: SolverArguments) -> Array:
    if args.name not in {"relu", "relu6", "leaky_relu"}:
        raise SolverError("only a ReLU closes")
    return as_array(args.dy, "dy", ranks=RANKS)


def _derivative_from_input(args: SolverArguments) -> Array:
    """Return the gradient with the input in place of the output: ``x * (1 - x)``."""
    cells, upstream = as_array(args.x, "x", ranks=RANKS), as_array(args.dy, "dy", ranks=RANKS)
    if args.name == "sigmoid":
        return upstream * cells * (1 - cells)
    if args.name == "tanh":
        return upstream * (1 - cells * cells)
    raise SolverError("the derivative is not written by the output")


SOLVERS: Final[tuple[Solver, ...]] = (activation, activation_backward)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        activation,
        {
            "activation_left_out": replace_formula(
                activation, lambda args: as_array(args.x, "x", ranks=RANKS)
            ),
            "softmax_without_powers": replace_formula(activation, _softmax_without_exp),
            "softmax_undivided": replace_formula(activation, _undivided_softmax),
            "other_axis": replace_arguments(activation, axis=_swap_softmax_axis),
            "softmax_over_all": replace_formula(activation, _softmax_over_all_cells),
            "exponent_sign": replace_arguments(activation, x=_negate_input),
            "softmax_for_sigmoid": replace_arguments(
                activation, name=_replace_activation_argument("sigmoid", "softmax")
            ),
            "sigmoid_for_softmax": replace_arguments(
                activation, name=_replace_activation_argument("softmax", "sigmoid")
            ),
            "tanh_for_sigmoid": replace_arguments(
                activation, name=_replace_activation_argument("sigmoid", "tanh")
            ),
            "sigmoid_for_tanh": replace_arguments(
                activation, name=_replace_activation_argument("tanh", "sigmoid")
            ),
        },
    ),
    *build_wrong_versions(
        activation_backward,
        {
            "gate_left_open": replace_formula(activation_backward, _gradient_without_relu_gate),
            "slope_of_output": replace_formula(activation_backward, _derivative_from_input),
            "upstream_left_out": replace_arguments(
                activation_backward,
                dy=lambda args: np.ones_like(as_array(args.dy, "dy", ranks=RANKS)),
            ),
        },
    ),
)
