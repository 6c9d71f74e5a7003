"""Learning rates that change in the course of training: by steps, along a cosine, after a warm-up.

Steps and warm-ups are exact, cosines doubles. Source: the PyTorch documentation of ``StepLR`` and
``CosineAnnealingLR``; Loshchilov and Hutter, SGDR (2017); Goyal et al. (2017) for the warm-up.
"""

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.expressions.arithmetic import power
from grader.values import Number, simplest
from problems.solvers.bounds import whole
from problems.solvers.exact_arrays import exact_number
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "cosine_lr", "step_lr", "warmup_lr"]


def step_lr(lr: Number, epoch: int, *, step_size: int, gamma: Number = Fraction(1, 10)) -> Number:
    """Return the learning rate in *epoch*, counted from 0: times *gamma* every *step_size* epochs.

    ``lr * gamma**floor(epoch / step_size)``.

    >>> step_lr(Fraction(1, 10), 65, step_size=30)
    Fraction(1, 1000)
    """
    factor = power(exact_number(gamma, "gamma"), math.floor(_drops(epoch, step_size)))
    return simplest(exact_number(lr, "lr") * factor)


def _drops(epoch: int, step_size: int) -> Fraction:
    """Return how many drops have come, with the part of the next one."""
    return Fraction(whole(epoch, "epoch", least=0), whole(step_size, "step_size"))


def cosine_lr(lr: Number, epoch: int, *, t_max: int, eta_min: Number = 0) -> float:
    """Return the learning rate in *epoch*, counted from 0, on half a cosine down to *eta_min*.

    ``eta_min + (lr - eta_min) * (1 + cos(pi * epoch / t_max)) / 2``; an epoch after *t_max* is a
    `SolverError`.

    >>> round(cosine_lr(1, 25, t_max=100), 6)
    0.853553
    """
    top, bottom = exact_number(lr, "lr"), exact_number(eta_min, "eta_min")
    share = _share(epoch, t_max)
    return float(bottom) + float(top - bottom) * (1 + math.cos(math.pi * share)) / 2


def _share(epoch: int, t_max: int) -> Fraction:
    """Return how much of the schedule has passed."""
    now, end = whole(epoch, "epoch", least=0), whole(t_max, "t_max")
    if now > end:
        raise SolverError(f"epoch {now} lies after the last one, {end}")
    return Fraction(now, end)


def warmup_lr(lr: Number, step: int, *, warmup_steps: int) -> Number:
    """Return the learning rate after *step* steps of a linear warm-up from 0 to *lr*.

    ``lr * step / warmup_steps``, and *lr* from then on.

    >>> warmup_lr(Fraction(1, 10), 250, warmup_steps=1000)
    Fraction(1, 40)
    """
    now, end = whole(step, "step", least=0), whole(warmup_steps, "warmup_steps")
    return simplest(exact_number(lr, "lr") * Fraction(min(now, end), end))


SOLVERS: Final[tuple[Solver, ...]] = (step_lr, cosine_lr, warmup_lr)

# What students do instead.


def _ceiling(given: SimpleNamespace) -> int:
    """Return an epoch by which as many drops have come as a quotient rounded up says."""
    size: int = given.step_size
    return math.ceil(_drops(given.epoch, size)) * size


def _linear_drop(given: SimpleNamespace) -> Number:
    """Return the learning rate with *gamma* times the number of drops as the factor."""
    drops = math.floor(_drops(given.epoch, given.step_size))
    if not drops:
        raise SolverError("the learning rate has not dropped yet")
    return simplest(exact_number(given.lr, "lr") * exact_number(given.gamma, "gamma") * drops)


def _line(given: SimpleNamespace) -> Number:
    """Return the learning rate on a straight line down to the least one."""
    top, bottom = exact_number(given.lr, "lr"), exact_number(given.eta_min, "eta_min")
    return simplest(top - (top - bottom) * _share(given.epoch, given.t_max))


def _on_cosine(given: SimpleNamespace, angle: float) -> float:
    top, bottom = exact_number(given.lr, "lr"), exact_number(given.eta_min, "eta_min")
    return float(bottom) + float(top - bottom) * (1 + math.cos(angle)) / 2


def _whole_wave(given: SimpleNamespace) -> float:
    return _on_cosine(given, 2 * math.pi * _share(given.epoch, given.t_max))


def _degrees(given: SimpleNamespace) -> float:
    """Return the learning rate where a calculator is set to degrees."""
    return _on_cosine(given, math.radians(math.pi * _share(given.epoch, given.t_max)))


def _without_half(given: SimpleNamespace) -> float:
    return 2 * cosine_lr(**vars(given)) - float(exact_number(given.eta_min, "eta_min"))


def _without_one(given: SimpleNamespace) -> float:
    """Return the least rate with half of the cosine itself, which may be negative."""
    top, bottom = exact_number(given.lr, "lr"), exact_number(given.eta_min, "eta_min")
    angle = math.pi * _share(given.epoch, given.t_max)
    return float(bottom) + float(top - bottom) * math.cos(angle) / 2


def _not_held(given: SimpleNamespace) -> Number:
    return simplest(exact_number(given.lr, "lr") * Fraction(given.step, given.warmup_steps))


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        step_lr,
        {
            "dropped_every_epoch": told(step_lr, step_size=1),
            "dropped_once": told(step_lr, epoch=lambda g: min(g.epoch, g.step_size)),
            "multiplied_for_power": instead(step_lr, _linear_drop),
            "rounded_up": told(step_lr, epoch=_ceiling),
        },
    ),
    *twins_of(
        cosine_lr,
        {
            "line_for_cosine": instead(cosine_lr, _line),
            "whole_wave": instead(cosine_lr, _whole_wave),
            "degrees_for_radians": instead(cosine_lr, _degrees),
            "least_rate_left_out": told(cosine_lr, eta_min=0),
            "half_left_out": instead(cosine_lr, _without_half),
            "one_left_out": instead(cosine_lr, _without_one),
            "epochs_from_one": told(cosine_lr, epoch=lambda given: given.epoch + 1),
        },
    ),
    *twins_of(
        warmup_lr,
        {
            "warmup_not_ended": instead(warmup_lr, _not_held),
            "epochs_from_one": told(warmup_lr, step=lambda given: given.step + 1),
        },
    ),
)
