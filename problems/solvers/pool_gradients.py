"""Gradients of 2-D pooling in the backward pass.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 6.5, and the
behavior of PyTorch for ties within a window.
"""

import math
from collections.abc import Callable
from typing import Final, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.bounds import Grid, as_array, check_cell_count
from problems.solvers.geometry import PerAxis
from problems.solvers.pool_values import (
    PoolArguments,
    PoolPlacement,
    collect_windows,
    is_max_mode,
    lowest_dtype_value,
    place_pool_windows,
    window_divisors,
)
from problems.solvers.windows import as_sizes
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_SCATTERED_CELLS: Final = 2_500_000


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
    """Return the gradient of 2-D pooling with respect to its input *x*.

    *dy* is the gradient with respect to the output. With *mode* ``max``, each window
    passes its whole gradient to its largest value, or to the first of several, as
    PyTorch does. With ``avg``, each cell of the window gets the same share.
    Contributions of overlapping windows add up.

    >>> pool2d_backward([[1, 7, 2, 0], [3, 4, 9, 5]], [[10, 20]], 2)
    array([[ 0, 10,  0,  0],
           [ 0,  0, 20,  0]])
    """
    cells, upstream = as_array(x, "x", ranks=(2, 3)), as_array(dy, "dy", ranks=(2, 3))
    window_options = PoolArguments(stride=stride, padding=padding, dilation=1, ceil_mode=ceil_mode)
    placement = place_pool_windows(cells.shape, kernel_size, **window_options)
    wanted = (*cells.shape[:-2], *placement.windows.output)
    if upstream.shape != wanted:
        raise SolverError(f"dy must have the shape {wanted} of the output, not {upstream.shape}")
    check_cell_count((*wanted, *placement.windows.kernel), "the windows", most=MAX_SCATTERED_CELLS)
    upstream = upstream.reshape(-1, *placement.windows.output)
    if is_max_mode(mode):
        gradient = _route_gradient_to_largest(cells, upstream, placement)
    else:
        shares = upstream / window_divisors(
            cells.shape, placement, count_include_pad=count_include_pad
        )
        gradient = _share_gradient_among_all(cells, shares, placement)
    return gradient.reshape(cells.shape)


def _route_gradient_to_largest(cells: Array, upstream: Array, placement: PoolPlacement) -> Array:
    """Return the gradient (C, H*W) that routes each window to its first largest cell."""
    largest = collect_windows(cells, placement, fill=lowest_dtype_value(cells)).argmax(
        axis=1, keepdims=True
    )
    under = np.expand_dims(_window_cell_numbers(cells, placement), 0)
    places = np.take_along_axis(under, largest, axis=1)[:, 0]
    return _sum_by_cell(cells, upstream, cast("Array", places))


def _share_gradient_among_all(cells: Array, shares: Array, placement: PoolPlacement) -> Array:
    """Return the gradient (C, H*W) that gives each window's share to all of its cells."""
    under = _window_cell_numbers(cells, placement)
    each = cast("Array", np.expand_dims(shares, 1))
    return _sum_by_cell(cells, each, cast("Array", np.expand_dims(under, 0)))


def _window_cell_numbers(cells: Array, placement: PoolPlacement) -> Array:
    """Return the number of the input cell under each window cell: (k*k, H', W').

    Input cells count from 1; 0 is the padding.
    """
    sides = cells.shape[-2:]
    numbers = np.arange(1, math.prod(sides) + 1).reshape(sides)
    return cast("Array", collect_windows(numbers, placement, fill=0)[0])


def _sum_by_cell(cells: Array, contributions: Array, places: Array) -> Array:
    """Return the sum of the *contributions* to each cell, dropping those to the padding."""
    totals = np.zeros((len(contributions), math.prod(cells.shape[-2:]) + 1), contributions.dtype)
    channels = np.arange(len(contributions)).reshape(-1, *(1,) * (places.ndim - 1))
    where = (channels * totals.shape[1] + places).astype(np.int64)
    np.add.at(totals.reshape(-1), where, np.broadcast_to(contributions, where.shape))
    return cast("Array", totals[:, 1:])


# What students do instead.


def _replace_mode_argument(wanted: str, other: str) -> Callable[[SolverArguments], str]:
    """Return a function that replaces the mode *wanted* with *other*.

    The function raises `SolverError` for any other mode.
    """

    def replace_name(args: SolverArguments) -> str:
        if args.mode != wanted:
            raise SolverError(f"the mode is not {wanted}")
        return other

    return replace_name


def _undivided_gradient(args: SolverArguments) -> Array:
    """Return the gradient of the sum of each window instead of its mean."""
    if args.mode != "avg":
        raise SolverError("only an average divides")
    cells = as_sizes(args.kernel_size, "kernel_size", 2)
    return pool2d_backward(**vars(args)) * math.prod(cells)


def _gradient_with_overwritten_windows(args: SolverArguments) -> Array:
    """Return the gradient if overlapping windows overwrite each other.

    Each cell keeps the contribution of its last window.
    """
    if not is_max_mode(args.mode):
        raise SolverError("the windows of an average share out")
    cells, slopes = as_array(args.x, "x", ranks=(2, 3)), as_array(args.dy, "dy", ranks=(2, 3))
    gradient = np.zeros_like(pool2d_backward(**vars(args)))
    for position in np.ndindex(*slopes.shape):
        alone = np.zeros_like(slopes)
        alone[position] = 1
        window_gradient = pool2d_backward(**{**vars(args), "x": cells, "dy": alone})
        gradient = np.where(window_gradient, slopes[position], gradient)
    return gradient


def _ones_upstream(args: SolverArguments) -> Array:
    return np.ones_like(as_array(args.dy, "dy", ranks=(2, 3)))


SOLVERS: Final[tuple[Solver, ...]] = (pool2d_backward,)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = build_wrong_versions(
    pool2d_backward,
    {
        "gradient_spread_evenly": replace_arguments(
            pool2d_backward, mode=_replace_mode_argument("max", "avg")
        ),
        "gradient_to_the_largest": replace_arguments(
            pool2d_backward, mode=_replace_mode_argument("avg", "max")
        ),
        "gradient_not_divided": replace_formula(pool2d_backward, _undivided_gradient),
        "upstream_left_out": replace_arguments(pool2d_backward, dy=_ones_upstream),
        "windows_overwritten": replace_formula(pool2d_backward, _gradient_with_overwritten_windows),
    },
)
