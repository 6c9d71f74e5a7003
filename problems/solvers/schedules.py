"""Learning rate schedules: step decay, cosine annealing and linear warm-up.

Step decay and warm-up are exact; cosine annealing returns doubles. Source: the PyTorch
documentation of ``StepLR`` and ``CosineAnnealingLR``; Loshchilov and Hutter, SGDR
(2017); Goyal et al. (2017) for the warm-up.
"""

import math
from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.expressions.arithmetic import raise_to_power
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, simplify_number
from problems.solvers.bounds import as_integer
from problems.solvers.exact_arrays import as_fraction
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def step_lr(lr: Number, epoch: int, *, step_size: int, gamma: Number = Fraction(1, 10)) -> Number:
    """Return the learning rate of step decay in *epoch*, counted from 0.

    It is ``lr * gamma**floor(epoch / step_size)``: every *step_size* epochs, the rate
    is multiplied by *gamma*.

    >>> step_lr(Fraction(1, 10), 65, step_size=30)
    Fraction(1, 1000)
    """
    factor = raise_to_power(as_fraction(gamma, "gamma"), math.floor(_count_drops(epoch, step_size)))
    return simplify_number(as_fraction(lr, "lr") * factor)


def _count_drops(epoch: int, step_size: int) -> Fraction:
    """Return the number of drops so far, including the fraction of the next one."""
    return Fraction(as_integer(epoch, "epoch", least=0), as_integer(step_size, "step_size"))


def cosine_lr(lr: Number, epoch: int, *, t_max: int, eta_min: Number = 0) -> float:
    """Return the learning rate of cosine annealing in *epoch*, counted from 0.

    It is ``eta_min + (lr - eta_min) * (1 + cos(pi * epoch / t_max)) / 2``, half a
    cosine from *lr* down to *eta_min*. Raise `SolverError` if *epoch* is after *t_max*.

    >>> round(cosine_lr(1, 25, t_max=100), 6)
    0.853553
    """
    top, bottom = as_fraction(lr, "lr"), as_fraction(eta_min, "eta_min")
    progress = _schedule_progress(epoch, t_max)
    return float(bottom) + float(top - bottom) * (1 + math.cos(math.pi * progress)) / 2


def _schedule_progress(epoch: int, t_max: int) -> Fraction:
    """Return the elapsed fraction of the schedule."""
    epoch_number, end = as_integer(epoch, "epoch", least=0), as_integer(t_max, "t_max")
    if epoch_number > end:
        raise SolverError(f"epoch {epoch_number} lies after the last one, {end}")
    return Fraction(epoch_number, end)


def warmup_lr(lr: Number, step: int, *, warmup_steps: int) -> Number:
    """Return the learning rate after *step* steps of a linear warm-up from 0 to *lr*.

    It is ``lr * step / warmup_steps`` during the warm-up, and *lr* afterwards.

    >>> warmup_lr(Fraction(1, 10), 250, warmup_steps=1000)
    Fraction(1, 40)
    """
    step_number, end = as_integer(step, "step", least=0), as_integer(warmup_steps, "warmup_steps")
    return simplify_number(as_fraction(lr, "lr") * Fraction(min(step_number, end), end))


SOLVERS: Final[tuple[Solver, ...]] = (step_lr, cosine_lr, warmup_lr)

# What students do instead.


def _round_epoch_up(args: SolverArguments) -> int:
    """Return the epoch rounded up to a multiple of *step_size*."""
    size: int = args.step_size
    return math.ceil(_count_drops(args.epoch, size)) * size


def _lr_multiplied_by_drops(args: SolverArguments) -> Number:
    """Return the learning rate times *gamma* times the number of drops."""
    drops = math.floor(_count_drops(args.epoch, args.step_size))
    if not drops:
        raise SolverError("the learning rate has not dropped yet")
    return simplify_number(as_fraction(args.lr, "lr") * as_fraction(args.gamma, "gamma") * drops)


def _linear_lr(args: SolverArguments) -> Number:
    """Return the learning rate on a straight line from *lr* down to *eta_min*."""
    top, bottom = as_fraction(args.lr, "lr"), as_fraction(args.eta_min, "eta_min")
    return simplify_number(top - (top - bottom) * _schedule_progress(args.epoch, args.t_max))


def _cosine_lr_at_angle(args: SolverArguments, angle: float) -> float:
    top, bottom = as_fraction(args.lr, "lr"), as_fraction(args.eta_min, "eta_min")
    return float(bottom) + float(top - bottom) * (1 + math.cos(angle)) / 2


def _full_period_cosine_lr(args: SolverArguments) -> float:
    return _cosine_lr_at_angle(args, 2 * math.pi * _schedule_progress(args.epoch, args.t_max))


def _cosine_lr_in_degrees(args: SolverArguments) -> float:
    """Return the learning rate as computed with a calculator set to degrees."""
    return _cosine_lr_at_angle(
        args, math.radians(math.pi * _schedule_progress(args.epoch, args.t_max))
    )


def _cosine_lr_without_half(args: SolverArguments) -> float:
    return 2 * cosine_lr(**vars(args)) - float(as_fraction(args.eta_min, "eta_min"))


def _cosine_lr_without_one(args: SolverArguments) -> float:
    """Return the learning rate without the 1 in ``1 + cos(...)``.

    The half cosine that is added to *eta_min* may then be negative.
    """
    top, bottom = as_fraction(args.lr, "lr"), as_fraction(args.eta_min, "eta_min")
    angle = math.pi * _schedule_progress(args.epoch, args.t_max)
    return float(bottom) + float(top - bottom) * math.cos(angle) / 2


def _unbounded_warmup_lr(args: SolverArguments) -> Number:
    return simplify_number(as_fraction(args.lr, "lr") * Fraction(args.step, args.warmup_steps))


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        step_lr,
        {
            "dropped_every_epoch": replace_arguments(step_lr, step_size=1),
            "dropped_once": replace_arguments(step_lr, epoch=lambda g: min(g.epoch, g.step_size)),
            "multiplied_for_power": replace_formula(step_lr, _lr_multiplied_by_drops),
            "rounded_up": replace_arguments(step_lr, epoch=_round_epoch_up),
        },
    ),
    *build_wrong_versions(
        cosine_lr,
        {
            "line_for_cosine": replace_formula(cosine_lr, _linear_lr),
            "whole_wave": replace_formula(cosine_lr, _full_period_cosine_lr),
            "degrees_for_radians": replace_formula(cosine_lr, _cosine_lr_in_degrees),
            "least_rate_left_out": replace_arguments(cosine_lr, eta_min=0),
            "half_left_out": replace_formula(cosine_lr, _cosine_lr_without_half),
            "one_left_out": replace_formula(cosine_lr, _cosine_lr_without_one),
            "epochs_from_one": replace_arguments(cosine_lr, epoch=lambda args: args.epoch + 1),
        },
    ),
    *build_wrong_versions(
        warmup_lr,
        {
            "warmup_not_ended": replace_formula(warmup_lr, _unbounded_warmup_lr),
            "epochs_from_one": replace_arguments(warmup_lr, step=lambda args: args.step + 1),
        },
    ),
)
