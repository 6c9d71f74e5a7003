"""The way to the values of a convolution: the padded input, then each cell as a sum of products."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Said, Step, Tracer, Window
from grader.values import Array, Number, exact
from problems.solvers.bounds import array
from problems.solvers.convolution import conv1d, conv2d, conv3d, filters_of
from problems.solvers.windows import Placing, padded, placing, windows
from problems.traces.axes import Axis, conv_axis, each_axis
from problems.traces.tracing import Steps, shown, tensor, tracers

__all__ = ["MAX_WINDOWS", "TRACERS", "bias_of", "further", "sides"]

MAX_WINDOWS: Final = 64
MAX_PATCH: Final = 256


def _convolved(given: SimpleNamespace, *, axes: int) -> Iterator[Step]:
    """Yield the steps of a convolution along the last *axes* of its input."""
    x, w = array(given.x, "x", ranks=(axes, axes + 1)), np.asarray(given.w)
    cells = x.reshape(-1, *x.shape[x.ndim - axes :])
    kernel = array(given.w, "w", ranks=(axes, axes + 1, axes + 2))
    filters = filters_of(kernel, axes, channels=len(cells), groups=given.groups)
    if given.flip:
        filters = np.flip(filters, tuple(range(2, filters.ndim)))
        yield Said("The kernel is rotated by 180 degrees before it is laid on the input.")
        yield shown("w'", filters.reshape(w.shape) if w.ndim > axes else filters[0, 0])
    laid = placing(
        cells.shape,
        filters.shape[2:],
        stride=given.stride,
        padding=given.padding,
        dilation=given.dilation,
    )
    bordered = padded(cells, laid.borders)
    if any(map(any, laid.borders)):
        yield Said("The input with its border of zeros:")
        yield shown("X_P", bordered.reshape(*x.shape[: x.ndim - axes], *bordered.shape[1:]))
    yield from sides(cells.shape[1:], laid, conv_axis)
    yield from _windows(given, windows(bordered, laid), filters, laid)
    yield shown("Y", given.result)


def sides(sizes: tuple[int, ...], laid: Placing, axis: Axis) -> Iterator[Step]:
    """Yield the formulas of the *sizes* of an output, height and width the last of them."""
    geometry = {
        "kernel_size": laid.kernel,
        "stride": laid.stride,
        "padding": laid.borders,
        "dilation": laid.dilation,
    }
    letters = "DHW"[-len(sizes) :]
    return each_axis(axis, dict(zip(letters, sizes, strict=True)), geometry)


def _windows(given: SimpleNamespace, views: Array, filters: Array, laid: Placing) -> Iterator[Step]:
    """Yield the windows one by one; *views* are those of all channels, (C, kernel, output)."""
    several = given.result.ndim > len(laid.output)
    inner = filters.shape[1]
    if filters[0].size > MAX_PATCH:
        yield Said(f"Each cell is the sum of {filters[0].size} products.")
        return
    places = list(islice(np.ndindex(len(filters), *laid.output), MAX_WINDOWS))
    for number, *place in places:
        first = number // (len(filters) // given.groups) * inner
        under = views[(slice(first, first + inner), ..., *place)]
        patch, kernel = tensor(under), tensor(filters[number])
        if len(views) == 1:
            patch, kernel = tensor(under[0]), tensor(filters[number, 0])
        bias = bias_of(given.bias, number)
        products = zip(patch.cells, kernel.cells, strict=True)
        yield Window(
            (number, *place) if several else tuple(place),
            tuple(at * step for at, step in zip(place, laid.stride, strict=True)),
            patch,
            kernel,
            bias,
            sum(one * two for one, two in products) + bias,
            laid.dilation,
        )
    yield from further(given.result.size - len(places))


def bias_of(bias: object, number: int) -> Number:
    """Return the bias of the filter of that *number*.

    >>> bias_of((10, 20), 1), bias_of(3, 1)
    (20, 3)
    """
    biases = np.atleast_1d(np.asarray(bias, dtype=object))
    return exact(biases[number % len(biases)])


def further(cells: int) -> Iterator[Said]:
    """Yield a sentence about the *cells* that are not shown one by one, if there are any."""
    if cells:
        yield Said(f"The other {cells} cells follow in the same way.")


def _steps(axes: int) -> Steps:
    return partial(_convolved, axes=axes)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {conv1d: _steps(1), conv2d: _steps(2), conv3d: _steps(3)}
)
