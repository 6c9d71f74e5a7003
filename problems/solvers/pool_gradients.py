"""What pooling gives back to its input in the backward pass.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 6.5, and the behaviour of
PyTorch where several cells of a window are equally large.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final, cast

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import Grid, array, fitting
from problems.solvers.geometry import PerAxis
from problems.solvers.pool_values import Placed, Steps, columns, counts, is_max, least, placed_on
from problems.solvers.twins import instead, told, twins_of
from problems.solvers.windows import sizes_of

__all__ = ["SOLVERS", "TWINS", "pool2d_backward"]

MAX_SCATTERED: Final = 2_500_000


def pool2d_backward(
    x: Grid,
    dy: Grid,
    kernel_size: PerAxis,
    *,
    mode: str = "max",
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Return the gradient with respect to the input *x* of 2-D pooling, from *dy* of its output.

    Where *mode* is ``max``, each window gives all of it to its largest value, the first of several,
    as PyTorch does; where it is ``avg``, the same share to each cell. Overlapping windows add up.

    >>> pool2d_backward([[1, 7, 2, 0], [3, 4, 9, 5]], [[10, 20]], 2)
    array([[ 0, 10,  0,  0],
           [ 0,  0, 20,  0]])
    """
    cells, given = array(x, "x", ranks=(2, 3)), array(dy, "dy", ranks=(2, 3))
    steps = Steps(stride=stride, padding=padding, dilation=1, ceil_mode=ceil_mode)
    placed = placed_on(cells.shape, kernel_size, **steps)
    wanted = (*cells.shape[:-2], *placed.laid.output)
    if given.shape != wanted:
        raise SolverError(f"dy must have the shape {wanted} of the output, not {given.shape}")
    fitting((*wanted, *placed.laid.kernel), "the windows", most=MAX_SCATTERED)
    given = given.reshape(-1, *placed.laid.output)
    if is_max(mode):
        found = _to_the_largest(cells, given, placed)
    else:
        shares = given / counts(cells.shape, placed, count_include_pad=count_include_pad)
        found = _to_all(cells, shares, placed)
    return found.reshape(cells.shape)


def _to_the_largest(cells: Array, given: Array, placed: Placed) -> Array:
    """Return the gradient (C, H*W) where each window gives *given* to its first largest cell."""
    largest = columns(cells, placed, fill=least(cells)).argmax(axis=1, keepdims=True)
    under = np.expand_dims(_numbers_under(cells, placed), 0)
    places = np.take_along_axis(under, largest, axis=1)[:, 0]
    return _gathered(cells, given, cast("Array", places))


def _to_all(cells: Array, shares: Array, placed: Placed) -> Array:
    """Return the gradient (C, H*W) where each window gives its share to all of its cells."""
    under = _numbers_under(cells, placed)
    each = cast("Array", np.expand_dims(shares, 1))
    return _gathered(cells, each, cast("Array", np.expand_dims(under, 0)))


def _numbers_under(cells: Array, placed: Placed) -> Array:
    """Return which cell lies where under the windows (k*k, H', W'), from 1; 0 is the padding."""
    sides = cells.shape[-2:]
    numbers = np.arange(1, math.prod(sides) + 1).reshape(sides)
    return cast("Array", columns(numbers, placed, fill=0)[0])


def _gathered(cells: Array, given: Array, places: Array) -> Array:
    """Return the sums of what is *given* to each cell; what goes to the padding is lost."""
    found = np.zeros((len(given), math.prod(cells.shape[-2:]) + 1), given.dtype)
    channels = np.arange(len(given)).reshape(-1, *(1,) * (places.ndim - 1))
    where = (channels * found.shape[1] + places).astype(np.int64)
    np.add.at(found.reshape(-1), where, np.broadcast_to(given, where.shape))
    return cast("Array", found[:, 1:])


# What students do instead.


def _mode(wanted: str, other: str) -> Callable[[SimpleNamespace], str]:
    """Return the *other* mode where *wanted* is given."""

    def change(given: SimpleNamespace) -> str:
        if given.mode != wanted:
            raise SolverError(f"the mode is not {wanted}")
        return other

    return change


def _undivided(given: SimpleNamespace) -> Array:
    """Return the gradient of a sum instead of a mean."""
    if given.mode != "avg":
        raise SolverError("only an average divides")
    cells = sizes_of(given.kernel_size, "kernel_size", 2)
    return pool2d_backward(**vars(given)) * math.prod(cells)


def _overwritten(given: SimpleNamespace) -> Array:
    """Return the gradient where a cell keeps what the last of its windows gives it."""
    if not is_max(given.mode):
        raise SolverError("the windows of an average share out")
    cells, slopes = array(given.x, "x", ranks=(2, 3)), array(given.dy, "dy", ranks=(2, 3))
    found = np.zeros_like(pool2d_backward(**vars(given)))
    for place in np.ndindex(*slopes.shape):
        alone = np.zeros_like(slopes)
        alone[place] = 1
        mine = pool2d_backward(**{**vars(given), "x": cells, "dy": alone})
        found = np.where(mine, slopes[place], found)
    return found


def _ones(given: SimpleNamespace) -> Array:
    return np.ones_like(array(given.dy, "dy", ranks=(2, 3)))


SOLVERS: Final[tuple[Solver, ...]] = (pool2d_backward,)

TWINS: Final[tuple[Twin, ...]] = twins_of(
    pool2d_backward,
    {
        "gradient_spread_evenly": told(pool2d_backward, mode=_mode("max", "avg")),
        "gradient_to_the_largest": told(pool2d_backward, mode=_mode("avg", "max")),
        "gradient_not_divided": instead(pool2d_backward, _undivided),
        "upstream_left_out": told(pool2d_backward, dy=_ones),
        "windows_overwritten": instead(pool2d_backward, _overwritten),
    },
)
