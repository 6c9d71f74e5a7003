"""Sizes and shapes after a convolution, same padding, and the length of a flat input.

Sizes are in cells along one axis. Source: Dumoulin and Visin, A guide to convolution
arithmetic for deep learning (2016), and the PyTorch documentation of ``Conv2d``.
"""

import math
from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Shape, as_integer, as_shape
from problems.solvers.geometry import (
    WRONG_WINDOW_COUNTS,
    Padding,
    PerAxis,
    axis_sizes,
    kernel_travel,
    map_spatial_axes,
    move_channels,
    padding_ends,
    replace_size_rule,
    require_layout,
    spatial_axes,
    swap_height_width,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def conv_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int = 1,
    rounding: str = "floor",
) -> int:
    """Return the size after a convolution along one axis.

    It is ``floor((size + 2*padding - dilation*(kernel_size-1) - 1) / stride) + 1``.
    *padding* is added at each end, or is a pair (before, after), or a word: ``valid``
    adds none, ``same`` gives ``ceil(size / stride)`` cells. *rounding* is ``floor`` or
    ``ceil``. Raise `SolverError` if the kernel does not fit.

    >>> conv_size(128, 3, stride=2), conv_size(127, 3, stride=2, padding="same")
    (63, 64)
    """
    ends = padding_ends(padding, kernel_size, dilation=dilation)
    left = kernel_travel(size, kernel_size, padding=ends, dilation=dilation)
    step = as_integer(stride, "stride")
    if rounding not in {"floor", "ceil"}:
        raise SolverError(f"rounding must be floor or ceil, not {rounding}")
    if rounding == "ceil" and padding == "same":
        raise SolverError("same padding needs no rounding: leave rounding out")
    return (left // step if rounding == "floor" else -(-left // step)) + 1


def conv_shape(
    shape: Shape,
    out_channels: int,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    layout: str = "HWC",
) -> Shape:
    """Return the shape after a convolution with *out_channels* filters.

    The result has the same *layout*. Each axis follows `conv_size`; a tuple gives each
    axis its own value. A padding with twice as many numbers gives both ends, the last
    axis first: (left, right, top, bottom). A padding of ``same`` or ``valid`` applies to
    every axis. The layout is ``HWC CHW NHWC NCHW``; in one dimension ``LC CL NLC NCL``,
    in three ``DHWC CDHW NDHWC NCDHW``. *groups* does not change the shape, but must
    divide both numbers of channels.

    >>> conv_shape((128, 128, 32), 16, 3)
    (126, 126, 16)
    >>> conv_shape((9, 8, 3), 16, 3, padding=(1, 0, 2, 2))
    (11, 7, 16)
    >>> conv_shape((9, 8, 3), 16, 3, stride=2, padding="same")
    (5, 4, 16)
    """
    channels = axis_sizes(shape, layout)["C"]
    if channels % as_integer(groups, "groups") or as_integer(out_channels, "out_channels") % groups:
        raise SolverError(f"{groups} groups do not divide {channels} and {out_channels} channels")
    return map_spatial_axes(
        conv_size,
        shape,
        layout,
        channels=out_channels,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
    )


def same_padding(kernel_size: int, *, dilation: int = 1) -> int:
    """Return the padding at each end that keeps the size at stride 1.

    It is ``dilation*(k-1)/2``. Raise `SolverError` for an even extent, which has no
    such padding.

    >>> same_padding(5)
    2
    """
    both_ends = as_integer(dilation, "dilation") * (as_integer(kernel_size, "kernel_size") - 1)
    if both_ends % 2:
        raise SolverError(f"a kernel of extent {both_ends + 1} has no equal padding on both sides")
    return both_ends // 2


def same_padding_ends(
    size: int, kernel_size: int, *, stride: int = 1, dilation: int = 1, extra: str = "after"
) -> tuple[int, int]:
    """Return the padding (before, after) that gives ``ceil(size / stride)`` output cells.

    This is TensorFlow's ``same``:
    ``max((ceil(size/stride) - 1)*stride + extent - size, 0)`` cells in total, with
    ``extent = dilation*(kernel_size-1) + 1``. If the total is odd, the *extra* cell
    goes ``after`` (ONNX: SAME_UPPER) or ``before`` (SAME_LOWER).

    >>> same_padding_ends(224, 7, stride=2)
    (2, 3)
    """
    if extra not in {"after", "before"}:
        raise SolverError(f"extra must be after or before, not {extra}")
    step = as_integer(stride, "stride")
    extent = as_integer(dilation, "dilation") * (as_integer(kernel_size, "kernel_size") - 1) + 1
    steps = -(-as_integer(size, "size") // step) - 1
    total = max(steps * step + extent - size, 0)
    before = total // 2 if extra == "after" else total - total // 2
    return before, total - before


def flatten_size(shape: Shape, *, layout: str = "HWC") -> int:
    """Return the number of values in *shape*: the product of its sizes.

    The *layout* does not change the product; it says which axis holds the channels.

    >>> flatten_size((16, 16, 256))
    65536
    """
    require_layout(layout)
    return math.prod(as_shape(shape))


SOLVERS: Final[tuple[Solver, ...]] = (
    conv_size,
    conv_shape,
    same_padding,
    same_padding_ends,
    flatten_size,
)

# Wrong sizes along one axis; the shapes of single layers and of networks reuse them.
WRONG_CONV_SIZES: Final[dict[str, Solver]] = {
    **{
        mistake: replace_formula(conv_size, formula)
        for mistake, formula in WRONG_WINDOW_COUNTS.items()
    },
    "padding_left_out": replace_arguments(conv_size, padding=0),
    "stride_left_out": replace_arguments(conv_size, stride=1),
    "dilation_left_out": replace_arguments(conv_size, dilation=1),
}


def _count_spatial_cells(shape: Shape, layout: str) -> int:
    """Return the product of the spatial axes of *shape*."""
    axes = axis_sizes(shape, layout)
    return math.prod(axes[letter] for letter in spatial_axes(layout))


def _total_padding_at_both_ends(args: SolverArguments) -> tuple[int, int]:
    """Return the total padding at each end instead of its share."""
    total = sum(same_padding_ends(**vars(args)))
    return total, total


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(conv_size, WRONG_CONV_SIZES),
    *build_wrong_versions(
        conv_shape,
        {
            mistake: replace_size_rule(
                conv_shape, side, ("kernel_size", "stride", "padding", "dilation")
            )
            for mistake, side in WRONG_CONV_SIZES.items()
        },
    ),
    *build_wrong_versions(
        conv_shape,
        {
            "channels_kept": replace_arguments(
                conv_shape, out_channels=lambda args: axis_sizes(args.shape, args.layout)["C"]
            ),
            "axes_swapped": replace_formula(
                conv_shape, lambda args: swap_height_width(conv_shape(**vars(args)), args.layout)
            ),
            "layout_swapped": replace_formula(
                conv_shape, lambda args: move_channels(conv_shape(**vars(args)), args.layout)
            ),
        },
    ),
    *build_wrong_versions(
        same_padding,
        {
            "forgot_minus_one": replace_formula(
                same_padding, lambda args: Fraction(args.dilation * args.kernel_size, 2)
            ),
            "padding_of_both_sides": replace_formula(
                same_padding, lambda args: args.dilation * (args.kernel_size - 1)
            ),
            "dilation_left_out": replace_arguments(same_padding, dilation=1),
        },
    ),
    *build_wrong_versions(
        same_padding_ends,
        {
            "ends_swapped": replace_formula(
                same_padding_ends, lambda args: same_padding_ends(**vars(args))[::-1]
            ),
            "padding_of_both_sides": replace_formula(
                same_padding_ends, _total_padding_at_both_ends
            ),
            "stride_left_out": replace_arguments(same_padding_ends, stride=1),
            "dilation_left_out": replace_arguments(same_padding_ends, dilation=1),
        },
    ),
    *build_wrong_versions(
        flatten_size,
        {
            "flatten_without_channels": replace_formula(
                flatten_size, lambda args: _count_spatial_cells(args.shape, args.layout)
            )
        },
    ),
)
