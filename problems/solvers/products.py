"""Sums of products of arrays, exact where the arrays hold integers."""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from grader.errors import SolverError
from grader.values import Array

__all__ = ["Product", "matrix_product", "summed"]

EXACT_FLOAT: Final = 2**53
LARGEST_INTEGER: Final = 2**63 - 1
MAX_PRODUCTS: Final = 400_000_000
MAX_INTEGER_PRODUCTS: Final = 20_000_000

Product: TypeAlias = Callable[[Array, Array], Array]


def matrix_product(left: Array, right: Array) -> Array:
    """Return ``left @ right``; of integer arrays exactly.

    >>> matrix_product(np.array([[1, 2]]), np.array([[3], [4]]))
    array([[11]])
    """
    terms = left.shape[-1]
    products = left.size * (right.shape[-1] if right.ndim > 1 else 1)
    return summed(np.matmul, left, right, terms=terms, products=products)


def summed(product: Product, left: Array, right: Array, *, terms: int, products: int) -> Array:
    """Return ``product(left, right)``, whose cells are sums of at most *terms* products each.

    Integers are summed by the fast routine for floats where no sum can exceed 2**53, else as
    integers, which have no fast routine; beyond 64 bits: `SolverError`. So are more *products* in
    all than can be computed at once.

    >>> summed(np.multiply, np.array([3]), np.array([5]), terms=1, products=1)
    array([15])
    """
    if products > MAX_PRODUCTS:
        raise SolverError(f"{products} products are too many, the limit is {MAX_PRODUCTS}")
    if left.dtype.kind != "i" or right.dtype.kind != "i":
        return product(_floats(left), _floats(right))
    bound = terms * _largest(left) * _largest(right)
    if bound <= EXACT_FLOAT:
        return product(_floats(left), _floats(right)).astype(np.int64)
    if bound > LARGEST_INTEGER or products > MAX_INTEGER_PRODUCTS:
        raise SolverError("the cells are too large to be summed exactly")
    return product(left, right)


def _floats(cells: Array) -> Array:
    return cells.astype(np.float64, copy=False)


def _largest(cells: Array) -> int:
    return max(int(cells.max(initial=0)), -int(cells.min(initial=0)))
