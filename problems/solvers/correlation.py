"""The three products of a convolution: forward, and backward to its input and kernel.

Arrays have channels first, filters are (O, C/groups, ...), and each group is computed
as one matrix product. Source: Dumoulin and Visin, A guide to convolution arithmetic for
deep learning (2016), chapter 4.
"""

import math
from functools import partial
from typing import Final, cast

import numpy as np

from grader.values import Array
from problems.solvers.bounds import Shape, check_cell_count
from problems.solvers.products import sum_products
from problems.solvers.windows import MAX_WINDOW_CELLS, WindowPlacement, pad, unfold, window_view

BLOCK_CELLS: Final = 2**17


def correlate(x: Array, filters: Array, *, placement: WindowPlacement, groups: int = 1) -> Array:
    """Return the maps (O, ...) of *x* under the *filters*, in the arrays' common dtype.

    This is the raw computation; `correlate_exactly` keeps integers exact and limits the
    size. The output is computed in blocks of rows whose windows fit in the CPU cache.
    """
    view = window_view(pad(x, placement.borders), placement)
    weights = filters.reshape(groups, len(filters) // groups, -1)
    rows, places = placement.output[0], math.prod(placement.output)
    output = np.empty((groups, weights.shape[1], places), x.dtype)
    together = max(BLOCK_CELLS * rows // view.size, 1)
    before = (slice(None),) * (1 + len(placement.kernel))
    for first in range(0, rows, together):
        block = view[(*before, slice(first, first + together))]
        columns = block.reshape(groups, weights.shape[2], -1)
        start = first * places // rows
        output[:, :, start : start + columns.shape[2]] = weights @ columns
    return cast("Array", output.reshape(len(filters), *placement.output))


def correlate_exactly(
    x: Array, filters: Array, *, placement: WindowPlacement, groups: int = 1
) -> Array:
    """Return the maps (O, ...) of *x* under the *filters*, exact for integers."""
    check_cell_count((len(filters), *placement.output))
    terms = math.prod(filters.shape[1:])
    return sum_products(
        partial(correlate, placement=placement, groups=groups),
        x,
        filters,
        terms=terms,
        products=terms * len(filters) * math.prod(placement.output),
    )


def correlate_transposed(
    y: Array, filters: Array, *, placement: WindowPlacement, sizes: Shape, groups: int = 1
) -> Array:
    """Return the transposed correlation of *y*: maps (C, ...) of the input's *sizes*.

    Each cell of *y* adds its filter's kernel, multiplied by the cell, at the position
    of its window under *placement*. This is computed as a correlation of *y*, its cells
    spaced one stride apart, with the kernels rotated and the channels and filters
    swapped; the padding is cropped at the end.
    """
    extents = [
        spread * (k - 1) + 1 for k, spread in zip(placement.kernel, placement.dilation, strict=True)
    ]
    bordered = [size + sum(ends) for size, ends in zip(sizes, placement.borders, strict=True)]
    spread_sizes = [size + extent - 1 for size, extent in zip(bordered, extents, strict=True)]
    check_cell_count((len(y), *spread_sizes), "the spread input", most=MAX_WINDOW_CELLS)
    check_cell_count((len(y), *placement.kernel, *bordered), "the windows", most=MAX_WINDOW_CELLS)
    spread_out = cast("Array", np.zeros((len(y), *spread_sizes), y.dtype))
    places = (
        slice(extent - 1, extent + (count - 1) * step, step)
        for extent, count, step in zip(extents, placement.output, placement.stride, strict=True)
    )
    spread_out[(slice(None), *places)] = y
    ones, none = (1,) * len(sizes), ((0, 0),) * len(sizes)
    back = WindowPlacement(placement.kernel, ones, placement.dilation, none, tuple(bordered))
    bordered_output = correlate_exactly(
        spread_out, _rotate_and_exchange_channels(filters, groups), placement=back, groups=groups
    )
    inner = (
        slice(ends[0], ends[0] + size) for size, ends in zip(sizes, placement.borders, strict=True)
    )
    return bordered_output[(slice(None), *inner)]


def _rotate_and_exchange_channels(filters: Array, groups: int) -> Array:
    """Return *filters* rotated by 180 degrees, with input and output channels swapped."""
    outer, inner, *kernel = filters.shape
    by_group = filters.reshape(groups, outer // groups, inner, *kernel).swapaxes(1, 2)
    exchanged = by_group.reshape(groups * inner, outer // groups, *kernel)
    return np.flip(exchanged, tuple(range(2, exchanged.ndim)))


def sum_kernel_products(
    x: Array, y: Array, *, placement: WindowPlacement, groups: int = 1
) -> Array:
    """Return, for each weight, the sum over positions of its input in *x* times *y*.

    The result has the shape of the filters: (O, C/groups, ...).
    """
    places = math.prod(placement.output)
    kernel_cells = len(x) // groups * math.prod(placement.kernel)

    def product(cells: Array, upstream: Array) -> Array:
        columns = unfold(cells, placement).reshape(groups, kernel_cells, places)
        return upstream.reshape(groups, len(upstream) // groups, places) @ columns.swapaxes(1, 2)

    sums = sum_products(product, x, y, terms=places, products=len(y) * kernel_cells * places)
    return sums.reshape(len(y), len(x) // groups, *placement.kernel)
