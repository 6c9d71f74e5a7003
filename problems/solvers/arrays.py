"""Questions about arrays that conditions on drawn parameters ask."""

from collections.abc import Callable
from typing import Final

import numpy as np

from grader.book import Solver
from grader.values import Array, Tensor
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
    return np.array_equal(cells, _turned(cells)) or np.array_equal(cells, _exchanged(cells))


def distinct(x: Grid) -> bool:
    """Tell whether no value occurs twice in *x*.

    >>> distinct([[1, 2], [3, 1]])
    False
    """
    cells = array(x, "x", ranks=ANY)
    return bool(np.unique(cells).size == cells.size)


def transpose(x: Tensor | Grid) -> Tensor | Array:
    """Return *x* with its last two axes exchanged, every cell as it is.

    >>> transpose([[1, 2], [3, 4]])
    array([[1, 3],
           [2, 4]])
    """
    return _moved(x, _exchanged)


def flip(x: Tensor | Grid) -> Tensor | Array:
    """Return *x* rotated by 180 degrees in its last two axes, as a convolution flips its kernel.

    Every cell stays as it is.

    >>> flip([[1, 2], [3, 4]])
    array([[4, 3],
           [2, 1]])
    """
    return _moved(x, _turned)


def _exchanged(cells: Array) -> Array:
    return cells.swapaxes(-1, -2)


def _turned(cells: Array) -> Array:
    return cells[..., ::-1, ::-1]


def _moved(x: Tensor | Grid, move: Callable[[Array], Array]) -> Tensor | Array:
    """Return *x* with its cells moved; those of a tensor, of which only places move, stay exact."""
    if not isinstance(x, Tensor):
        return move(array(x, "x", ranks=MATRIX_OR_MAPS))
    places = move(array(np.arange(len(x.cells)).reshape(x.shape), "x", ranks=MATRIX_OR_MAPS))
    return Tensor(places.shape, tuple(x.cells[place] for place in map(int, places.ravel())))


SOLVERS: Final[tuple[Solver, ...]] = (symmetric, distinct, transpose, flip)
