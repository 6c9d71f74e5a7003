"""The way to the values of a pooling: the largest or the mean of each window."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Final, Literal

import numpy as np

from grader.display.steps import Pooled, Said, Step, Tracer
from grader.values import Array, simplest
from problems.solvers.bounds import array
from problems.solvers.geometry import PerAxis
from problems.solvers.pool_values import (
    Placed,
    avg_pool2d,
    global_pool2d,
    is_max,
    max_pool2d,
    placed_on,
)
from problems.solvers.windows import padded
from problems.traces.axes import pool_axis
from problems.traces.sizes import DEFAULT_STRIDE
from problems.traces.tracing import shown, tensor, tracers
from problems.traces.windows import MAX_WINDOWS, further, sides

__all__ = ["TRACERS"]

MAX_PATCH: Final = 256

Mode = Literal["max", "mean"]


def _max_pool(given: SimpleNamespace) -> Iterator[Step]:
    yield from _placed(given, dilation=given.dilation, mode="max", padding_counts=False)


def _avg_pool(given: SimpleNamespace) -> Iterator[Step]:
    counts = given.count_include_pad
    yield from _placed(given, dilation=1, mode="mean", padding_counts=counts)


def _placed(
    given: SimpleNamespace, *, dilation: PerAxis, mode: Mode, padding_counts: bool
) -> Iterator[Step]:
    """Yield the steps of a pooling; where the padding does not count the patches end before it."""
    x = array(given.x, "x", ranks=(2, 3))
    placed = placed_on(
        x.shape,
        given.kernel_size,
        stride=given.stride,
        padding=given.padding,
        dilation=dilation,
        ceil_mode=given.ceil_mode,
    )
    cells = x.reshape(-1, *x.shape[-2:])
    if given.stride is None:
        yield DEFAULT_STRIDE
    yield from sides(
        x.shape[-2:],
        placed.laid,
        partial(pool_axis, ceil_mode=given.ceil_mode),
    )
    padding = any(map(any, placed.laid.borders))
    if padding and padding_counts:
        cells = padded(cells, placed.laid.borders)
        yield Said("The zeros of the padding are counted.")
        yield shown("X_P", cells if x.ndim > 2 else cells[0])  # noqa: PLR2004 - (H, W)
    elif padding:
        yield Said(
            f"The padding is left out: it {'never wins' if mode == 'max' else 'is no cell'}."
        )
    corner = (0, 0) if padding_counts else tuple(ends[0] for ends in placed.laid.borders)
    yield from _windows(given.result, cells, placed, corner, mode)
    yield shown("Y", given.result)


def _windows(
    result: Array, cells: Array, placed: Placed, border: tuple[int, ...], mode: Mode
) -> Iterator[Step]:
    """Yield the windows one by one; *border* is how far they start before *cells*."""
    if np.prod(placed.laid.kernel) > MAX_PATCH:
        return
    places = list(islice(np.ndindex(len(cells), *placed.laid.output), MAX_WINDOWS))
    for channel, *place in places:
        spans = [
            _span(at, axis, placed, start, size)
            for axis, (at, start, size) in enumerate(
                zip(place, border, cells.shape[1:], strict=True)
            )
        ]
        corner = (spans[0].start, spans[1].start)
        index = (channel, *place) if result.ndim > len(place) else tuple(place)
        yield _pooled(index, corner, cells[(channel, *map(_sliced, spans))], mode)
    yield from further(result.size - len(places))


def _span(at: int, axis: int, placed: Placed, start: int, size: int) -> range:
    """Return the indices under the window at place *at* of an *axis*, those of cells alone."""
    laid = placed.laid
    spread = laid.dilation[axis]
    first = at * laid.stride[axis] - start
    under = range(first, first + (laid.kernel[axis] - 1) * spread + 1, spread)
    inside = [index for index in under if 0 <= index < size]
    return range(inside[0], inside[-1] + 1, spread)


def _sliced(span: range) -> slice:
    return slice(span.start, span.stop, span.step)


def _pooled(place: tuple[int, ...], corner: tuple[int, ...], patch: Array, mode: Mode) -> Pooled:
    found = tensor(patch)
    count = len(found.cells)
    total = max(found.cells) if mode == "max" else simplest(Fraction(sum(found.cells)) / count)
    return Pooled(place, corner, found, mode, count, total)


def _global_pool(given: SimpleNamespace) -> Iterator[Step]:
    x = array(given.x, "x", ranks=(2, 3))
    maps = x.reshape(-1, *x.shape[-2:])
    mode: Mode = "max" if is_max(given.mode) else "mean"
    yield Said(f"Each channel gives one number, {'its largest' if mode == 'max' else 'its mean'}.")
    if maps[0].size <= MAX_PATCH:
        for channel, cells in enumerate(maps[:MAX_WINDOWS]):
            yield _pooled((channel,), (0, 0), cells, mode)
        yield from further(len(maps[MAX_WINDOWS:]))
    yield shown("Y", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {max_pool2d: _max_pool, avg_pool2d: _avg_pool, global_pool2d: _global_pool}
)
