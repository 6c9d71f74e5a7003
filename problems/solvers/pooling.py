"""Sizes and shapes after 2-D pooling.

Source: the PyTorch documentation of ``MaxPool2d`` and ``AvgPool2d``. The stride defaults to the
window.
"""

from functools import partial
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Pair, Shape, flag, pair, whole
from problems.solvers.geometry import COUNTS, PerAxis, Side, axes_of, relaid, room, sided, swapped
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "POOL_SIDES",
    "SOLVERS",
    "TWINS",
    "default_stride_one",
    "given_stride_left_out",
    "pool_shape",
    "pool_size",
]


def pool_size(
    size: int,
    kernel_size: int,
    *,
    stride: int | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Return the size after pooling along one axis.

    ``floor((size + 2*padding - dilation*(kernel_size-1) - 1) / stride) + 1``, the stride being
    *kernel_size* where none is given; *padding* is added at each end, or is a pair (before, after).
    *ceil_mode* rounds up, but a window that would start in the padding at the end is dropped. A
    padding of more than half the window is a `SolverError`.

    >>> pool_size(10, 2, padding=1)
    6
    """
    left = room(size, kernel_size, padding=padding, dilation=dilation)
    before, after = pair(padding, "padding", least=0)
    if 2 * max(before, after) > kernel_size:
        raise SolverError(f"padding {padding} is more than half of the window {kernel_size}")
    step = kernel_size if stride is None else whole(stride, "stride")
    if not flag(ceil_mode, "ceil_mode"):
        return left // step + 1
    windows = -(-left // step) + 1
    return windows - 1 if (windows - 1) * step >= size + before else windows


def pool_shape(
    shape: Shape,
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    layout: str = "HWC",
) -> Shape:
    """Return the shape after 2-D pooling, in the same *layout*; the channels stay.

    Height and width follow `pool_size`; a pair gives each its own value, a padding of four numbers
    names both ends: (left, right, top, bottom). The layout is one of ``HWC CHW NHWC NCHW``.

    >>> pool_shape((10, 10, 20), 2, stride=2, padding=1)
    (6, 6, 20)
    """

    def side(size: int, **geometry: int) -> int:
        return pool_size(size, ceil_mode=ceil_mode, **geometry)

    return sided(side, shape, layout, kernel_size=kernel_size, stride=stride, padding=padding)


# What students do instead.


def given_stride_left_out(given: SimpleNamespace) -> int:
    """Return 1 for a stride that is given."""
    if given.stride is None:
        raise SolverError("no stride was given")
    return 1


def default_stride_one(given: SimpleNamespace) -> int:
    """Return 1 where no stride is given."""
    if given.stride is not None:
        raise SolverError("a stride was given")
    return 1


# Wrong sizes along one axis; the shapes of single layers and of networks reuse them.
POOL_SIDES: Final[dict[str, Solver]] = {
    **{mistake: instead(pool_size, formula) for mistake, formula in COUNTS.items()},
    "padding_left_out": told(pool_size, padding=0),
    "stride_left_out": told(pool_size, stride=given_stride_left_out),
    "default_stride_one": told(pool_size, stride=default_stride_one),
}


def _shape_by(side: Side) -> Solver:
    """Return `pool_shape` with another rule for the sides."""
    return instead(
        pool_shape,
        lambda given: sided(
            partial(side, ceil_mode=given.ceil_mode),
            given.shape,
            given.layout,
            kernel_size=given.kernel_size,
            stride=given.stride,
            padding=given.padding,
        ),
    )


def _channels_pooled(given: SimpleNamespace) -> Shape:
    """Return the shape with the channels divided by the stride, as if they were pooled too."""
    axes = axes_of(pool_shape(**vars(given)), given.layout)
    step = given.kernel_size if given.stride is None else given.stride
    axes["C"] //= pair(step, "stride")[0]
    return tuple(axes.values())


SOLVERS: Final[tuple[Solver, ...]] = (pool_size, pool_shape)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(pool_size, {**POOL_SIDES, "dilation_left_out": told(pool_size, dilation=1)}),
    *twins_of(pool_shape, {mistake: _shape_by(side) for mistake, side in POOL_SIDES.items()}),
    *twins_of(
        pool_shape,
        {
            "axes_swapped": instead(
                pool_shape, lambda given: swapped(pool_shape(**vars(given)), given.layout)
            ),
            "channels_pooled": instead(pool_shape, _channels_pooled),
            "layout_swapped": instead(
                pool_shape, lambda given: relaid(pool_shape(**vars(given)), given.layout)
            ),
        },
    ),
)
