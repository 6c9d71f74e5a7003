"""The three products of a convolution: forwards, back to its input, back to its kernel.

All take arrays with channels first and filters (O, C/groups, ...), and compute by one matrix
product for each group. Source: Dumoulin and Visin, A guide to convolution arithmetic for deep
learning (2016), chapter 4.
"""

import math
from functools import partial
from typing import Final, cast

import numpy as np

from grader.values import Array
from problems.solvers.bounds import Shape, fitting
from problems.solvers.products import summed
from problems.solvers.windows import MAX_WINDOW_CELLS, Placing, padded, unfolded, windows

__all__ = ["correlate", "correlated", "kernel_products", "stamped"]

BLOCK_CELLS: Final = 2**17


def correlate(x: Array, filters: Array, *, laid: Placing, groups: int = 1) -> Array:
    """Return the maps (O, ...) of *x* under the *filters*, in the type that both arrays have.

    This is the bare computation; `correlated` keeps integers exact and bounds it. Rows of the
    output are taken together only as far as their windows fit into a processor's cache.
    """
    view = windows(padded(x, laid.borders), laid)
    weights = filters.reshape(groups, len(filters) // groups, -1)
    rows, places = laid.output[0], math.prod(laid.output)
    found = np.empty((groups, weights.shape[1], places), x.dtype)
    together = max(BLOCK_CELLS * rows // view.size, 1)
    before = (slice(None),) * (1 + len(laid.kernel))
    for first in range(0, rows, together):
        block = view[(*before, slice(first, first + together))]
        columns = block.reshape(groups, weights.shape[2], -1)
        start = first * places // rows
        found[:, :, start : start + columns.shape[2]] = weights @ columns
    return cast("Array", found.reshape(len(filters), *laid.output))


def correlated(x: Array, filters: Array, *, laid: Placing, groups: int = 1) -> Array:
    """Return the maps (O, ...) of *x* under the *filters*; of integers exactly."""
    fitting((len(filters), *laid.output))
    terms = math.prod(filters.shape[1:])
    return summed(
        partial(correlate, laid=laid, groups=groups),
        x,
        filters,
        terms=terms,
        products=terms * len(filters) * math.prod(laid.output),
    )


def stamped(y: Array, filters: Array, *, laid: Placing, sizes: Shape, groups: int = 1) -> Array:
    """Return what the cells of *y* give back to an input of *sizes*, on which *laid* is a placing.

    Each cell adds the kernel of its filter, times itself, where that kernel lay. That is a
    correlation of *y*, its cells a stride apart, with the rotated kernels, channels and filters
    exchanged; the borders are cropped at the end.
    """
    extents = [spread * (k - 1) + 1 for k, spread in zip(laid.kernel, laid.dilation, strict=True)]
    bordered = [size + sum(ends) for size, ends in zip(sizes, laid.borders, strict=True)]
    room = [size + extent - 1 for size, extent in zip(bordered, extents, strict=True)]
    fitting((len(y), *room), "the spread input", most=MAX_WINDOW_CELLS)
    fitting((len(y), *laid.kernel, *bordered), "the windows", most=MAX_WINDOW_CELLS)
    spread_out = cast("Array", np.zeros((len(y), *room), y.dtype))
    places = (
        slice(extent - 1, extent + (count - 1) * step, step)
        for extent, count, step in zip(extents, laid.output, laid.stride, strict=True)
    )
    spread_out[(slice(None), *places)] = y
    ones, none = (1,) * len(sizes), ((0, 0),) * len(sizes)
    back = Placing(laid.kernel, ones, laid.dilation, none, tuple(bordered))
    found = correlated(spread_out, _turned(filters, groups), laid=back, groups=groups)
    inner = (slice(ends[0], ends[0] + size) for size, ends in zip(sizes, laid.borders, strict=True))
    return found[(slice(None), *inner)]


def _turned(filters: Array, groups: int) -> Array:
    """Return *filters* rotated by 180 degrees, from the channels that come out to those within."""
    outer, inner, *kernel = filters.shape
    by_group = filters.reshape(groups, outer // groups, inner, *kernel).swapaxes(1, 2)
    exchanged = by_group.reshape(groups * inner, outer // groups, *kernel)
    return np.flip(exchanged, tuple(range(2, exchanged.ndim)))


def kernel_products(x: Array, y: Array, *, laid: Placing, groups: int = 1) -> Array:
    """Return, for each weight, the sum over all places of the cell of *x* under it times *y* there.

    The result has the shape of the filters: (O, C/groups, ...).
    """
    places = math.prod(laid.output)
    kernel_cells = len(x) // groups * math.prod(laid.kernel)

    def product(cells: Array, given: Array) -> Array:
        columns = unfolded(cells, laid).reshape(groups, kernel_cells, places)
        return given.reshape(groups, len(given) // groups, places) @ columns.swapaxes(1, 2)

    sums = summed(product, x, y, terms=places, products=len(y) * kernel_cells * places)
    return sums.reshape(len(y), len(x) // groups, *laid.kernel)
