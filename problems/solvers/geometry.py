"""Geometry of convolution and pooling: kernel travel, layouts, wrong window counts."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments
from grader.values import Number
from problems.solvers.bounds import Shape, as_integer, as_pair, as_shape
from problems.solvers.wrong_versions import replace_formula

LAYOUTS: Final = (
    *("HWC", "CHW", "NHWC", "NCHW"),
    *("LC", "CL", "NLC", "NCL"),
    *("DHWC", "CDHW", "NDHWC", "NCDHW"),
)
COUNT_IN_WORDS: Final = {1: "one number", 2: "one number or two", 3: "one number or three"}

PADDING_WORDS: Final = ("valid", "same")

PerAxis: TypeAlias = int | tuple[int, ...]
Padding: TypeAlias = PerAxis | str
"""One number, one per axis, two per axis (left, right, top, bottom), or a word."""
SizeRule: TypeAlias = Callable[..., Any]
SizeFormula: TypeAlias = Callable[[SolverArguments], object]


def kernel_travel(
    size: int, kernel_size: int, *, padding: int | tuple[int, int] = 0, dilation: int = 1
) -> int:
    """Return how far a kernel can move: the padded size minus the kernel's extent.

    The extent is ``dilation * (kernel_size - 1) + 1``. *padding* is added at each end,
    or is a pair (before, after). Raise `SolverError` if the kernel does not fit.

    >>> kernel_travel(7, 3, padding=1)
    6
    """
    padded = as_integer(size, "size") + sum(as_pair(padding, "padding", least=0))
    extent = as_integer(dilation, "dilation") * (as_integer(kernel_size, "kernel_size") - 1) + 1
    if extent > padded:
        raise SolverError(
            f"a kernel of extent {extent} does not fit into a padded size of {padded}"
        )
    return padded - extent


def padding_ends(
    padding: int | tuple[int, int] | str, kernel_size: int, *, dilation: int = 1
) -> tuple[int, int]:
    """Return *padding* as the numbers of cells (before, after).

    ``valid`` adds none; ``same`` adds what the kernel takes away at stride 1, with an odd
    cell at the end. The output then has ``ceil(size / stride)`` cells at every stride.

    >>> padding_ends("same", 4), padding_ends(2, 5)
    ((1, 2), (2, 2))
    """
    if not isinstance(padding, str):
        return as_pair(padding, "padding", least=0)
    if padding not in PADDING_WORDS:
        raise SolverError(f"padding must be numbers, valid or same, not {padding[:20]}")
    if padding == "valid":
        return 0, 0
    total = as_integer(dilation, "dilation") * (as_integer(kernel_size, "kernel_size") - 1)
    return total // 2, total - total // 2


def require_layout(layout: str) -> str:
    """Return *layout*, or raise `SolverError` if it is not one of `LAYOUTS`."""
    if layout not in LAYOUTS:
        raise SolverError(f"layout must be one of {', '.join(LAYOUTS)}, not {layout}")
    return layout


def axis_sizes(shape: Shape, layout: str) -> dict[str, int]:
    """Return the sizes of *shape*, keyed by the letters of *layout*.

    >>> axis_sizes((32, 32, 3), "HWC")
    {'H': 32, 'W': 32, 'C': 3}
    """
    letters = require_layout(layout)
    sizes = as_shape(shape)
    if len(sizes) != len(letters):
        raise SolverError(f"a shape in layout {layout} has {len(letters)} axes, not {len(sizes)}")
    return dict(zip(letters, sizes, strict=True))


def spatial_axes(layout: str) -> str:
    """Return the letters of the spatial axes of *layout*, those that a kernel moves along.

    >>> spatial_axes("NCHW")
    'HW'
    """
    return "".join(letter for letter in require_layout(layout) if letter not in "NC")


def expand_per_axis(
    value: Padding | None, what: str, axes: int
) -> tuple[int | None, ...] | tuple[tuple[int, int], ...] | tuple[str, ...]:
    """Return *value* expanded to one entry per axis.

    A single number or None sets all *axes*. A padding may also give both ends of
    every axis, last axis first, as in PyTorch's ``pad``, or be one of `PADDING_WORDS`.

    >>> expand_per_axis((0, 1, 2, 3), "padding", 2)
    ((2, 3), (0, 1))
    """
    if what == "padding" and isinstance(value, str):
        return (value,) * axes
    if value is None or not isinstance(value, (tuple, list)):
        return (None if value is None else as_integer(value, what, least=0),) * axes
    values = tuple(as_integer(one, what, least=0) for one in value)
    if len(values) == axes:
        return values
    if what == "padding" and len(values) == 2 * axes:
        return tuple(zip(values[::2], values[1::2], strict=True))[::-1]
    raise SolverError(f"{what} must be {COUNT_IN_WORDS[axes]}, not {len(values)}")


def map_spatial_axes(
    size_rule: SizeRule,
    shape: Shape,
    layout: str,
    *,
    channels: int | None = None,
    **geometry: Padding | None,
) -> Shape:
    """Return *shape* with *size_rule* applied to each spatial axis.

    *geometry* holds the keyword arguments of *size_rule*, each one value or one per
    axis, as in `expand_per_axis`. *channels* replaces the number of channels.
    """
    axes = axis_sizes(shape, layout)
    if channels is not None:
        axes["C"] = as_integer(channels, "out_channels")
    letters = spatial_axes(layout)
    axis_values = {
        name: expand_per_axis(value, name, len(letters)) for name, value in geometry.items()
    }
    for index, letter in enumerate(letters):
        axes[letter] = size_rule(
            axes[letter], **{name: values[index] for name, values in axis_values.items()}
        )
    return tuple(axes[letter] for letter in layout)


# What students do instead.


def replace_size_rule(solver: Solver, size_rule: SizeRule, names: Sequence[str]) -> Solver:
    """Return a wrong version of *solver* that computes spatial sizes with *size_rule*.

    *solver* returns the shape after a layer with filters. *names* are the arguments
    passed to *size_rule*.
    """
    return replace_formula(
        solver,
        lambda args: map_spatial_axes(
            size_rule,
            args.shape,
            args.layout,
            channels=args.out_channels,
            **{name: getattr(args, name) for name in names},
        ),
    )


def swap_height_width(shape: Shape, layout: str) -> Shape:
    """Return *shape* with height and width swapped.

    >>> swap_height_width((4, 5, 3), "HWC")
    (5, 4, 3)
    """
    axes = axis_sizes(shape, layout)
    if not {"H", "W"} <= axes.keys():
        raise SolverError(f"a layout {layout} has no height and width")
    axes["H"], axes["W"] = axes["W"], axes["H"]
    return tuple(axes[letter] for letter in layout)


def move_channels(shape: Shape, layout: str) -> Shape:
    """Return *shape* with the channels moved to the other side of the spatial axes.

    >>> move_channels((4, 5, 3), "HWC")
    (3, 4, 5)
    """
    axes = axis_sizes(shape, layout)
    spatial = spatial_axes(layout)
    batch = layout.removesuffix("C" + spatial).removesuffix(spatial + "C")
    other = f"C{spatial}" if layout.endswith("C") else f"{spatial}C"
    return tuple(axes[letter] for letter in batch + other)


def _kernel_travel_without_rounding(args: SolverArguments, *, padded_ends: int = 2) -> Fraction:
    """Return the kernel travel as a fraction, with padding at the first *padded_ends* ends only.

    The size may be a fraction if it carries an earlier error forward.
    """
    extent = args.dilation * (args.kernel_size - 1) + 1
    if padded_ends == 1 and isinstance(args.padding, str):
        raise SolverError("a padding in words names no numbers")
    padding = sum(
        padding_ends(args.padding, args.kernel_size, dilation=args.dilation)[:padded_ends]
    )
    left = Fraction(args.size + padding - extent)
    if left < 0:
        raise SolverError("the kernel does not fit")
    return left


def _stride_or_kernel_size(args: SolverArguments) -> int:
    return int(args.kernel_size if args.stride is None else args.stride)


def _divide_size_by_stride(args: SolverArguments) -> Number:
    """Return ``size // stride``; raise `SolverError` at stride 1, which divides nothing."""
    if _stride_or_kernel_size(args) == 1:
        raise SolverError("a stride of 1 divides nothing")
    return int(args.size // _stride_or_kernel_size(args))


# Wrong numbers of windows along one axis, by mistake; for convolution and pooling alike.
WRONG_WINDOW_COUNTS: Final[dict[str, SizeFormula]] = {
    "rounded_up": lambda args: (
        ceil(_kernel_travel_without_rounding(args) / _stride_or_kernel_size(args)) + 1
    ),
    "fraction_left": lambda args: (
        _kernel_travel_without_rounding(args) / _stride_or_kernel_size(args) + 1
    ),
    "forgot_plus_one": lambda args: (
        _kernel_travel_without_rounding(args) // _stride_or_kernel_size(args)
    ),
    "padding_once": lambda args: (
        _kernel_travel_without_rounding(args, padded_ends=1) // _stride_or_kernel_size(args) + 1
    ),
    "size_over_stride": _divide_size_by_stride,
}
