"""Tracers for learning-rate schedules.

t is the time in steps or epochs, T the length of the schedule, eta a learning rate.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.exact_arrays import as_fraction
from problems.solvers.schedules import cosine_lr, step_lr, warmup_lr
from problems.traces.reals import build_real_formula
from problems.traces.tracing import TracedArguments, build_tracers


def _trace_step_lr(args: TracedArguments) -> Iterator[SolutionStep]:
    drops = build_formula("k", "floor(t/T)", t=args.epoch, T=args.step_size)
    yield TextStep("The number of drops so far is the power of the factor gamma:")
    yield drops
    yield build_formula(
        "eta_t",
        "eta*gamma**k",
        eta=as_fraction(args.lr, "lr"),
        gamma=as_fraction(args.gamma, "gamma"),
        k=drops.number,
    )


def _trace_cosine_lr(args: TracedArguments) -> Iterator[SolutionStep]:
    top, bottom = as_fraction(args.lr, "lr"), as_fraction(args.eta_min, "eta_min")
    yield TextStep("The rate decreases along half a cosine wave from the first to the last value:")
    fall = "(eta_0 - eta_T)" if bottom else "eta_0"
    source = f"{'eta_T + ' if bottom else ''}{fall}*(1 + cos(pi*t/T))/2"
    yield build_real_formula("eta_t", source, eta_0=top, eta_T=bottom, t=args.epoch, T=args.t_max)


def _trace_warmup_lr(args: TracedArguments) -> Iterator[SolutionStep]:
    rate = as_fraction(args.lr, "lr")
    if args.step >= args.warmup_steps:
        yield TextStep(f"The warm-up of {args.warmup_steps} steps is over.")
        yield build_formula("eta_t", "eta", eta=rate)
        return
    yield TextStep("During the warm-up, the rate increases from 0 in equal steps:")
    yield build_formula("eta_t", "eta*t/T", eta=rate, t=args.step, T=args.warmup_steps)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {step_lr: _trace_step_lr, cosine_lr: _trace_cosine_lr, warmup_lr: _trace_warmup_lr}
)
