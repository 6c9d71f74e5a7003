"""Values after upsampling without weights: nearest neighbor and pixel shuffle.

Integers stay integers. Source: the PyTorch documentation of ``Upsample`` and
``PixelShuffle``; Shi et al., Real-Time Single Image and Video Super-Resolution (2016),
for the shuffle.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, as_array, as_numbers, check_cell_count
from problems.solvers.resizing import pixel_shuffle_shape, upsample_size
from problems.solvers.wrong_versions import build_wrong_versions, replace_formula


def upsample_nearest2d(x: Grid, scale_factor: Number) -> Array:
    """Return *x* after nearest-neighbor upsampling by *scale_factor*.

    ``y[i,j] = x[floor(i / scale_factor), floor(j / scale_factor)]``, so each value
    fills a block of cells. The factor need not be an integer. *x* is (H, W), or
    (C, H, W) with each channel upsampled separately. The sizes follow `upsample_size`.

    >>> upsample_nearest2d([[1, 2]], 2)
    array([[1, 1, 2, 2],
           [1, 1, 2, 2]])
    """
    cells = as_array(x, "x", ranks=(2, 3))
    rows, columns = _source_indices(cells, scale_factor)
    return _pick_cells(cells, rows, columns)


def pixel_shuffle_values(x: Grid, upscale_factor: int) -> Array:
    """Return *x* after a pixel shuffle by *upscale_factor*.

    Each group of ``r*r`` channels becomes one channel of r times the height and width:
    ``y[c, h*r + i, w*r + j] = x[c*r*r + i*r + j, h, w]``, with *upscale_factor* r. *x*
    (C*r*r, H, W) gives (C, H*r, W*r).

    >>> pixel_shuffle_values([[[1]], [[2]], [[3]], [[4]]], 2)
    array([[[1, 2],
            [3, 4]]])
    """
    cells = as_array(x, "x", ranks=(3,))
    shape = pixel_shuffle_shape(cells.shape, upscale_factor, layout="CHW")
    blocks = cells.reshape(shape[0], upscale_factor, upscale_factor, *cells.shape[1:])
    return blocks.transpose(0, 3, 1, 4, 2).reshape(shape)


def _source_indices(cells: Array, scale_factor: Number) -> tuple[list[int], list[int]]:
    """Return the source row of each upsampled row, and the same for columns."""
    (factor,) = as_numbers((scale_factor,), "scale_factor")
    sizes = [upsample_size(size, factor) for size in cells.shape[-2:]]
    check_cell_count((*cells.shape[:-2], *sizes))
    top, bottom = factor.numerator, factor.denominator
    rows, columns = ([index * bottom // top for index in range(size)] for size in sizes)
    return rows, columns


def _pick_cells(cells: Array, rows: list[int], columns: list[int]) -> Array:
    return cells[..., rows, :][..., columns]


SOLVERS: Final[tuple[Solver, ...]] = (upsample_nearest2d, pixel_shuffle_values)

# What students do instead.


def _upsample_with_zeros(args: SolverArguments) -> Array:
    """Return each value once, in the first cell of its block, with zeros elsewhere."""
    cells = as_array(args.x, "x", ranks=(2, 3))
    rows, columns = _source_indices(cells, args.scale_factor)
    spread = _pick_cells(cells, rows, columns)
    repeated = ~np.outer(_mark_block_starts(rows), _mark_block_starts(columns))
    spread[..., repeated] = 0
    return spread


def _mark_block_starts(sources: list[int]) -> list[bool]:
    """Return for each source index whether it differs from the previous one."""
    return [not index or sources[index - 1] != source for index, source in enumerate(sources)]


def _upsample_by_tiling(args: SolverArguments) -> Array:
    """Return the whole map tiled to the upsampled size."""
    cells = as_array(args.x, "x", ranks=(2, 3))
    full_sizes = map(len, _source_indices(cells, args.scale_factor))
    sides = [*zip(cells.shape[-2:], full_sizes, strict=True)]
    if any(full % size for size, full in sides):
        raise SolverError("only a whole map is repeated")
    down, right = ([*range(size)] * (full // size) for size, full in sides)
    return _pick_cells(cells, down, right)


def _make_shuffle_formula(
    split: Callable[[int, int], tuple[int, ...]], order: tuple[int, ...]
) -> Callable[[SolverArguments], Array]:
    """Return a shuffle that splits the channels or orders the axes differently.

    *split* returns the channel axes, given the number of output channels and the
    factor. *order* is the order of the axes in the result.
    """

    def formula(args: SolverArguments) -> Array:
        cells, factor = as_array(args.x, "x", ranks=(3,)), args.upscale_factor
        shape = pixel_shuffle_shape(cells.shape, factor, layout="CHW")
        axes = split(shape[0], factor)
        return cells.reshape(*axes, *cells.shape[1:]).transpose(order).reshape(shape)

    return formula


def _split_channels_first(channels: int, factor: int) -> tuple[int, ...]:
    return channels, factor, factor


def _split_channels_last(channels: int, factor: int) -> tuple[int, ...]:
    return factor, factor, channels


def _shuffle_along_rows(args: SolverArguments) -> Array:
    """Return the shuffle that merges r channels into one and lengthens only the rows."""
    cells, factor = as_array(args.x, "x", ranks=(3,)), args.upscale_factor
    pixel_shuffle_shape(cells.shape, factor, layout="CHW")
    channels, height, width = cells.shape
    blocks = cells.reshape(channels // factor, factor, height, width)
    return blocks.transpose(0, 2, 3, 1).reshape(channels // factor, height, width * factor)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        upsample_nearest2d,
        {
            "zeros_between": replace_formula(upsample_nearest2d, _upsample_with_zeros),
            "map_repeated": replace_formula(upsample_nearest2d, _upsample_by_tiling),
        },
    ),
    *build_wrong_versions(
        pixel_shuffle_values,
        {
            "other_order": replace_formula(
                pixel_shuffle_values, _make_shuffle_formula(_split_channels_first, (0, 3, 2, 4, 1))
            ),
            "maps_side_by_side": replace_formula(
                pixel_shuffle_values, _make_shuffle_formula(_split_channels_first, (0, 1, 3, 2, 4))
            ),
            "channels_far_apart": replace_formula(
                pixel_shuffle_values, _make_shuffle_formula(_split_channels_last, (2, 3, 0, 4, 1))
            ),
            "shuffled_along_one_axis": replace_formula(pixel_shuffle_values, _shuffle_along_rows),
        },
    ),
)
