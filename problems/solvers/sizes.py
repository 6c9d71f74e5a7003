"""Sizes and shapes after a convolution, the padding that keeps a size, the length of a flat input.

Sizes are in cells along one axis. Source: Dumoulin and Visin, A guide to convolution arithmetic for
deep learning (2016), and the PyTorch documentation of ``Conv2d``.
"""

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Shape, shape_of, whole
from problems.solvers.geometry import (
    COUNTS,
    PerAxis,
    axes_of,
    known,
    relaid,
    room,
    shaped_by,
    sided,
    spatial_letters,
    swapped,
)
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "CONV_SIDES",
    "SOLVERS",
    "TWINS",
    "conv_shape",
    "conv_size",
    "flatten_size",
    "same_padding",
    "same_padding_ends",
]


def conv_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    rounding: str = "floor",
) -> int:
    """Return the size after a convolution along one axis.

    ``floor((size + 2*padding - dilation*(kernel_size-1) - 1) / stride) + 1``; *padding* is added at
    each end, or is a pair (before, after); *rounding* is ``floor`` or ``ceil``. A kernel that does
    not fit is a `SolverError`.

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
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    layout: str = "HWC",
) -> Shape:
    """Return the shape after a convolution with *out_channels* filters, in the same *layout*.

    Each axis follows `conv_size`; a tuple gives each its own value. A padding of twice as many
    numbers names both ends, the last axis first: (left, right, top, bottom). The layout is
    ``HWC CHW NHWC NCHW``; in one dimension ``LC CL NLC NCL``, in three
    ``DHWC CDHW NDHWC NCDHW``. *groups* change no shape, but must divide both numbers of channels.

    >>> conv_shape((128, 128, 32), 16, 3)
    (126, 126, 16)
    >>> conv_shape((9, 8, 3), 16, 3, padding=(1, 0, 2, 2))
    (11, 7, 16)
    """
    channels = axes_of(shape, layout)["C"]
    if channels % whole(groups, "groups") or whole(out_channels, "out_channels") % groups:
        raise SolverError(f"{groups} groups do not divide {channels} and {out_channels} channels")
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


def same_padding_ends(
    size: int, kernel_size: int, *, stride: int = 1, dilation: int = 1, extra: str = "after"
) -> tuple[int, int]:
    """Return the padding (before, after) by which a stride gives ``ceil(size / stride)`` cells.

    That is TensorFlow's ``same``: ``max((ceil(size/stride) - 1)*stride + extent - size, 0)`` cells
    in all, with ``extent = dilation*(kernel_size-1) + 1``. An odd number leaves one cell *extra*,
    which goes ``after`` (ONNX: SAME_UPPER) or ``before`` (SAME_LOWER).

    >>> same_padding_ends(224, 7, stride=2)
    (2, 3)
    """
    if extra not in {"after", "before"}:
        raise SolverError(f"extra must be after or before, not {extra}")
    step = whole(stride, "stride")
    extent = whole(dilation, "dilation") * (whole(kernel_size, "kernel_size") - 1) + 1
    steps = -(-whole(size, "size") // step) - 1
    total = max(steps * step + extent - size, 0)
    before = total // 2 if extra == "after" else total - total // 2
    return before, total - before


def flatten_size(shape: Shape, *, layout: str = "HWC") -> int:
    """Return the number of values in *shape*: the product of its sizes.

    The *layout* does not change the product; it says which axis holds the channels.

    >>> flatten_size((16, 16, 256))
    65536
    """
    known(layout)
    return math.prod(shape_of(shape))


SOLVERS: Final[tuple[Solver, ...]] = (
    conv_size,
    conv_shape,
    same_padding,
    same_padding_ends,
    flatten_size,
)

# Wrong sizes along one axis; the shapes of single layers and of networks reuse them.
CONV_SIDES: Final[dict[str, Solver]] = {
    **{mistake: instead(conv_size, formula) for mistake, formula in COUNTS.items()},
    "padding_left_out": told(conv_size, padding=0),
    "stride_left_out": told(conv_size, stride=1),
    "dilation_left_out": told(conv_size, dilation=1),
}


def _without_channels(shape: Shape, layout: str) -> int:
    """Return height times width, or what the layout has in their place."""
    axes = axes_of(shape, layout)
    return math.prod(axes[letter] for letter in spatial_letters(layout))


def _totals(given: SimpleNamespace) -> tuple[int, int]:
    """Return the padding of both ends together, given for each."""
    total = sum(same_padding_ends(**vars(given)))
    return total, total


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(conv_size, CONV_SIDES),
    *twins_of(
        conv_shape,
        {
            mistake: shaped_by(conv_shape, side, ("kernel_size", "stride", "padding", "dilation"))
            for mistake, side in CONV_SIDES.items()
        },
    ),
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
        same_padding_ends,
        {
            "ends_swapped": instead(
                same_padding_ends, lambda given: same_padding_ends(**vars(given))[::-1]
            ),
            "padding_of_both_sides": instead(same_padding_ends, _totals),
            "stride_left_out": told(same_padding_ends, stride=1),
            "dilation_left_out": told(same_padding_ends, dilation=1),
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
