"""Array predicates and rearrangements, for conditions on drawn parameters."""

from collections.abc import Callable
from typing import Final

import numpy as np

from grader.registry import Solver
from grader.values import Array, Tensor
from problems.solvers.bounds import Grid, as_array

MATRIX_OR_MAPS: Final = (2, 3, 4)
ANY_RANK: Final = (1, 2, 3, 4, 5)


def symmetric(x: Grid) -> bool:
    """Return whether flipping or transposing *x* would go unnoticed.

    True if *x* equals itself rotated by 180 degrees in the last two axes, or is square
    and equals its transpose.

    >>> symmetric([[1, 2], [2, 5]]), symmetric([[1, 2], [3, 4]])
    (True, False)
    """
    cells = as_array(x, "x", ranks=MATRIX_OR_MAPS)
    return np.array_equal(cells, _rotate_180(cells)) or np.array_equal(
        cells, _swap_last_axes(cells)
    )


def distinct(x: Grid) -> bool:
    """Return whether all values in *x* are different.

    >>> distinct([[1, 2], [3, 1]])
    False
    """
    cells = as_array(x, "x", ranks=ANY_RANK)
    return bool(np.unique(cells).size == cells.size)


def transpose(x: Tensor | Grid) -> Tensor | Array:
    """Return *x* with its last two axes swapped; the values stay exact.

    >>> transpose([[1, 2], [3, 4]])
    array([[1, 3],
           [2, 4]])
    """
    return _rearrange_cells(x, _swap_last_axes)


def flip(x: Tensor | Grid) -> Tensor | Array:
    """Return *x* rotated by 180 degrees in its last two axes; the values stay exact.

    A true convolution flips its kernel in this way.

    >>> flip([[1, 2], [3, 4]])
    array([[4, 3],
           [2, 1]])
    """
    return _rearrange_cells(x, _rotate_180)


def _swap_last_axes(cells: Array) -> Array:
    return cells.swapaxes(-1, -2)


def _rotate_180(cells: Array) -> Array:
    return cells[..., ::-1, ::-1]


def _rearrange_cells(x: Tensor | Grid, move: Callable[[Array], Array]) -> Tensor | Array:
    """Return *x* with its cells moved by *move*.

    For a tensor, *move* rearranges the indices of the cells, so the values stay exact.
    """
    if not isinstance(x, Tensor):
        return move(as_array(x, "x", ranks=MATRIX_OR_MAPS))
    source_indices = move(
        as_array(np.arange(len(x.cells)).reshape(x.shape), "x", ranks=MATRIX_OR_MAPS)
    )
    return Tensor(
        source_indices.shape, tuple(x.cells[place] for place in map(int, source_indices.ravel()))
    )


SOLVERS: Final[tuple[Solver, ...]] = (symmetric, distinct, transpose, flip)
