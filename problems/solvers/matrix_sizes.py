"""Shapes of a convolution's matrix forms, and how many of the cells hold a weight.

An input is (C, H, W), or (H, W) with one channel. Source: Chellapilla, Puri and Simard, High
performance convolutional neural networks for document processing (2006); Dumoulin and Visin (2016),
chapter 4.
"""

import math
from types import SimpleNamespace
from typing import Final, TypedDict, Unpack, cast

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Shape, fitting, shape_of, whole
from problems.solvers.geometry import PerAxis
from problems.solvers.matrix_form import forgotten
from problems.solvers.sizes import conv_shape
from problems.solvers.twins import instead, told, twins_of
from problems.solvers.windows import borders_of, sizes_of

__all__ = ["SOLVERS", "TWINS", "conv_matrix_nonzeros", "conv_matrix_shape", "im2col_shape"]

MAX_KERNEL: Final = 10_000


class _Geometry(TypedDict):
    """The arguments that say where the kernel lies."""

    stride: PerAxis
    padding: PerAxis
    dilation: PerAxis


def im2col_shape(
    shape: Shape,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
) -> Shape:
    """Return the shape of `im2col` for an input of *shape* (H, W) or (C, H, W).

    ``(C * k * k, H' * W')``, with H' and W' the sides of the output.

    >>> im2col_shape((3, 32, 32), 5)
    (75, 784)
    """
    maps = _maps(shape)
    sides = _output(maps, kernel_size, stride=stride, padding=padding, dilation=dilation)
    return maps[0] * math.prod(_kernel(maps, kernel_size)), math.prod(sides)


def conv_matrix_shape(
    shape: Shape,
    out_channels: int,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
) -> Shape:
    """Return the shape of `conv_matrix` for an input of *shape* (H, W) or (C, H, W).

    ``(O * H' * W', C * H * W)``, with H' and W' the sides of the output.

    >>> conv_matrix_shape((4, 4), 1, 3)
    (4, 16)
    """
    maps = _maps(shape)
    sides = _output(maps, kernel_size, stride=stride, padding=padding, dilation=dilation)
    return whole(out_channels, "out_channels") * math.prod(sides), math.prod(maps)


def conv_matrix_nonzeros(
    shape: Shape,
    out_channels: int,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
) -> int:
    """Return how many cells of `conv_matrix` hold a weight; the rest is zero for any weights.

    For each axis, the pairs of a place of the kernel and one of its cells that lies on the input,
    not on the padding; their product, times C, times O.

    >>> conv_matrix_nonzeros((4, 4), 1, 3)
    36
    """
    maps = _maps(shape)
    sides = _output(maps, kernel_size, stride=stride, padding=padding, dilation=dilation)
    kernel = _kernel(maps, kernel_size)
    fitting(kernel, "the kernel", most=MAX_KERNEL)
    steps, gaps = sizes_of(stride, "stride", 2), sizes_of(dilation, "dilation", 2)
    borders = borders_of(padding, maps[1:], kernel, stride=steps, dilation=gaps)
    pairs = [
        sum(_places_on(size, count, step, at * gap - ends[0]) for at in range(k))
        for size, count, step, gap, ends, k in zip(
            maps[1:], sides, steps, gaps, borders, kernel, strict=True
        )
    ]
    return whole(out_channels, "out_channels") * maps[0] * math.prod(pairs)


def _places_on(size: int, count: int, step: int, first: int) -> int:
    """Return how many of ``first, first + step, ...``, *count* in all, lie in *size* cells."""
    skipped = max(-(first // step), 0)
    return max(min(count, -((first - size) // step)) - skipped, 0)


def _maps(shape: Shape) -> Shape:
    """Return *shape* as (C, H, W)."""
    sizes = shape_of(shape)
    if len(sizes) not in {2, 3}:
        raise SolverError(f"a shape must be (H, W) or (C, H, W), not of {len(sizes)} axes")
    return (1, *sizes) if len(sizes) == 2 else sizes  # noqa: PLR2004 - (H, W)


def _kernel(maps: Shape, kernel_size: PerAxis) -> Shape:
    return sizes_of(kernel_size, "kernel_size", len(maps) - 1)


def _output(maps: Shape, kernel_size: PerAxis, **geometry: Unpack[_Geometry]) -> Shape:
    """Return the sides of the output for an input (C, H, W)."""
    return conv_shape(maps, 1, kernel_size, **geometry, layout="CHW")[1:]


# What students do instead.


def _one_channel(given: SimpleNamespace) -> Shape:
    return (1, *_maps(given.shape)[1:])


def _reversed(solver: Solver) -> Solver:
    """Return the pair of sizes that *solver* gives in the other order."""
    return instead(solver, lambda given: cast("Shape", solver(**vars(given)))[::-1])


def _all_pairs(given: SimpleNamespace) -> int:
    """Return the weights of a filter times the places, also where they lie on the padding."""
    named = {name: value for name, value in vars(given).items() if name != "out_channels"}
    return cast("int", given.out_channels) * math.prod(im2col_shape(**named))


def _weights(given: SimpleNamespace) -> int:
    """Return the number of different weights."""
    maps = _maps(given.shape)
    return cast("int", given.out_channels) * maps[0] * math.prod(_kernel(maps, given.kernel_size))


SOLVERS: Final[tuple[Solver, ...]] = (im2col_shape, conv_matrix_shape, conv_matrix_nonzeros)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        im2col_shape,
        {
            **forgotten(im2col_shape),
            "transposed_output": _reversed(im2col_shape),
            "input_channels_left_out": told(im2col_shape, shape=_one_channel),
        },
    ),
    *twins_of(
        conv_matrix_shape,
        {
            **forgotten(conv_matrix_shape),
            "transposed_output": _reversed(conv_matrix_shape),
            "input_channels_left_out": told(conv_matrix_shape, shape=_one_channel),
            "output_channels_left_out": told(conv_matrix_shape, out_channels=1),
        },
    ),
    *twins_of(
        conv_matrix_nonzeros,
        {
            "zeros_counted": instead(
                conv_matrix_nonzeros, lambda given: math.prod(conv_matrix_shape(**vars(given)))
            ),
            "border_weights_counted": instead(conv_matrix_nonzeros, _all_pairs),
            "positions_left_out": instead(conv_matrix_nonzeros, _weights),
            "input_channels_left_out": told(conv_matrix_nonzeros, shape=_one_channel),
            "output_channels_left_out": told(conv_matrix_nonzeros, out_channels=1),
        },
    ),
)
