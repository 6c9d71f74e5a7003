"""Values of maps that grow without weights: nearest-neighbour upsampling and the pixel shuffle.

Integers stay integers. Source: the PyTorch documentation of ``Upsample`` and ``PixelShuffle``; Shi
et al., Real-Time Single Image and Video Super-Resolution (2016), for the shuffle.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, array, fitting, numbers
from problems.solvers.resizing import pixel_shuffle_shape, upsample_size
from problems.solvers.twins import instead, twins_of

__all__ = ["SOLVERS", "TWINS", "pixel_shuffle_values", "upsample_nearest2d"]


def upsample_nearest2d(x: Grid, scale_factor: Number) -> Array:
    """Return *x* with every value repeated in a block of *scale_factor* times *scale_factor* cells.

    ``y[i,j] = x[floor(i / scale_factor), floor(j / scale_factor)]``, so that a factor need not be
    whole. *x* (H, W), or (C, H, W), each channel by itself; the sizes follow `upsample_size`.

    >>> upsample_nearest2d([[1, 2]], 2)
    array([[1, 1, 2, 2],
           [1, 1, 2, 2]])
    """
    cells = array(x, "x", ranks=(2, 3))
    rows, columns = _sources(cells, scale_factor)
    return _picked(cells, rows, columns)


def pixel_shuffle_values(x: Grid, upscale_factor: int) -> Array:
    """Return *x* with each ``r*r`` channels laid out as one, whose height and width are *r* times.

    ``y[c, h*r + i, w*r + j] = x[c*r*r + i*r + j, h, w]`` with *upscale_factor* r: *x* (C*r*r, H, W)
    gives (C, H*r, W*r).

    >>> pixel_shuffle_values([[[1]], [[2]], [[3]], [[4]]], 2)
    array([[[1, 2],
            [3, 4]]])
    """
    cells = array(x, "x", ranks=(3,))
    shape = pixel_shuffle_shape(cells.shape, upscale_factor, layout="CHW")
    blocks = cells.reshape(shape[0], upscale_factor, upscale_factor, *cells.shape[1:])
    return blocks.transpose(0, 3, 1, 4, 2).reshape(shape)


def _sources(cells: Array, scale_factor: Number) -> tuple[list[int], list[int]]:
    """Return from which row and which column of *cells* those of the result come."""
    (factor,) = numbers((scale_factor,), "scale_factor")
    sizes = [upsample_size(size, factor) for size in cells.shape[-2:]]
    fitting((*cells.shape[:-2], *sizes))
    top, bottom = factor.numerator, factor.denominator
    rows, columns = ([at * bottom // top for at in range(size)] for size in sizes)
    return rows, columns


def _picked(cells: Array, rows: list[int], columns: list[int]) -> Array:
    """Return these *rows* and *columns* of each map."""
    return cells[..., rows, :][..., columns]


SOLVERS: Final[tuple[Solver, ...]] = (upsample_nearest2d, pixel_shuffle_values)

# What students do instead.


def _zeros_between(given: SimpleNamespace) -> Array:
    """Return each value once, in the first cell of its block, and zeros in the others."""
    cells = array(given.x, "x", ranks=(2, 3))
    rows, columns = _sources(cells, given.scale_factor)
    spread = _picked(cells, rows, columns)
    again = ~np.outer(_first_of_each(rows), _first_of_each(columns))
    spread[..., again] = 0
    return spread


def _first_of_each(sources: list[int]) -> list[bool]:
    """Tell of each source whether it is not the one before again."""
    return [not at or sources[at - 1] != source for at, source in enumerate(sources)]


def _map_repeated(given: SimpleNamespace) -> Array:
    """Return the whole map side by side with itself."""
    cells = array(given.x, "x", ranks=(2, 3))
    found = map(len, _sources(cells, given.scale_factor))
    sides = [*zip(cells.shape[-2:], found, strict=True)]
    if any(full % size for size, full in sides):
        raise SolverError("only a whole map is repeated")
    down, right = ([*range(size)] * (full // size) for size, full in sides)
    return _picked(cells, down, right)


def _rearranged(
    split: Callable[[int, int], tuple[int, ...]], order: tuple[int, ...]
) -> Callable[[SimpleNamespace], Array]:
    """Return a shuffle whose channels are *split* otherwise, or laid out in another *order*.

    *split* gives the axes of the channels from how many come out and from the factor.
    """

    def formula(given: SimpleNamespace) -> Array:
        cells, factor = array(given.x, "x", ranks=(3,)), given.upscale_factor
        shape = pixel_shuffle_shape(cells.shape, factor, layout="CHW")
        axes = split(shape[0], factor)
        return cells.reshape(*axes, *cells.shape[1:]).transpose(order).reshape(shape)

    return formula


def _in_blocks(channels: int, factor: int) -> tuple[int, ...]:
    return channels, factor, factor


def _far_apart(channels: int, factor: int) -> tuple[int, ...]:
    return factor, factor, channels


def _along_rows(given: SimpleNamespace) -> Array:
    """Return the shuffle that takes *r* channels and makes the rows longer alone."""
    cells, factor = array(given.x, "x", ranks=(3,)), given.upscale_factor
    pixel_shuffle_shape(cells.shape, factor, layout="CHW")
    channels, height, width = cells.shape
    blocks = cells.reshape(channels // factor, factor, height, width)
    return blocks.transpose(0, 2, 3, 1).reshape(channels // factor, height, width * factor)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        upsample_nearest2d,
        {
            "zeros_between": instead(upsample_nearest2d, _zeros_between),
            "map_repeated": instead(upsample_nearest2d, _map_repeated),
        },
    ),
    *twins_of(
        pixel_shuffle_values,
        {
            "other_order": instead(pixel_shuffle_values, _rearranged(_in_blocks, (0, 3, 2, 4, 1))),
            "maps_side_by_side": instead(
                pixel_shuffle_values, _rearranged(_in_blocks, (0, 1, 3, 2, 4))
            ),
            "channels_far_apart": instead(
                pixel_shuffle_values, _rearranged(_far_apart, (2, 3, 0, 4, 1))
            ),
            "shuffled_along_one_axis": instead(pixel_shuffle_values, _along_rows),
        },
    ),
)
