"""One step of Adam, and its two moments.

Parameters are numbers or arrays. Moments are exact, steps are doubles. Source: Kingma
and Ba, Adam (2015), algorithm 1; the PyTorch documentation of ``Adam``.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Final, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number
from problems.solvers.bounds import as_integer
from problems.solvers.exact_arrays import (
    FractionArray,
    NumberOrArray,
    NumberOrGrid,
    as_fraction,
    simplify_fractions,
)
from problems.solvers.optimisers import as_grad_and_state, as_param_and_grad, negate_learning_rate
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

BETAS: Final = (Fraction(9, 10), Fraction(999, 1000))

T = TypeVar("T")

Moments: TypeAlias = tuple[NumberOrGrid, NumberOrGrid]
DoubleArray: TypeAlias = npt.NDArray[np.float64]


def adam_moments(
    grad: NumberOrGrid, moments: Moments = (0, 0), *, betas: tuple[Number, Number] = BETAS
) -> tuple[NumberOrArray, NumberOrArray]:
    """Return the two moments of Adam after a gradient, before bias correction.

    ``beta1*m + (1-beta1)*g`` and ``beta2*v + (1-beta2)*g**2``, from *moments* (m, v);
    both are 0 before the first step.

    >>> adam_moments(2)
    (Fraction(1, 5), Fraction(1, 250))
    """
    first, second = _parse_betas(betas)
    old = _require_two_items(moments, "moments")
    slopes, mean = as_grad_and_state(grad, old[0], "the first moment")
    _, square = as_grad_and_state(grad, old[1], "the second moment")
    return (
        simplify_fractions(first * mean + (1 - first) * slopes),
        simplify_fractions(second * square + (1 - second) * slopes**2),
    )


def adam_step(
    param: NumberOrGrid,
    grad: NumberOrGrid,
    moments: Moments = (0, 0),
    *,
    step: int = 1,
    lr: Number = Fraction(1, 1000),
    betas: tuple[Number, Number] = BETAS,
    eps: Number = Fraction(1, 10**8),
) -> NumberOrArray:
    """Return *param* after the Adam step number *step*, counted from 1.

    ``w - lr * (m / (1 - beta1**step)) / (sqrt(v / (1 - beta2**step)) + eps)``, where m
    and v are the new moments from `adam_moments`.

    >>> round(adam_step(1, 2, lr=Fraction(1, 10)), 6)
    0.9
    """
    weights, _ = as_param_and_grad(param, grad)
    mean, square = adam_moments(grad, moments, betas=betas)
    step_number = as_integer(step, "step")
    first, second = (_bias_correction(beta, step_number) for beta in _parse_betas(betas))
    return _apply_adaptive_step(
        weights, _as_float64(mean) / first, _as_float64(square) / second, lr=lr, eps=eps
    )


def _apply_adaptive_step(
    weights: FractionArray, mean: DoubleArray, square: DoubleArray, *, lr: Number, eps: Number
) -> NumberOrArray:
    """Return *weights* after a step along *mean*, divided by the root of *square*."""
    if (square < 0).any():
        raise SolverError("the second moment must not be negative")
    divisor = np.sqrt(square) + float(as_fraction(eps, "eps"))
    if not divisor.all():
        raise SolverError("the step divides by zero: eps is 0 and so is the second moment")
    stepped = _as_float64(weights) - float(as_fraction(lr, "lr")) * mean / divisor
    return stepped if np.ndim(stepped) else float(stepped)


def _bias_correction(beta: Fraction, step: int) -> float:
    """Return ``1 - beta**step`` without cancellation."""
    correction = -math.expm1(step * math.log(beta)) if beta else 1.0
    if not correction:
        raise SolverError("betas are too close to 1")
    return correction


def _as_float64(cells: object) -> DoubleArray:
    return np.asarray(cells, dtype=np.float64)


def _require_two_items(value: Sequence[T], what: str) -> tuple[T, T]:
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:  # noqa: PLR2004 - mean and square
        raise SolverError(f"{what} must be two")
    return value[0], value[1]


def _parse_betas(betas: tuple[Number, Number]) -> tuple[Fraction, Fraction]:
    first, second = (
        as_fraction(beta, "each of betas") for beta in _require_two_items(betas, "betas")
    )
    if not (0 <= first < 1 and 0 <= second < 1):
        raise SolverError("betas must be from 0 to below 1")
    return first, second


SOLVERS: Final[tuple[Solver, ...]] = (adam_moments, adam_step)

# What students do instead.


def _complement_betas(args: SolverArguments) -> tuple[Number, Number]:
    """Return ``1 - beta`` for each beta, which swaps the weights of moment and gradient."""
    first, second = _parse_betas(args.betas)
    return 1 - first, 1 - second


def _swap_betas(args: SolverArguments) -> tuple[Number, Number]:
    first, second = _parse_betas(args.betas)
    return second, first


def _moments_without_square(args: SolverArguments) -> tuple[NumberOrArray, NumberOrArray]:
    """Return the moments, with the gradient not squared in the second one."""
    _, second = _parse_betas(args.betas)
    mean, _ = adam_moments(**vars(args))
    slopes, square = as_grad_and_state(
        args.grad, _require_two_items(args.moments, "moments")[1], "the second moment"
    )
    return mean, simplify_fractions(second * square + (1 - second) * slopes)


def _step_without_correction(args: SolverArguments) -> NumberOrArray:
    mean, square = adam_moments(args.grad, args.moments, betas=args.betas)
    weights, _ = as_param_and_grad(args.param, args.grad)
    return _apply_adaptive_step(
        weights, _as_float64(mean), _as_float64(square), lr=args.lr, eps=args.eps
    )


def _step_with_one_correction(args: SolverArguments, *, first: bool) -> NumberOrArray:
    """Return the parameter after a step that corrects only one of the moments."""
    mean, square = adam_moments(args.grad, args.moments, betas=args.betas)
    weights, _ = as_param_and_grad(args.param, args.grad)
    corrections = [_bias_correction(beta, args.step) for beta in _parse_betas(args.betas)]
    by_mean, by_square = (corrections[0], 1.0) if first else (1.0, corrections[1])
    return _apply_adaptive_step(
        weights,
        _as_float64(mean) / by_mean,
        _as_float64(square) / by_square,
        lr=args.lr,
        eps=args.eps,
    )


def _step_without_root(args: SolverArguments) -> NumberOrArray:
    """Return the parameter after a step divided by the mean square, not by its root."""
    mean, square = adam_moments(args.grad, args.moments, betas=args.betas)
    weights, _ = as_param_and_grad(args.param, args.grad)
    first, second = (_bias_correction(beta, args.step) for beta in _parse_betas(args.betas))
    squared = np.square(_as_float64(square) / second)
    return _apply_adaptive_step(
        weights, _as_float64(mean) / first, squared, lr=args.lr, eps=args.eps
    )


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        adam_moments,
        {
            "betas_swapped": replace_arguments(adam_moments, betas=_swap_betas),
            "old_and_new_exchanged": replace_arguments(adam_moments, betas=_complement_betas),
            "square_left_out": replace_formula(adam_moments, _moments_without_square),
            "old_moments_left_out": replace_arguments(adam_moments, moments=(0, 0)),
        },
    ),
    *build_wrong_versions(
        adam_step,
        {
            "step_added": replace_arguments(adam_step, lr=negate_learning_rate),
            "learning_rate_left_out": replace_arguments(adam_step, lr=1),
            "betas_swapped": replace_arguments(adam_step, betas=_swap_betas),
            "correction_left_out": replace_formula(adam_step, _step_without_correction),
            "first_moment_corrected": replace_formula(
                adam_step, partial(_step_with_one_correction, first=True)
            ),
            "second_moment_corrected": replace_formula(
                adam_step, partial(_step_with_one_correction, first=False)
            ),
            "old_moments_left_out": replace_arguments(adam_step, moments=(0, 0)),
            "correction_of_first_step": replace_arguments(adam_step, step=1),
            "root_left_out": replace_formula(adam_step, _step_without_root),
        },
    ),
)
