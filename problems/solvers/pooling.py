"""Sizes and shapes after 2-D pooling.

Source: the PyTorch documentation of ``MaxPool2d`` and ``AvgPool2d``. The stride
defaults to the window size.
"""

from functools import partial
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Pair, Shape, as_integer, as_pair, require_bool
from problems.solvers.geometry import (
    WRONG_WINDOW_COUNTS,
    PerAxis,
    SizeRule,
    axis_sizes,
    kernel_travel,
    map_spatial_axes,
    move_channels,
    swap_height_width,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


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

    It is ``floor((size + 2*padding - dilation*(kernel_size-1) - 1) / stride) + 1``.
    *stride* defaults to *kernel_size*. *padding* is added at each end, or is a pair
    (before, after). *ceil_mode* rounds up, but drops a window that would start in the
    padding at the end. Raise `SolverError` if the padding is more than half the window.

    >>> pool_size(10, 2, padding=1)
    6
    """
    left = kernel_travel(size, kernel_size, padding=padding, dilation=dilation)
    before, after = as_pair(padding, "padding", least=0)
    if 2 * max(before, after) > kernel_size:
        raise SolverError(f"padding {padding} is more than half of the window {kernel_size}")
    step = kernel_size if stride is None else as_integer(stride, "stride")
    if not require_bool(ceil_mode, "ceil_mode"):
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
    """Return the shape after 2-D pooling, in the same *layout*.

    The number of channels does not change. Height and width follow `pool_size`. A pair
    gives each its own value; a padding of four numbers gives both ends of each: (left,
    right, top, bottom). The layout is one of ``HWC CHW NHWC NCHW``.

    >>> pool_shape((10, 10, 20), 2, stride=2, padding=1)
    (6, 6, 20)
    """

    def size_rule(size: int, **geometry: int) -> int:
        return pool_size(size, ceil_mode=ceil_mode, **geometry)

    return map_spatial_axes(
        size_rule, shape, layout, kernel_size=kernel_size, stride=stride, padding=padding
    )


# What students do instead.


def explicit_stride_to_one(args: SolverArguments) -> int:
    """Return 1 in place of an explicit stride.

    Raise `SolverError` if the stride is None.
    """
    if args.stride is None:
        raise SolverError("no stride was given")
    return 1


def default_stride_to_one(args: SolverArguments) -> int:
    """Return 1 in place of the default stride.

    Raise `SolverError` if the stride is explicit.
    """
    if args.stride is not None:
        raise SolverError("a stride was given")
    return 1


# Wrong sizes along one axis; the shapes of single layers and of networks reuse them.
WRONG_POOL_SIZES: Final[dict[str, Solver]] = {
    **{
        mistake: replace_formula(pool_size, formula)
        for mistake, formula in WRONG_WINDOW_COUNTS.items()
    },
    "padding_left_out": replace_arguments(pool_size, padding=0),
    "stride_left_out": replace_arguments(pool_size, stride=explicit_stride_to_one),
    "default_stride_one": replace_arguments(pool_size, stride=default_stride_to_one),
}


def _replace_pool_size_rule(size_rule: SizeRule) -> Solver:
    """Return `pool_shape` with another rule for height and width."""
    return replace_formula(
        pool_shape,
        lambda args: map_spatial_axes(
            partial(size_rule, ceil_mode=args.ceil_mode),
            args.shape,
            args.layout,
            kernel_size=args.kernel_size,
            stride=args.stride,
            padding=args.padding,
        ),
    )


def _pool_channels(args: SolverArguments) -> Shape:
    """Return the shape with the channels divided by the stride, as if pooled too."""
    axes = axis_sizes(pool_shape(**vars(args)), args.layout)
    step = args.kernel_size if args.stride is None else args.stride
    axes["C"] //= as_pair(step, "stride")[0]
    return tuple(axes.values())


SOLVERS: Final[tuple[Solver, ...]] = (pool_size, pool_shape)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        pool_size,
        {**WRONG_POOL_SIZES, "dilation_left_out": replace_arguments(pool_size, dilation=1)},
    ),
    *build_wrong_versions(
        pool_shape,
        {mistake: _replace_pool_size_rule(side) for mistake, side in WRONG_POOL_SIZES.items()},
    ),
    *build_wrong_versions(
        pool_shape,
        {
            "axes_swapped": replace_formula(
                pool_shape, lambda args: swap_height_width(pool_shape(**vars(args)), args.layout)
            ),
            "channels_pooled": replace_formula(pool_shape, _pool_channels),
            "layout_swapped": replace_formula(
                pool_shape, lambda args: move_channels(pool_shape(**vars(args)), args.layout)
            ),
        },
    ),
)
