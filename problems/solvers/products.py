"""Sums of products of arrays, exact for integer arrays."""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from grader.errors import SolverError
from grader.values import Array

MAX_EXACT_FLOAT: Final = 2**53
MAX_INT64: Final = 2**63 - 1
MAX_PRODUCTS: Final = 400_000_000
MAX_INTEGER_PRODUCTS: Final = 20_000_000

Product: TypeAlias = Callable[[Array, Array], Array]


def matrix_product(left: Array, right: Array) -> Array:
    """Return ``left @ right``, exact for integer arrays.

    >>> matrix_product(np.array([[1, 2]]), np.array([[3], [4]]))
    array([[11]])
    """
    terms = left.shape[-1]
    products = left.size * (right.shape[-1] if right.ndim > 1 else 1)
    return sum_products(np.matmul, left, right, terms=terms, products=products)


def sum_products(
    product: Product, left: Array, right: Array, *, terms: int, products: int
) -> Array:
    """Return ``product(left, right)``, whose cells each sum at most *terms* products.

    Integers use the fast floating-point routine if no sum can exceed 2**53, and slower
    integer arithmetic otherwise. Raise `SolverError` if a sum could exceed 64 bits, or
    if there are too many *products* in all.

    >>> sum_products(np.multiply, np.array([3]), np.array([5]), terms=1, products=1)
    array([15])
    """
    if products > MAX_PRODUCTS:
        raise SolverError(f"{products} products are too many, the limit is {MAX_PRODUCTS}")
    if left.dtype.kind != "i" or right.dtype.kind != "i":
        return product(_as_float64(left), _as_float64(right))
    bound = terms * _max_magnitude(left) * _max_magnitude(right)
    if bound <= MAX_EXACT_FLOAT:
        return product(_as_float64(left), _as_float64(right)).astype(np.int64)
    if bound > MAX_INT64 or products > MAX_INTEGER_PRODUCTS:
        raise SolverError("the cells are too large to be summed exactly")
    return product(left, right)


def _as_float64(cells: Array) -> Array:
    return cells.astype(np.float64, copy=False)


def _max_magnitude(cells: Array) -> int:
    return max(int(cells.max(initial=0)), -int(cells.min(initial=0)))
