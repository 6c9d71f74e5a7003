"""Tracers for responsible cells, best anchors, and boxes encoded by anchors.

c is a center, w and h are sides; the index a marks those of the anchor. t and d are the
learned values.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import (
    Array,
    Formula,
    SolutionStep,
    TextStep,
    Tracer,
    build_formula,
    build_value_step,
)
from grader.values import Number, Tensor, to_exact_number
from problems.solvers.anchors import (
    anchor_deltas,
    best_anchor,
    cell_offset,
    decode_deltas,
    decode_yolo_box,
    responsible_cell,
)
from problems.solvers.bounds import as_numbers, as_pair, as_rows
from problems.solvers.boxes import Box, parse_box
from problems.traces.boxes import BOX_LETTERS, conversion_formulas
from problems.traces.overlaps import measure_overlap
from problems.traces.reals import build_real_formula, round_for_table
from problems.traces.tracing import TracedArguments, build_table, build_tracers

CENTER_FORMAT: Final = "cxcywh"
SIGMOID_SIZE_VERSION: Final = 5


def _grid_center_formulas(args: TracedArguments) -> tuple[Formula, Formula]:
    """Return the formulas of the center in grid cells: x, then y."""
    x, y = as_numbers(args.center, "the center")
    height, width = as_pair(args.image, "image")
    rows, columns = as_pair(args.grid, "grid")
    square = rows == columns
    across, down = ("G", "G") if square else ("G_W", "G_H")
    return (
        build_formula("g_x", f"x*{across}/W", **{"x": x, across: columns, "W": width}),
        build_formula("g_y", f"y*{down}/H", **{"y": y, down: rows, "H": height}),
    )


def _trace_responsible_cell(args: TracedArguments) -> Iterator[SolutionStep]:
    x, y = _grid_center_formulas(args)
    yield TextStep("The center in grid cells; the integer part is the cell, counted from 0:")
    yield from (x, y)
    yield build_formula("row", "floor(g_y)", g_y=y.number)
    yield build_formula("column", "floor(g_x)", g_x=x.number)
    yield Array("(row, column)", Tensor.from_nested(args.result))


def _trace_cell_offset(args: TracedArguments) -> Iterator[SolutionStep]:
    x, y = _grid_center_formulas(args)
    yield TextStep("The center in grid cells; the fractional part is the offset:")
    yield from (x, y)
    yield build_formula("o_x", "g_x - floor(g_x)", g_x=x.number)
    yield build_formula("o_y", "g_y - floor(g_y)", g_y=y.number)
    yield Array("(o_x, o_y)", Tensor.from_nested(args.result))


def _trace_best_anchor(args: TracedArguments) -> Iterator[SolutionStep]:
    object_box = Box(0, 0, *_parse_sides(args.size))
    yield TextStep("With the same center, they share the smaller width times the smaller height.")
    rows = []
    for number, anchor in enumerate(as_rows(args.anchors, "anchors"), start=args.first):
        anchor_box = Box(0, 0, *anchor[:2])
        shared, union, ratio = measure_overlap(object_box, anchor_box)
        rows.append(
            (number, anchor_box.width, anchor_box.height, shared, union, round_for_table(ratio))
        )
    yield build_table(("anchor", "w", "h", "I", "U", "IoU"), rows)
    yield build_value_step("anchor", args.result)


def _parse_sides(size: object) -> tuple[Number, Number]:
    width, height = as_numbers(size, "the size")
    return width, height


def _trace_decode_yolo_box(args: TracedArguments) -> Iterator[SolutionStep]:
    offset_values = as_numbers(args.offsets, "the offsets")
    row, column = as_numbers(args.cell, "the cell")
    sides = dict(zip(("w", "h"), _parse_sides(args.anchor), strict=True))
    modern = args.version == SIGMOID_SIZE_VERSION
    centre = "(2*s_{0} - 0.5 + c_{0})" if modern else "(s_{0} + c_{0})"
    stride = "" if args.stride == 1 else "*S"
    yield TextStep("s is the sigmoid of an offset, c the corner of the cell, a the anchor.")
    offsets = dict(zip(("x", "y", "w", "h"), offset_values, strict=True))
    for axis, corner in (("x", column), ("y", row)):
        gate = _build_sigmoid_formula(axis, offsets[axis])
        yield gate
        known = {f"s_{axis}": gate.number, f"c_{axis}": corner, "S": args.stride}
        yield build_real_formula(f"b_{axis}", f"{centre.format(axis)}{stride}", **known)
    for side, length in sides.items():
        if modern:
            gate = _build_sigmoid_formula(side, offsets[side])
            yield gate
            known = {f"a_{side}": length, f"s_{side}": gate.number}
            yield build_real_formula(f"b_{side}", f"a_{side}*(2*s_{side})**2", **known)
        else:
            known = {f"a_{side}": length, f"t_{side}": offsets[side]}
            yield build_real_formula(f"b_{side}", f"a_{side}*exp(t_{side})", **known)
    yield Array("(b_x, b_y, b_w, b_h)", Tensor.from_nested(args.result))


def _build_sigmoid_formula(axis: str, offset: Number) -> Formula:
    return build_real_formula(f"s_{axis}", f"1/(1 + exp(-t_{axis}))", **{f"t_{axis}": offset})


def _trace_decode_deltas(args: TracedArguments) -> Iterator[SolutionStep]:
    deltas = as_numbers(args.deltas, "the deltas")
    center_variance, size_variance = as_numbers(args.variances, "variances")
    anchor = parse_box(args.anchor, "the anchor", fmt=args.fmt)
    known = _center_and_size_by_letter(anchor, "a")
    yield from _trace_anchor_geometry(args)
    decoded: dict[str, Number] = {}
    for axis, side, delta in (("x", "w", deltas[0]), ("y", "h", deltas[1])):
        source = f"c_{axis}a + {_format_scaled_delta(f'd_{axis}', center_variance, 1)}*{side}_a"
        step = build_real_formula(
            f"c_{axis}", source, **known, **{f"d_{axis}": delta, "v_1": center_variance}
        )
        decoded[step.name] = step.number
        yield step
    for side, delta in (("w", deltas[2]), ("h", deltas[3])):
        source = f"{side}_a*exp({_format_scaled_delta(f'd_{side}', size_variance, 2)})"
        step = build_real_formula(
            side, source, **known, **{f"d_{side}": delta, "v_2": size_variance}
        )
        decoded[step.name] = step.number
        yield step
    box = parse_box(tuple(decoded.values()), "the box", fmt=CENTER_FORMAT)
    yield from conversion_formulas(box, CENTER_FORMAT, args.fmt)
    yield Array(f"({', '.join(BOX_LETTERS[args.fmt])})", Tensor.from_nested(args.result))


def _format_scaled_delta(delta: str, variance: Number, number: int) -> str:
    """Return *delta* times its variance, or *delta* alone if the variance is 1."""
    return delta if variance == 1 else f"{delta}*v_{number}"


def _trace_anchor_geometry(args: TracedArguments) -> Iterator[SolutionStep]:
    """Yield the center and sides of the anchor, and a note on variances other than 1."""
    if args.fmt != CENTER_FORMAT:
        anchor = parse_box(args.anchor, "the anchor", fmt=args.fmt)
        yield TextStep("The center and the sides of the anchor:")
        yield _build_center_and_size_array(anchor, "a")
    center_variance, size_variance = as_numbers(args.variances, "variances")
    if (center_variance, size_variance) != (1, 1):
        yield TextStep("The variances v_1 and v_2 multiply the deltas of the center and the size.")


def _center_and_size_by_letter(box: Box, subscript: str) -> dict[str, Number]:
    """Return the center and sides of *box*, keyed by letters with *subscript* as suffix."""
    x, y = box.center
    return {
        f"c_x{subscript}": x,
        f"c_y{subscript}": y,
        f"w_{subscript}": box.width,
        f"h_{subscript}": box.height,
    }


def _build_center_and_size_array(box: Box, subscript: str) -> Array:
    values = _center_and_size_by_letter(box, subscript)
    return Array(f"({', '.join(values)})", Tensor.from_nested(tuple(values.values())))


def _trace_anchor_deltas(args: TracedArguments) -> Iterator[SolutionStep]:
    center_variance, size_variance = as_numbers(args.variances, "variances")
    box = parse_box(args.box, "the box", fmt=args.fmt)
    anchor = parse_box(args.anchor, "the anchor", fmt=args.fmt)
    if args.fmt != CENTER_FORMAT:
        yield TextStep("The centers and the sides of box and anchor:")
        yield _build_center_and_size_array(box, "b")
        yield _build_center_and_size_array(anchor, "a")
    known = {
        **_center_and_size_by_letter(box, "b"),
        **_center_and_size_by_letter(anchor, "a"),
        "v_1": center_variance,
        "v_2": size_variance,
    }
    for axis, side in (("x", "w"), ("y", "h")):
        divisor = "" if center_variance == 1 else "/v_1"
        yield build_formula(f"d_{axis}", f"(c_{axis}b - c_{axis}a)/{side}_a{divisor}", **known)
    for side in ("w", "h"):
        divisor = "" if size_variance == 1 else "/v_2"
        yield build_real_formula(f"d_{side}", f"ln({side}_b/{side}_a){divisor}", **known)
    yield Array(
        "(d_x, d_y, d_w, d_h)", Tensor.from_nested([to_exact_number(one) for one in args.result])
    )


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        responsible_cell: _trace_responsible_cell,
        cell_offset: _trace_cell_offset,
        best_anchor: _trace_best_anchor,
        decode_yolo_box: _trace_decode_yolo_box,
        decode_deltas: _trace_decode_deltas,
        anchor_deltas: _trace_anchor_deltas,
    }
)
