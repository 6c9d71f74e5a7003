"""Sums of products of arrays, exact where the arrays hold integers."""

from typing import Final

import numpy as np

from grader.errors import SolverError
from grader.values import Array

__all__ = ["exactly", "matrix_product"]

EXACT_FLOAT: Final = 2**53


def matrix_product(left: Array, right: Array) -> Array:
    """Return ``left @ right``; of integer arrays exactly, though by the floats' fast routine.

    >>> matrix_product(np.array([[1, 2]]), np.array([[3], [4]]))
    array([[11]])
    """
    whole = exactly(left, right, terms=left.shape[-1])
    found = left.astype(np.float64, copy=False) @ right.astype(np.float64, copy=False)
    return found.astype(np.int64) if whole else found


def exactly(left: Array, right: Array, *, terms: int) -> bool:
    """Tell whether both arrays hold integers; then sums of so many *terms* fit into a double.

    Integers whose sums of products could exceed 2**53 are a `SolverError`.
    """
    if not (np.issubdtype(left.dtype, np.integer) and np.issubdtype(right.dtype, np.integer)):
        return False
    if terms * _largest(left) * _largest(right) > EXACT_FLOAT:
        raise SolverError("the cells are too large to be summed exactly")
    return True


def _largest(cells: Array) -> int:
    return max(abs(int(cells.max(initial=0))), abs(int(cells.min(initial=0))))
