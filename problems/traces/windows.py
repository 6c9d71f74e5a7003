"""Tracers for convolutions: the padded input, then each cell as a sum of products."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Final

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer, Window
from grader.values import Array, Number, to_exact_number
from problems.solvers.bounds import as_array
from problems.solvers.convolution import as_filters, conv1d, conv2d, conv3d
from problems.solvers.windows import WindowPlacement, pad, place_windows, window_view
from problems.traces.axes import AxisTracer, trace_axes, trace_conv_axis
from problems.traces.tracing import (
    TracedArguments,
    TraceFunction,
    build_tracers,
    show_array,
    to_tensor,
)

MAX_WINDOWS: Final = 64
MAX_PATCH: Final = 256


def _trace_convolution(args: TracedArguments, *, axes: int) -> Iterator[SolutionStep]:
    """Yield the steps of a convolution with *axes* spatial axes."""
    x, w = as_array(args.x, "x", ranks=(axes, axes + 1)), np.asarray(args.w)
    cells = x.reshape(-1, *x.shape[x.ndim - axes :])
    kernel = as_array(args.w, "w", ranks=(axes, axes + 1, axes + 2))
    filters = as_filters(kernel, axes, channels=len(cells), groups=args.groups)
    if args.flip:
        filters = np.flip(filters, tuple(range(2, filters.ndim)))
        yield TextStep("The kernel is rotated by 180 degrees before it is applied to the input.")
        yield show_array("w'", filters.reshape(w.shape) if w.ndim > axes else filters[0, 0])
    placement = place_windows(
        cells.shape,
        filters.shape[2:],
        stride=args.stride,
        padding=args.padding,
        dilation=args.dilation,
    )
    bordered = pad(cells, placement.borders)
    if any(map(any, placement.borders)):
        yield TextStep("The zero-padded input:")
        yield show_array("X_P", bordered.reshape(*x.shape[: x.ndim - axes], *bordered.shape[1:]))
    yield from trace_output_sides(cells.shape[1:], placement, trace_conv_axis)
    yield from _trace_windows(args, window_view(bordered, placement), filters, placement)
    yield show_array("Y", args.result)


def trace_output_sides(
    sizes: tuple[int, ...], placement: WindowPlacement, axis: AxisTracer
) -> Iterator[SolutionStep]:
    """Yield the formulas of the output size per axis, from the input *sizes* (..., H, W)."""
    geometry = {
        "kernel_size": placement.kernel,
        "stride": placement.stride,
        "padding": placement.borders,
        "dilation": placement.dilation,
    }
    letters = "DHW"[-len(sizes) :]
    return trace_axes(axis, dict(zip(letters, sizes, strict=True)), geometry)


def _trace_windows(
    args: TracedArguments, views: Array, filters: Array, placement: WindowPlacement
) -> Iterator[SolutionStep]:
    """Yield the windows one by one; *views* covers all channels: (C, kernel, output)."""
    several = args.result.ndim > len(placement.output)
    inner = filters.shape[1]
    if filters[0].size > MAX_PATCH:
        yield TextStep(f"Each cell is the sum of {filters[0].size} products.")
        return
    positions = list(islice(np.ndindex(len(filters), *placement.output), MAX_WINDOWS))
    for number, *position in positions:
        first = number // (len(filters) // args.groups) * inner
        under = views[(slice(first, first + inner), ..., *position)]
        patch, kernel = to_tensor(under), to_tensor(filters[number])
        if len(views) == 1:
            patch, kernel = to_tensor(under[0]), to_tensor(filters[number, 0])
        bias = bias_of_filter(args.bias, number)
        products = zip(patch.cells, kernel.cells, strict=True)
        yield Window(
            (number, *position) if several else tuple(position),
            tuple(at * step for at, step in zip(position, placement.stride, strict=True)),
            patch,
            kernel,
            bias,
            sum(product * two for product, two in products) + bias,
            placement.dilation,
        )
    yield from describe_remaining_cells(args.result.size - len(positions))


def bias_of_filter(bias: object, number: int) -> Number:
    """Return the bias of filter *number*; a single bias applies to all filters.

    >>> bias_of_filter((10, 20), 1), bias_of_filter(3, 1)
    (20, 3)
    """
    biases = np.atleast_1d(np.asarray(bias, dtype=object))
    return to_exact_number(biases[number % len(biases)])


def describe_remaining_cells(cells: int) -> Iterator[TextStep]:
    """Yield a sentence about the number of *cells* without a step, if any."""
    if cells:
        yield TextStep(f"The other {cells} cells follow in the same way.")


def _build_conv_trace(axes: int) -> TraceFunction:
    return partial(_trace_convolution, axes=axes)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {conv1d: _build_conv_trace(1), conv2d: _build_conv_trace(2), conv3d: _build_conv_trace(3)}
)
