"""Steps and epochs of training by mini-batches."""

from fractions import Fraction
from math import ceil
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import flag, whole
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "epochs_completed", "steps_per_epoch"]


def steps_per_epoch(examples: int, batch_size: int, *, drop_last: bool = False) -> int:
    """Return how many batches go through all *examples* once.

    ``ceil(examples / batch_size)``, as the last batch may be smaller; *drop_last* leaves it out.

    >>> steps_per_epoch(45000, 64, drop_last=True)
    703
    """
    count, size = whole(examples, "examples"), whole(batch_size, "batch_size")
    return count // size if flag(drop_last, "drop_last") else -(-count // size)


def epochs_completed(steps: int, examples: int, batch_size: int, *, drop_last: bool = False) -> int:
    """Return how many whole epochs so many *steps* are: ``floor(steps / steps_per_epoch)``.

    Fewer *examples* than a batch, with the last batch dropped, make no step: `SolverError`.

    >>> epochs_completed(5265, 45000, 64, drop_last=True)
    7
    """
    epoch = steps_per_epoch(examples, batch_size, drop_last=drop_last)
    if not epoch:
        raise SolverError("an epoch without a full batch has no steps")
    return whole(steps, "steps", least=0) // epoch


SOLVERS: Final[tuple[Solver, ...]] = (steps_per_epoch, epochs_completed)


def _epochs(given: SimpleNamespace) -> Fraction:
    """Return the epochs with the part of the last one."""
    epoch = steps_per_epoch(given.examples, given.batch_size, drop_last=given.drop_last)
    return Fraction(given.steps, epoch)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        steps_per_epoch,
        {
            "last_batch_kept": told(steps_per_epoch, drop_last=False),
            "last_batch_dropped": told(steps_per_epoch, drop_last=True),
            "fraction_left": instead(
                steps_per_epoch, lambda given: Fraction(given.examples, given.batch_size)
            ),
        },
    ),
    *twins_of(
        epochs_completed,
        {
            "last_batch_kept": told(epochs_completed, drop_last=False),
            "last_batch_dropped": told(epochs_completed, drop_last=True),
            "rounded_up": instead(epochs_completed, lambda given: ceil(_epochs(given))),
            "fraction_left": instead(epochs_completed, _epochs),
        },
    ),
)
