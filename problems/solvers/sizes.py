"""Sizes and shapes after a convolution, the padding that keeps a size, the length of a flat input.

Sizes are in cells along one axis. Source: Dumoulin and Visin, A guide to convolution arithmetic for
deep learning (2016), and the PyTorch documentation of ``Conv2d``.
"""

import math
from fractions import Fraction
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Pair, Shape, shape_of, whole
from problems.solvers.geometry import COUNTS, LAYOUTS, Side, axes_of, relaid, room, sided, swapped
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "CONV_SIDES",
    "SOLVERS",
    "TWINS",
    "conv_shape",
    "conv_size",
    "flatten_size",
    "same_padding",
]


def conv_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    rounding: str = "floor",
) -> int:
    """Return the size after a convolution along one axis.

    ``floor((size + 2*padding - dilation*(kernel_size-1) - 1) / stride) + 1``; *padding* is added at
    both ends, *rounding* is ``floor`` or ``ceil``. A kernel that does not fit is a `SolverError`.

    >>> conv_size(128, 3, stride=2)
    63
    """
    left = room(size, kernel_size, padding=padding, dilation=dilation)
    step = whole(stride, "stride")
    if rounding not in {"floor", "ceil"}:
        raise SolverError(f"rounding must be floor or ceil, not {rounding}")
    return (left // step if rounding == "floor" else -(-left // step)) + 1


def conv_shape(
    shape: Shape,
    out_channels: int,
    kernel_size: Pair,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    layout: str = "HWC",
) -> Shape:
    """Return the shape after a 2-D convolution with *out_channels* filters, in the same *layout*.

    Height and width follow `conv_size`; a pair gives each its own value. The layout is one of
    ``HWC CHW NHWC NCHW``.

    >>> conv_shape((128, 128, 32), 16, 3)
    (126, 126, 16)
    """
    return sided(
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
    """Return the padding at each end that keeps the size at stride 1: ``dilation*(k-1)/2``.

    An even extent has no such padding: `SolverError`.

    >>> same_padding(5)
    2
    """
    both_ends = whole(dilation, "dilation") * (whole(kernel_size, "kernel_size") - 1)
    if both_ends % 2:
        raise SolverError(f"a kernel of extent {both_ends + 1} has no equal padding on both sides")
    return both_ends // 2


def flatten_size(shape: Shape, *, layout: str = "HWC") -> int:
    """Return the number of values in *shape*: the product of its sizes.

    The *layout* does not change the product; it says which axis holds the channels.

    >>> flatten_size((16, 16, 256))
    65536
    """
    if layout not in LAYOUTS:
        raise SolverError(f"layout must be one of {', '.join(LAYOUTS)}, not {layout}")
    return math.prod(shape_of(shape))


SOLVERS: Final[tuple[Solver, ...]] = (conv_size, conv_shape, same_padding, flatten_size)

# Wrong sizes along one axis; the shapes of single layers and of networks reuse them.
CONV_SIDES: Final[dict[str, Solver]] = {
    **{mistake: instead(conv_size, formula) for mistake, formula in COUNTS.items()},
    "padding_left_out": told(conv_size, padding=0),
    "stride_left_out": told(conv_size, stride=1),
    "dilation_left_out": told(conv_size, dilation=1),
}


def _shape_by(side: Side) -> Solver:
    """Return `conv_shape` with another rule for the sides."""
    return instead(
        conv_shape,
        lambda given: sided(
            side,
            given.shape,
            given.layout,
            channels=given.out_channels,
            kernel_size=given.kernel_size,
            stride=given.stride,
            padding=given.padding,
            dilation=given.dilation,
        ),
    )


def _without_channels(shape: Shape, layout: str) -> int:
    """Return height times width."""
    axes = axes_of(shape, layout)
    return axes["H"] * axes["W"]


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(conv_size, CONV_SIDES),
    *twins_of(conv_shape, {mistake: _shape_by(side) for mistake, side in CONV_SIDES.items()}),
    *twins_of(
        conv_shape,
        {
            "channels_kept": told(
                conv_shape, out_channels=lambda given: axes_of(given.shape, given.layout)["C"]
            ),
            "axes_swapped": instead(
                conv_shape, lambda given: swapped(conv_shape(**vars(given)), given.layout)
            ),
            "layout_swapped": instead(
                conv_shape, lambda given: relaid(conv_shape(**vars(given)), given.layout)
            ),
        },
    ),
    *twins_of(
        same_padding,
        {
            "forgot_minus_one": instead(
                same_padding, lambda given: Fraction(given.dilation * given.kernel_size, 2)
            ),
            "padding_of_both_sides": instead(
                same_padding, lambda given: given.dilation * (given.kernel_size - 1)
            ),
            "dilation_left_out": told(same_padding, dilation=1),
        },
    ),
    *twins_of(
        flatten_size,
        {
            "flatten_without_channels": instead(
                flatten_size, lambda given: _without_channels(given.shape, given.layout)
            )
        },
    ),
)
