"""Window geometry: how a kernel slides over an input, with padding and borders.

Arrays have their channels first: (C, W), (C, H, W) or (C, D, H, W). Sizes, strides and
borders are tuples with one entry per axis after the channels.
"""

import math
from typing import Final, NamedTuple, TypeAlias, TypedDict, cast

import numpy as np

from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import Shape, as_integer, as_pair, check_cell_count
from problems.solvers.geometry import Padding, PerAxis, expand_per_axis
from problems.solvers.sizes import conv_size, same_padding_ends

MAX_WINDOW_CELLS: Final = 8_000_000

Borders: TypeAlias = tuple[tuple[int, int], ...]
"""The number of cells added before and after the input, per axis."""


class WindowArguments(TypedDict):
    """Keyword arguments of solvers that slide a kernel over an input."""

    stride: PerAxis
    padding: Padding
    dilation: PerAxis


class WindowPlacement(NamedTuple):
    """The geometry of a kernel on an input; *output* is the number of positions per axis."""

    kernel: Shape
    stride: Shape
    dilation: Shape
    borders: Borders
    output: Shape


def as_sizes(value: PerAxis, what: str, axes: int) -> Shape:
    """Return one size of at least 1 per axis; a single *value* applies to all *axes*.

    >>> as_sizes(2, "stride", 3)
    (2, 2, 2)
    """
    return tuple(as_integer(one, what) for one in expand_per_axis(value, what, axes))


def compute_borders(
    padding: Padding, sizes: Shape, kernel: Shape, *, stride: Shape, dilation: Shape
) -> Borders:
    """Return the number of cells that *padding* adds before and after each axis.

    ``valid`` adds none; ``same`` keeps the size at stride 1, as in PyTorch; ``tf``
    gives ``ceil(size / stride)``, like TensorFlow's SAME. If the total is odd, the
    extra cell goes at the end.

    >>> compute_borders("same", (7,), (4,), stride=(1,), dilation=(1,))
    ((1, 2),)
    """
    if not isinstance(padding, str):
        return tuple(
            as_pair(ends, "padding", least=0) for ends in _padding_ends(padding, len(sizes))
        )
    if padding not in {"valid", "same", "tf"}:
        raise SolverError(f"padding must be valid, same, tf or numbers, not {padding[:20]}")
    if padding == "valid":
        return ((0, 0),) * len(sizes)
    steps = stride if padding == "tf" else (1,) * len(sizes)
    return tuple(
        same_padding_ends(size, k, stride=step, dilation=spread)
        for size, k, step, spread in zip(sizes, kernel, steps, dilation, strict=True)
    )


def _padding_ends(padding: PerAxis, axes: int) -> tuple[object, ...]:
    return cast("tuple[object, ...]", expand_per_axis(padding, "padding", axes))


def place_windows(
    shape: Shape, kernel: Shape, *, stride: PerAxis, padding: Padding, dilation: PerAxis
) -> WindowPlacement:
    """Return the placement of a *kernel* on an input of *shape* (C, ...).

    Raises `SolverError` if the kernel does not fit, or if the padded input or the
    windows have too many cells.

    >>> place_windows((3, 8, 6), (3, 3), stride=2, padding=(1, 0), dilation=1).output
    (4, 2)
    """
    channels, *sizes = shape
    steps = as_sizes(stride, "stride", len(sizes))
    spreads = as_sizes(dilation, "dilation", len(sizes))
    borders = compute_borders(padding, tuple(sizes), kernel, stride=steps, dilation=spreads)
    output = tuple(
        conv_size(size, k, stride=step, padding=ends, dilation=spread)
        for size, k, step, ends, spread in zip(sizes, kernel, steps, borders, spreads, strict=True)
    )
    bordered = [size + sum(ends) for size, ends in zip(sizes, borders, strict=True)]
    check_cell_count((channels, *bordered), "the padded input", most=MAX_WINDOW_CELLS)
    check_cell_count((channels, *kernel, *output), "the windows", most=MAX_WINDOW_CELLS)
    return WindowPlacement(kernel, steps, spreads, borders, output)


def pad(x: Array, borders: Borders, *, fill: float = 0) -> Array:
    """Return *x* padded with *fill*, as a contiguous array.

    >>> pad(np.array([[1, 2]]), ((1, 2),))
    array([[0, 1, 2, 0, 0]])
    """
    if not any(map(any, borders)):
        return cast("Array", np.ascontiguousarray(x))
    sizes = [size + sum(ends) for size, ends in zip(x.shape[1:], borders, strict=True)]
    bordered = cast("Array", np.full((len(x), *sizes), fill, x.dtype))
    inner = (
        slice(ends[0], ends[0] + size) for size, ends in zip(x.shape[1:], borders, strict=True)
    )
    bordered[(slice(None), *inner)] = x
    return bordered


def window_view(x: Array, placement: WindowPlacement) -> Array:
    """Return the cells under the kernel as a view (C, *kernel, *output) of *x*.

    *x* must be padded and contiguous. The view shares its memory; NumPy checks that the
    view stays inside it.

    >>> placement = place_windows((1, 4), (2,), stride=1, padding=0, dilation=1)
    >>> window_view(np.array([[1, 2, 3, 4]]), placement)
    array([[[1, 2, 3],
            [2, 3, 4]]])
    """
    channels, *axes = x.strides
    within = (step * spread for step, spread in zip(axes, placement.dilation, strict=True))
    between = (step * stride for step, stride in zip(axes, placement.stride, strict=True))
    shape = (len(x), *placement.kernel, *placement.output)
    view = np.ndarray(shape, x.dtype, buffer=x, strides=(channels, *within, *between))
    return cast("Array", view)


def unfold(x: Array, placement: WindowPlacement) -> Array:
    """Return the windows of *x* as columns: (C * kernel cells, kernel positions).

    >>> unfold(np.array([[1, 2, 3]]), place_windows((1, 3), (2,), stride=1, padding=0, dilation=1))
    array([[1, 2],
           [2, 3]])
    """
    rows = len(x) * math.prod(placement.kernel)
    return window_view(pad(x, placement.borders), placement).reshape(rows, -1)


# What students do instead.


def drop_end_padding(padding: Padding, axes: int) -> tuple[int, ...]:
    """Return *padding* with 0 at the end of each axis, as numbers for both ends.

    >>> drop_end_padding(1, 2)
    (1, 0, 1, 0)
    """
    if isinstance(padding, str):
        raise SolverError("a padding in words names no numbers")
    before = [as_pair(ends, "padding", least=0)[0] for ends in _padding_ends(padding, axes)]
    return tuple(number for first in reversed(before) for number in (first, 0))
