"""The way to a convolution's matrix forms: windows as columns, the kernel as a sparse matrix."""

from collections.abc import Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from grader.display.steps import Formula, Said, Step, Tracer, formula
from grader.display.text import show
from grader.values import Array, exact
from problems.solvers.bounds import array, pair
from problems.solvers.geometry import per_axis
from problems.solvers.matrix_form import conv_matrix, im2col
from problems.solvers.matrix_sizes import (
    conv_matrix_nonzeros,
    conv_matrix_shape,
    im2col_shape,
)
from problems.solvers.sizes import conv_shape
from problems.solvers.windows import padded, placing, sizes_of
from problems.traces.axes import conv_axis, each_axis
from problems.traces.parameters import kernel_area
from problems.traces.tracing import listed, shown, tracers
from problems.traces.windows import further, sides

__all__ = ["TRACERS"]

AXES: Final = 2
MAX_COLUMNS: Final = 16
MAX_COLUMN: Final = 32
PLACES: Final = ("H_out", "W_out")


def _im2col(given: SimpleNamespace) -> Iterator[Step]:
    x = array(given.x, "x", ranks=(2, 3))
    maps = x.reshape(-1, *x.shape[-2:])
    kernel = sizes_of(given.kernel_size, "kernel_size", AXES)
    laid = placing(maps.shape, kernel, **_geometry(given))
    if any(map(any, laid.borders)):
        bordered = padded(maps, laid.borders)
        yield Said("The input with its border of zeros:")
        yield shown("X_P", bordered if x.ndim > AXES else bordered[0])
    yield from sides(x.shape[-2:], laid, conv_axis)
    yield Said("Each window is a column: channel after channel, row after row.")
    if given.result.shape[0] <= MAX_COLUMN:
        yield listed(("window", "column"), _columns(given.result, laid.output))
        yield from further(max(given.result.shape[1] - MAX_COLUMNS, 0))
    yield shown("X_col", given.result)


def _geometry(given: SimpleNamespace) -> dict[str, Any]:
    return {name: getattr(given, name) for name in ("stride", "padding", "dilation")}


def _columns(matrix: Array, output: tuple[int, ...]) -> list[tuple[str, str]]:
    """Return the first columns with the places of their windows."""
    places = islice(np.ndindex(*output), MAX_COLUMNS)
    return [
        (
            f"({', '.join(str(at + 1) for at in place)})",
            ", ".join(show(exact(cell)) for cell in matrix[:, number].tolist()),
        )
        for number, place in enumerate(places)
    ]


def _conv_matrix(given: SimpleNamespace) -> Iterator[Step]:
    kernel = array(given.w, "w", ranks=(1, 2, 3, 4))
    axes = min(kernel.ndim, AXES)
    sizes = sizes_of(given.input_size, "input_size", axes)
    laid = placing((1, *sizes), kernel.shape[-axes:], **_geometry(given))
    yield from sides(sizes, laid, conv_axis)
    high, wide = given.result.shape
    yield Said(f"A row for each of the {high} outputs, a column for each of the {wide} inputs.")
    yield Said("A row has the weights where the window of its output lies, and 0 elsewhere.")
    yield shown("W", given.result)


def _output(given: SimpleNamespace) -> tuple[tuple[int, ...], list[Step]]:
    """Return the input as (C, H, W), and the steps to the sides of the output."""
    maps = (1, *given.shape) if len(given.shape) == AXES else tuple(given.shape)
    names = ("kernel_size", "stride", "padding", "dilation")
    laid = {name: per_axis(getattr(given, name), name, AXES) for name in names}
    axes = dict(zip("HW", maps[1:], strict=True))
    return maps, list(each_axis(conv_axis, axes, laid))


def _places(given: SimpleNamespace, maps: tuple[int, ...]) -> dict[str, int]:
    """Return the sides of the output by their letters."""
    found = conv_shape(maps, 1, given.kernel_size, **_geometry(given), layout="CHW")
    return dict(zip(PLACES, found[1:], strict=True))


def _im2col_shape(given: SimpleNamespace) -> Iterator[Step]:
    maps, steps = _output(given)
    yield Said("A row for each cell of a window in all channels, a column for each window.")
    yield from steps
    cells, kernel = kernel_area(given.kernel_size)
    channels = ("C*", {"C": maps[0]}) if maps[0] > 1 else ("", {})
    rows = formula("n_r", f"{channels[0]}{cells}", **kernel, **channels[1])
    yield from _shape(rows, formula("n_c", "H_out*W_out", **_places(given, maps)))


def _shape(rows: Formula, columns: Formula) -> Iterator[Step]:
    """Yield the formulas of rows and columns, and both as a shape."""
    yield rows
    yield columns
    yield formula("shape", "(n_r, n_c)", n_r=rows.number, n_c=columns.number)


def _matrix_shape(given: SimpleNamespace) -> Iterator[Step]:
    maps, steps = _output(given)
    yield Said("A row for each value of the output, a column for each value of the input.")
    yield from steps
    filters = {"C_out": given.out_channels, **_places(given, maps)}
    rows = formula("n_r", "C_out*H_out*W_out", **filters)
    channels = "C*" if maps[0] > 1 else ""
    letters = dict(zip("CHW", maps, strict=True))
    yield from _shape(rows, formula("n_c", f"{channels}H*W", **letters))


def _nonzeros(given: SimpleNamespace) -> Iterator[Step]:
    maps, steps = _output(given)
    yield from steps
    counts = {"C": maps[0], "C_out": given.out_channels}
    cells, kernel = kernel_area(given.kernel_size)
    places = _places(given, maps)
    whole = formula("N", f"C_out*C*{cells}*H_out*W_out", **counts, **kernel, **places)
    if whole.value == given.result:
        yield Said("Each output has a weight for each cell of the kernel in each channel.")
        yield whole
        return
    yield Said("Along an axis each cell of the kernel meets each place, less the p on the padding.")
    pairs = [_pairs(given, maps[1:], axis) for axis in range(AXES)]
    yield from pairs
    yield formula("N", "C_out*C*n_H*n_W", **counts, **{one.name: one.number for one in pairs})


def _pairs(given: SimpleNamespace, sizes: tuple[int, ...], axis: int) -> Formula:
    """Return the formula of how often a cell of the kernel meets the input along one *axis*."""
    letter = "HW"[axis]
    kernel = sizes_of(given.kernel_size, "kernel_size", AXES)[axis]
    ends = pair(per_axis(given.padding, "padding", AXES)[axis], "padding", least=0)
    line: dict[str, Any] = {
        "stride": (sizes_of(given.stride, "stride", AXES)[axis], 1),
        "padding": (0, 0, *ends),
        "dilation": (sizes_of(given.dilation, "dilation", AXES)[axis], 1),
    }
    met = conv_matrix_nonzeros((sizes[axis], 1), 1, (kernel, 1), **line)
    places = conv_shape((1, sizes[axis], 1), 1, (kernel, 1), **line, layout="CHW")[1]
    known = {f"K_{letter}": kernel, f"{letter}_out": places, f"p_{letter}": kernel * places - met}
    return formula(f"n_{letter}", f"K_{letter}*{letter}_out - p_{letter}", **known)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        im2col: _im2col,
        conv_matrix: _conv_matrix,
        im2col_shape: _im2col_shape,
        conv_matrix_shape: _matrix_shape,
        conv_matrix_nonzeros: _nonzeros,
    }
)
