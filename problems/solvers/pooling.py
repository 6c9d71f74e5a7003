"""Sizes, shapes and values after 2-D pooling, window by window in each channel.

Source: the PyTorch documentation of ``MaxPool2d`` and ``AvgPool2d``. The stride defaults to the
window; the padding of a maximum is minus infinity, that of an average is zero and is counted.
"""

from functools import partial
from types import SimpleNamespace
from typing import Final, cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import Grid, Pair, Shape, array, fitting, flag, pair, whole
from problems.solvers.geometry import COUNTS, Side, axes_of, relaid, room, sided, swapped
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "POOL_SIDES",
    "SOLVERS",
    "TWINS",
    "avg_pool2d",
    "max_pool2d",
    "pool_shape",
    "pool_size",
]

MAX_WINDOW_CELLS: Final = 16_000_000


def pool_size(
    size: int,
    kernel_size: int,
    *,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Return the size after pooling along one axis.

    ``floor((size + 2*padding - dilation*(kernel_size-1) - 1) / stride) + 1``, the stride being
    *kernel_size* where none is given. *ceil_mode* rounds up, but a window that would start in the
    padding at the end is dropped. A padding of more than half the window is a `SolverError`.

    >>> pool_size(10, 2, padding=1)
    6
    """
    left = room(size, kernel_size, padding=padding, dilation=dilation)
    if 2 * padding > kernel_size:
        raise SolverError(f"padding {padding} is more than half of the window {kernel_size}")
    step = kernel_size if stride is None else whole(stride, "stride")
    if not flag(ceil_mode, "ceil_mode"):
        return left // step + 1
    windows = -(-left // step) + 1
    return windows - 1 if (windows - 1) * step >= size + padding else windows


def pool_shape(
    shape: Shape,
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    layout: str = "HWC",
) -> Shape:
    """Return the shape after 2-D pooling, in the same *layout*; the channels stay.

    Height and width follow `pool_size`; a pair gives each its own value. The layout is one of
    ``HWC CHW NHWC NCHW``.

    >>> pool_shape((10, 10, 20), 2, stride=2, padding=1)
    (6, 6, 20)
    """

    def side(size: int, **geometry: int) -> int:
        return pool_size(size, ceil_mode=ceil_mode, **geometry)

    return sided(side, shape, layout, kernel_size=kernel_size, stride=stride, padding=padding)


def max_pool2d(
    x: Grid, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0
) -> Array:
    """Return the largest value of each window of *x*, (H, W) or (C, H, W).

    The sides follow `pool_size`; the padding never wins.

    >>> max_pool2d([[1, 7, 2, 0], [3, 4, 9, 5]], 2)
    array([[7, 9]])
    """
    cells = array(x, "x", ranks=(2, 3))
    integers = np.issubdtype(cells.dtype, np.integer)
    least = np.iinfo(np.int64).min if integers else -np.inf
    windows = _windows(cells, kernel_size, stride=stride, padding=padding, fill=least)
    return cast("Array", windows.max(axis=(-2, -1)))


def avg_pool2d(
    x: Grid, kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0
) -> Array:
    """Return the mean of each window of *x*, (H, W) or (C, H, W).

    The sides follow `pool_size`; zeros of the padding count. Means are doubles, which are exact
    where the window has 2, 4, 8, ... cells of integers.

    >>> avg_pool2d([[1, 7, 2, 0], [3, 4, 9, 5]], 2)
    array([[3.75, 4.  ]])
    """
    cells = array(x, "x", ranks=(2, 3))
    windows = _windows(cells, kernel_size, stride=stride, padding=padding, fill=0)
    return cast("Array", windows.mean(axis=(-2, -1)))


def _windows(
    cells: Array, kernel_size: Pair, *, stride: Pair | None, padding: Pair, fill: float
) -> Array:
    """Return the windows of *cells*, padded with *fill*, as a view (..., H', W', kh, kw)."""
    kernel, border = pair(kernel_size, "kernel_size"), pair(padding, "padding", least=0)
    step = kernel if stride is None else pair(stride, "stride")
    sides = [
        pool_size(side, size, stride=jump, padding=edge)
        for side, size, jump, edge in zip(cells.shape[-2:], kernel, step, border, strict=True)
    ]
    fitting((*cells.shape[:-2], *sides, *kernel), "the windows", most=MAX_WINDOW_CELLS)
    edges = [(0, 0)] * (cells.ndim - 2) + [(edge, edge) for edge in border]
    padded = np.pad(cells, edges, constant_values=fill)
    view = cast("Array", sliding_window_view(padded, kernel, axis=(-2, -1)))
    return view[..., :: step[0], :: step[1], :, :]


# What students do instead.


def _given_stride_left_out(given: SimpleNamespace) -> int:
    if given.stride is None:
        raise SolverError("no stride was given")
    return 1


def _default_stride_one(given: SimpleNamespace) -> int:
    if given.stride is not None:
        raise SolverError("a stride was given")
    return 1


# Wrong sizes along one axis; the shapes of single layers and of networks reuse them.
POOL_SIDES: Final[dict[str, Solver]] = {
    **{mistake: instead(pool_size, formula) for mistake, formula in COUNTS.items()},
    "padding_left_out": told(pool_size, padding=0),
    "stride_left_out": told(pool_size, stride=_given_stride_left_out),
    "default_stride_one": told(pool_size, stride=_default_stride_one),
}


def _shape_by(side: Side) -> Solver:
    """Return `pool_shape` with another rule for the sides."""
    return instead(
        pool_shape,
        lambda given: sided(
            partial(side, ceil_mode=given.ceil_mode),
            given.shape,
            given.layout,
            kernel_size=given.kernel_size,
            stride=given.stride,
            padding=given.padding,
        ),
    )


def _channels_pooled(given: SimpleNamespace) -> Shape:
    """Return the shape with the channels divided by the stride, as if they were pooled too."""
    axes = axes_of(pool_shape(**vars(given)), given.layout)
    step = given.kernel_size if given.stride is None else given.stride
    axes["C"] //= pair(step, "stride")[0]
    return tuple(axes.values())


def _values(solver: Solver) -> dict[str, Solver]:
    """Return the twins that both kinds of pooling have."""
    return {
        "padding_left_out": told(solver, padding=0),
        "stride_left_out": told(solver, stride=_given_stride_left_out),
        "default_stride_one": told(solver, stride=_default_stride_one),
        "transposed_output": instead(
            solver, lambda given: np.swapaxes(cast("Array", solver(**vars(given))), -1, -2)
        ),
    }


SOLVERS: Final[tuple[Solver, ...]] = (pool_size, pool_shape, max_pool2d, avg_pool2d)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(pool_size, {**POOL_SIDES, "dilation_left_out": told(pool_size, dilation=1)}),
    *twins_of(pool_shape, {mistake: _shape_by(side) for mistake, side in POOL_SIDES.items()}),
    *twins_of(
        pool_shape,
        {
            "axes_swapped": instead(
                pool_shape, lambda given: swapped(pool_shape(**vars(given)), given.layout)
            ),
            "channels_pooled": instead(pool_shape, _channels_pooled),
            "layout_swapped": instead(
                pool_shape, lambda given: relaid(pool_shape(**vars(given)), given.layout)
            ),
        },
    ),
    *twins_of(max_pool2d, _values(max_pool2d)),
    *twins_of(avg_pool2d, _values(avg_pool2d)),
    Twin("average_for_max", "max_pool2d", instead(max_pool2d, lambda g: avg_pool2d(**vars(g)))),
    Twin("max_for_average", "avg_pool2d", instead(avg_pool2d, lambda g: max_pool2d(**vars(g)))),
)
