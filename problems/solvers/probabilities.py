"""Checks and sums that losses of probabilities share: distributions, logarithms, information."""

import math
from collections.abc import Callable
from typing import Final, cast

import numpy as np

from grader.book import Solver
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import Grid, array, fitting
from problems.solvers.exact_arrays import Plain
from problems.solvers.twins import instead, told

__all__ = [
    "distribution",
    "doubles",
    "information",
    "log_softmax",
    "log_twins",
    "moderate",
    "rows_of_doubles",
    "shares",
    "unit_of_log",
]

BASES: Final = (2, 10)
MAX_CELLS: Final = 10_000
LARGEST_CELL: Final = 1e60
NEARLY_ONE: Final = 1e-6
SOFTMAX: Final = "; activation(z, 'softmax') makes probabilities of scores z"


def doubles(value: object, what: str) -> Array:
    """Return *value*, a number or an array, as doubles."""
    found = array(value, what, ranks=(0, 1, 2, 3))
    fitting(found.shape, what, most=MAX_CELLS)
    moderate(found, what)
    return found.astype(np.float64)


def moderate(cells: Array, what: str) -> None:
    """Guarantee that sums and products of a few *cells* do not overflow."""
    if np.abs(cells).max() > LARGEST_CELL:
        raise SolverError(f"a number of {what} is too large to compute with")


def rows_of_doubles(value: Grid, what: str) -> Array:
    """Return one row of numbers, (C,), or several, (N, C), as doubles."""
    return doubles(array(value, what, ranks=(1, 2)), what)


def distribution(value: Grid, what: str) -> Array:
    """Return rows of probabilities, each of which adds up to 1."""
    rows = rows_of_doubles(value, what)
    _between(rows, what, advice=SOFTMAX)
    if np.abs(rows.sum(axis=-1) - 1).max() > NEARLY_ONE:
        raise SolverError(f"each row of {what} must add up to 1")
    return rows


def shares(value: object, what: str, like: Array) -> Array:
    """Return numbers from 0 to 1 in the shape of another array."""
    found = doubles(value, what)
    if found.shape != like.shape:
        raise SolverError(f"{what} has the shape {found.shape}, not {like.shape}")
    _between(found, what)
    return found


def _between(cells: Array, what: str, *, advice: str = "") -> None:
    if cells.min() < 0 or cells.max() > 1:
        raise SolverError(f"the numbers of {what} must be from 0 to 1{advice}")


def information(weights: Array, probabilities: Array) -> Array:
    """Return ``-weight * log(probability)``, nothing where the weight is 0."""
    if (probabilities[weights > 0] <= 0).any():
        raise SolverError("the loss is infinite: what is true has probability 0")
    return -weights * np.log(np.where(weights > 0, probabilities, 1))


def log_softmax(x: Array) -> Array:
    """Return the natural logarithm of the softmax of *x* along the last axis.

    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    shifted = x - x.max(axis=-1, keepdims=True)
    return cast("Array", shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def unit_of_log(base: object) -> float:
    """Return by what a natural logarithm is divided to be one to *base*; None stands for e.

    >>> unit_of_log(None)
    1.0
    """
    if base is not None and (isinstance(base, bool) or base not in BASES):
        raise SolverError(f"base must be None (natural), 2 or 10, not {str(base)[:20]}")
    return 1.0 if base is None else math.log(cast("int", base))


def log_twins(solver: Callable[..., Plain]) -> dict[str, Solver]:
    """Return the twins that all losses with a logarithm have."""
    return {
        "log_base_two": told(solver, base=2),
        "log_base_ten": told(solver, base=10),
        "natural_log": told(solver, base=None),
        "sign_lost": instead(solver, lambda given: -solver(**vars(given))),
    }
