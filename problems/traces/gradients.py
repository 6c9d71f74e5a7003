"""The way to gradients of convolutions, pooling, fully connected layers and shared weights.

dy is the gradient with respect to the output, dx that with respect to the input, dw and db those
with respect to weights and biases.
"""

from collections.abc import Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Array as Shown
from grader.display.steps import Said, Step, Tracer, Window, stated
from grader.values import Array, Value, exact
from problems.solvers.bounds import array
from problems.solvers.dense import (
    dense_backward_bias,
    dense_backward_input,
    dense_backward_weight,
)
from problems.solvers.gradients import (
    conv2d_backward_bias,
    conv2d_backward_input,
    conv2d_backward_weight,
    shared_weight_gradient,
)
from problems.solvers.pool_gradients import pool2d_backward
from problems.solvers.transposed_values import conv_transpose2d
from problems.solvers.windows import padded, placing
from problems.traces import stamps
from problems.traces.dense import dot_products
from problems.traces.sums import dotted
from problems.traces.tracing import counted_up, listed, shown, tensor, tracers
from problems.traces.windows import MAX_WINDOWS, further

__all__ = ["TRACERS"]

ROWS: Final = (1, 2)
MAPS: Final = (2, 3)
ANY: Final = (1, 2, 3, 4)
MAX_PATCH: Final = 256
MAX_POOLED: Final = 1024
MAX_SUMMED: Final = 1024
SINGLE: Final = 2
HEAD: Final = ("window", "dy", "given to", "each gets")
RULES: Final = {
    "max": "Each window gives its gradient to its largest cell, the first of several.",
    "avg": "Each window gives the same share of its gradient to each of its cells.",
}


def _input(given: SimpleNamespace) -> Iterator[Step]:
    kernel = array(given.w, "w", ranks=(2, 3, 4))
    filters = kernel[np.newaxis] if kernel.ndim == 3 else kernel  # noqa: PLR2004 - (C, k, k)
    laid = {
        "stride": given.stride,
        "padding": given.padding,
        "dilation": given.dilation,
        "groups": given.groups,
    }
    yield Said("The transposed convolution of dy: a cell stamps the kernel where its window lay.")
    least = conv_transpose2d(given.dy, filters, **laid).shape[-2:]
    unused = tuple(size - used for size, used in zip(given.result.shape[-2:], least, strict=True))
    steps = stamps.TRACERS["conv_transpose2d"](given.dy, filters, output_padding=unused, **laid)
    yield from (step for step in steps if not isinstance(step, Shown) or step.name != "Y")
    yield shown("dx", given.result)


def _weight(given: SimpleNamespace) -> Iterator[Step]:
    cells, back = array(given.x, "x", ranks=MAPS), array(given.dy, "dy", ranks=MAPS)
    maps, given_back = cells.reshape(-1, *cells.shape[-2:]), back.reshape(-1, *back.shape[-2:])
    laid = placing(
        maps.shape,
        given.result.shape[-2:],
        stride=given.stride,
        padding=given.padding,
        dilation=given.dilation,
    )
    bordered = padded(maps, laid.borders)
    if any(map(any, laid.borders)):
        yield Said("The input with its border of zeros:")
        yield shown("x_P", bordered if cells.ndim > SINGLE else bordered[0])
    yield Said("Each weight: the input cells that it met, times the gradients there, summed.")
    if given_back[0].size > MAX_PATCH:
        yield Said(f"Each cell of dw is the sum of {given_back[0].size} products.")
    else:
        yield from _weight_windows(given, bordered, given_back, laid.stride, laid.dilation)
    yield shown("dw", given.result)


