"""Tracers for the steps and epochs of mini-batch training."""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.training import epochs_completed, steps_per_epoch
from problems.traces.tracing import TracedArguments, build_tracers


def _epoch_steps_formula(args: TracedArguments) -> Formula:
    """Return the formula of the steps per epoch: n examples in batches of B."""
    source = "floor(n/B)" if args.drop_last else "ceil(n/B)"
    return build_formula("s", source, n=args.examples, B=args.batch_size)


def _trace_steps_per_epoch(args: TracedArguments) -> Iterator[SolutionStep]:
    last = "is dropped if it is not full" if args.drop_last else "may be smaller"
    yield TextStep(f"An epoch uses every example once; its last batch {last}.")
    yield _epoch_steps_formula(args)


def _trace_epochs_completed(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_steps_per_epoch(args)
    epoch = _epoch_steps_formula(args).number
    yield build_formula("e", "floor(t/s)", t=args.steps, s=epoch)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {steps_per_epoch: _trace_steps_per_epoch, epochs_completed: _trace_epochs_completed}
)
