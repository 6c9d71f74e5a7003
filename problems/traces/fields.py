"""Tracers for receptive fields: a table of the recursion over the layers, then a sum.

r is the field and j the jump between neighboring cells, both in input cells; i is the
index of a cell. For a network, the steps follow the path with the largest field.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Final

from grader.display.steps import Array, Formula, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Tensor, Value
from problems.network.counts import walk_network
from problems.network.graphs import Gate, Network
from problems.network.receptive_fields import (
    AxisWindow,
    ReceptiveField,
    grow_field,
    layer_window,
    receptive_fields,
)
from problems.network.traversal import INPUT
from problems.solvers.receptive_field import (
    FieldLayers,
    effective_stride,
    field_centre,
    field_range,
    receptive_field,
    receptive_field_trace,
)
from problems.traces.tracing import (
    TracedArguments,
    build_table,
    build_tracers,
    product_formula,
    show_array,
    sum_formula,
)

GROWTH_SENTENCE: Final = (
    "Each layer adds {}·jump to the receptive field, then multiplies the jump by its stride."
)
START_SENTENCE: Final = "The start shifts by ({}/2 - P)·jump."

NamedWindow = tuple[str, AxisWindow]
"""The description of a layer, and its window along one axis."""


def _list_windows(layers: FieldLayers) -> list[NamedWindow]:
    """Return the windows of *layers*, a network or a list of window arguments, in order."""
    if isinstance(layers, Network):
        return _find_largest_field_path(layers)
    window_specs = layers if isinstance(layers, (tuple, list)) else ()
    return [(str(number), AxisWindow(*layer)) for number, layer in enumerate(window_specs, start=1)]


def _find_largest_field_path(net: Network) -> list[NamedWindow]:
    """Return the windows on the path of *net* with the largest receptive field."""
    step_fields, net_walk = receptive_fields(net), walk_network(net)
    index = net_walk.outputs[-1]
    while index != INPUT and step_fields[index] is None:
        index = net_walk.steps[index].inputs[0]
    path: list[NamedWindow] = []
    while index != INPUT:
        step = net_walk.steps[index]
        window = layer_window(step.layer, 0)
        if window is not None:
            path.append((str(step.layer), window))
        inputs = step.inputs[-1:] if isinstance(step.layer, Gate) else step.inputs
        index = max(
            inputs,
            key=lambda item: (step_fields[item] or ReceptiveField()).size if item != INPUT else 1,
        )
    return path[::-1]


def _accumulate_fields(windows: list[NamedWindow]) -> list[ReceptiveField]:
    """Return the receptive field before the first layer and after each layer."""
    return list(accumulate((window for _, window in windows), grow_field, initial=ReceptiveField()))


def _trace_field_growth(
    windows: list[NamedWindow], *, start: bool = False
) -> Iterator[SolutionStep]:
    """Yield the rules and the table of the recursion; *start* adds the start of the field."""
    dilated = any(window.dilation > 1 for _, window in windows)
    reach = "D·(K - 1)" if dilated else "(K - 1)"
    yield TextStep(GROWTH_SENTENCE.format(reach))
    if start:
        yield TextStep(START_SENTENCE.format(reach))
    optional_columns = [("dilation", dilated), ("padding", start)]
    head = (
        "layer",
        "kernel",
        "stride",
        *(name for name, used in optional_columns if used),
        "added",
    )
    rows: list[tuple[Value, ...]] = []
    for (name, window), (before, after) in zip(
        windows, pairwise(_accumulate_fields(windows)), strict=True
    ):
        numbers = {"dilation": window.dilation, "padding": window.padding}
        rows.append(
            (
                name,
                window.kernel,
                window.stride,
                *(numbers[column] for column, used in optional_columns if used),
                after.size - before.size,
                after.size,
                after.jump,
                *([after.start] if start else []),
            )
        )
    yield build_table((*head, "field", "jump", *(["start"] if start else [])), rows)


def _drop_padding_layers(windows: list[NamedWindow]) -> list[NamedWindow]:
    """Drop the layers that only pad; they change neither the field nor the jump."""
    return [
        (name, window) for name, window in windows if window != AxisWindow(1, 1, 1, window.padding)
    ]


def _trace_receptive_field(args: TracedArguments) -> Iterator[SolutionStep]:
    windows = _drop_padding_layers(_list_windows(args.layers))
    if len(windows) == 1:
        yield TextStep("The receptive field of a single layer is the span of its kernel.")
        yield build_kernel_span_formula(windows[0][1])
        return
    yield from _trace_field_growth(windows)
    added = [after.size - before.size for before, after in pairwise(_accumulate_fields(windows))]
    yield sum_formula("r", (1, *added))


def build_kernel_span_formula(window: AxisWindow) -> Formula:
    """Return the formula of the receptive field of a single layer."""
    if window.dilation > 1:
        return build_formula("r", "D*(K - 1) + 1", D=window.dilation, K=window.kernel)
    return build_formula("r", "K", K=window.kernel)


def _trace_effective_stride(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Each stride multiplies the distance between neighboring cells.")
    yield product_formula("j", [window.stride for _, window in _list_windows(args.layers)])


def _trace_field_centre(args: TracedArguments) -> Iterator[SolutionStep]:
    windows = _list_windows(args.layers)
    yield from _trace_field_growth(windows, start=True)
    last = _accumulate_fields(windows)[-1]
    numbers = {"s": last.start, "i": args.index, "j": last.jump}
    if args.first_centre:
        yield build_formula("c", "s + i*j + c_0", **numbers, c_0=args.first_centre)
    else:
        yield build_formula("c", "s + i*j", **numbers)


def _trace_field_range(args: TracedArguments) -> Iterator[SolutionStep]:
    windows = _list_windows(args.layers)
    yield from _trace_field_growth(windows, start=True)
    last = _accumulate_fields(windows)[-1]
    centre = build_formula("c", "s + i*j", s=last.start, i=args.index, j=last.jump)
    yield centre
    first = build_formula("a", "ceil(c - (r - 1)/2)", c=centre.number, r=last.size)
    yield first
    end = build_formula("b", "a + r - 1", a=first.number, r=last.size)
    yield end
    yield Array("(a, b)", Tensor.from_nested((first.number, end.number)))


def _trace_receptive_field_trace(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_field_growth(_list_windows(args.layers), start=True)
    yield show_array("(field, jump, start)", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        receptive_field: _trace_receptive_field,
        effective_stride: _trace_effective_stride,
        field_centre: _trace_field_centre,
        field_range: _trace_field_range,
        receptive_field_trace: _trace_receptive_field_trace,
    }
)
