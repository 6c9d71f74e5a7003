"""Convolution as a matrix product: windows as columns, or a sparse kernel matrix.

Source: Chellapilla, Puri and Simard, High performance convolutional neural networks for
document processing (2006); Dumoulin and Visin (2016), chapter 4; the PyTorch
documentation of ``Unfold``.
"""

import math
from collections.abc import Mapping
from typing import Final, cast

import numpy as np

from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.bounds import Grid, as_array, check_cell_count
from problems.solvers.geometry import Padding, PerAxis
from problems.solvers.windows import WindowArguments, as_sizes, place_windows, unfold
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def im2col(
    x: Grid,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Array:
    """Return the windows of *x* as the columns of a matrix (C*k*k, number of windows).

    *x* is (H, W) or (C, H, W). A column lists its window channel by channel and row by
    row; the windows are in row-major order. A filter flattened to one row, times this
    matrix, is its output map as one row.

    >>> im2col([[1, 2, 3], [4, 5, 6]], (2, 2))
    array([[1, 2],
           [2, 3],
           [4, 5],
           [5, 6]])
    """
    cells = as_array(x, "x", ranks=(2, 3))
    maps = cells.reshape(-1, *cells.shape[-2:])
    kernel = as_sizes(kernel_size, "kernel_size", 2)
    options = WindowArguments(stride=stride, padding=padding, dilation=dilation)
    return unfold(maps, place_windows(maps.shape, kernel, **options))


def conv_matrix(
    w: Grid,
    input_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Array:
    """Return the matrix that maps the flat input of a convolution to its flat output.

    It has a row per output and a column per input, both in the order of
    `flatten_values`. *w* (k) with an input of n cells gives a Toeplitz matrix; *w*
    (k, k), (C, k, k) or (O, C, k, k) with an *input_size* (H, W) gives a doubly blocked
    one. Its transpose is the matrix of the transposed convolution.

    >>> conv_matrix([1, 2], 4)
    array([[1, 2, 0, 0],
           [0, 1, 2, 0],
           [0, 0, 1, 2]])
    """
    kernel = as_array(w, "w", ranks=(1, 2, 3, 4))
    axes = min(kernel.ndim, 2)
    filters = kernel.reshape(*(1,) * (axes + 2 - kernel.ndim), *kernel.shape)
    maps = (filters.shape[1], *as_sizes(input_size, "input_size", axes))
    placement = place_windows(
        maps, filters.shape[2:], stride=stride, padding=padding, dilation=dilation
    )
    places, cells = math.prod(placement.output), math.prod(maps)
    check_cell_count((len(filters), places, cells + 1), "the matrix")
    numbers = cast("Array", np.arange(1, cells + 1).reshape(maps))
    under = unfold(numbers, placement).astype(np.int64)
    matrix = np.zeros((len(filters), places, cells + 1), filters.dtype)
    matrix[:, np.arange(places), under] = filters.reshape(len(filters), -1, 1)
    return cast("Array", matrix[:, :, 1:].reshape(-1, cells))


# What students do instead.


def _columns_in_column_order(args: SolverArguments) -> Array:
    """Return the columns of `im2col` with the windows ordered column by column."""
    cells = as_array(args.x, "x", ranks=(2, 3))
    columns = im2col(**vars(args))
    maps = (1, *cells.shape[-2:])
    kernel = as_sizes(args.kernel_size, "kernel_size", 2)
    options = WindowArguments(stride=args.stride, padding=args.padding, dilation=args.dilation)
    height, width = place_windows(maps, kernel, **options).output
    return columns.reshape(-1, height, width).swapaxes(1, 2).reshape(columns.shape)


def _transpose_result(solver: Solver) -> Solver:
    return replace_formula(solver, lambda args: cast("Array", solver(**vars(args))).T)


def _rotate_kernel(args: SolverArguments) -> Array:
    kernel = as_array(args.w, "w", ranks=(1, 2, 3, 4))
    return kernel[::-1] if kernel.ndim == 1 else kernel[..., ::-1, ::-1]


def make_geometry_wrong_versions(solver: Solver) -> Mapping[str, Solver]:
    """Return the wrong versions that ignore the padding, the stride or the dilation."""
    return {
        "padding_left_out": replace_arguments(solver, padding=0),
        "stride_left_out": replace_arguments(solver, stride=1),
        "dilation_left_out": replace_arguments(solver, dilation=1),
    }


SOLVERS: Final[tuple[Solver, ...]] = (im2col, conv_matrix)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        im2col,
        {
            **make_geometry_wrong_versions(im2col),
            "transposed_output": _transpose_result(im2col),
            "other_order": replace_formula(im2col, _columns_in_column_order),
        },
    ),
    *build_wrong_versions(
        conv_matrix,
        {
            **make_geometry_wrong_versions(conv_matrix),
            "transposed_output": _transpose_result(conv_matrix),
            "kernel_flipped": replace_arguments(conv_matrix, w=_rotate_kernel),
        },
    ),
)
