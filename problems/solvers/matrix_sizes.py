"""Shapes of the matrix forms of a convolution, and the nonzero count of `conv_matrix`.

An input is (C, H, W), or (H, W) with one channel. Source: Chellapilla, Puri and Simard,
High performance convolutional neural networks for document processing (2006); Dumoulin
and Visin (2016), chapter 4.
"""

import math
from typing import Final, TypedDict, Unpack, cast

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Shape, as_integer, as_shape, check_cell_count
from problems.solvers.geometry import PerAxis
from problems.solvers.matrix_form import make_geometry_wrong_versions
from problems.solvers.sizes import conv_shape
from problems.solvers.windows import as_sizes, compute_borders
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_KERNEL_CELLS: Final = 10_000


class _MatrixWindowArguments(TypedDict):
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

    It is ``(C * k * k, H' * W')``, where H' and W' are the output height and width.

    >>> im2col_shape((3, 32, 32), 5)
    (75, 784)
    """
    maps = _as_maps_shape(shape)
    sides = _output_sizes(maps, kernel_size, stride=stride, padding=padding, dilation=dilation)
    return maps[0] * math.prod(_kernel_sizes(maps, kernel_size)), math.prod(sides)


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

    It is ``(O * H' * W', C * H * W)``, where H' and W' are the output height and width.

    >>> conv_matrix_shape((4, 4), 1, 3)
    (4, 16)
    """
    maps = _as_maps_shape(shape)
    sides = _output_sizes(maps, kernel_size, stride=stride, padding=padding, dilation=dilation)
    return as_integer(out_channels, "out_channels") * math.prod(sides), math.prod(maps)


def conv_matrix_nonzeros(
    shape: Shape,
    out_channels: int,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
) -> int:
    """Return how many entries of `conv_matrix` hold a weight.

    The other entries are zero for any weights. For each axis, count the pairs of a
    kernel position and a kernel cell that lies on the input, not on the padding. The
    result is the product of these counts, times C, times O.

    >>> conv_matrix_nonzeros((4, 4), 1, 3)
    36
    """
    maps = _as_maps_shape(shape)
    sides = _output_sizes(maps, kernel_size, stride=stride, padding=padding, dilation=dilation)
    kernel = _kernel_sizes(maps, kernel_size)
    check_cell_count(kernel, "the kernel", most=MAX_KERNEL_CELLS)
    steps, gaps = as_sizes(stride, "stride", 2), as_sizes(dilation, "dilation", 2)
    borders = compute_borders(padding, maps[1:], kernel, stride=steps, dilation=gaps)
    pairs = [
        sum(_count_positions_inside(size, count, step, index * gap - ends[0]) for index in range(k))
        for size, count, step, gap, ends, k in zip(
            maps[1:], sides, steps, gaps, borders, kernel, strict=True
        )
    ]
    return as_integer(out_channels, "out_channels") * maps[0] * math.prod(pairs)


def _count_positions_inside(size: int, count: int, step: int, first: int) -> int:
    """Return how many positions lie inside the input.

    The *count* positions are ``first, first + step, ...``; the input has *size* cells.
    """
    skipped = max(-(first // step), 0)
    return max(min(count, -((first - size) // step)) - skipped, 0)


def _as_maps_shape(shape: Shape) -> Shape:
    """Return *shape* as (C, H, W), with one channel for (H, W)."""
    sizes = as_shape(shape)
    if len(sizes) not in {2, 3}:
        raise SolverError(f"a shape must be (H, W) or (C, H, W), not of {len(sizes)} axes")
    return (1, *sizes) if len(sizes) == 2 else sizes  # noqa: PLR2004 - (H, W)


def _kernel_sizes(maps: Shape, kernel_size: PerAxis) -> Shape:
    return as_sizes(kernel_size, "kernel_size", len(maps) - 1)


def _output_sizes(
    maps: Shape, kernel_size: PerAxis, **geometry: Unpack[_MatrixWindowArguments]
) -> Shape:
    """Return the output height and width for an input (C, H, W)."""
    return conv_shape(maps, 1, kernel_size, **geometry, layout="CHW")[1:]


# What students do instead.


def _shape_of_one_channel(args: SolverArguments) -> Shape:
    return (1, *_as_maps_shape(args.shape)[1:])


def _reverse_result(solver: Solver) -> Solver:
    """Return a wrong version of *solver* that returns its two sizes in reverse order."""
    return replace_formula(solver, lambda args: cast("Shape", solver(**vars(args)))[::-1])


def _count_nonzeros_with_padding(args: SolverArguments) -> int:
    """Count every weight at every output position, including weights on the padding."""
    named = {name: value for name, value in vars(args).items() if name != "out_channels"}
    return cast("int", args.out_channels) * math.prod(im2col_shape(**named))


def _count_distinct_weights(args: SolverArguments) -> int:
    """Return the number of distinct weights."""
    maps = _as_maps_shape(args.shape)
    return (
        cast("int", args.out_channels) * maps[0] * math.prod(_kernel_sizes(maps, args.kernel_size))
    )


SOLVERS: Final[tuple[Solver, ...]] = (im2col_shape, conv_matrix_shape, conv_matrix_nonzeros)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        im2col_shape,
        {
            **make_geometry_wrong_versions(im2col_shape),
            "transposed_output": _reverse_result(im2col_shape),
            "input_channels_left_out": replace_arguments(im2col_shape, shape=_shape_of_one_channel),
        },
    ),
    *build_wrong_versions(
        conv_matrix_shape,
        {
            **make_geometry_wrong_versions(conv_matrix_shape),
            "transposed_output": _reverse_result(conv_matrix_shape),
            "input_channels_left_out": replace_arguments(
                conv_matrix_shape, shape=_shape_of_one_channel
            ),
            "output_channels_left_out": replace_arguments(conv_matrix_shape, out_channels=1),
        },
    ),
    *build_wrong_versions(
        conv_matrix_nonzeros,
        {
            "zeros_counted": replace_formula(
                conv_matrix_nonzeros, lambda args: math.prod(conv_matrix_shape(**vars(args)))
            ),
            "border_weights_counted": replace_formula(
                conv_matrix_nonzeros, _count_nonzeros_with_padding
            ),
            "positions_left_out": replace_formula(conv_matrix_nonzeros, _count_distinct_weights),
            "input_channels_left_out": replace_arguments(
                conv_matrix_nonzeros, shape=_shape_of_one_channel
            ),
            "output_channels_left_out": replace_arguments(conv_matrix_nonzeros, out_channels=1),
        },
    ),
)
