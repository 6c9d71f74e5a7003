"""How a kernel is laid on an input along each axis: borders, padded cells, and the windows.

Arrays have their channels first: (C, W), (C, H, W) or (C, D, H, W). Sizes, steps and borders are
tuples with one entry for each axis after the channels.
"""

import math
from typing import Final, NamedTuple, TypeAlias, TypedDict, cast

import numpy as np

from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import Shape, fitting, pair, whole
from problems.solvers.geometry import PerAxis, per_axis
from problems.solvers.sizes import conv_size, same_padding_ends

__all__ = [
    "MAX_WINDOW_CELLS",
    "Borders",
    "Laid",
    "Padding",
    "Placing",
    "at_one_end",
    "borders_of",
    "padded",
    "placing",
    "sizes_of",
    "unfolded",
    "windows",
]

MAX_WINDOW_CELLS: Final = 8_000_000

Padding: TypeAlias = PerAxis | str
"""One number, one for each axis, two for each axis (left, right, top, bottom), or a word."""

Borders: TypeAlias = tuple[tuple[int, int], ...]
"""The cells added before and after the input, for each axis."""


class Laid(TypedDict):
    """The arguments that say how a kernel is laid on an input, as solvers take them."""

    stride: PerAxis
    padding: Padding
    dilation: PerAxis


class Placing(NamedTuple):
    """How a kernel is laid on an input, and how many places it has: the sizes of the *output*."""

    kernel: Shape
    stride: Shape
    dilation: Shape
    borders: Borders
    output: Shape


def sizes_of(value: PerAxis, what: str, axes: int) -> Shape:
    """Return *value* for each of the *axes*, at least 1; one number stands for all.

    >>> sizes_of(2, "stride", 3)
    (2, 2, 2)
    """
    return tuple(whole(one, what) for one in per_axis(value, what, axes))


def borders_of(
    padding: Padding, sizes: Shape, kernel: Shape, *, stride: Shape, dilation: Shape
) -> Borders:
    """Return the cells that *padding* adds before and after each axis of an input.

    ``valid`` adds none; ``same`` keeps the size at stride 1, as in PyTorch; ``tf`` gives
    ``ceil(size / stride)``, as TensorFlow's SAME does. An odd number leaves one more at the end.

    >>> borders_of("same", (7,), (4,), stride=(1,), dilation=(1,))
    ((1, 2),)
    """
    if not isinstance(padding, str):
        return tuple(pair(ends, "padding", least=0) for ends in _ends(padding, len(sizes)))
    if padding not in {"valid", "same", "tf"}:
        raise SolverError(f"padding must be valid, same, tf or numbers, not {padding[:20]}")
    if padding == "valid":
        return ((0, 0),) * len(sizes)
    steps = stride if padding == "tf" else (1,) * len(sizes)
    return tuple(
        same_padding_ends(size, k, stride=step, dilation=spread)
        for size, k, step, spread in zip(sizes, kernel, steps, dilation, strict=True)
    )


def _ends(padding: PerAxis, axes: int) -> tuple[object, ...]:
    return cast("tuple[object, ...]", per_axis(padding, "padding", axes))


def placing(
    shape: Shape, kernel: Shape, *, stride: PerAxis, padding: Padding, dilation: PerAxis
) -> Placing:
    """Return how a *kernel* is laid on an input of *shape* (C, ...).

    A kernel that does not fit, or more windows than a computer should lay out, is a `SolverError`.

    >>> placing((3, 8, 6), (3, 3), stride=2, padding=(1, 0), dilation=1).output
    (4, 2)
    """
    channels, *sizes = shape
    steps = sizes_of(stride, "stride", len(sizes))
    spreads = sizes_of(dilation, "dilation", len(sizes))
    borders = borders_of(padding, tuple(sizes), kernel, stride=steps, dilation=spreads)
    output = tuple(
        conv_size(size, k, stride=step, padding=ends, dilation=spread)
        for size, k, step, ends, spread in zip(sizes, kernel, steps, borders, spreads, strict=True)
    )
    bordered = [size + sum(ends) for size, ends in zip(sizes, borders, strict=True)]
    fitting((channels, *bordered), "the padded input", most=MAX_WINDOW_CELLS)
    fitting((channels, *kernel, *output), "the windows", most=MAX_WINDOW_CELLS)
    return Placing(kernel, steps, spreads, borders, output)


def padded(x: Array, borders: Borders, *, fill: float = 0) -> Array:
    """Return *x* with cells of *fill* around it, in one piece of memory.

    >>> padded(np.array([[1, 2]]), ((1, 2),))
    array([[0, 1, 2, 0, 0]])
    """
    if not any(map(any, borders)):
        return cast("Array", np.ascontiguousarray(x))
    sizes = [size + sum(ends) for size, ends in zip(x.shape[1:], borders, strict=True)]
    found = cast("Array", np.full((len(x), *sizes), fill, x.dtype))
    inner = (
        slice(ends[0], ends[0] + size) for size, ends in zip(x.shape[1:], borders, strict=True)
    )
    found[(slice(None), *inner)] = x
    return found


def windows(x: Array, laid: Placing) -> Array:
    """Return what lies under the kernel as a view (C, *kernel, *output) of *x*, padded already.

    The view shares the memory of *x*, which is in one piece; NumPy checks that it stays inside.

    >>> laid = placing((1, 4), (2,), stride=1, padding=0, dilation=1)
    >>> windows(np.array([[1, 2, 3, 4]]), laid)
    array([[[1, 2, 3],
            [2, 3, 4]]])
    """
    channels, *axes = x.strides
    within = (step * spread for step, spread in zip(axes, laid.dilation, strict=True))
    between = (step * stride for step, stride in zip(axes, laid.stride, strict=True))
    shape = (len(x), *laid.kernel, *laid.output)
    view = np.ndarray(shape, x.dtype, buffer=x, strides=(channels, *within, *between))
    return cast("Array", view)


def unfolded(x: Array, laid: Placing) -> Array:
    """Return the windows of *x* as columns (C * cells of the kernel, places of the kernel).

    >>> unfolded(np.array([[1, 2, 3]]), placing((1, 3), (2,), stride=1, padding=0, dilation=1))
    array([[1, 2],
           [2, 3]])
    """
    rows = len(x) * math.prod(laid.kernel)
    return windows(padded(x, laid.borders), laid).reshape(rows, -1)


# What students do instead.


def at_one_end(padding: Padding, axes: int) -> tuple[int, ...]:
    """Return *padding* with that at the end of each axis left out, as numbers for both ends.

    >>> at_one_end(1, 2)
    (1, 0, 1, 0)
    """
    if isinstance(padding, str):
        raise SolverError("a padding in words names no numbers")
    before = [pair(ends, "padding", least=0)[0] for ends in _ends(padding, axes)]
    return tuple(number for first in reversed(before) for number in (first, 0))
