"""The way to the values of a transposed convolution: the running sum after each stamp."""

from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Final, cast

import numpy as np

from grader.book import Solver
from grader.display.steps import Array, Said, Step, Tracer
from grader.display.text import show
from grader.values import Array as NumpyArray
from grader.values import exact
from problems.solvers.bounds import array
from problems.solvers.geometry import per_axis
from problems.solvers.transposed_values import (
    conv_transpose1d,
    conv_transpose2d,
    transposed_running_sum,
)
from problems.traces.axes import each_axis, transposed_axis
from problems.traces.tracing import Steps, shown, tensor, tracers

__all__ = ["TRACERS"]

MAX_STAMPS: Final = 16
MAX_SUM: Final = 400


def _transposed(given: SimpleNamespace, *, solver: Solver, axes: int) -> Iterator[Step]:
    """Yield the steps of a transposed convolution along the last *axes* of its input."""
    x = array(given.x, "x", ranks=(axes, axes + 1))
    laid = {"stride": given.stride, "dilation": given.dilation, "groups": given.groups}
    kernel = np.asarray(given.w).shape[-axes:]
    yield from _sides(given, x.shape[-axes:], kernel)
    whole = partial(solver, w=given.w, output_padding=given.output_padding, **laid)
    if isinstance(given.padding, str):
        whole = partial(solver, w=given.w, **laid)
    stamps = [*_stamps(x, whole, count=x.size, cells=given.result.size)]
    yield from stamps
    if _is_result(stamps[-1], given.result):
        return
    if np.any(np.asarray(given.padding) != 0):
        yield Said(f"The padding {_told(given.padding)} crops the sum at its ends.")
    if np.any(np.asarray(given.bias) != 0):
        yield Said("The bias is added to every cell.")
    yield shown("Y", given.result)


def _sides(
    given: SimpleNamespace, sizes: tuple[int, ...], kernel: tuple[int, ...]
) -> Iterator[Step]:
    """Yield the formulas of the sizes, where the padding is the same at both ends."""
    if isinstance(given.padding, str):
        return
    names = ("stride", "padding", "output_padding", "dilation")
    laid = {name: per_axis(getattr(given, name), name, len(sizes)) for name in names}
    if not any(isinstance(ends, tuple) for ends in laid["padding"]):
        letters = "HW"[-len(sizes) :]
        axes = dict(zip(letters, sizes, strict=True))
        yield from each_axis(transposed_axis, axes, {"kernel_size": kernel, **laid})


def _told(padding: object) -> str:
    """Return a padding as it stands in a sentence."""
    return f"({', '.join(map(str, padding))})" if isinstance(padding, tuple) else str(padding)


def _stamps(x: NumpyArray, whole: Solver, *, count: int, cells: int) -> Iterator[Step]:
    """Yield the running sum after each of the first *count* cells of *x* that is not zero.

    *whole* gives the sum, *cells* is how many it has.
    """
    yield Said("Each input cell stamps the kernel, times itself; where stamps overlap they add up.")
    if cells > MAX_SUM:
        return
    stamping = np.flatnonzero(x.ravel()[:count])
    so_far = np.zeros_like(x)
    for number in stamping[:MAX_STAMPS]:
        place = np.unravel_index(number, x.shape)
        so_far[place] = x[place]
        at = ", ".join(str(index + 1) for index in place)
        added = show(exact(x[place]))
        yield shown(f"sum with {added}·w at ({at})", cast("NumpyArray", whole(so_far)))
    if len(stamping) > MAX_STAMPS:
        yield Said(f"The other {len(stamping) - MAX_STAMPS} cells stamp in the same way.")


def _running_sum(given: SimpleNamespace) -> Iterator[Step]:
    x = array(given.x, "x", ranks=(2,))
    whole = partial(conv_transpose2d, w=given.w, stride=given.stride)
    stamps = [*_stamps(x, whole, count=given.after, cells=given.result.size)]
    yield from stamps
    if not _is_result(stamps[-1], given.result):
        yield shown(f"S_{given.after}", given.result)


def _is_result(step: Step, result: NumpyArray) -> bool:
    """Tell whether *step* shows the *result* already."""
    return isinstance(step, Array) and step.value == tensor(result)


def _steps(solver: Solver, axes: int) -> Steps:
    return partial(_transposed, solver=solver, axes=axes)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        conv_transpose1d: _steps(conv_transpose1d, 1),
        conv_transpose2d: _steps(conv_transpose2d, 2),
        transposed_running_sum: _running_sum,
    }
)
