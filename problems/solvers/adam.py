"""One step of Adam, and the two moments that it keeps.

Parameters are numbers or arrays. Moments are exact, steps are doubles. Source: Kingma and Ba, Adam
(2015), algorithm 1; the PyTorch documentation of ``Adam``.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Final, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number
from problems.solvers.bounds import whole
from problems.solvers.exact_arrays import Cells, Exact, Plain, exact_number, plain
from problems.solvers.optimisers import param_and_grad, state_like, uphill
from problems.solvers.twins import instead, told, twins_of

__all__ = ["BETAS", "SOLVERS", "TWINS", "Moments", "adam_moments", "adam_step"]

BETAS: Final = (Fraction(9, 10), Fraction(999, 1000))

T = TypeVar("T")

Moments: TypeAlias = tuple[Cells, Cells]
Doubles: TypeAlias = npt.NDArray[np.float64]


def adam_moments(
    grad: Cells, moments: Moments = (0, 0), *, betas: tuple[Number, Number] = BETAS
) -> tuple[Plain, Plain]:
    """Return the two moments of Adam after a gradient, before their correction.

    ``beta1*m + (1-beta1)*g`` and ``beta2*v + (1-beta2)*g**2``, from *moments* (m, v); before the
    first step both are 0.

    >>> adam_moments(2)
    (Fraction(1, 5), Fraction(1, 250))
    """
    first, second = _betas(betas)
    old = _two(moments, "moments")
    slopes, mean = state_like(grad, old[0], "the first moment")
    _, square = state_like(grad, old[1], "the second moment")
    return (
        plain(first * mean + (1 - first) * slopes),
        plain(second * square + (1 - second) * slopes**2),
    )


def adam_step(
    param: Cells,
    grad: Cells,
    moments: Moments = (0, 0),
    *,
    step: int = 1,
    lr: Number = Fraction(1, 1000),
    betas: tuple[Number, Number] = BETAS,
    eps: Number = Fraction(1, 10**8),
) -> Plain:
    """Return *param* after the Adam step number *step*, counted from 1.

    ``w - lr * (m / (1 - beta1**step)) / (sqrt(v / (1 - beta2**step)) + eps)`` with the new moments
    m, v of `adam_moments`.

    >>> round(adam_step(1, 2, lr=Fraction(1, 10)), 6)
    0.9
    """
    weights, _ = param_and_grad(param, grad)
    mean, square = adam_moments(grad, moments, betas=betas)
    now = whole(step, "step")
    first, second = (_correction(beta, now) for beta in _betas(betas))
    return _adapted(weights, _doubles(mean) / first, _doubles(square) / second, lr=lr, eps=eps)


def _adapted(weights: Exact, mean: Doubles, square: Doubles, *, lr: Number, eps: Number) -> Plain:
    """Return *weights* after a step along the mean, divided by the root of the mean square."""
    if (square < 0).any():
        raise SolverError("the second moment must not be negative")
    divisor = np.sqrt(square) + float(exact_number(eps, "eps"))
    if not divisor.all():
        raise SolverError("the step divides by zero: eps is 0 and so is the second moment")
    found = _doubles(weights) - float(exact_number(lr, "lr")) * mean / divisor
    return found if np.ndim(found) else float(found)


def _correction(beta: Fraction, step: int) -> float:
    """Return ``1 - beta**step`` without cancellation."""
    correction = -math.expm1(step * math.log(beta)) if beta else 1.0
    if not correction:
        raise SolverError("betas are too near 1")
    return correction


def _doubles(cells: object) -> Doubles:
    return np.asarray(cells, dtype=np.float64)


def _two(value: Sequence[T], what: str) -> tuple[T, T]:
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:  # noqa: PLR2004 - mean and square
        raise SolverError(f"{what} must be two")
    return value[0], value[1]


def _betas(betas: tuple[Number, Number]) -> tuple[Fraction, Fraction]:
    first, second = (exact_number(beta, "each of betas") for beta in _two(betas, "betas"))
    if not (0 <= first < 1 and 0 <= second < 1):
        raise SolverError("betas must be from 0 to below 1")
    return first, second


SOLVERS: Final[tuple[Solver, ...]] = (adam_moments, adam_step)

# What students do instead.


def _exchanged(given: SimpleNamespace) -> tuple[Number, Number]:
    """Return betas that give the gradient the weight of the moment, and the reverse."""
    first, second = _betas(given.betas)
    return 1 - first, 1 - second


def _swapped(given: SimpleNamespace) -> tuple[Number, Number]:
    first, second = _betas(given.betas)
    return second, first


def _unsquared(given: SimpleNamespace) -> tuple[Plain, Plain]:
    """Return the moments where the second takes the gradient as it is."""
    _, second = _betas(given.betas)
    mean, _ = adam_moments(**vars(given))
    slopes, square = state_like(given.grad, _two(given.moments, "moments")[1], "the second moment")
    return mean, plain(second * square + (1 - second) * slopes)


def _uncorrected(given: SimpleNamespace) -> Plain:
    mean, square = adam_moments(given.grad, given.moments, betas=given.betas)
    weights, _ = param_and_grad(given.param, given.grad)
    return _adapted(weights, _doubles(mean), _doubles(square), lr=given.lr, eps=given.eps)


def _half_corrected(given: SimpleNamespace, *, first: bool) -> Plain:
    """Return the parameter after a step in which one moment alone is corrected."""
    mean, square = adam_moments(given.grad, given.moments, betas=given.betas)
    weights, _ = param_and_grad(given.param, given.grad)
    corrections = [_correction(beta, given.step) for beta in _betas(given.betas)]
    by_mean, by_square = (corrections[0], 1.0) if first else (1.0, corrections[1])
    return _adapted(
        weights, _doubles(mean) / by_mean, _doubles(square) / by_square, lr=given.lr, eps=given.eps
    )


def _rootless(given: SimpleNamespace) -> Plain:
    """Return the parameter after a step that is divided by the mean square, not by its root."""
    mean, square = adam_moments(given.grad, given.moments, betas=given.betas)
    weights, _ = param_and_grad(given.param, given.grad)
    first, second = (_correction(beta, given.step) for beta in _betas(given.betas))
    squared = np.square(_doubles(square) / second)
    return _adapted(weights, _doubles(mean) / first, squared, lr=given.lr, eps=given.eps)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        adam_moments,
        {
            "betas_swapped": told(adam_moments, betas=_swapped),
            "old_and_new_exchanged": told(adam_moments, betas=_exchanged),
            "square_left_out": instead(adam_moments, _unsquared),
            "old_moments_left_out": told(adam_moments, moments=(0, 0)),
        },
    ),
    *twins_of(
        adam_step,
        {
            "step_added": told(adam_step, lr=uphill),
            "learning_rate_left_out": told(adam_step, lr=1),
            "betas_swapped": told(adam_step, betas=_swapped),
            "correction_left_out": instead(adam_step, _uncorrected),
            "first_moment_corrected": instead(adam_step, partial(_half_corrected, first=True)),
            "second_moment_corrected": instead(adam_step, partial(_half_corrected, first=False)),
            "old_moments_left_out": told(adam_step, moments=(0, 0)),
            "correction_of_first_step": told(adam_step, step=1),
            "root_left_out": instead(adam_step, _rootless),
        },
    ),
)
