"""Steps and epochs of mini-batch training."""

from fractions import Fraction
from math import ceil
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import as_integer, require_bool
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def steps_per_epoch(examples: int, batch_size: int, *, drop_last: bool = False) -> int:
    """Return the number of batches in one pass over all *examples*.

    It is ``ceil(examples / batch_size)``, because the last batch may be smaller;
    *drop_last* leaves a smaller batch out.

    >>> steps_per_epoch(45000, 64, drop_last=True)
    703
    """
    count, size = as_integer(examples, "examples"), as_integer(batch_size, "batch_size")
    return count // size if require_bool(drop_last, "drop_last") else -(-count // size)


def epochs_completed(steps: int, examples: int, batch_size: int, *, drop_last: bool = False) -> int:
    """Return the number of whole epochs in *steps*: ``floor(steps / steps_per_epoch)``.

    Raise `SolverError` if an epoch has no steps: fewer *examples* than a batch with
    *drop_last*.

    >>> epochs_completed(5265, 45000, 64, drop_last=True)
    7
    """
    epoch = steps_per_epoch(examples, batch_size, drop_last=drop_last)
    if not epoch:
        raise SolverError("an epoch without a full batch has no steps")
    return as_integer(steps, "steps", least=0) // epoch


SOLVERS: Final[tuple[Solver, ...]] = (steps_per_epoch, epochs_completed)


def _fractional_epochs(args: SolverArguments) -> Fraction:
    """Return the number of epochs, including the fraction of the last one."""
    epoch = steps_per_epoch(args.examples, args.batch_size, drop_last=args.drop_last)
    return Fraction(args.steps, epoch)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        steps_per_epoch,
        {
            "last_batch_kept": replace_arguments(steps_per_epoch, drop_last=False),
            "last_batch_dropped": replace_arguments(steps_per_epoch, drop_last=True),
            "fraction_left": replace_formula(
                steps_per_epoch, lambda args: Fraction(args.examples, args.batch_size)
            ),
        },
    ),
    *build_wrong_versions(
        epochs_completed,
        {
            "last_batch_kept": replace_arguments(epochs_completed, drop_last=False),
            "last_batch_dropped": replace_arguments(epochs_completed, drop_last=True),
            "rounded_up": replace_formula(
                epochs_completed, lambda args: ceil(_fractional_epochs(args))
            ),
            "fraction_left": replace_formula(epochs_completed, _fractional_epochs),
        },
    ),
)
