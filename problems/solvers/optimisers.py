"""One step of gradient descent, plain or with momentum, in exact arithmetic.

Parameters are numbers or arrays. Source: the PyTorch documentation of ``SGD``;
Sutskever et al., On the Importance of Initialization and Momentum (2013).
"""

from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number
from problems.solvers.bounds import require_bool
from problems.solvers.exact_arrays import (
    FractionArray,
    NumberOrArray,
    NumberOrGrid,
    as_fraction,
    as_fraction_array,
    as_matching_arrays,
    simplify_fractions,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def sgd_step(
    param: NumberOrGrid, grad: NumberOrGrid, *, lr: Number, weight_decay: Number = 0
) -> NumberOrArray:
    """Return *param* after one step of gradient descent.

    It is ``w - lr * (g + weight_decay*w)``.

    >>> sgd_step([1, 2], [10, -10], lr=Fraction(1, 10)).tolist()
    [0, 3]
    """
    weights, slopes = as_param_and_grad(param, grad)
    decayed = slopes + as_fraction(weight_decay, "weight_decay") * weights
    return simplify_fractions(weights - as_fraction(lr, "lr") * decayed)


def momentum_velocity(
    grad: NumberOrGrid,
    velocity: NumberOrGrid = 0,
    *,
    momentum: Number = Fraction(9, 10),
    dampening: Number = 0,
) -> NumberOrArray:
    """Return the new velocity of gradient descent with momentum.

    It is ``momentum * v + (1 - dampening) * g``. The *velocity* before the first step
    is 0.

    >>> momentum_velocity(4, 10)
    13
    """
    slopes, speed = as_grad_and_state(grad, velocity, "velocity")
    fresh = 1 - as_fraction(dampening, "dampening")
    return simplify_fractions(as_fraction(momentum, "momentum") * speed + fresh * slopes)


def momentum_step(
    param: NumberOrGrid,
    grad: NumberOrGrid,
    velocity: NumberOrGrid = 0,
    *,
    lr: Number,
    momentum: Number = Fraction(9, 10),
    dampening: Number = 0,
    nesterov: bool = False,
) -> NumberOrArray:
    """Return *param* after one step with momentum: ``w - lr * v``.

    Here v is the new velocity, as returned by `momentum_velocity`. With *nesterov*, the
    step is ``lr * (g + momentum*v)``.

    >>> momentum_step(1, 4, 10, lr=Fraction(1, 100))
    Fraction(87, 100)
    """
    weights, slopes = as_param_and_grad(param, grad)
    speed = momentum_velocity(grad, velocity, momentum=momentum, dampening=dampening)
    ahead = slopes + as_fraction(momentum, "momentum") * speed
    return simplify_fractions(
        weights - as_fraction(lr, "lr") * (ahead if require_bool(nesterov, "nesterov") else speed)
    )


def as_param_and_grad(
    param: NumberOrGrid, grad: NumberOrGrid
) -> tuple[FractionArray, FractionArray]:
    """Return *param* and *grad* as exact arrays.

    Raise `SolverError` if their shapes differ.
    """
    return as_matching_arrays(param, grad, ("param", "grad"))


def as_grad_and_state(
    grad: NumberOrGrid, state: NumberOrGrid, what: str
) -> tuple[FractionArray, FractionArray]:
    """Return the gradient and the optimizer state as exact arrays.

    *state* has the shape of *grad*, or is one number for all parameters. *what* names
    it in error messages.
    """
    slopes, previous = as_fraction_array(grad, "grad"), as_fraction_array(state, what)
    if previous.shape not in {(), slopes.shape}:
        raise SolverError(f"{what} has the shape {previous.shape}, grad the shape {slopes.shape}")
    return slopes, previous


SOLVERS: Final[tuple[Solver, ...]] = (
    sgd_step,
    momentum_velocity,
    momentum_step,
)

# What students do instead.


def negate_learning_rate(args: SolverArguments) -> Number:
    """Return the negated learning rate, so that the step is added."""
    return -as_fraction(args.lr, "lr")


def _step_with_unscaled_decay(args: SolverArguments) -> NumberOrArray:
    """Return the parameter after a step whose decay ignores the learning rate."""
    weights, slopes = as_param_and_grad(args.param, args.grad)
    decayed = (1 - as_fraction(args.weight_decay, "weight_decay")) * weights
    return simplify_fractions(decayed - as_fraction(args.lr, "lr") * slopes)


def _averaging_dampening(args: SolverArguments) -> Number:
    """Return the dampening of a running average, whose two weights add up to 1."""
    return as_fraction(args.momentum, "momentum")


def _step_with_old_velocity(args: SolverArguments) -> NumberOrArray:
    """Return the parameter after a step along the velocity before its update."""
    weights, _ = as_param_and_grad(args.param, args.grad)
    _, speed = as_grad_and_state(args.grad, args.velocity, "velocity")
    return simplify_fractions(weights - as_fraction(args.lr, "lr") * speed)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        sgd_step,
        {
            "step_added": replace_arguments(sgd_step, lr=negate_learning_rate),
            "learning_rate_left_out": replace_arguments(sgd_step, lr=1),
            "weight_decay_left_out": replace_arguments(sgd_step, weight_decay=0),
            "decay_added": replace_arguments(
                sgd_step, weight_decay=lambda g: -as_fraction(g.weight_decay, "weight_decay")
            ),
            "decay_without_rate": replace_formula(sgd_step, _step_with_unscaled_decay),
            "decay_doubled": replace_arguments(
                sgd_step, weight_decay=lambda g: 2 * as_fraction(g.weight_decay, "weight_decay")
            ),
        },
    ),
    *build_wrong_versions(
        momentum_velocity,
        {
            "momentum_left_out": replace_arguments(momentum_velocity, momentum=0),
            "averaged_for_summed": replace_arguments(
                momentum_velocity, dampening=_averaging_dampening
            ),
            "dampening_left_out": replace_arguments(momentum_velocity, dampening=0),
        },
    ),
    *build_wrong_versions(
        momentum_step,
        {
            "step_added": replace_arguments(momentum_step, lr=negate_learning_rate),
            "learning_rate_left_out": replace_arguments(momentum_step, lr=1),
            "momentum_left_out": replace_arguments(momentum_step, momentum=0),
            "averaged_for_summed": replace_arguments(momentum_step, dampening=_averaging_dampening),
            "dampening_left_out": replace_arguments(momentum_step, dampening=0),
            "old_velocity_used": replace_formula(momentum_step, _step_with_old_velocity),
            "nesterov_left_out": replace_arguments(momentum_step, nesterov=False),
            "nesterov_added": replace_arguments(momentum_step, nesterov=True),
        },
    ),
)
