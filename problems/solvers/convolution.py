"""Values of a 2-D convolution, as deep learning defines it: cross-correlation with zero padding.

Source: the PyTorch documentation of ``conv2d``. Integers give integers, exactly.
"""

from fractions import Fraction
from typing import Final, TypeAlias, cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, Pair, array, fitting, flag, pair, whole
from problems.solvers.products import matrix_product
from problems.solvers.sizes import conv_size
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "conv2d"]

MAX_WINDOW_CELLS: Final = 16_000_000
FILTER_AXES: Final = 4

Sides: TypeAlias = tuple[int, int]


def conv2d(
    x: Grid,
    w: Grid,
    *,
    bias: Number | Grid = 0,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    flip: bool = False,
) -> Array:
    """Return the convolution of *x* with *w*, without rotating the kernel unless *flip*.

    ``y[o,i,j] = bias[o] + sum over c, a, b of w[o,c,a,b] * x[c, i*s + a*d - p, j*s + b*d - p]``,
    with zeros outside of *x*. One kernel gives one map (H', W'): *x* (H, W) with *w* (k, k), *x*
    (C, H, W) with *w* (C, k, k), or with *w* (k, k), the same kernel on every channel. Filters *w*
    (O, C/groups, k, k) give (O, H', W'). What does not fit together is a `SolverError`.

    >>> conv2d([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, -1]])
    array([[-4, -4],
           [-4, -4]])
    """
    image = array(x, "x", ranks=(2, 3))
    kernel = array(w, "w", ranks=(2, 3, FILTER_AXES))
    image = image.reshape(-1, *image.shape[-2:])
    filters = _filters(kernel, channels=len(image), groups=whole(groups, "groups"))
    if flag(flip, "flip"):
        filters = filters[:, :, ::-1, ::-1]
    windows = _windows(
        image,
        (filters.shape[2], filters.shape[3]),
        stride=pair(stride, "stride"),
        padding=pair(padding, "padding", least=0),
        dilation=pair(dilation, "dilation"),
    )
    maps: Array = np.add(_correlated(windows, filters, groups), _bias(bias, filters=len(filters)))
    return maps if kernel.ndim == FILTER_AXES else maps[0]


def _filters(kernel: Array, *, channels: int, groups: int) -> Array:
    """Return *kernel* as filters (O, channels/groups, k, k)."""
    filters = kernel
    if kernel.ndim == 2:  # noqa: PLR2004 - (k, k)
        filters = kernel.reshape(1, 1, *kernel.shape).repeat(channels, axis=1)
    elif kernel.ndim < FILTER_AXES:
        filters = kernel.reshape(1, *kernel.shape)
    if channels % groups or len(filters) % groups:
        raise SolverError(f"{groups} groups do not divide the channels")
    if filters.shape[1] != channels // groups:
        raise SolverError(
            f"w takes {filters.shape[1]} channels, but x has {channels} in {groups} group(s)"
        )
    return filters


def _windows(
    image: Array, kernel: Sides, *, stride: Sides, padding: Sides, dilation: Sides
) -> Array:
    """Return the windows of the zero-padded *image* as a view (C, H', W', kh, kw)."""
    channels, *sides = image.shape
    output = [
        conv_size(side, size, stride=step, padding=border, dilation=spread)
        for side, size, step, border, spread in zip(
            sides, kernel, stride, padding, dilation, strict=True
        )
    ]
    padded = [side + 2 * border for side, border in zip(sides, padding, strict=True)]
    fitting((channels, *padded), "the padded input", most=MAX_WINDOW_CELLS)
    fitting((channels, *output, *kernel), "the windows", most=MAX_WINDOW_CELLS)
    zeros = ((0, 0), (padding[0], padding[0]), (padding[1], padding[1]))
    extent = [spread * (size - 1) + 1 for size, spread in zip(kernel, dilation, strict=True)]
    view = cast("Array", sliding_window_view(np.pad(image, zeros), extent, axis=(1, 2)))
    return view[:, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def _correlated(windows: Array, filters: Array, groups: int) -> Array:
    """Return the maps (O, H', W'): each filter against each window, one matrix product a group."""
    height, width = windows.shape[1:3]
    fitting((len(filters), height, width))
    columns = windows.transpose(0, 3, 4, 1, 2).reshape(groups, -1, height * width)
    weights = filters.reshape(groups, len(filters) // groups, -1)
    return matrix_product(weights, columns).reshape(len(filters), height, width)


def _bias(bias: Number | Grid, *, filters: int) -> Array:
    """Return *bias* as one number for each filter (O, 1, 1), or one for all (1, 1, 1)."""
    numbers = (bias,) if isinstance(bias, (int, Fraction)) else bias
    found = array(numbers, "bias", ranks=(1,))
    if len(found) not in {1, filters}:
        raise SolverError(f"bias has {len(found)} numbers for {filters} filters")
    return found.reshape(-1, 1, 1)


SOLVERS: Final[tuple[Solver, ...]] = (conv2d,)

TWINS: Final[tuple[Twin, ...]] = twins_of(
    conv2d,
    {
        "kernel_flipped": told(conv2d, flip=lambda given: not given.flip),
        "padding_left_out": told(conv2d, padding=0),
        "stride_left_out": told(conv2d, stride=1),
        "dilation_left_out": told(conv2d, dilation=1),
        "no_bias": told(conv2d, bias=0),
        "transposed_output": instead(conv2d, lambda given: conv2d(**vars(given)).swapaxes(-1, -2)),
    },
)
