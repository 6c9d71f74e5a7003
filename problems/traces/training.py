"""The way to the steps and epochs of training by mini-batches."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Said, Step, Tracer, formula
from problems.solvers.training import epochs_completed, steps_per_epoch
from problems.traces.tracing import tracers

__all__ = ["TRACERS"]


def _batches(given: SimpleNamespace) -> Formula:
    """Return the formula of the steps of an epoch: n examples in batches of B."""
    source = "floor(n/B)" if given.drop_last else "ceil(n/B)"
    return formula("s", source, n=given.examples, B=given.batch_size)


def _steps_per_epoch(given: SimpleNamespace) -> Iterator[Step]:
    last = "is left out if it is not full" if given.drop_last else "may be smaller"
    yield Said(f"An epoch takes every example once; its last batch {last}.")
    yield _batches(given)


def _epochs_completed(given: SimpleNamespace) -> Iterator[Step]:
    yield from _steps_per_epoch(given)
    epoch = _batches(given).number
    yield formula("e", "floor(t/s)", t=given.steps, s=epoch)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {steps_per_epoch: _steps_per_epoch, epochs_completed: _epochs_completed}
)
