"""The way to learning rates that change in the course of training.

t is the time in steps or epochs, T the length of the schedule, eta a learning rate.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Said, Step, Tracer, formula
from problems.solvers.exact_arrays import exact_number
from problems.solvers.schedules import cosine_lr, step_lr, warmup_lr
from problems.traces.reals import real
from problems.traces.tracing import tracers

__all__ = ["TRACERS"]


def _step_lr(given: SimpleNamespace) -> Iterator[Step]:
    drops = formula("k", "floor(t/T)", t=given.epoch, T=given.step_size)
    yield Said("How often the rate has dropped, then as often the factor gamma:")
    yield drops
    yield formula(
        "eta_t",
        "eta*gamma**k",
        eta=exact_number(given.lr, "lr"),
        gamma=exact_number(given.gamma, "gamma"),
        k=drops.number,
    )


def _cosine_lr(given: SimpleNamespace) -> Iterator[Step]:
    top, bottom = exact_number(given.lr, "lr"), exact_number(given.eta_min, "eta_min")
    yield Said("Half a cosine leads from the first rate down to the last one:")
    fall = "(eta_0 - eta_T)" if bottom else "eta_0"
    source = f"{'eta_T + ' if bottom else ''}{fall}*(1 + cos(pi*t/T))/2"
    yield real("eta_t", source, eta_0=top, eta_T=bottom, t=given.epoch, T=given.t_max)


def _warmup_lr(given: SimpleNamespace) -> Iterator[Step]:
    rate = exact_number(given.lr, "lr")
    if given.step >= given.warmup_steps:
        yield Said(f"The warm-up of {given.warmup_steps} steps is over.")
        yield formula("eta_t", "eta", eta=rate)
        return
    yield Said("In the warm-up the rate grows from 0 in equal steps:")
    yield formula("eta_t", "eta*t/T", eta=rate, t=given.step, T=given.warmup_steps)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {step_lr: _step_lr, cosine_lr: _cosine_lr, warmup_lr: _warmup_lr}
)
