"""Values after pooling, window by window in each channel.

Source: the PyTorch documentation of ``MaxPool2d`` and ``AvgPool2d``. The stride defaults to the
window; the padding of a maximum is minus infinity, that of an average is zero and is counted
unless *count_include_pad* is False. A window that *ceil_mode* adds counts what it holds.
"""

import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Final, NamedTuple, TypedDict, Unpack, cast

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import Grid, Shape, array, fitting, flag
from problems.solvers.geometry import PerAxis
from problems.solvers.pooling import default_stride_one, given_stride_left_out, pool_size
from problems.solvers.twins import instead, told, twins_of
from problems.solvers.windows import (
    MAX_WINDOW_CELLS,
    Borders,
    Placing,
    borders_of,
    padded,
    sizes_of,
    windows,
)

__all__ = [
    "SOLVERS",
    "TWINS",
    "Placed",
    "Steps",
    "avg_pool2d",
    "columns",
    "counts",
    "global_pool2d",
    "is_max",
    "least",
    "max_pool2d",
    "placed_on",
]

MAX_POOLED: Final = 6_000_000


def max_pool2d(
    x: Grid,
    kernel_size: PerAxis,
    *,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the largest value of each window of *x*, (H, W) or (C, H, W).

    The sides follow `pool_size`; the padding never wins.

    >>> max_pool2d([[1, 7, 2, 0], [3, 4, 9, 5]], 2)
    array([[7, 9]])
    """
    cells = array(x, "x", ranks=(2, 3))
    steps = Steps(stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
    found = columns(cells, placed_on(cells.shape, kernel_size, **steps), fill=least(cells))
    largest = found.max(axis=1)
    if dilation != 1 and (largest == least(cells)).any():
        raise SolverError("a window lies in the padding alone")
    return cast("Array", largest if cells.ndim > 2 else largest[0])  # noqa: PLR2004 - (H, W)


def avg_pool2d(
    x: Grid,
    kernel_size: PerAxis,
    *,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Return the mean of each window of *x*, (H, W) or (C, H, W).

    The sides follow `pool_size`; zeros of the padding count unless *count_include_pad* is False.
    Means are doubles, which are exact where 2, 4, 8, ... integers are counted.

    >>> avg_pool2d([[1, 7, 2, 0], [3, 4, 9, 5]], 2)
    array([[3.75, 4.  ]])
    """
    cells = array(x, "x", ranks=(2, 3))
    steps = Steps(stride=stride, padding=padding, dilation=1, ceil_mode=ceil_mode)
    placed = placed_on(cells.shape, kernel_size, **steps)
    sums = columns(cells, placed, fill=0).sum(axis=1)
    means = sums / counts(cells.shape, placed, count_include_pad=count_include_pad)
    return cast("Array", means if cells.ndim > 2 else means[0])  # noqa: PLR2004 - (H, W)


def global_pool2d(x: Grid, *, mode: str = "avg") -> Array:
    """Return the mean of each channel of *x*, or with *mode* ``max`` the largest value.

    (C, H, W) gives (C), a single map (H, W) gives one number.

    >>> global_pool2d([[[1, 2], [3, 5]], [[0, 8], [4, 4]]])
    array([2.75, 4.  ])
    """
    cells = array(x, "x", ranks=(2, 3))
    found = cells.max(axis=(-2, -1)) if is_max(mode) else cells.mean(axis=(-2, -1))
    return cast("Array", np.asarray(found))


class Steps(TypedDict):
    """The arguments that say where the windows lie, as solvers take them."""

    stride: PerAxis | None
    padding: PerAxis
    dilation: PerAxis
    ceil_mode: bool


class Placed(NamedTuple):
    """How the window is laid on an input; *beyond* the borders are the cells of `ceil_mode`."""

    laid: Placing
    beyond: Borders


def placed_on(shape: Shape, kernel_size: PerAxis, **steps: Unpack[Steps]) -> Placed:
    """Return how the window is laid on an input of *shape*, (H, W) or (C, H, W)."""
    kernel = sizes_of(kernel_size, "kernel_size", 2)
    stride = kernel if steps["stride"] is None else sizes_of(steps["stride"], "stride", 2)
    dilation = sizes_of(steps["dilation"], "dilation", 2)
    borders = borders_of(steps["padding"], shape[-2:], kernel, stride=stride, dilation=dilation)
    output, beyond = [], []
    for size, k, step, spread, ends in zip(
        shape[-2:], kernel, stride, dilation, borders, strict=True
    ):
        count = pool_size(
            size, k, stride=step, padding=ends, dilation=spread, ceil_mode=steps["ceil_mode"]
        )
        reach = (count - 1) * step + (k - 1) * spread + 1
        output.append(count)
        beyond.append((0, max(reach - size - sum(ends), 0)))
    fitting((*shape[:-2], *kernel, *output), "the windows", most=MAX_POOLED)
    bordered = [size + sum(ends) for size, ends in zip(shape[-2:], borders, strict=True)]
    fitting((*shape[:-2], *bordered), "the padded input", most=MAX_WINDOW_CELLS)
    return Placed(Placing(kernel, stride, dilation, borders, tuple(output)), tuple(beyond))


def columns(cells: Array, placed: Placed, *, fill: float) -> Array:
    """Return what lies under the window at each place: (C, cells of the window, H', W')."""
    laid, beyond = placed
    maps = cells.reshape(-1, *cells.shape[-2:])
    bordered = padded(padded(maps, laid.borders, fill=fill), beyond, fill=fill)
    return windows(bordered, laid).reshape(len(maps), -1, *laid.output)


def counts(shape: Shape, placed: Placed, *, count_include_pad: bool) -> Array:
    """Return by how many cells each window's sum is divided: (H', W')."""
    laid, beyond = placed
    counted = float(flag(count_include_pad, "count_include_pad"))
    ones = padded(np.ones((1, *shape[-2:])), laid.borders, fill=counted)
    return cast("Array", windows(padded(ones, beyond), laid).sum(axis=(0, 1, 2)))


def least(cells: Array) -> float:
    """Return what no cell is smaller than."""
    return np.iinfo(np.int64).min if cells.dtype.kind == "i" else -np.inf


def is_max(mode: str) -> bool:
    """Tell whether *mode* is ``max`` and not ``avg``; another one is a `SolverError`."""
    if mode not in {"max", "avg"}:
        raise SolverError(f"mode must be max or avg, not {mode}")
    return mode == "max"


# What students do instead.


def _of_both(solver: Solver) -> Mapping[str, Solver]:
    """Return the twins that both kinds of pooling have."""
    return {
        "padding_left_out": told(solver, padding=0),
        "stride_left_out": told(solver, stride=given_stride_left_out),
        "default_stride_one": told(solver, stride=default_stride_one),
        "rounded_up": told(solver, ceil_mode=True),
        "transposed_output": instead(
            solver, lambda given: np.swapaxes(cast("Array", solver(**vars(given))), -1, -2)
        ),
    }


def _other(solver: Solver, *extra: str) -> Callable[[SimpleNamespace], object]:
    """Return what *solver* gives for the arguments without those that it does not have."""
    return lambda given: solver(
        **{name: value for name, value in vars(given).items() if name not in extra}
    )


def _sums(given: SimpleNamespace) -> Array:
    """Return the sum of each window, which nothing divides."""
    cells = sizes_of(given.kernel_size, "kernel_size", 2)
    return avg_pool2d(**{**vars(given), "count_include_pad": True}) * math.prod(cells)


SOLVERS: Final[tuple[Solver, ...]] = (max_pool2d, avg_pool2d, global_pool2d)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(max_pool2d, _of_both(max_pool2d)),
    *twins_of(
        max_pool2d,
        {
            "average_for_max": instead(max_pool2d, _other(avg_pool2d, "dilation")),
            "dilation_left_out": told(max_pool2d, dilation=1),
        },
    ),
    *twins_of(avg_pool2d, _of_both(avg_pool2d)),
    *twins_of(
        avg_pool2d,
        {
            "max_for_average": instead(avg_pool2d, _other(max_pool2d, "count_include_pad")),
            "sum_for_mean": instead(avg_pool2d, _sums),
            "border_in_the_mean": told(
                avg_pool2d, count_include_pad=lambda given: not given.count_include_pad
            ),
        },
    ),
    *twins_of(
        global_pool2d,
        {
            "average_for_max": told(global_pool2d, mode="avg"),
            "max_for_average": told(global_pool2d, mode="max"),
        },
    ),
)
