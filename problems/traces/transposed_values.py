"""Tracers for transposed convolutions: the running sum after each scaled kernel."""

from collections.abc import Iterator
from functools import partial
from typing import Final, cast

import numpy as np

from grader.display.steps import Array, SolutionStep, TextStep, Tracer
from grader.display.text import to_text
from grader.registry import Solver
from grader.values import Array as NumpyArray
from grader.values import to_exact_number
from problems.solvers.bounds import as_array
from problems.solvers.geometry import expand_per_axis
from problems.solvers.transposed_values import (
    conv_transpose1d,
    conv_transpose2d,
    transposed_running_sum,
)
from problems.traces.axes import trace_axes, trace_transposed_axis
from problems.traces.tracing import (
    TracedArguments,
    TraceFunction,
    build_tracers,
    show_array,
    to_tensor,
)

MAX_STAMPS: Final = 16
MAX_SUM: Final = 400


def _trace_transposed_conv(
    args: TracedArguments, *, solver: Solver, axes: int
) -> Iterator[SolutionStep]:
    """Yield the steps of a transposed convolution with *axes* spatial axes."""
    x = as_array(args.x, "x", ranks=(axes, axes + 1))
    geometry = {"stride": args.stride, "dilation": args.dilation, "groups": args.groups}
    kernel = np.asarray(args.w).shape[-axes:]
    yield from _trace_transposed_output_sides(args, x.shape[-axes:], kernel)
    whole = partial(solver, w=args.w, output_padding=args.output_padding, **geometry)
    if isinstance(args.padding, str):
        whole = partial(solver, w=args.w, **geometry)
    stamps = [*_trace_stamps(x, whole, count=x.size, cells=args.result.size)]
    yield from stamps
    if _shows_result(stamps[-1], args.result):
        return
    if np.any(np.asarray(args.padding) != 0):
        yield TextStep(f"The padding {_format_padding(args.padding)} crops the sum at its ends.")
    if np.any(np.asarray(args.bias) != 0):
        yield TextStep("The bias is added to every cell.")
    yield show_array("Y", args.result)


def _trace_transposed_output_sides(
    args: TracedArguments, sizes: tuple[int, ...], kernel: tuple[int, ...]
) -> Iterator[SolutionStep]:
    """Yield the formulas of the sizes, if the padding is the same at both ends."""
    if isinstance(args.padding, str):
        return
    names = ("stride", "padding", "output_padding", "dilation")
    geometries = {name: expand_per_axis(getattr(args, name), name, len(sizes)) for name in names}
    if not any(isinstance(ends, tuple) for ends in geometries["padding"]):
        letters = "HW"[-len(sizes) :]
        axes = dict(zip(letters, sizes, strict=True))
        yield from trace_axes(trace_transposed_axis, axes, {"kernel_size": kernel, **geometries})


def _format_padding(padding: object) -> str:
    return f"({', '.join(map(str, padding))})" if isinstance(padding, tuple) else str(padding)


def _trace_stamps(
    x: NumpyArray, whole: Solver, *, count: int, cells: int
) -> Iterator[SolutionStep]:
    """Yield the running sum after each nonzero cell among the first *count* of *x*.

    *whole* computes the sum; *cells* is its number of cells.
    """
    yield TextStep(
        "Each input cell adds a copy of the kernel, multiplied by the cell; overlaps add up."
    )
    if cells > MAX_SUM:
        return
    stamping = np.flatnonzero(x.ravel()[:count])
    so_far = np.zeros_like(x)
    for number in stamping[:MAX_STAMPS]:
        position = np.unravel_index(number, x.shape)
        so_far[position] = x[position]
        position_text = ", ".join(str(index + 1) for index in position)
        added = to_text(to_exact_number(x[position]))
        yield show_array(
            f"sum with {added}·w at ({position_text})", cast("NumpyArray", whole(so_far))
        )
    if len(stamping) > MAX_STAMPS:
        yield TextStep(f"The other {len(stamping) - MAX_STAMPS} cells follow in the same way.")


def _trace_transposed_running_sum(args: TracedArguments) -> Iterator[SolutionStep]:
    x = as_array(args.x, "x", ranks=(2,))
    whole = partial(conv_transpose2d, w=args.w, stride=args.stride)
    stamps = [*_trace_stamps(x, whole, count=args.after, cells=args.result.size)]
    yield from stamps
    if not _shows_result(stamps[-1], args.result):
        yield show_array(f"S_{args.after}", args.result)


def _shows_result(step: SolutionStep, result: NumpyArray) -> bool:
    """Return whether *step* already shows the *result*."""
    return isinstance(step, Array) and step.value == to_tensor(result)


def _build_transposed_trace(solver: Solver, axes: int) -> TraceFunction:
    return partial(_trace_transposed_conv, solver=solver, axes=axes)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        conv_transpose1d: _build_transposed_trace(conv_transpose1d, 1),
        conv_transpose2d: _build_transposed_trace(conv_transpose2d, 2),
        transposed_running_sum: _trace_transposed_running_sum,
    }
)
