"""Questions about arrays that conditions on drawn parameters ask."""

from typing import Final

import numpy as np

from grader.book import Solver
from grader.values import Array
from problems.solvers.bounds import Grid, array

__all__ = ["SOLVERS", "distinct", "flip", "symmetric", "transpose"]

MATRIX_OR_MAPS: Final = (2, 3, 4)
ANY: Final = (1, 2, 3, 4, 5)


def symmetric(x: Grid) -> bool:
    """Tell whether a flip or a transposition of *x* could go unnoticed.

    True where *x* equals itself rotated by 180 degrees, or is square and equals its transpose, in
    the last two axes.

    >>> symmetric([[1, 2], [2, 5]]), symmetric([[1, 2], [3, 4]])
    (True, False)
    """
    cells = array(x, "x", ranks=MATRIX_OR_MAPS)
    return np.array_equal(cells, flip(cells)) or np.array_equal(cells, transpose(cells))


def distinct(x: Grid) -> bool:
    """Tell whether no value occurs twice in *x*.

    >>> distinct([[1, 2], [3, 1]])
    False
    """
    cells = array(x, "x", ranks=ANY)
    return bool(np.unique(cells).size == cells.size)


def transpose(x: Grid) -> Array:
    """Return *x* with its last two axes exchanged.

    >>> transpose([[1, 2], [3, 4]])
    array([[1, 3],
           [2, 4]])
    """
    return array(x, "x", ranks=MATRIX_OR_MAPS).swapaxes(-1, -2)


def flip(x: Grid) -> Array:
    """Return *x* rotated by 180 degrees in its last two axes, as a convolution flips its kernel.

    >>> flip([[1, 2], [3, 4]])
    array([[4, 3],
           [2, 1]])
    """
    return array(x, "x", ranks=MATRIX_OR_MAPS)[..., ::-1, ::-1]


SOLVERS: Final[tuple[Solver, ...]] = (symmetric, distinct, transpose, flip)
