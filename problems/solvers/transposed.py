"""Sizes and values of a transposed convolution: each input cell stamps the kernel, stamps add up.

Source: Dumoulin and Visin (2016) and the PyTorch documentation of ``conv_transpose2d``.
"""

from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import Grid, array, fitting, whole
from problems.solvers.products import exactly
from problems.solvers.sizes import conv_size
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "conv_transpose2d", "transposed_running_sum", "transposed_size"]

MAX_STAMPS: Final = 10_000


def transposed_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """Return the size after a transposed convolution along one axis.

    ``(size-1)*stride - 2*padding + dilation*(kernel_size-1) + output_padding + 1``. The padding
    crops. Cropping everything away is a `SolverError`.

    >>> transposed_size(4, 3)
    6
    """
    spread = (whole(size, "size") - 1) * whole(stride, "stride")
    extent = whole(dilation, "dilation") * (whole(kernel_size, "kernel_size") - 1) + 1
    added = whole(output_padding, "output_padding", least=0)
    found = spread + extent + added - 2 * whole(padding, "padding", least=0)
    if found < 1:
        raise SolverError(f"a padding of {padding} crops everything away")
    return found


def conv_transpose2d(x: Grid, w: Grid, *, stride: int = 1, padding: int = 0) -> Array:
    """Return the transposed convolution of *x* (H, W) with *w* (k, k).

    Cell ``x[i, j]`` adds ``x[i, j] * w`` to the output from row ``i*stride``, column ``j*stride``;
    then *padding* cells are cropped on each side. The sides follow `transposed_size`.

    >>> conv_transpose2d([[1, 2]], [[1, 10]], stride=2)
    array([[ 1, 10,  2, 20]])
    """
    cells, kernel = array(x, "x", ranks=(2,)), array(w, "w", ranks=(2,))
    height, width = (
        transposed_size(size, k, stride=stride, padding=padding)
        for size, k in zip(cells.shape, kernel.shape, strict=True)
    )
    stamped = _stamped(cells, kernel, stride)
    return stamped[padding : padding + height, padding : padding + width]


def transposed_running_sum(x: Grid, w: Grid, *, after: int, stride: int = 1) -> Array:
    """Return the output when only the first *after* cells of *x* have stamped, row by row.

    Cells count from 1; nothing is cropped. ``after`` equal to the number of cells gives
    `conv_transpose2d` without padding; beyond it: `SolverError`.

    >>> transposed_running_sum([[1, 2]], [[1, 10]], after=1, stride=2)
    array([[ 1, 10,  0,  0]])
    """
    cells = array(x, "x", ranks=(2,))
    if whole(after, "after", least=0) > cells.size:
        raise SolverError(f"x has {cells.size} cells, not {after}")
    stamping = np.where(np.arange(cells.size) < after, cells.ravel(), 0).reshape(cells.shape)
    return conv_transpose2d(stamping, w, stride=stride)


def _stamped(cells: Array, kernel: Array, stride: int) -> Array:
    """Return the uncropped sum of all stamps, one addition for each cell of the kernel."""
    (height, width), (rows, columns) = cells.shape, kernel.shape
    shape = ((height - 1) * stride + rows, (width - 1) * stride + columns)
    fitting(shape)
    whole_cells = exactly(cells, kernel, terms=kernel.size)
    found: Array = np.zeros(shape, dtype=np.int64 if whole_cells else np.float64)
    for row, column in np.ndindex(rows, columns):
        below, right = row + height * stride, column + width * stride
        found[row:below:stride, column:right:stride] += cells * kernel[row, column]
    return found


# What students do instead.


def _convolution(given: SimpleNamespace) -> int:
    return conv_size(
        given.size,
        given.kernel_size,
        stride=given.stride,
        padding=given.padding,
        dilation=given.dilation,
    )


def _flipped(given: SimpleNamespace) -> Array:
    return array(given.w, "w", ranks=(2,))[::-1, ::-1]


