"""One step of AdamW: Adam, with the decay of the weights beside the gradient and not in it.

Parameters are numbers or arrays. Steps are doubles. Source: Loshchilov and Hutter, Decoupled Weight
Decay Regularization (2019), algorithm 2; the PyTorch documentation of ``AdamW``, which multiplies
the decay by the learning rate too.
"""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any, Final

from grader.book import Solver, Twin
from grader.values import Number
from problems.solvers import adam
from problems.solvers.adam import BETAS, Moments, adam_step
from problems.solvers.exact_arrays import Cells, Exact, Plain, exact_number
from problems.solvers.optimisers import param_and_grad
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "adamw_step"]


def adamw_step(
    param: Cells,
    grad: Cells,
    moments: Moments = (0, 0),
    *,
    step: int = 1,
    lr: Number = Fraction(1, 1000),
    betas: tuple[Number, Number] = BETAS,
    eps: Number = Fraction(1, 10**8),
    weight_decay: Number = Fraction(1, 100),
) -> Plain:
    """Return *param* after the AdamW step number *step*, counted from 1.

    ``w - lr * weight_decay * w``, and from there the step of `adam_step`, whose moments know
    nothing of the decay.

    >>> round(adamw_step(1, 2, lr=Fraction(1, 10), weight_decay=Fraction(1, 2)), 6)
    0.85
    """
    rate = exact_number(lr, "lr") * exact_number(weight_decay, "weight_decay")
    weights, _ = param_and_grad(param, grad)
    return adam_step((1 - rate) * weights, grad, moments, step=step, lr=lr, betas=betas, eps=eps)


SOLVERS: Final[tuple[Solver, ...]] = (adamw_step,)

# What students do instead.


def _decay(given: SimpleNamespace) -> Fraction:
    return exact_number(given.weight_decay, "weight_decay")


def _of_adam(given: SimpleNamespace) -> dict[str, Any]:
    """Return the arguments that a step of Adam has too."""
    return {name: one for name, one in vars(given).items() if name != "weight_decay"}


def _decayed(given: SimpleNamespace) -> dict[str, Any]:
    """Return the arguments of the step of Adam from the decayed weights."""
    weights, _ = param_and_grad(given.param, given.grad)
    rate = exact_number(given.lr, "lr") * _decay(given)
    return {**_of_adam(given), "param": (1 - rate) * weights}


def _in_the_gradient(given: SimpleNamespace) -> Plain:
    """Return the parameter after a step of Adam with an L2 penalty."""
    weights, slopes = param_and_grad(given.param, given.grad)
    return adam_step(**{**_of_adam(given), "grad": slopes + _decay(given) * weights})


def _without_rate(given: SimpleNamespace) -> Plain:
    """Return the parameter where the decay is not multiplied by the learning rate."""
    weights, _ = param_and_grad(given.param, given.grad)
    return adam_step(**{**_of_adam(given), "param": (1 - _decay(given)) * weights})


def _afterwards(given: SimpleNamespace) -> Exact:
    """Return the parameter where it is the new weight that decays."""
    rate = exact_number(given.lr, "lr") * _decay(given)
    stepped: Exact = adam_step(**_of_adam(given)) * float(1 - rate)
    return stepped


def _through_adam(twin: Twin) -> Solver:
    """Return the mistake in a step of Adam, made from the decayed weights."""
    return instead(adamw_step, lambda given: twin.function(**_decayed(given)))


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        adamw_step,
        {
            **{
                twin.mistake: _through_adam(twin)
                for twin in adam.TWINS
                if twin.solver == adam_step.__name__
            },
            "learning_rate_left_out": told(adamw_step, lr=1),
            "weight_decay_left_out": told(adamw_step, weight_decay=0),
            "decay_added": told(adamw_step, weight_decay=lambda given: -_decay(given)),
            "decay_without_rate": instead(adamw_step, _without_rate),
            "decay_in_the_gradient": instead(adamw_step, _in_the_gradient),
            "decay_after_the_step": instead(adamw_step, _afterwards),
        },
    ),
)
