"""Values after 2-D pooling, window by window in each channel.

Source: the PyTorch documentation of ``MaxPool2d`` and ``AvgPool2d``. The stride
defaults to the window size. Max pooling pads with minus infinity. Average pooling pads
with zeros, which count unless *count_include_pad* is False. A window added by
*ceil_mode* counts only the cells inside the padded input.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypedDict, Unpack, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.bounds import Grid, Shape, as_array, check_cell_count, require_bool
from problems.solvers.geometry import PerAxis
from problems.solvers.pooling import default_stride_to_one, explicit_stride_to_one, pool_size
from problems.solvers.windows import (
    MAX_WINDOW_CELLS,
    Borders,
    WindowPlacement,
    as_sizes,
    compute_borders,
    pad,
    window_view,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_POOLED_CELLS: Final = 6_000_000


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

    The output size follows `pool_size`. The padding is never the maximum.

    >>> max_pool2d([[1, 7, 2, 0], [3, 4, 9, 5]], 2)
    array([[7, 9]])
    """
    cells = as_array(x, "x", ranks=(2, 3))
    window_options = PoolArguments(
        stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
    )
    window_cells = collect_windows(
        cells,
        place_pool_windows(cells.shape, kernel_size, **window_options),
        fill=lowest_dtype_value(cells),
    )
    largest = window_cells.max(axis=1)
    if dilation != 1 and (largest == lowest_dtype_value(cells)).any():
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

    The output size follows `pool_size`. Zeros of the padding count unless
    *count_include_pad* is False. Means are doubles; they are exact if a window counts
    2, 4, 8, ... integers.

    >>> avg_pool2d([[1, 7, 2, 0], [3, 4, 9, 5]], 2)
    array([[3.75, 4.  ]])
    """
    cells = as_array(x, "x", ranks=(2, 3))
    window_options = PoolArguments(stride=stride, padding=padding, dilation=1, ceil_mode=ceil_mode)
    placement = place_pool_windows(cells.shape, kernel_size, **window_options)
    sums = collect_windows(cells, placement, fill=0).sum(axis=1)
    means = sums / window_divisors(cells.shape, placement, count_include_pad=count_include_pad)
    return cast("Array", means if cells.ndim > 2 else means[0])  # noqa: PLR2004 - (H, W)


def global_pool2d(x: Grid, *, mode: str = "avg") -> Array:
    """Return the mean of each channel of *x*, or its maximum with *mode* ``max``.

    (C, H, W) gives (C); a single map (H, W) gives one number.

    >>> global_pool2d([[[1, 2], [3, 5]], [[0, 8], [4, 4]]])
    array([2.75, 4.  ])
    """
    cells = as_array(x, "x", ranks=(2, 3))
    pooled = cells.max(axis=(-2, -1)) if is_max_mode(mode) else cells.mean(axis=(-2, -1))
    return cast("Array", np.asarray(pooled))


class PoolArguments(TypedDict):
    """Arguments that place the pooling windows, as solvers take them."""

    stride: PerAxis | None
    padding: PerAxis
    dilation: PerAxis
    ceil_mode: bool


class PoolPlacement(NamedTuple):
    """Placement of the pooling windows on an input.

    *overhang* is how far windows added by `ceil_mode` reach beyond the borders.
    """

    windows: WindowPlacement
    overhang: Borders


def place_pool_windows(
    shape: Shape, kernel_size: PerAxis, **window_options: Unpack[PoolArguments]
) -> PoolPlacement:
    """Return the placement of the windows on an input of *shape*, (H, W) or (C, H, W)."""
    kernel = as_sizes(kernel_size, "kernel_size", 2)
    stride = (
        kernel
        if window_options["stride"] is None
        else as_sizes(window_options["stride"], "stride", 2)
    )
    dilation = as_sizes(window_options["dilation"], "dilation", 2)
    borders = compute_borders(
        window_options["padding"], shape[-2:], kernel, stride=stride, dilation=dilation
    )
    output, overhang = [], []
    for size, k, step, spread, ends in zip(
        shape[-2:], kernel, stride, dilation, borders, strict=True
    ):
        count = pool_size(
            size,
            k,
            stride=step,
            padding=ends,
            dilation=spread,
            ceil_mode=window_options["ceil_mode"],
        )
        reach = (count - 1) * step + (k - 1) * spread + 1
        output.append(count)
        overhang.append((0, max(reach - size - sum(ends), 0)))
    check_cell_count((*shape[:-2], *kernel, *output), "the windows", most=MAX_POOLED_CELLS)
    bordered = [size + sum(ends) for size, ends in zip(shape[-2:], borders, strict=True)]
    check_cell_count((*shape[:-2], *bordered), "the padded input", most=MAX_WINDOW_CELLS)
    return PoolPlacement(
        WindowPlacement(kernel, stride, dilation, borders, tuple(output)), tuple(overhang)
    )


def collect_windows(cells: Array, placement: PoolPlacement, *, fill: float) -> Array:
    """Return the cells of the window at each position: (C, window cells, H', W').

    Cells outside the input have the value *fill*.
    """
    layout, overhang = placement
    maps = cells.reshape(-1, *cells.shape[-2:])
    bordered = pad(pad(maps, layout.borders, fill=fill), overhang, fill=fill)
    return window_view(bordered, layout).reshape(len(maps), -1, *layout.output)


def window_divisors(shape: Shape, placement: PoolPlacement, *, count_include_pad: bool) -> Array:
    """Return the number of cells that each window's mean counts: (H', W')."""
    layout, overhang = placement
    counted = float(require_bool(count_include_pad, "count_include_pad"))
    ones = pad(np.ones((1, *shape[-2:])), layout.borders, fill=counted)
    return cast("Array", window_view(pad(ones, overhang), layout).sum(axis=(0, 1, 2)))


