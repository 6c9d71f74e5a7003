"""A convolution as one matrix product: the windows as columns, or the kernel as a sparse matrix.

Source: Chellapilla, Puri and Simard, High performance convolutional neural networks for document
processing (2006); Dumoulin and Visin (2016), chapter 4; the PyTorch documentation of ``Unfold``.
"""

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final, cast

import numpy as np

from grader.book import Solver, Twin
from grader.values import Array
from problems.solvers.bounds import Grid, array, fitting
from problems.solvers.geometry import PerAxis
from problems.solvers.twins import instead, told, twins_of
from problems.solvers.windows import Laid, Padding, placing, sizes_of, unfolded

__all__ = ["SOLVERS", "TWINS", "conv_matrix", "forgotten", "im2col"]


def im2col(
    x: Grid,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Array:
    """Return the windows of *x*, (H, W) or (C, H, W), as columns: (C*k*k, number of windows).

    A column holds the window channel by channel and row by row; the windows follow one another row
    by row. A filter written in one row, times this matrix, is its map in one row.

    >>> im2col([[1, 2, 3], [4, 5, 6]], (2, 2))
    array([[1, 2],
           [2, 3],
           [4, 5],
           [5, 6]])
    """
    cells = array(x, "x", ranks=(2, 3))
    maps = cells.reshape(-1, *cells.shape[-2:])
    kernel = sizes_of(kernel_size, "kernel_size", 2)
    laid = Laid(stride=stride, padding=padding, dilation=dilation)
    return unfolded(maps, placing(maps.shape, kernel, **laid))


def conv_matrix(
    w: Grid,
    input_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Array:
    """Return the matrix that turns a flat input into the flat output of a convolution.

    A row for each output, a column for each input, both in the order of `flatten_values`. *w* (k)
    with an input of n cells gives a Toeplitz matrix; *w* (k, k), (C, k, k) or (O, C, k, k) with an
    *input_size* (H, W) a doubly blocked one. Its transpose is that of the transposed convolution.

    >>> conv_matrix([1, 2], 4)
    array([[1, 2, 0, 0],
           [0, 1, 2, 0],
           [0, 0, 1, 2]])
    """
    kernel = array(w, "w", ranks=(1, 2, 3, 4))
    axes = min(kernel.ndim, 2)
    filters = kernel.reshape(*(1,) * (axes + 2 - kernel.ndim), *kernel.shape)
    maps = (filters.shape[1], *sizes_of(input_size, "input_size", axes))
    laid = placing(maps, filters.shape[2:], stride=stride, padding=padding, dilation=dilation)
    places, cells = math.prod(laid.output), math.prod(maps)
    fitting((len(filters), places, cells + 1), "the matrix")
    numbers = cast("Array", np.arange(1, cells + 1).reshape(maps))
    under = unfolded(numbers, laid).astype(np.int64)
    found = np.zeros((len(filters), places, cells + 1), filters.dtype)
    found[:, np.arange(places), under] = filters.reshape(len(filters), -1, 1)
    return cast("Array", found[:, :, 1:].reshape(-1, cells))


# What students do instead.


def _column_by_column(given: SimpleNamespace) -> Array:
    """Return the columns of `im2col` in the order of windows that goes down first."""
    cells = array(given.x, "x", ranks=(2, 3))
    found = im2col(**vars(given))
    maps = (1, *cells.shape[-2:])
    kernel = sizes_of(given.kernel_size, "kernel_size", 2)
    laid = Laid(stride=given.stride, padding=given.padding, dilation=given.dilation)
    height, width = placing(maps, kernel, **laid).output
    return found.reshape(-1, height, width).swapaxes(1, 2).reshape(found.shape)


def _transposed(solver: Solver) -> Solver:
    return instead(solver, lambda given: cast("Array", solver(**vars(given))).T)


def _rotated(given: SimpleNamespace) -> Array:
    kernel = array(given.w, "w", ranks=(1, 2, 3, 4))
    return kernel[::-1] if kernel.ndim == 1 else kernel[..., ::-1, ::-1]


def forgotten(solver: Solver) -> Mapping[str, Solver]:
    """Return the twins that leave out what says where the kernel lies."""
    return {
        "padding_left_out": told(solver, padding=0),
        "stride_left_out": told(solver, stride=1),
        "dilation_left_out": told(solver, dilation=1),
    }


SOLVERS: Final[tuple[Solver, ...]] = (im2col, conv_matrix)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        im2col,
        {
            **forgotten(im2col),
            "transposed_output": _transposed(im2col),
            "other_order": instead(im2col, _column_by_column),
        },
    ),
    *twins_of(
        conv_matrix,
        {
            **forgotten(conv_matrix),
            "transposed_output": _transposed(conv_matrix),
            "kernel_flipped": told(conv_matrix, w=_rotated),
        },
    ),
)
