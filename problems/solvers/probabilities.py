"""Checks and sums shared by losses on probabilities: distributions and logarithms."""

import math
from collections.abc import Callable
from typing import Final, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver
from grader.values import Array
from problems.solvers.bounds import Grid, as_array, check_cell_count
from problems.solvers.exact_arrays import NumberOrArray
from problems.solvers.wrong_versions import replace_arguments, replace_formula

LOG_BASES: Final = (2, 10)
MAX_CELLS: Final = 10_000
MAX_CELL: Final = 1e60
SUM_TOLERANCE: Final = 1e-6
SOFTMAX_HINT: Final = "; activation(z, 'softmax') makes probabilities of scores z"


def as_doubles(value: object, what: str) -> Array:
    """Return *value*, a number or an array, as doubles."""
    cells = as_array(value, what, ranks=(0, 1, 2, 3))
    check_cell_count(cells.shape, what, most=MAX_CELLS)
    check_magnitude(cells, what)
    return cells.astype(np.float64)


def check_magnitude(cells: Array, what: str) -> None:
    """Raise `SolverError` if sums or products of a few *cells* might overflow."""
    if np.abs(cells).max() > MAX_CELL:
        raise SolverError(f"a number of {what} is too large to compute with")


def as_double_rows(value: Grid, what: str) -> Array:
    """Return *value*, one row (C,) or several rows (N, C), as doubles."""
    return as_doubles(as_array(value, what, ranks=(1, 2)), what)


def as_distribution(value: Grid, what: str) -> Array:
    """Return *value* as rows of probabilities.

    Raise `SolverError` unless each row adds up to 1.
    """
    rows = as_double_rows(value, what)
    _check_unit_interval(rows, what, advice=SOFTMAX_HINT)
    if np.abs(rows.sum(axis=-1) - 1).max() > SUM_TOLERANCE:
        raise SolverError(f"each row of {what} must add up to 1")
    return rows


def as_probabilities(value: object, what: str, like: Array) -> Array:
    """Return *value* as numbers from 0 to 1 in the shape of *like*."""
    probabilities = as_doubles(value, what)
    if probabilities.shape != like.shape:
        raise SolverError(f"{what} has the shape {probabilities.shape}, not {like.shape}")
    _check_unit_interval(probabilities, what)
    return probabilities


def _check_unit_interval(cells: Array, what: str, *, advice: str = "") -> None:
    if cells.min() < 0 or cells.max() > 1:
        raise SolverError(f"the numbers of {what} must be from 0 to 1{advice}")


def cross_entropy_terms(weights: Array, probabilities: Array) -> Array:
    """Return ``-weight * log(probability)``, and 0 where the weight is 0.

    Raise `SolverError` if a probability with a positive weight is 0.
    """
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


def log_of_base(base: object) -> float:
    """Return the divisor that turns natural logarithms into logarithms to *base*.

    None means e.

    >>> log_of_base(None)
    1.0
    """
    if base is not None and (isinstance(base, bool) or base not in LOG_BASES):
        raise SolverError(f"base must be None (natural), 2 or 10, not {str(base)[:20]}")
    return 1.0 if base is None else math.log(cast("int", base))


def make_logarithm_wrong_versions(solver: Callable[..., NumberOrArray]) -> dict[str, Solver]:
    """Return the wrong versions common to all losses with a logarithm."""
    return {
        "log_base_two": replace_arguments(solver, base=2),
        "log_base_ten": replace_arguments(solver, base=10),
        "natural_log": replace_arguments(solver, base=None),
        "sign_lost": replace_formula(solver, lambda args: -solver(**vars(args))),
    }