def lowest_dtype_value(cells: Array) -> float:
    """Return a lower bound of *cells*: the smallest 64-bit integer, or minus infinity."""
    return np.iinfo(np.int64).min if cells.dtype.kind == "i" else -np.inf


def is_max_mode(mode: str) -> bool:
    """Return whether *mode* is ``max`` rather than ``avg``.

    Raise `SolverError` for any other mode.
    """
    if mode not in {"max", "avg"}:
        raise SolverError(f"mode must be max or avg, not {mode}")
    return mode == "max"


# What students do instead.


def _pool_wrong_versions(solver: Solver) -> Mapping[str, Solver]:
    """Return the wrong versions common to max and average pooling."""
    return {
        "padding_left_out": replace_arguments(solver, padding=0),
        "stride_left_out": replace_arguments(solver, stride=explicit_stride_to_one),
        "default_stride_one": replace_arguments(solver, stride=default_stride_to_one),
        "rounded_up": replace_arguments(solver, ceil_mode=True),
        "transposed_output": replace_formula(
            solver, lambda args: np.swapaxes(cast("Array", solver(**vars(args))), -1, -2)
        ),
    }


def _call_without_arguments(solver: Solver, *extra: str) -> Callable[[SolverArguments], object]:
    """Return a formula that calls *solver* without its *extra* arguments."""
    return lambda args: solver(
        **{name: value for name, value in vars(args).items() if name not in extra}
    )


def _window_sums(args: SolverArguments) -> Array:
    """Return the sum of each window instead of its mean."""
    cells = as_sizes(args.kernel_size, "kernel_size", 2)
    return avg_pool2d(**{**vars(args), "count_include_pad": True}) * math.prod(cells)


SOLVERS: Final[tuple[Solver, ...]] = (max_pool2d, avg_pool2d, global_pool2d)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(max_pool2d, _pool_wrong_versions(max_pool2d)),
    *build_wrong_versions(
        max_pool2d,
        {
            "average_for_max": replace_formula(
                max_pool2d, _call_without_arguments(avg_pool2d, "dilation")
            ),
            "dilation_left_out": replace_arguments(max_pool2d, dilation=1),
        },
    ),
    *build_wrong_versions(avg_pool2d, _pool_wrong_versions(avg_pool2d)),
    *build_wrong_versions(
        avg_pool2d,
        {
            "max_for_average": replace_formula(
                avg_pool2d, _call_without_arguments(max_pool2d, "count_include_pad")
            ),
            "sum_for_mean": replace_formula(avg_pool2d, _window_sums),
            "border_in_the_mean": replace_arguments(
                avg_pool2d, count_include_pad=lambda args: not args.count_include_pad
            ),
        },
    ),
    *build_wrong_versions(
        global_pool2d,
        {
            "average_for_max": replace_arguments(global_pool2d, mode="avg"),
            "max_for_average": replace_arguments(global_pool2d, mode="max"),
        },
    ),
)
