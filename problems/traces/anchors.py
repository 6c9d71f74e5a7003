"""The way to the cell or the anchor that answers for an object, and to boxes written by anchors.

c is a centre, w and h are sides; those of the anchor have the index a, t and d are what is learned.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Formula, Said, Step, Tracer, formula, stated
from grader.values import Number, Tensor, exact
from problems.solvers.anchors import (
    anchor_deltas,
    best_anchor,
    cell_offset,
    decode_deltas,
    decode_yolo_box,
    responsible_cell,
)
from problems.solvers.bounds import numbers, pair, rows_of
from problems.solvers.boxes import Box, box_of
from problems.traces.boxes import LETTERS, written
from problems.traces.overlaps import shares_of
from problems.traces.reals import brief, real
from problems.traces.tracing import listed, tracers

__all__ = ["TRACERS"]

CENTRED: Final = "cxcywh"
MODERN: Final = 5


def _on_grid(given: SimpleNamespace) -> tuple[Formula, Formula]:
    """Return the centre in cells of the grid: x, then y."""
    x, y = numbers(given.center, "the center")
    height, width = pair(given.image, "image")
    rows, columns = pair(given.grid, "grid")
    square = rows == columns
    across, down = ("G", "G") if square else ("G_W", "G_H")
    return (
        formula("g_x", f"x*{across}/W", **{"x": x, across: columns, "W": width}),
        formula("g_y", f"y*{down}/H", **{"y": y, down: rows, "H": height}),
    )


def _cell(given: SimpleNamespace) -> Iterator[Step]:
    x, y = _on_grid(given)
    yield Said("The centre in cells of the grid; the whole part is the cell, counted from 0:")
    yield from (x, y)
    yield formula("row", "floor(g_y)", g_y=y.number)
    yield formula("column", "floor(g_x)", g_x=x.number)
    yield Array("(row, column)", Tensor.of(given.result))


def _offset(given: SimpleNamespace) -> Iterator[Step]:
    x, y = _on_grid(given)
    yield Said("The centre in cells of the grid; what is left of the whole part is the offset:")
    yield from (x, y)
    yield formula("o_x", "g_x - floor(g_x)", g_x=x.number)
    yield formula("o_y", "g_y - floor(g_y)", g_y=y.number)
    yield Array("(o_x, o_y)", Tensor.of(given.result))


def _best_anchor(given: SimpleNamespace) -> Iterator[Step]:
    wanted = Box(0, 0, *_sides(given.size))
    yield Said("Laid on a common centre they share the smaller width times the smaller height.")
    rows = []
    for number, anchor in enumerate(rows_of(given.anchors, "anchors"), start=given.first):
        shape = Box(0, 0, *anchor[:2])
        shared, union, ratio = shares_of(wanted, shape)
        rows.append((number, shape.width, shape.height, shared, union, brief(ratio)))
    yield listed(("anchor", "w", "h", "I", "U", "IoU"), rows)
    yield stated("anchor", given.result)


def _sides(size: object) -> tuple[Number, Number]:
    width, height = numbers(size, "the size")
    return width, height


def _decode_yolo(given: SimpleNamespace) -> Iterator[Step]:
    moved = numbers(given.offsets, "the offsets")
    row, column = numbers(given.cell, "the cell")
    sides = dict(zip(("w", "h"), _sides(given.anchor), strict=True))
    modern = given.version == MODERN
    centre = "(2*s_{0} - 0.5 + c_{0})" if modern else "(s_{0} + c_{0})"
    stride = "" if given.stride == 1 else "*S"
    yield Said("s is the sigmoid of an offset, c the corner of the cell, a the anchor.")
    found = dict(zip(("x", "y", "w", "h"), moved, strict=True))
    for axis, corner in (("x", column), ("y", row)):
        gate = _sigmoid(axis, found[axis])
        yield gate
        known = {f"s_{axis}": gate.number, f"c_{axis}": corner, "S": given.stride}
        yield real(f"b_{axis}", f"{centre.format(axis)}{stride}", **known)
    for side, length in sides.items():
        if modern:
            gate = _sigmoid(side, found[side])
            yield gate
            known = {f"a_{side}": length, f"s_{side}": gate.number}
            yield real(f"b_{side}", f"a_{side}*(2*s_{side})**2", **known)
        else:
            known = {f"a_{side}": length, f"t_{side}": found[side]}
            yield real(f"b_{side}", f"a_{side}*exp(t_{side})", **known)
    yield Array("(b_x, b_y, b_w, b_h)", Tensor.of(given.result))


def _sigmoid(axis: str, offset: Number) -> Formula:
    return real(f"s_{axis}", f"1/(1 + exp(-t_{axis}))", **{f"t_{axis}": offset})


def _decode_deltas(given: SimpleNamespace) -> Iterator[Step]:
    moved = numbers(given.deltas, "the deltas")
    placed, scaled = numbers(given.variances, "variances")
    base = box_of(given.anchor, "the anchor", fmt=given.fmt)
    known = _named(base, "a")
    yield from _base(given)
    found: dict[str, Number] = {}
    for axis, side, delta in (("x", "w", moved[0]), ("y", "h", moved[1])):
        source = f"c_{axis}a + {_varied(f'd_{axis}', placed, 1)}*{side}_a"
        step = real(f"c_{axis}", source, **known, **{f"d_{axis}": delta, "v_1": placed})
        found[step.name] = step.number
        yield step
    for side, delta in (("w", moved[2]), ("h", moved[3])):
        source = f"{side}_a*exp({_varied(f'd_{side}', scaled, 2)})"
        step = real(side, source, **known, **{f"d_{side}": delta, "v_2": scaled})
        found[step.name] = step.number
        yield step
    made = box_of(tuple(found.values()), "the box", fmt=CENTRED)
    yield from written(made, CENTRED, given.fmt)
    yield Array(f"({', '.join(LETTERS[given.fmt])})", Tensor.of(given.result))


def _varied(delta: str, variance: Number, number: int) -> str:
    """Return a delta times its variance, where it has one."""
    return delta if variance == 1 else f"{delta}*v_{number}"


def _base(given: SimpleNamespace) -> Iterator[Step]:
    """Yield the centre and the sides of the anchor, and what the variances are."""
    if given.fmt != CENTRED:
        base = box_of(given.anchor, "the anchor", fmt=given.fmt)
        yield Said("The centre and the sides of the anchor:")
        yield _sides_said(base, "a")
    placed, scaled = numbers(given.variances, "variances")
    if (placed, scaled) != (1, 1):
        yield Said("The variances v_1 and v_2 multiply the deltas of centre and of size.")


def _named(box: Box, index: str) -> dict[str, Number]:
    """Return the centre and the sides of *box* by their letters, which have an *index*."""
    x, y = box.centre
    return {
        f"c_x{index}": x,
        f"c_y{index}": y,
        f"w_{index}": box.width,
        f"h_{index}": box.height,
    }


def _sides_said(box: Box, index: str) -> Array:
    named = _named(box, index)
    return Array(f"({', '.join(named)})", Tensor.of(tuple(named.values())))


def _deltas(given: SimpleNamespace) -> Iterator[Step]:
    placed, scaled = numbers(given.variances, "variances")
    box = box_of(given.box, "the box", fmt=given.fmt)
    base = box_of(given.anchor, "the anchor", fmt=given.fmt)
    if given.fmt != CENTRED:
        yield Said("The centres and the sides of box and anchor:")
        yield _sides_said(box, "b")
        yield _sides_said(base, "a")
    known = {**_named(box, "b"), **_named(base, "a"), "v_1": placed, "v_2": scaled}
    for axis, side in (("x", "w"), ("y", "h")):
        over = "" if placed == 1 else "/v_1"
        yield formula(f"d_{axis}", f"(c_{axis}b - c_{axis}a)/{side}_a{over}", **known)
    for side in ("w", "h"):
        over = "" if scaled == 1 else "/v_2"
        yield real(f"d_{side}", f"ln({side}_b/{side}_a){over}", **known)
    yield Array("(d_x, d_y, d_w, d_h)", Tensor.of([exact(one) for one in given.result]))


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        responsible_cell: _cell,
        cell_offset: _offset,
        best_anchor: _best_anchor,
        decode_yolo_box: _decode_yolo,
        decode_deltas: _decode_deltas,
        anchor_deltas: _deltas,
    }
)