def _weight_windows(
    given: SimpleNamespace,
    maps: Array,
    back: Array,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Iterator[Step]:
    """Yield the cells of dw one by one: what a weight met, a stride apart."""
    full = (len(back), len(maps) // given.groups, *given.result.shape[-2:])
    places = list(islice(np.ndindex(full), MAX_WINDOWS))
    axes = given.result.ndim
    for out, channel, *place in places:
        group = out // (len(back) // given.groups)
        corner = tuple(at * gap for at, gap in zip(place, dilation, strict=True))
        met = tuple(
            slice(first, first + (count - 1) * step + 1, step)
            for first, count, step in zip(corner, back.shape[1:], stride, strict=True)
        )
        patch = tensor(maps[(group * full[1] + channel, *met)])
        kernel = tensor(back[out])
        products = zip(patch.cells, kernel.cells, strict=True)
        total = sum(one * two for one, two in products)
        index = (out, channel, *place)[4 - axes :]
        yield Window(index, corner, patch, kernel, 0, total, stride)
    yield from further(given.result.size - len(places))


def _bias(given: SimpleNamespace) -> Iterator[Step]:
    back = array(given.dy, "dy", ranks=MAPS)
    yield Said("A bias is added to each place of its map, so its gradient is the sum over them.")
    maps = back.reshape(-1, back.shape[-2] * back.shape[-1])
    if back.ndim > SINGLE:
        yield from _sums(maps)
        yield shown("db", given.result)
    elif back.size <= MAX_SUMMED:
        yield counted_up("db", map(exact, maps[0].tolist()))
    else:
        yield shown("db", given.result)


def _sums(rows: Array) -> Iterator[Step]:
    """Yield the sum of each of the first rows, unless they are long."""
    if rows.shape[1] > MAX_SUMMED:
        return
    for at, row in enumerate(rows[:MAX_WINDOWS], start=1):
        yield counted_up(f"db_{at}", map(exact, row.tolist()))
    yield from further(len(rows[MAX_WINDOWS:]))


def _dense_input(given: SimpleNamespace) -> Iterator[Step]:
    back, weight = array(given.dy, "dy", ranks=ROWS), array(given.weight, "weight", ranks=(2,))
    yield Said("Each input went to all outputs: its weights times their gradients, summed.")
    yield from dot_products(back, weight, shape=given.result.shape)
    yield shown("dx", given.result)


def _dense_weight(given: SimpleNamespace) -> Iterator[Step]:
    cells, back = array(given.x, "x", ranks=ROWS), array(given.dy, "dy", ranks=ROWS)
    left, right = back.reshape(-1, back.shape[-1]).T, cells.reshape(-1, cells.shape[-1])
    summed = ", summed over the batch" if cells.ndim > 1 else ""
    yield Said(f"Each weight: the gradient of its output times its input{summed}.")
    yield from dot_products(left, right, shape=given.result.shape)
    yield shown("dw", given.result)


def _dense_bias(given: SimpleNamespace) -> Iterator[Step]:
    back = array(given.dy, "dy", ranks=ROWS)
    yield Said("A bias is added once for each example, so its gradient is the sum over them.")
    yield from _sums(back.reshape(-1, back.shape[-1]).T)
    yield shown("db", given.result)


def _shared(given: SimpleNamespace) -> Iterator[Step]:
    cells, back = array(given.x, "x", ranks=ANY), array(given.dy, "dy", ranks=ANY)
    yield Said("Each use of the weight adds its input times the gradient of its output.")
    if cells.size <= MAX_SUMMED:
        yield dotted("dw", cells.ravel().tolist(), back.ravel().tolist())
    else:
        yield stated("dw", exact(given.result))


def _pool(given: SimpleNamespace) -> Iterator[Step]:
    cells, back = array(given.x, "x", ranks=MAPS), array(given.dy, "dy", ranks=MAPS)
    yield Said(RULES[given.mode])
    if cells.size <= MAX_POOLED:
        places = list(islice(np.ndindex(back.shape), MAX_WINDOWS))
        rows = [_given_by(given, cells, back, place) for place in places]
        yield listed(HEAD, rows)
        yield from further(back.size - len(places))
    yield Said("Where windows overlap, what they give adds up.")
    yield shown("dx", given.result)


def _given_by(
    given: SimpleNamespace, cells: Array, back: Array, place: tuple[int, ...]
) -> tuple[Value, ...]:
    """Return a row for the window at a *place*: what it gives, and to which cells."""
    alone = np.zeros(back.shape)
    alone[place] = 1
    options = {
        name: getattr(given, name)
        for name in ("mode", "stride", "padding", "ceil_mode", "count_include_pad")
    }
    found = pool2d_backward(cells, alone, given.kernel_size, **options)
    taken = np.argwhere(found)
    share = exact(float(found[tuple(taken[0])]) * float(back[place])) if len(taken) else 0
    to = _index(taken[0]) if len(taken) == 1 else f"{len(taken)} cells"
    return (_index(place), exact(back[place]), to, share)


def _index(place: object) -> str:
    return f"({', '.join(str(at + 1) for at in np.asarray(place).tolist())})"


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        conv2d_backward_input: _input,
        conv2d_backward_weight: _weight,
        conv2d_backward_bias: _bias,
        dense_backward_input: _dense_input,
        dense_backward_weight: _dense_weight,
        dense_backward_bias: _dense_bias,
        shared_weight_gradient: _shared,
        pool2d_backward: _pool,
    }
)
