"""Tracers for networks: a table of the layers, then the total of a column."""

import math
from collections.abc import Callable, Iterator
from typing import Final

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_value_step
from grader.display.text import to_text
from grader.values import Record, Value
from problems.network.count_rules import ALL_PARAMS, MACS, PARAMS
from problems.network.counts import (
    IN_PLACE_LAYERS,
    LAYER_KINDS,
    activation_values,
    count_live_values_per_step,
    depth,
    layer_count,
    network_shape,
    output_shapes,
    peak_activation,
    to_channels_first,
    total_macs,
    total_params,
    walk_network,
)
from problems.network.graphs import CompositeLayer, Network
from problems.network.layer_table import layer_table
from problems.network.layers import Conv, ConvTranspose, Layer, Pool
from problems.network.shape_rules import SHAPES
from problems.network.traversal import (
    INPUT,
    LayerRules,
    NetworkStep,
    NetworkWalk,
    sum_step_counts,
    walk_with_rules,
)
from problems.solvers.bounds import Shape
from problems.traces.axes import trace_conv_axis, trace_pool_axis, trace_transposed_axis
from problems.traces.tracing import TracedArguments, build_table, build_tracers, sum_formula

OMITTED_LAYERS: Final = "Layers without parameters are omitted."
MAX_FULL_LAYERS: Final = 20
UNKNOWN_SHAPE: Final = "?"


def _describe_layer(step: NetworkStep) -> str:
    """Return the description of a step's layer, or how paths join there."""
    return step.layer.join if isinstance(step.layer, CompositeLayer) else str(step.layer)


def _output_shape_or_unknown(step: NetworkStep) -> Value:
    return UNKNOWN_SHAPE if step.after is None else step.after


def trace_shapes(net: Network, shape: Shape) -> Iterator[SolutionStep]:
    """Yield the table of the shapes after each layer, with the formulas of the heights."""
    steps = walk_network(net, shape).steps
    yield TextStep(f"The input has shape {to_text(shape)}.")
    rows = [
        (_describe_layer(step), _format_height_formula(step), _output_shape_or_unknown(step))
        for step in steps
    ]
    yield build_table(("layer", "height", "shape"), rows)


def _format_height_formula(step: NetworkStep) -> str:
    """Return the height formula of a step with its numbers, or '' if it has none."""
    layer, before = step.layer, step.before
    if not isinstance(layer, (Conv, ConvTranspose, Pool)) or before is None:
        return ""
    geometry = {name: getattr(layer, name)[0] for name in ("kernel_size", "stride", "padding")}
    match layer:
        case Conv():
            height_steps = [*trace_conv_axis(before[1], **geometry, dilation=layer.dilation[0])]
        case ConvTranspose():
            more = {"output_padding": layer.output_padding[0], "dilation": layer.dilation[0]}
            height_steps = [*trace_transposed_axis(before[1], **geometry, **more)]
        case _:
            height_steps = [*trace_pool_axis(before[1], **geometry, ceil_mode=layer.ceil_mode)]
    sources = [to_text(one.numbers) for one in height_steps if isinstance(one, Formula)]
    return sources[0] if len(sources) == 1 else f"{sources[0]}, minus 1"


def _trace_network_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    shape = to_channels_first(args.shape, args.layout)
    yield from trace_shapes(args.net, shape)
    yield from explain_layout(args.layout)
    yield build_value_step("shape", args.result)


def explain_layout(layout: str) -> Iterator[SolutionStep]:
    """Yield a sentence on the order of the axes, if it is not that of the table."""
    if layout != "CHW":
        yield TextStep("The table has the channels first; in the answer they come last.")


