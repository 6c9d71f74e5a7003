"""AdamW step: Adam with the weight decay applied to the weights, not to the gradient.

Parameters are numbers or arrays; steps are doubles. Source: Loshchilov and Hutter,
Decoupled Weight Decay Regularization (2019), algorithm 2; the PyTorch documentation of
``AdamW``, which also multiplies the decay by the learning rate.
"""

from fractions import Fraction
from typing import Any, Final

from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number
from problems.solvers import adam
from problems.solvers.adam import BETAS, Moments, adam_step
from problems.solvers.exact_arrays import FractionArray, NumberOrArray, NumberOrGrid, as_fraction
from problems.solvers.optimisers import as_param_and_grad
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def adamw_step(
    param: NumberOrGrid,
    grad: NumberOrGrid,
    moments: Moments = (0, 0),
    *,
    step: int = 1,
    lr: Number = Fraction(1, 1000),
    betas: tuple[Number, Number] = BETAS,
    eps: Number = Fraction(1, 10**8),
    weight_decay: Number = Fraction(1, 100),
) -> NumberOrArray:
    """Return *param* after AdamW step number *step*, counted from 1.

    The weights first decay to ``w - lr * weight_decay * w``. From there, `adam_step`
    takes its step; the decay does not enter its moments.

    >>> round(adamw_step(1, 2, lr=Fraction(1, 10), weight_decay=Fraction(1, 2)), 6)
    0.85
    """
    rate = as_fraction(lr, "lr") * as_fraction(weight_decay, "weight_decay")
    weights, _ = as_param_and_grad(param, grad)
    return adam_step((1 - rate) * weights, grad, moments, step=step, lr=lr, betas=betas, eps=eps)


SOLVERS: Final[tuple[Solver, ...]] = (adamw_step,)

# What students do instead.


def _weight_decay_fraction(args: SolverArguments) -> Fraction:
    return as_fraction(args.weight_decay, "weight_decay")


def _adam_args(args: SolverArguments) -> dict[str, Any]:
    """Return the arguments without *weight_decay*, as `adam_step` takes them."""
    return {name: one for name, one in vars(args).items() if name != "weight_decay"}


def _decayed_adam_args(args: SolverArguments) -> dict[str, Any]:
    """Return the arguments of `adam_step`, with the decayed weights as *param*."""
    weights, _ = as_param_and_grad(args.param, args.grad)
    rate = as_fraction(args.lr, "lr") * _weight_decay_fraction(args)
    return {**_adam_args(args), "param": (1 - rate) * weights}


def _step_with_l2_penalty(args: SolverArguments) -> NumberOrArray:
    """Return the Adam step with the decay as an L2 penalty in the gradient."""
    weights, slopes = as_param_and_grad(args.param, args.grad)
    return adam_step(
        **{**_adam_args(args), "grad": slopes + _weight_decay_fraction(args) * weights}
    )


def _step_with_unscaled_decay(args: SolverArguments) -> NumberOrArray:
    """Return the AdamW step with a decay that omits the learning rate."""
    weights, _ = as_param_and_grad(args.param, args.grad)
    return adam_step(**{**_adam_args(args), "param": (1 - _weight_decay_fraction(args)) * weights})


def _step_with_late_decay(args: SolverArguments) -> FractionArray:
    """Return the Adam step with the decay applied to the updated weights."""
    rate = as_fraction(args.lr, "lr") * _weight_decay_fraction(args)
    stepped: FractionArray = adam_step(**_adam_args(args)) * float(1 - rate)
    return stepped


def _make_adamw_version(wrong_version: WrongVersion) -> Solver:
    """Return `adamw_step` with the mistake of an Adam *wrong_version*.

    The wrong version runs on the decayed weights.
    """
    return replace_formula(
        adamw_step, lambda args: wrong_version.function(**_decayed_adam_args(args))
    )


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        adamw_step,
        {
            **{
                twin.mistake: _make_adamw_version(twin)
                for twin in adam.WRONG_VERSIONS
                if twin.solver == adam_step.__name__
            },
            "learning_rate_left_out": replace_arguments(adamw_step, lr=1),
            "weight_decay_left_out": replace_arguments(adamw_step, weight_decay=0),
            "decay_added": replace_arguments(
                adamw_step, weight_decay=lambda args: -_weight_decay_fraction(args)
            ),
            "decay_without_rate": replace_formula(adamw_step, _step_with_unscaled_decay),
            "decay_in_the_gradient": replace_formula(adamw_step, _step_with_l2_penalty),
            "decay_after_the_step": replace_formula(adamw_step, _step_with_late_decay),
        },
    ),
)
