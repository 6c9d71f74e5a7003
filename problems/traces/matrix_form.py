"""Tracers for the matrix forms of a convolution: im2col and the sparse kernel matrix."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import numpy as np

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_formula
from grader.display.text import to_text
from grader.values import Array, to_exact_number
from problems.solvers.bounds import as_array, as_pair
from problems.solvers.geometry import expand_per_axis
from problems.solvers.matrix_form import conv_matrix, im2col
from problems.solvers.matrix_sizes import (
    conv_matrix_nonzeros,
    conv_matrix_shape,
    im2col_shape,
)
from problems.solvers.sizes import conv_shape
from problems.solvers.windows import as_sizes, pad, place_windows
from problems.traces.axes import trace_axes, trace_conv_axis
from problems.traces.parameters import build_kernel_area_piece
from problems.traces.tracing import TracedArguments, build_table, build_tracers, show_array
from problems.traces.windows import describe_remaining_cells, trace_output_sides

SPATIAL_AXES: Final = 2
MAX_COLUMNS: Final = 16
MAX_COLUMN_LENGTH: Final = 32
OUTPUT_LETTERS: Final = ("H_out", "W_out")


def _trace_im2col(args: TracedArguments) -> Iterator[SolutionStep]:
    x = as_array(args.x, "x", ranks=(2, 3))
    maps = x.reshape(-1, *x.shape[-2:])
    kernel = as_sizes(args.kernel_size, "kernel_size", SPATIAL_AXES)
    placement = place_windows(maps.shape, kernel, **_geometry_options(args))
    if any(map(any, placement.borders)):
        bordered = pad(maps, placement.borders)
        yield TextStep("The zero-padded input:")
        yield show_array("X_P", bordered if x.ndim > SPATIAL_AXES else bordered[0])
    yield from trace_output_sides(x.shape[-2:], placement, trace_conv_axis)
    yield TextStep("Each window is a column: channel by channel, row by row.")
    if args.result.shape[0] <= MAX_COLUMN_LENGTH:
        yield build_table(("window", "column"), _build_column_rows(args.result, placement.output))
        yield from describe_remaining_cells(max(args.result.shape[1] - MAX_COLUMNS, 0))
    yield show_array("X_col", args.result)


def _geometry_options(args: TracedArguments) -> dict[str, Any]:
    return {name: getattr(args, name) for name in ("stride", "padding", "dilation")}


def _build_column_rows(matrix: Array, output: tuple[int, ...]) -> list[tuple[str, str]]:
    """Return one row per leading column, with the position of its window."""
    positions = islice(np.ndindex(*output), MAX_COLUMNS)
    return [
        (
            f"({', '.join(str(at + 1) for at in place)})",
            ", ".join(to_text(to_exact_number(cell)) for cell in matrix[:, number].tolist()),
        )
        for number, place in enumerate(positions)
    ]


def _trace_conv_matrix(args: TracedArguments) -> Iterator[SolutionStep]:
    kernel = as_array(args.w, "w", ranks=(1, 2, 3, 4))
    axes = min(kernel.ndim, SPATIAL_AXES)
    sizes = as_sizes(args.input_size, "input_size", axes)
    placement = place_windows((1, *sizes), kernel.shape[-axes:], **_geometry_options(args))
    yield from trace_output_sides(sizes, placement, trace_conv_axis)
    high, wide = args.result.shape
    yield TextStep(
        f"One row for each of the {high} outputs, one column for each of the {wide} inputs."
    )
    yield TextStep("A row has the weights at the window of its output, and 0 elsewhere.")
    yield show_array("W", args.result)


def _maps_shape_and_side_steps(args: TracedArguments) -> tuple[tuple[int, ...], list[SolutionStep]]:
    """Return the input shape as (C, H, W), and the steps to the output sizes."""
    maps = (1, *args.shape) if len(args.shape) == SPATIAL_AXES else tuple(args.shape)
    names = ("kernel_size", "stride", "padding", "dilation")
    geometries = {name: expand_per_axis(getattr(args, name), name, SPATIAL_AXES) for name in names}
    axes = dict(zip("HW", maps[1:], strict=True))
    return maps, list(trace_axes(trace_conv_axis, axes, geometries))


def _output_sides(args: TracedArguments, maps: tuple[int, ...]) -> dict[str, int]:
    """Return the output sizes, keyed by letter."""
    shape = conv_shape(maps, 1, args.kernel_size, **_geometry_options(args), layout="CHW")
    return dict(zip(OUTPUT_LETTERS, shape[1:], strict=True))


def _trace_im2col_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    maps, steps = _maps_shape_and_side_steps(args)
    yield TextStep("One row for each cell of a window in all channels, one column for each window.")
    yield from steps
    cells, kernel = build_kernel_area_piece(args.kernel_size)
    channels = ("C*", {"C": maps[0]}) if maps[0] > 1 else ("", {})
    rows = build_formula("n_r", f"{channels[0]}{cells}", **kernel, **channels[1])
    yield from _trace_row_and_column_counts(
        rows, build_formula("n_c", "H_out*W_out", **_output_sides(args, maps))
    )


def _trace_row_and_column_counts(rows: Formula, columns: Formula) -> Iterator[SolutionStep]:
    """Yield the formulas of rows and columns, then the shape."""
    yield rows
    yield columns
    yield build_formula("shape", "(n_r, n_c)", n_r=rows.number, n_c=columns.number)


def _trace_conv_matrix_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    maps, steps = _maps_shape_and_side_steps(args)
    yield TextStep("One row for each output value, one column for each input value.")
    yield from steps
    filters = {"C_out": args.out_channels, **_output_sides(args, maps)}
    rows = build_formula("n_r", "C_out*H_out*W_out", **filters)
    channels = "C*" if maps[0] > 1 else ""
    letters = dict(zip("CHW", maps, strict=True))
    yield from _trace_row_and_column_counts(rows, build_formula("n_c", f"{channels}H*W", **letters))


def _trace_conv_matrix_nonzeros(args: TracedArguments) -> Iterator[SolutionStep]:
    maps, steps = _maps_shape_and_side_steps(args)
    yield from steps
    counts = {"C": maps[0], "C_out": args.out_channels}
    cells, kernel = build_kernel_area_piece(args.kernel_size)
    output_sides = _output_sides(args, maps)
    whole = build_formula("N", f"C_out*C*{cells}*H_out*W_out", **counts, **kernel, **output_sides)
    if whole.value == args.result:
        yield TextStep("Each output has a weight for each cell of the kernel in each channel.")
        yield whole
        return
    yield TextStep(
        "Along an axis, each kernel cell is used at each position, minus the p on the padding."
    )
    pairs = [_build_axis_pairs_formula(args, maps[1:], axis) for axis in range(SPATIAL_AXES)]
    yield from pairs
    yield build_formula(
        "N", "C_out*C*n_H*n_W", **counts, **{pair.name: pair.number for pair in pairs}
    )


def _build_axis_pairs_formula(args: TracedArguments, sizes: tuple[int, ...], axis: int) -> Formula:
    """Return the formula of how often kernel cells meet input cells along one *axis*."""
    letter = "HW"[axis]
    kernel = as_sizes(args.kernel_size, "kernel_size", SPATIAL_AXES)[axis]
    ends = as_pair(expand_per_axis(args.padding, "padding", SPATIAL_AXES)[axis], "padding", least=0)
    geometry: dict[str, Any] = {
        "stride": (as_sizes(args.stride, "stride", SPATIAL_AXES)[axis], 1),
        "padding": (0, 0, *ends),
        "dilation": (as_sizes(args.dilation, "dilation", SPATIAL_AXES)[axis], 1),
    }
    met = conv_matrix_nonzeros((sizes[axis], 1), 1, (kernel, 1), **geometry)
    places = conv_shape((1, sizes[axis], 1), 1, (kernel, 1), **geometry, layout="CHW")[1]
    known = {f"K_{letter}": kernel, f"{letter}_out": places, f"p_{letter}": kernel * places - met}
    return build_formula(f"n_{letter}", f"K_{letter}*{letter}_out - p_{letter}", **known)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        im2col: _trace_im2col,
        conv_matrix: _trace_conv_matrix,
        im2col_shape: _trace_im2col_shape,
        conv_matrix_shape: _trace_conv_matrix_shape,
        conv_matrix_nonzeros: _trace_conv_matrix_nonzeros,
    }
)