def _trace_output_shapes(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from trace_shapes(args.net, args.shape)
    net_walk = walk_network(args.net, args.shape)
    yield build_value_step(
        "shapes", tuple(net_walk.shape_after(at) or () for at in net_walk.outputs)
    )


def _trace_step_counts(
    net_walk: NetworkWalk, name: str, what: str, measure: Callable[[NetworkStep], int]
) -> Iterator[SolutionStep]:
    """Yield the table of the counts of each step, then their sum.

    For a long network, the table omits layers that count nothing.
    """
    counts = [(step, measure(step)) for step in net_walk.steps]
    if len(counts) > MAX_FULL_LAYERS:
        yield TextStep(OMITTED_LAYERS)
        counts = [(step, number) for step, number in counts if number]
    shaped = net_walk.shape is not None
    head = ("layer", "shape", what) if shaped else ("layer", what)
    rows: list[tuple[Value, ...]] = [
        (_describe_layer(step), _output_shape_or_unknown(step), number)
        if shaped
        else (_describe_layer(step), number)
        for step, number in counts
    ]
    yield build_table(head, rows)
    yield sum_formula(name, [number for _, number in counts])


def _build_step_counter(net_walk: NetworkWalk, rules: LayerRules) -> Callable[[NetworkStep], int]:
    """Return a function that counts one step by *rules*."""
    return lambda step: sum_step_counts(net_walk._replace(steps=(step,)), rules)


def trace_params(
    net: Network, shape: Shape | None, *, rules: LayerRules = PARAMS
) -> Iterator[SolutionStep]:
    """Yield the table of the parameters of each layer, then their sum."""
    net_walk = walk_with_rules(SHAPES, net, shape)
    yield from _trace_step_counts(net_walk, "N", "parameters", _build_step_counter(net_walk, rules))


def trace_macs(net: Network, shape: Shape) -> Iterator[SolutionStep]:
    """Yield the table of the MACs of each layer, then their sum."""
    net_walk = walk_network(net, shape)
    yield from _trace_step_counts(net_walk, "M", "MACs", _build_step_counter(net_walk, MACS))


def _trace_total_params(args: TracedArguments) -> Iterator[SolutionStep]:
    if not args.trainable:
        yield TextStep(
            "Batch normalization has 4 numbers per channel, two of which are not learned."
        )
    rules = PARAMS if args.trainable else ALL_PARAMS
    yield from trace_params(args.net, args.shape, rules=rules)


def _trace_total_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Each weight of a convolution is used once per position, of a dense layer once.")
    yield from trace_macs(args.net, args.shape)


def _trace_activation_values(args: TracedArguments) -> Iterator[SolutionStep]:
    def count_values(step: NetworkStep) -> int:
        if args.in_place and isinstance(step.layer, IN_PLACE_LAYERS):
            return 0
        return math.prod(step.after or ())

    if args.in_place:
        yield TextStep("Activations, dropout and flatten overwrite their input and do not count.")
    yield from _trace_step_counts(walk_network(args.net, args.shape), "A", "values", count_values)


def _trace_peak_activation(args: TracedArguments) -> Iterator[SolutionStep]:
    net_walk = walk_network(args.net, args.shape)
    yield TextStep(
        "A value is kept from the layer that computes it until the last one that uses it."
    )
    names = ("input", *map(_describe_layer, net_walk.steps))
    made = (math.prod(args.shape), *(math.prod(step.after or ()) for step in net_walk.steps))
    held = count_live_values_per_step(net_walk)
    yield build_table(("layer", "makes", "held"), [*zip(names, made, held, strict=True)])
    yield build_value_step("A", max(held))


def _trace_depth(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("The path with the most layers that have weights:")
    yield from _trace_longest_path(args.net, LAYER_KINDS["weighted"])


def _trace_layer_count(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("The path with the most layers of this kind:")
    yield from _trace_longest_path(args.net, LAYER_KINDS[args.kind])


def _trace_longest_path(net: Network, kinds: tuple[type[Layer], ...]) -> Iterator[SolutionStep]:
    """Yield the numbered layers of *kinds* on the path that has the most of them."""
    steps = walk_network(net).steps
    lengths = {INPUT: 0}
    for number, step in enumerate(steps):
        lengths[number] = max(map(lengths.__getitem__, step.inputs)) + isinstance(step.layer, kinds)
    index = max(lengths, key=lengths.__getitem__)
    names = []
    while index != INPUT:
        if isinstance(steps[index].layer, kinds):
            names.append(_describe_layer(steps[index]))
        index = max(steps[index].inputs, key=lengths.__getitem__)
    yield build_table(("", "layer"), [*enumerate(reversed(names), start=1)])
    yield build_value_step("n", len(names))


def _trace_layer_table(args: TracedArguments) -> Iterator[SolutionStep]:
    head = ("name", "shape", "params", "macs", "field")
    rows = [tuple(map(_build_field_getter(row), head)) for row in args.result]
    yield build_table(("layer", "shape", "parameters", "MACs", "field"), rows)


def _build_field_getter(row: Record) -> Callable[[str], Value]:
    """Return a function that looks up a field of *row*, with '' as the default."""
    return lambda name: row.fields.get(name, "")


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        network_shape: _trace_network_shape,
        output_shapes: _trace_output_shapes,
        total_params: _trace_total_params,
        total_macs: _trace_total_macs,
        activation_values: _trace_activation_values,
        peak_activation: _trace_peak_activation,
        depth: _trace_depth,
        layer_count: _trace_layer_count,
        layer_table: _trace_layer_table,
    }
)
