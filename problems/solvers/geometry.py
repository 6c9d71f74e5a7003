"""What the sizes of convolution and pooling share: the room of a kernel, layouts, wrong counts."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from grader.book import Solver
from grader.errors import SolverError
from grader.values import Number
from problems.solvers.bounds import Shape, pair, shape_of, whole
from problems.solvers.twins import instead

__all__ = [
    "COUNTS",
    "Formula",
    "PerAxis",
    "Side",
    "axes_of",
    "known",
    "per_axis",
    "relaid",
    "room",
    "shaped_by",
    "sided",
    "spatial_letters",
    "swapped",
]

LAYOUTS: Final = (
    *("HWC", "CHW", "NHWC", "NCHW"),
    *("LC", "CL", "NLC", "NCL"),
    *("DHWC", "CDHW", "NDHWC", "NCDHW"),
)
IN_WORDS: Final = {1: "one number", 2: "one number or two", 3: "one number or three"}

PerAxis: TypeAlias = int | tuple[int, ...]
Side: TypeAlias = Callable[..., Any]
Formula: TypeAlias = Callable[[SimpleNamespace], object]


def room(
    size: int, kernel_size: int, *, padding: int | tuple[int, int] = 0, dilation: int = 1
) -> int:
    """Return how far a kernel can move: the padded size less the extent of the kernel.

    The extent is ``dilation * (kernel_size - 1) + 1``; *padding* is that of each end, or a pair
    (before, after). A kernel that does not fit is a `SolverError`.

    >>> room(7, 3, padding=1)
    6
    """
    padded = whole(size, "size") + sum(pair(padding, "padding", least=0))
    extent = whole(dilation, "dilation") * (whole(kernel_size, "kernel_size") - 1) + 1
    if extent > padded:
        raise SolverError(
            f"a kernel of extent {extent} does not fit into a padded size of {padded}"
        )
    return padded - extent


def known(layout: str) -> str:
    """Return *layout*, which must be one of `LAYOUTS`."""
    if layout not in LAYOUTS:
        raise SolverError(f"layout must be one of {', '.join(LAYOUTS)}, not {layout}")
    return layout


def axes_of(shape: Shape, layout: str) -> dict[str, int]:
    """Return the sizes of *shape* by the letters of *layout*.

    >>> axes_of((32, 32, 3), "HWC")
    {'H': 32, 'W': 32, 'C': 3}
    """
    letters = known(layout)
    sizes = shape_of(shape)
    if len(sizes) != len(letters):
        raise SolverError(f"a shape in layout {layout} has {len(letters)} axes, not {len(sizes)}")
    return dict(zip(letters, sizes, strict=True))


def spatial_letters(layout: str) -> str:
    """Return the letters of *layout* that a kernel moves along.

    >>> spatial_letters("NCHW")
    'HW'
    """
    return "".join(letter for letter in known(layout) if letter not in "NC")


def per_axis(
    value: PerAxis | None, what: str, axes: int
) -> tuple[int | None, ...] | tuple[tuple[int, int], ...]:
    """Return *value* for each of the *axes*; one number stands for all, None for no value.

    A padding may also name both ends of every axis, as PyTorch's ``pad`` does, the last axis first.

    >>> per_axis((0, 1, 2, 3), "padding", 2)
    ((2, 3), (0, 1))
    """
    if value is None or not isinstance(value, (tuple, list)):
        return (None if value is None else whole(value, what, least=0),) * axes
    found = tuple(whole(one, what, least=0) for one in value)
    if len(found) == axes:
        return found
    if what == "padding" and len(found) == 2 * axes:
        return tuple(zip(found[::2], found[1::2], strict=True))[::-1]
    raise SolverError(f"{what} must be {IN_WORDS[axes]}, not {len(found)}")


def sided(
    side: Side,
    shape: Shape,
    layout: str,
    *,
    channels: int | None = None,
    **geometry: PerAxis | None,
) -> Shape:
    """Return *shape* with *side* applied to each axis but channels and batch.

    Each axis has its own *geometry*, as `per_axis` reads it.
    """
    axes = axes_of(shape, layout)
    if channels is not None:
        axes["C"] = whole(channels, "out_channels")
    letters = spatial_letters(layout)
    own = {name: per_axis(value, name, len(letters)) for name, value in geometry.items()}
    for index, letter in enumerate(letters):
        axes[letter] = side(axes[letter], **{name: values[index] for name, values in own.items()})
    return tuple(axes[letter] for letter in layout)


# What students do instead.


def shaped_by(solver: Solver, side: Side, names: Sequence[str]) -> Solver:
    """Return *solver*, a shape after a layer with filters, with another rule for its sides.

    *names* are the arguments that *side* takes.
    """
    return instead(
        solver,
        lambda given: sided(
            side,
            given.shape,
            given.layout,
            channels=given.out_channels,
            **{name: getattr(given, name) for name in names},
        ),
    )


def swapped(shape: Shape, layout: str) -> Shape:
    """Return *shape* with height and width exchanged.

    >>> swapped((4, 5, 3), "HWC")
    (5, 4, 3)
    """
    axes = axes_of(shape, layout)
    if not {"H", "W"} <= axes.keys():
        raise SolverError(f"a layout {layout} has no height and width")
    axes["H"], axes["W"] = axes["W"], axes["H"]
    return tuple(axes[letter] for letter in layout)


def relaid(shape: Shape, layout: str) -> Shape:
    """Return *shape* with the channels on the other side of the axes that a kernel moves along.

    >>> relaid((4, 5, 3), "HWC")
    (3, 4, 5)
    """
    axes = axes_of(shape, layout)
    spatial = spatial_letters(layout)
    batch = layout.removesuffix("C" + spatial).removesuffix(spatial + "C")
    other = f"C{spatial}" if layout.endswith("C") else f"{spatial}C"
    return tuple(axes[letter] for letter in batch + other)


def _moved(given: SimpleNamespace, *, ends: int = 2) -> Fraction:
    """Return the room with that many padded *ends*; a carried size may be a fraction."""
    extent = given.dilation * (given.kernel_size - 1) + 1
    padding = sum(pair(given.padding, "padding", least=0)[:ends])
    left = Fraction(given.size + padding - extent)
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
    "padding_once": lambda given: _moved(given, ends=1) // _stride(given) + 1,
    "size_over_stride": _size_over_stride,
}
