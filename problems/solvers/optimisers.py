"""One step of gradient descent, plain or with momentum, exactly.

Parameters are numbers or arrays. Source: the PyTorch documentation of ``SGD``; Sutskever et al., On
the Importance of Initialization and Momentum (2013).
"""

from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number
from problems.solvers.bounds import flag
from problems.solvers.exact_arrays import (
    Cells,
    Exact,
    Plain,
    exact_array,
    exact_number,
    matching,
    plain,
)
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "momentum_step",
    "momentum_velocity",
    "param_and_grad",
    "sgd_step",
    "state_like",
    "uphill",
]


def sgd_step(param: Cells, grad: Cells, *, lr: Number, weight_decay: Number = 0) -> Plain:
    """Return *param* after one step of gradient descent: ``w - lr * (g + weight_decay*w)``.

    >>> sgd_step([1, 2], [10, -10], lr=Fraction(1, 10)).tolist()
    [0, 3]
    """
    weights, slopes = param_and_grad(param, grad)
    decayed = slopes + exact_number(weight_decay, "weight_decay") * weights
    return plain(weights - exact_number(lr, "lr") * decayed)


def momentum_velocity(
    grad: Cells,
    velocity: Cells = 0,
    *,
    momentum: Number = Fraction(9, 10),
    dampening: Number = 0,
) -> Plain:
    """Return the new velocity of gradient descent with momentum.

    ``momentum * v + (1 - dampening) * g``; the *velocity* before the first step is 0.

    >>> momentum_velocity(4, 10)
    13
    """
    slopes, speed = state_like(grad, velocity, "velocity")
    fresh = 1 - exact_number(dampening, "dampening")
    return plain(exact_number(momentum, "momentum") * speed + fresh * slopes)


def momentum_step(
    param: Cells,
    grad: Cells,
    velocity: Cells = 0,
    *,
    lr: Number,
    momentum: Number = Fraction(9, 10),
    dampening: Number = 0,
    nesterov: bool = False,
) -> Plain:
    """Return *param* after one step with momentum: ``w - lr * v`` with the new velocity v.

    The velocity is that of `momentum_velocity`; with *nesterov* the step is
    ``lr * (g + momentum*v)``.

    >>> momentum_step(1, 4, 10, lr=Fraction(1, 100))
    Fraction(87, 100)
    """
    weights, slopes = param_and_grad(param, grad)
    speed = momentum_velocity(grad, velocity, momentum=momentum, dampening=dampening)
    ahead = slopes + exact_number(momentum, "momentum") * speed
    return plain(
        weights - exact_number(lr, "lr") * (ahead if flag(nesterov, "nesterov") else speed)
    )


def param_and_grad(param: Cells, grad: Cells) -> tuple[Exact, Exact]:
    """Return both as exact arrays, which must have one shape."""
    return matching(param, grad, ("param", "grad"))


def state_like(grad: Cells, state: Cells, what: str) -> tuple[Exact, Exact]:
    """Return the gradient and what the optimiser remembers; one number stands for all."""
    slopes, kept = exact_array(grad, "grad"), exact_array(state, what)
    if kept.shape not in {(), slopes.shape}:
        raise SolverError(f"{what} has the shape {kept.shape}, grad the shape {slopes.shape}")
    return slopes, kept


SOLVERS: Final[tuple[Solver, ...]] = (
    sgd_step,
    momentum_velocity,
    momentum_step,
)

# What students do instead.


def uphill(given: SimpleNamespace) -> Number:
    """Return the learning rate with the other sign, so that the step is added."""
    return -exact_number(given.lr, "lr")


def _decay_without_rate(given: SimpleNamespace) -> Plain:
    """Return the parameter where the decay is not multiplied by the learning rate."""
    weights, slopes = param_and_grad(given.param, given.grad)
    kept = (1 - exact_number(given.weight_decay, "weight_decay")) * weights
    return plain(kept - exact_number(given.lr, "lr") * slopes)


def _averaged(given: SimpleNamespace) -> Number:
    """Return the dampening of a running average, in which old and new add up to 1."""
    return exact_number(given.momentum, "momentum")


def _old_velocity(given: SimpleNamespace) -> Plain:
    """Return the parameter after a step along the velocity before the gradient."""
    weights, _ = param_and_grad(given.param, given.grad)
    _, speed = state_like(given.grad, given.velocity, "velocity")
    return plain(weights - exact_number(given.lr, "lr") * speed)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        sgd_step,
        {
            "step_added": told(sgd_step, lr=uphill),
            "learning_rate_left_out": told(sgd_step, lr=1),
            "weight_decay_left_out": told(sgd_step, weight_decay=0),
            "decay_added": told(
                sgd_step, weight_decay=lambda g: -exact_number(g.weight_decay, "weight_decay")
            ),
            "decay_without_rate": instead(sgd_step, _decay_without_rate),
            "decay_doubled": told(
                sgd_step, weight_decay=lambda g: 2 * exact_number(g.weight_decay, "weight_decay")
            ),
        },
    ),
    *twins_of(
        momentum_velocity,
        {
            "momentum_left_out": told(momentum_velocity, momentum=0),
            "averaged_for_summed": told(momentum_velocity, dampening=_averaged),
            "dampening_left_out": told(momentum_velocity, dampening=0),
        },
    ),
    *twins_of(
        momentum_step,
        {
            "step_added": told(momentum_step, lr=uphill),
            "learning_rate_left_out": told(momentum_step, lr=1),
            "momentum_left_out": told(momentum_step, momentum=0),
            "averaged_for_summed": told(momentum_step, dampening=_averaged),
            "dampening_left_out": told(momentum_step, dampening=0),
            "old_velocity_used": instead(momentum_step, _old_velocity),
            "nesterov_left_out": told(momentum_step, nesterov=False),
            "nesterov_added": told(momentum_step, nesterov=True),
        },
    ),
)
