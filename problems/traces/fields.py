"""The way to receptive fields: the recursion over the layers, as a table, then its sum.

r is the field, j the jump between neighbouring cells, both in input cells; i is the index of a
cell. Of a network it is the path with the largest field.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Formula, Said, Step, Tracer, formula
from grader.values import Tensor, Value
from problems.network.counts import walk
from problems.network.fields import Field, Window, fields, grown, window_of
from problems.network.graphs import Gate, Network
from problems.network.walk import INPUT
from problems.solvers.receptive_field import (
    effective_stride,
    field_centre,
    field_range,
    receptive_field,
    receptive_field_trace,
)
from problems.traces.tracing import counted_up, listed, multiplied, shown, tracers

__all__ = ["TRACERS"]

GROWTH: Final = "Each layer adds {}·jump to the field; then its stride multiplies the jump."
START: Final = "The start moves by ({}/2 - P)·jump."

Moved = tuple[str, Window]
"""A layer in words, and what it does along one axis."""


def _windows(layers: object) -> list[Moved]:
    """Return the layers that move a window, in their order."""
    if isinstance(layers, Network):
        return _path(layers)
    given = layers if isinstance(layers, (tuple, list)) else ()
    return [(str(number), Window(*layer)) for number, layer in enumerate(given, start=1)]


def _path(net: Network) -> list[Moved]:
    """Return the layers with windows on the path of *net* that has the largest field."""
    found, walked = fields(net), walk(net)
    at = walked.outputs[-1]
    while at != INPUT and found[at] is None:
        at = walked.steps[at].inputs[0]
    moved: list[Moved] = []
    while at != INPUT:
        step = walked.steps[at]
        window = window_of(step.layer, 0)
        if window is not None:
            moved.append((str(step.layer), window))
        inputs = step.inputs[-1:] if isinstance(step.layer, Gate) else step.inputs
        at = max(inputs, key=lambda one: (found[one] or Field()).size if one != INPUT else 1)
    return moved[::-1]


def _grown(windows: list[Moved]) -> list[Field]:
    """Return the field before the first layer and after each one."""
    return list(accumulate((window for _, window in windows), grown, initial=Field()))


def _recursion(windows: list[Moved], *, start: bool = False) -> Iterator[Step]:
    """Yield the rules and the table of the recursion, with the *start* if it is needed."""
    dilated = any(window.dilation > 1 for _, window in windows)
    reach = "D·(K - 1)" if dilated else "(K - 1)"
    yield Said(GROWTH.format(reach))
    if start:
        yield Said(START.format(reach))
    extra = [("dilation", dilated), ("padding", start)]
    head = ("layer", "kernel", "stride", *(name for name, used in extra if used), "added")
    rows: list[tuple[Value, ...]] = []
    for (name, window), (before, after) in zip(windows, pairwise(_grown(windows)), strict=True):
        numbers = {"dilation": window.dilation, "padding": window.padding}
        rows.append(
            (
                name,
                window.kernel,
                window.stride,
                *(numbers[one] for one, used in extra if used),
                after.size - before.size,
                after.size,
                after.jump,
                *([after.start] if start else []),
            )
        )
    yield listed((*head, "field", "jump", *(["start"] if start else [])), rows)


def _without_pads(windows: list[Moved]) -> list[Moved]:
    """Return the layers without those that only pad, which change no field and no jump."""
    return [(name, window) for name, window in windows if window != Window(1, 1, 1, window.padding)]


def _receptive_field(given: SimpleNamespace) -> Iterator[Step]:
    windows = _without_pads(_windows(given.layers))
    if len(windows) == 1:
        yield Said("A single layer sees what its kernel spans.")
        yield spanned(windows[0][1])
        return
    yield from _recursion(windows)
    added = [after.size - before.size for before, after in pairwise(_grown(windows))]
    yield counted_up("r", (1, *added))


def spanned(window: Window) -> Formula:
    """Return the formula of the field of one layer."""
    if window.dilation > 1:
        return formula("r", "D*(K - 1) + 1", D=window.dilation, K=window.kernel)
    return formula("r", "K", K=window.kernel)


def _effective_stride(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Each stride multiplies the distance of neighbouring cells.")
    yield multiplied("j", [window.stride for _, window in _windows(given.layers)])


def _field_centre(given: SimpleNamespace) -> Iterator[Step]:
    windows = _windows(given.layers)
    yield from _recursion(windows, start=True)
    last = _grown(windows)[-1]
    numbers = {"s": last.start, "i": given.index, "j": last.jump}
    if given.first_centre:
        yield formula("c", "s + i*j + c_0", **numbers, c_0=given.first_centre)
    else:
        yield formula("c", "s + i*j", **numbers)


def _field_range(given: SimpleNamespace) -> Iterator[Step]:
    windows = _windows(given.layers)
    yield from _recursion(windows, start=True)
    last = _grown(windows)[-1]
    centre = formula("c", "s + i*j", s=last.start, i=given.index, j=last.jump)
    yield centre
    first = formula("a", "ceil(c - (r - 1)/2)", c=centre.number, r=last.size)
    yield first
    end = formula("b", "a + r - 1", a=first.number, r=last.size)
    yield end
    yield Array("(a, b)", Tensor.of((first.number, end.number)))


def _receptive_field_trace(given: SimpleNamespace) -> Iterator[Step]:
    yield from _recursion(_windows(given.layers), start=True)
    yield shown("(field, jump, start)", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        receptive_field: _receptive_field,
        effective_stride: _effective_stride,
        field_centre: _field_centre,
        field_range: _field_range,
        receptive_field_trace: _receptive_field_trace,
    }
)