def _same(given: SimpleNamespace) -> Array:
    """Return the stamped sum cropped to ``size * stride``, as the padding called ``same`` does."""
    cells, kernel = array(given.x, "x", ranks=(2,)), array(given.w, "w", ranks=(2,))
    if "after" in vars(given):
        full = transposed_running_sum(cells, kernel, after=given.after, stride=given.stride)
    else:
        full = conv_transpose2d(cells, kernel, stride=given.stride)
    top, left = ((k - given.stride) // 2 for k in kernel.shape)
    if min(top, left) < 0:
        raise SolverError("there is nothing to crop")
    height, width = (size * given.stride for size in cells.shape)
    return full[top : top + height, left : left + width]


def _overwritten(given: SimpleNamespace) -> Array:
    """Return the output where each stamp replaces what lies under it."""
    cells, kernel = array(given.x, "x", ranks=(2,)), array(given.w, "w", ranks=(2,))
    fitting(cells.shape, "x", most=MAX_STAMPS)
    found = conv_transpose2d(cells * 0, kernel * 0, stride=given.stride)
    for index, (row, column) in enumerate(np.ndindex(cells.shape)):
        if index >= getattr(given, "after", cells.size):
            break
        top, left = row * given.stride, column * given.stride
        found[top : top + len(kernel), left : left + kernel.shape[1]] = cells[row, column] * kernel
    crop = getattr(given, "padding", 0)
    return found[crop : len(found) - crop, crop : found.shape[1] - crop]


def _last_stamp(given: SimpleNamespace) -> Array:
    """Return the stamp of the last cell alone, without the sum so far."""
    before = SimpleNamespace(**{**vars(given), "after": given.after - 1})
    return transposed_running_sum(**vars(given)) - transposed_running_sum(**vars(before))


SOLVERS: Final[tuple[Solver, ...]] = (transposed_size, conv_transpose2d, transposed_running_sum)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        transposed_size,
        {
            "convolution_for_transposed": instead(transposed_size, _convolution),
            "forgot_minus_one": instead(
                transposed_size, lambda given: transposed_size(**vars(given)) + given.stride
            ),
            "forgot_plus_one": instead(
                transposed_size, lambda given: transposed_size(**vars(given)) - 1
            ),
            "padding_added": instead(
                transposed_size, lambda given: transposed_size(**vars(given)) + 4 * given.padding
            ),
            "transposed_cropped": instead(transposed_size, lambda given: given.size * given.stride),
            "padding_left_out": told(transposed_size, padding=0),
            "output_padding_left_out": told(transposed_size, output_padding=0),
            "stride_left_out": told(transposed_size, stride=1),
            "dilation_left_out": told(transposed_size, dilation=1),
        },
    ),
    *twins_of(
        conv_transpose2d,
        {
            "kernel_flipped": told(conv_transpose2d, w=_flipped),
            "overlap_overwritten": instead(conv_transpose2d, _overwritten),
            "padding_left_out": told(conv_transpose2d, padding=0),
            "stride_left_out": told(conv_transpose2d, stride=1),
            "transposed_cropped": instead(conv_transpose2d, _same),
            "transposed_output": instead(
                conv_transpose2d, lambda given: conv_transpose2d(**vars(given)).T
            ),
        },
    ),
    *twins_of(
        transposed_running_sum,
        {
            "kernel_flipped": told(transposed_running_sum, w=_flipped),
            "last_stamp_only": instead(transposed_running_sum, _last_stamp),
            "overlap_overwritten": instead(transposed_running_sum, _overwritten),
            "stride_left_out": told(transposed_running_sum, stride=1),
            "transposed_cropped": instead(transposed_running_sum, _same),
            "transposed_output": instead(
                transposed_running_sum, lambda given: transposed_running_sum(**vars(given)).T
            ),
        },
    ),
)
