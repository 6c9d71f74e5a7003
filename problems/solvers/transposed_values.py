"""Values of a transposed convolution: each input cell stamps the kernel, and the stamps add up.

Source: Dumoulin and Visin (2016), chapter 4, and the PyTorch documentation of
``conv_transpose2d``. Integers give integers, exactly.
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Final, TypedDict, Unpack, cast

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, Shape, array, fitting, whole
from problems.solvers.convolution import biased
from problems.solvers.correlation import stamped
from problems.solvers.geometry import PerAxis, per_axis
from problems.solvers.transposed import transposed_size
from problems.solvers.twins import instead, told, twins_of
from problems.solvers.windows import Padding, Placing, borders_of, sizes_of

__all__ = ["SOLVERS", "TWINS", "conv_transpose1d", "conv_transpose2d", "transposed_running_sum"]

MAX_STAMPS: Final = 10_000


def conv_transpose1d(
    x: Grid,
    w: Grid,
    *,
    bias: Number | Grid = 0,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the transposed convolution of the sequence *x* with *w*.

    As `conv_transpose2d` with one axis less: *x* (L) with *w* (k) gives (L'), *x* (C, L) with *w*
    (C, O/groups, k) gives (O, L').

    >>> conv_transpose1d([1, 2, 3], [1, 10], stride=2)
    array([ 1, 10,  2, 20,  3, 30])
    """
    steps = _Steps(stride=stride, padding=padding, output_padding=output_padding, dilation=dilation)
    return _transposed(x, w, axes=1, bias=bias, groups=groups, **steps)


