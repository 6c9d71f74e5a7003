"""Tracers for pooling: the maximum or the mean of each window."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import islice
from typing import Final, Literal

import numpy as np

from grader.display.steps import PooledWindow, SolutionStep, TextStep, Tracer
from grader.values import Array, simplify_number
from problems.solvers.bounds import as_array
from problems.solvers.geometry import PerAxis
from problems.solvers.pool_values import (
    PoolPlacement,
    avg_pool2d,
    global_pool2d,
    is_max_mode,
    max_pool2d,
    place_pool_windows,
)
from problems.solvers.windows import pad
from problems.traces.axes import trace_pool_axis
from problems.traces.sizes import DEFAULT_STRIDE
from problems.traces.tracing import TracedArguments, build_tracers, show_array, to_tensor
from problems.traces.windows import MAX_WINDOWS, describe_remaining_cells, trace_output_sides

MAX_PATCH: Final = 256

PoolMode = Literal["max", "mean"]


def _trace_max_pool2d(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_pool(args, dilation=args.dilation, mode="max", padding_counts=False)


def _trace_avg_pool2d(args: TracedArguments) -> Iterator[SolutionStep]:
    counts = args.count_include_pad
    yield from _trace_pool(args, dilation=1, mode="mean", padding_counts=counts)


def _trace_pool(
    args: TracedArguments, *, dilation: PerAxis, mode: PoolMode, padding_counts: bool
) -> Iterator[SolutionStep]:
    """Yield the steps of a pooling layer.

    If the padding does not count, the windows are clipped to the input.
    """
    x = as_array(args.x, "x", ranks=(2, 3))
    placement = place_pool_windows(
        x.shape,
        args.kernel_size,
        stride=args.stride,
        padding=args.padding,
        dilation=dilation,
        ceil_mode=args.ceil_mode,
    )
    cells = x.reshape(-1, *x.shape[-2:])
    if args.stride is None:
        yield DEFAULT_STRIDE
    yield from trace_output_sides(
        x.shape[-2:],
        placement.windows,
        partial(trace_pool_axis, ceil_mode=args.ceil_mode),
    )
    padding = any(map(any, placement.windows.borders))
    if padding and padding_counts:
        cells = pad(cells, placement.windows.borders)
        yield TextStep("The padding zeros are included.")
        yield show_array("X_P", cells if x.ndim > 2 else cells[0])  # noqa: PLR2004 - (H, W)
    elif padding:
        yield TextStep(
            f"Padding is skipped: it {'is never the maximum' if mode == 'max' else 'has no cells'}."
        )
    corner = (0, 0) if padding_counts else tuple(ends[0] for ends in placement.windows.borders)
    yield from _trace_pool_windows(args.result, cells, placement, corner, mode)
    yield show_array("Y", args.result)


def _trace_pool_windows(
    result: Array, cells: Array, placement: PoolPlacement, border: tuple[int, ...], mode: PoolMode
) -> Iterator[SolutionStep]:
    """Yield the windows one by one; *border* is the offset of the first before *cells*."""
    if np.prod(placement.windows.kernel) > MAX_PATCH:
        return
    positions = list(islice(np.ndindex(len(cells), *placement.windows.output), MAX_WINDOWS))
    for channel, *position in positions:
        spans = [
            _window_span(index, axis, placement, start, size)
            for axis, (index, start, size) in enumerate(
                zip(position, border, cells.shape[1:], strict=True)
            )
        ]
        corner = (spans[0].start, spans[1].start)
        index = (channel, *position) if result.ndim > len(position) else tuple(position)
        yield _build_pooled_window(index, corner, cells[(channel, *map(_to_slice, spans))], mode)
    yield from describe_remaining_cells(result.size - len(positions))


def _window_span(
    position: int, axis: int, placement: PoolPlacement, start: int, size: int
) -> range:
    """Return the indices of the window at *position* of *axis*, clipped to the input."""
    geometry = placement.windows
    spread = geometry.dilation[axis]
    first = position * geometry.stride[axis] - start
    under = range(first, first + (geometry.kernel[axis] - 1) * spread + 1, spread)
    inside = [index for index in under if 0 <= index < size]
    return range(inside[0], inside[-1] + 1, spread)


def _to_slice(span: range) -> slice:
    return slice(span.start, span.stop, span.step)


def _build_pooled_window(
    index: tuple[int, ...], corner: tuple[int, ...], patch: Array, mode: PoolMode
) -> PooledWindow:
    patch_tensor = to_tensor(patch)
    count = len(patch_tensor.cells)
    total = (
        max(patch_tensor.cells)
        if mode == "max"
        else simplify_number(Fraction(sum(patch_tensor.cells)) / count)
    )
    return PooledWindow(index, corner, patch_tensor, mode, count, total)


def _trace_global_pool2d(args: TracedArguments) -> Iterator[SolutionStep]:
    x = as_array(args.x, "x", ranks=(2, 3))
    maps = x.reshape(-1, *x.shape[-2:])
    mode: PoolMode = "max" if is_max_mode(args.mode) else "mean"
    yield TextStep(
        f"Each channel is reduced to one number, {'its largest' if mode == 'max' else 'its mean'}."
    )
    if maps[0].size <= MAX_PATCH:
        for channel, cells in enumerate(maps[:MAX_WINDOWS]):
            yield _build_pooled_window((channel,), (0, 0), cells, mode)
        yield from describe_remaining_cells(len(maps[MAX_WINDOWS:]))
    yield show_array("Y", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        max_pool2d: _trace_max_pool2d,
        avg_pool2d: _trace_avg_pool2d,
        global_pool2d: _trace_global_pool2d,
    }
)
