"""What the sizes of convolution and pooling share: the room of a kernel, layouts, wrong counts."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from grader.errors import SolverError
from grader.values import Number
from problems.solvers.bounds import Pair, Shape, pair, shape_of, whole

__all__ = ["COUNTS", "LAYOUTS", "Formula", "Side", "axes_of", "relaid", "room", "sided", "swapped"]

LAYOUTS: Final = ("HWC", "CHW", "NHWC", "NCHW")

Side: TypeAlias = Callable[..., Any]
Formula: TypeAlias = Callable[[SimpleNamespace], object]


def room(size: int, kernel_size: int, *, padding: int = 0, dilation: int = 1) -> int:
    """Return how far a kernel can move: the padded size less the extent of the kernel.

    The extent is ``dilation * (kernel_size - 1) + 1``. A kernel that does not fit is a
    `SolverError`.

    >>> room(7, 3, padding=1)
    6
    """
    padded = whole(size, "size") + 2 * whole(padding, "padding", least=0)
    extent = whole(dilation, "dilation") * (whole(kernel_size, "kernel_size") - 1) + 1
    if extent > padded:
        raise SolverError(
            f"a kernel of extent {extent} does not fit into a padded size of {padded}"
        )
    return padded - extent


def axes_of(shape: Shape, layout: str) -> dict[str, int]:
    """Return the sizes of *shape* by the letters of *layout*.

    >>> axes_of((32, 32, 3), "HWC")
    {'H': 32, 'W': 32, 'C': 3}
    """
    if layout not in LAYOUTS:
        raise SolverError(f"layout must be one of {', '.join(LAYOUTS)}, not {layout}")
    sizes = shape_of(shape)
    if len(sizes) != len(layout):
        raise SolverError(f"a shape in layout {layout} has {len(layout)} axes, not {len(sizes)}")
    return dict(zip(layout, sizes, strict=True))


def sided(
    side: Side, shape: Shape, layout: str, *, channels: int | None = None, **geometry: Pair | None
) -> Shape:
    """Return *shape* with *side* applied to height and width, each with its own *geometry*."""
    axes = axes_of(shape, layout)
    if channels is not None:
        axes["C"] = whole(channels, "out_channels")
    for index, letter in enumerate("HW"):
        own = {
            name: None if value is None else pair(value, name, least=0)[index]
            for name, value in geometry.items()
        }
        axes[letter] = side(axes[letter], **own)
    return tuple(axes[letter] for letter in layout)


# What students do instead.


def swapped(shape: Shape, layout: str) -> Shape:
    """Return *shape* with height and width exchanged.

    >>> swapped((4, 5, 3), "HWC")
    (5, 4, 3)
    """
    axes = axes_of(shape, layout)
    axes["H"], axes["W"] = axes["W"], axes["H"]
    return tuple(axes[letter] for letter in layout)


def relaid(shape: Shape, layout: str) -> Shape:
    """Return *shape* with the channels on the other side of height and width.

    >>> relaid((4, 5, 3), "HWC")
    (3, 4, 5)
    """
    axes = axes_of(shape, layout)
    other = layout.replace("HWC", "CHW") if "HWC" in layout else layout.replace("CHW", "HWC")
    return tuple(axes[letter] for letter in other)


def _moved(given: SimpleNamespace, *, paddings: int = 2) -> Fraction:
    """Return the room with the padding added *paddings* times; a carried size may be a fraction."""
    extent = given.dilation * (given.kernel_size - 1) + 1
    left = Fraction(given.size + paddings * given.padding - extent)
    if left < 0:
        raise SolverError("the kernel does not fit")
    return left


def _stride(given: SimpleNamespace) -> int:
    return int(given.kernel_size if given.stride is None else given.stride)


def _size_over_stride(given: SimpleNamespace) -> Number:
    """Return ``size / stride``, which nobody computes where the stride is 1."""
    if _stride(given) == 1:
        raise SolverError("a stride of 1 divides nothing")
    return int(given.size // _stride(given))


# Wrong numbers of windows along one axis, by mistake; for convolution and pooling alike.
COUNTS: Final[dict[str, Formula]] = {
    "rounded_up": lambda given: ceil(_moved(given) / _stride(given)) + 1,
    "fraction_left": lambda given: _moved(given) / _stride(given) + 1,
    "forgot_plus_one": lambda given: _moved(given) // _stride(given),
    "padding_once": lambda given: _moved(given, paddings=1) // _stride(given) + 1,
    "size_over_stride": _size_over_stride,
}