def conv_transpose2d(
    x: Grid,
    w: Grid,
    *,
    bias: Number | Grid = 0,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the transposed convolution of *x* with *w*: the adjoint of `conv2d`.

    Cell ``x[c,i,j]`` adds ``x[c,i,j] * w[c,o]`` to the map *o* from row ``i*stride``, column
    ``j*stride``; then *padding* cells are cropped and *output_padding* rows and columns are left at
    the end. *x* (H, W) with *w* (k, k) gives (H', W'), *x* (C, H, W) with *w* (C, O/groups, k, k)
    gives (O, H', W'). The sides follow `transposed_size`; the padding ``tf`` gives
    ``size * stride``, as TensorFlow does, ``same`` gives ``(size-1)*stride + 1``.

    >>> conv_transpose2d([[1, 2]], [[1, 10]], stride=2)
    array([[ 1, 10,  2, 20]])
    >>> conv_transpose2d([[1, 2]], [[1, 10]], stride=2, padding="same")
    array([[ 1, 10,  2]])
    """
    steps = _Steps(stride=stride, padding=padding, output_padding=output_padding, dilation=dilation)
    return _transposed(x, w, axes=2, bias=bias, groups=groups, **steps)


class _Steps(TypedDict):
    """The arguments that say where the stamps lie and what is cropped."""

    stride: PerAxis
    padding: Padding
    output_padding: PerAxis
    dilation: PerAxis


def _transposed(
    x: Grid, w: Grid, *, axes: int, bias: Number | Grid, groups: int, **steps: Unpack[_Steps]
) -> Array:
    """Return the transposed convolution along the last *axes* of *x*."""
    cells = array(x, "x", ranks=(axes, axes + 1))
    kernel = array(w, "w", ranks=(axes, axes + 2))
    cells = cells.reshape(-1, *cells.shape[cells.ndim - axes :])
    filters = kernel.reshape(1, 1, *kernel.shape) if kernel.ndim == axes else kernel
    if len(filters) != len(cells):
        raise SolverError(f"w takes {len(filters)} channels, but x has {len(cells)}")
    if len(cells) % whole(groups, "groups"):
        raise SolverError(f"{groups} groups do not divide the channels")
    laid, sizes = _laid(cells.shape[1:], filters.shape[2:], **steps)
    maps = biased(stamped(cells, filters, laid=laid, sizes=sizes, groups=groups), bias)
    return maps if kernel.ndim > axes else maps[0]


def _laid(sizes: Shape, kernel: Shape, **steps: Unpack[_Steps]) -> tuple[Placing, Shape]:
    """Return how the kernel lies on the output, and the sizes of the output."""
    axes = len(sizes)
    stride = sizes_of(steps["stride"], "stride", axes)
    dilation = sizes_of(steps["dilation"], "dilation", axes)
    added = cast("Shape", per_axis(steps["output_padding"], "output_padding", axes))
    for extra, step, spread in zip(added, stride, dilation, strict=True):
        if extra >= max(step, spread) and extra:
            raise SolverError(f"output_padding {extra} is not smaller than the stride {step}")
    full = tuple(
        transposed_size(size, k, stride=step, output_padding=extra, dilation=spread)
        for size, k, step, extra, spread in zip(sizes, kernel, stride, added, dilation, strict=True)
    )
    target = _targets(steps["padding"], sizes, stride)
    if target and any(added):
        raise SolverError("output_padding goes with a padding in numbers only")
    borders = borders_of(steps["padding"], target or full, kernel, stride=stride, dilation=dilation)
    cropped = tuple(size - sum(ends) for size, ends in zip(full, borders, strict=True))
    if min(cropped) < 1:
        raise SolverError(f"a padding of {steps['padding']} crops everything away")
    return Placing(kernel, stride, dilation, borders, sizes), target or cropped


def _targets(padding: Padding, sizes: Shape, stride: Shape) -> Shape | None:
    """Return the sizes that a *padding* in words asks for."""
    if padding == "tf":
        return tuple(size * step for size, step in zip(sizes, stride, strict=True))
    if padding == "same":
        return tuple((size - 1) * step + 1 for size, step in zip(sizes, stride, strict=True))
    return None


def transposed_running_sum(x: Grid, w: Grid, *, after: int, stride: int = 1) -> Array:
    """Return the output when only the first *after* cells of *x* have stamped, row by row.

    Cells count from 1; nothing is cropped. ``after`` equal to the number of cells gives
    `conv_transpose2d` without padding; beyond it: `SolverError`.

    >>> transposed_running_sum([[1, 2]], [[1, 10]], after=1, stride=2)
    array([[ 1, 10,  0,  0]])
    """
    return conv_transpose2d(_first_cells(x, after), w, stride=stride)


def _first_cells(x: Grid, after: int) -> Array:
    """Return *x* with zeros behind its first *after* cells."""
    cells = array(x, "x", ranks=(2,))
    if whole(after, "after", least=0) > cells.size:
        raise SolverError(f"x has {cells.size} cells, not {after}")
    return np.where(np.arange(cells.size) < after, cells.ravel(), 0).reshape(cells.shape)


# What students do instead.


def _rotated(given: SimpleNamespace) -> Array:
    kernel = array(given.w, "w", ranks=(1, 2, 3, 4))
    axes = kernel.ndim if kernel.ndim < 3 else kernel.ndim - 2  # noqa: PLR2004 - (k), (k, k), (C, O, k)
    return np.flip(kernel, tuple(range(kernel.ndim - axes, kernel.ndim)))


def _cropped(x: Grid, given: SimpleNamespace) -> Array:
    """Return the sum cropped to ``size * stride``, as the padding called ``same`` does."""
    kernel = array(given.w, "w", ranks=(2, 4))
    if min(kernel.shape[-2:]) < max(sizes_of(given.stride, "stride", 2)):
        raise SolverError("there is nothing to crop")
    named = {name: value for name, value in vars(given).items() if name not in {"x", "after"}}
    return conv_transpose2d(x, **{**named, "padding": "tf", "output_padding": 0})


def _overwritten(given: SimpleNamespace, count: int | None = None) -> Array:
    """Return the output where each of the first *count* stamps replaces what lies under it."""
    cells, kernel = array(given.x, "x", ranks=(2,)), array(given.w, "w", ranks=(2,))
    fitting(cells.shape, "x", most=MAX_STAMPS)
    added = vars(given).get("output_padding", 0)
    found = conv_transpose2d(cells * 0, kernel * 0, stride=given.stride, output_padding=added)
    rows, columns = sizes_of(given.stride, "stride", 2)
    for row, column in list(np.ndindex(cells.shape))[:count]:
        top, left = row * rows, column * columns
        found[top : top + len(kernel), left : left + kernel.shape[1]] = cells[row, column] * kernel
    return found


def _overwritten_and_cropped(given: SimpleNamespace) -> Array:
    if given.dilation != 1:
        raise SolverError("stamps with gaps overlap otherwise")
    found = _overwritten(given)
    crop = whole(given.padding, "padding", least=0)
    cropped = found[crop : len(found) - crop, crop : found.shape[1] - crop]
    return cast("Array", biased(cropped[np.newaxis], given.bias)[0])


def _last_stamp(given: SimpleNamespace) -> Array:
    """Return the stamp of the last cell alone, without the sum so far."""
    before = SimpleNamespace(**{**vars(given), "after": given.after - 1})
    return transposed_running_sum(**vars(given)) - transposed_running_sum(**vars(before))


def _swapped(solver: Callable[..., Array]) -> Solver:
    return instead(solver, lambda given: solver(**vars(given)).swapaxes(-1, -2))


def _mistakes(solver: Solver) -> Mapping[str, Solver]:
    """Return the twins that transposed convolutions along any number of axes have."""
    return {
        "kernel_flipped": told(solver, w=_rotated),
        "padding_left_out": told(solver, padding=0),
        "stride_left_out": told(solver, stride=1, output_padding=0),
        "dilation_left_out": told(solver, dilation=1),
        "output_padding_left_out": told(solver, output_padding=0),
        "no_bias": told(solver, bias=0),
    }


SOLVERS: Final[tuple[Solver, ...]] = (conv_transpose1d, conv_transpose2d, transposed_running_sum)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(conv_transpose1d, _mistakes(conv_transpose1d)),
    *twins_of(conv_transpose2d, _mistakes(conv_transpose2d)),
    *twins_of(
        conv_transpose2d,
        {
            "overlap_overwritten": instead(conv_transpose2d, _overwritten_and_cropped),
            "transposed_cropped": instead(conv_transpose2d, lambda given: _cropped(given.x, given)),
            "transposed_output": _swapped(conv_transpose2d),
        },
    ),
    *twins_of(
        transposed_running_sum,
        {
            "kernel_flipped": told(transposed_running_sum, w=_rotated),
            "last_stamp_only": instead(transposed_running_sum, _last_stamp),
            "overlap_overwritten": instead(
                transposed_running_sum, lambda given: _overwritten(given, given.after)
            ),
            "stride_left_out": told(transposed_running_sum, stride=1),
            "transposed_cropped": instead(
                transposed_running_sum,
                lambda given: _cropped(_first_cells(given.x, given.after), given),
            ),
            "transposed_output": _swapped(transposed_running_sum),
        },
    ),
)
