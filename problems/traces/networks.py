"""The way to what is asked of a network: a table of its layers, and what its column adds up to."""

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Said, Step, Tracer, stated
from grader.display.text import show
from grader.values import Record, Value
from problems.network.count_rules import EVERYTHING, MACS, PARAMS
from problems.network.counts import (
    IN_PLACE,
    LAYER_KINDS,
    activation_values,
    depth,
    held_values,
    layer_count,
    network_shape,
    output_shapes,
    peak_activation,
    total_macs,
    total_params,
    walk,
)
from problems.network.graphs import Graph, Network
from problems.network.layers import Conv, ConvTranspose, Layer, Pool
from problems.network.shape_rules import SHAPES
from problems.network.table import layer_table
from problems.network.walk import INPUT, Rules, Walk, count, walk_by
from problems.network.walk import Step as Walked
from problems.solvers.bounds import Shape
from problems.traces.axes import conv_axis, pool_axis, transposed_axis
from problems.traces.tracing import counted_up, listed, tracers

__all__ = ["TRACERS", "macs_table", "params_table", "shape_table"]

MANY_LAYERS: Final = 20
UNKNOWN: Final = "?"


def _name(step: Walked) -> str:
    """Return the layer of a step in words, or how paths meet there."""
    return step.layer.join if isinstance(step.layer, Graph) else str(step.layer)


def _shape(step: Walked) -> Value:
    return UNKNOWN if step.after is None else step.after


def shape_table(net: Network, shape: Shape) -> Iterator[Step]:
    """Yield the table of the shapes after each layer, with the way to their heights."""
    steps = walk(net, shape).steps
    yield Said(f"What comes in has the shape {show(shape)}.")
    rows = [(_name(step), _height(step), _shape(step)) for step in steps]
    yield listed(("layer", "height", "shape"), rows)


def _height(step: Walked) -> str:
    """Return the numbers of the formula of the height after a step, '' where it takes none."""
    layer, before = step.layer, step.before
    if not isinstance(layer, (Conv, ConvTranspose, Pool)) or before is None:
        return ""
    geometry = {name: getattr(layer, name)[0] for name in ("kernel_size", "stride", "padding")}
    match layer:
        case Conv():
            found = [*conv_axis(before[1], **geometry, dilation=layer.dilation[0])]
        case ConvTranspose():
            more = {"output_padding": layer.output_padding[0], "dilation": layer.dilation[0]}
            found = [*transposed_axis(before[1], **geometry, **more)]
        case _:
            found = [*pool_axis(before[1], **geometry, ceil_mode=layer.ceil_mode)]
    told = [show(one.numbers) for one in found if isinstance(one, Formula)]
    return told[0] if len(told) == 1 else f"{told[0]}, less 1"


def _network_shape(given: SimpleNamespace) -> Iterator[Step]:
    yield from shape_table(given.net, given.shape)
    yield stated("shape", walk(given.net, given.shape).after(_end(given)) or ())


def _end(given: SimpleNamespace) -> int:
    return walk(given.net, given.shape).outputs[-1]


def _output_shapes(given: SimpleNamespace) -> Iterator[Step]:
    yield from shape_table(given.net, given.shape)
    found = walk(given.net, given.shape)
    yield stated("shapes", tuple(found.after(at) or () for at in found.outputs))


def _counted(found: Walk, name: str, what: str, measure: Callable[[Walked], int]) -> Iterator[Step]:
    """Yield the table of what is counted of each step, and the sum.

    Of a long network the layers that count nothing are left out.
    """
    counts = [(step, measure(step)) for step in found.steps]
    if len(counts) > MANY_LAYERS:
        yield Said("Layers with none are left out.")
        counts = [(step, number) for step, number in counts if number]
    shaped = found.shape is not None
    head = ("layer", "shape", what) if shaped else ("layer", what)
    rows: list[tuple[Value, ...]] = [
        (_name(step), _shape(step), number) if shaped else (_name(step), number)
        for step, number in counts
    ]
    yield listed(head, rows)
    yield counted_up(name, [number for _, number in counts])


def _by(found: Walk, rules: Rules) -> Callable[[Walked], int]:
    """Return what *rules* count for one step."""
    return lambda step: count(found._replace(steps=(step,)), rules)


def params_table(net: Network, shape: Shape | None, *, rules: Rules = PARAMS) -> Iterator[Step]:
    """Yield the table of the parameters of each layer, and their sum."""
    found = walk_by(SHAPES, net, shape)
    yield from _counted(found, "N", "parameters", _by(found, rules))


def macs_table(net: Network, shape: Shape) -> Iterator[Step]:
    """Yield the table of the MACs of each layer, and their sum."""
    found = walk(net, shape)
    yield from _counted(found, "M", "MACs", _by(found, MACS))


def _total_params(given: SimpleNamespace) -> Iterator[Step]:
    if not given.trainable:
        yield Said("Batch normalisation has 4 numbers a channel, two of them not learned.")
    rules = PARAMS if given.trainable else EVERYTHING
    yield from params_table(given.net, given.shape, rules=rules)


def _total_macs(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Each weight of a convolution is used once for each place, of a dense layer once.")
    yield from macs_table(given.net, given.shape)


def _activation_values(given: SimpleNamespace) -> Iterator[Step]:
    def values(step: Walked) -> int:
        if given.in_place and isinstance(step.layer, IN_PLACE):
            return 0
        return math.prod(step.after or ())

    if given.in_place:
        yield Said("Activations, dropout and flatten write over their input and count nothing.")
    yield from _counted(walk(given.net, given.shape), "A", "values", values)


def _peak_activation(given: SimpleNamespace) -> Iterator[Step]:
    found = walk(given.net, given.shape)
    yield Said("A value is held from the layer that makes it until the last one that takes it.")
    names = ("input", *map(_name, found.steps))
    made = (math.prod(given.shape), *(math.prod(step.after or ()) for step in found.steps))
    held = held_values(found)
    yield listed(("layer", "makes", "held"), [*zip(names, made, held, strict=True)])
    yield stated("A", max(held))


def _depth(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("The layers with weights on the path that has the most of them:")
    yield from _longest(given.net, LAYER_KINDS["weighted"])


def _layer_count(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("The layers of this kind on the path that has the most of them:")
    yield from _longest(given.net, LAYER_KINDS[given.kind])


def _longest(net: Network, kinds: tuple[type[Layer], ...]) -> Iterator[Step]:
    """Yield the layers of *kinds* on the path that has the most of them, numbered."""
    steps = walk(net).steps
    lengths = {INPUT: 0}
    for number, step in enumerate(steps):
        lengths[number] = max(map(lengths.__getitem__, step.inputs)) + isinstance(step.layer, kinds)
    at = max(lengths, key=lengths.__getitem__)
    names = []
    while at != INPUT:
        if isinstance(steps[at].layer, kinds):
            names.append(_name(steps[at]))
        at = max(steps[at].inputs, key=lengths.__getitem__)
    yield listed(("", "layer"), [*enumerate(reversed(names), start=1)])
    yield stated("n", len(names))


def _layer_table(given: SimpleNamespace) -> Iterator[Step]:
    head = ("name", "shape", "params", "macs", "field")
    rows = [tuple(map(_field(row), head)) for row in given.result]
    yield listed(("layer", "shape", "parameters", "MACs", "field"), rows)


def _field(row: Record) -> Callable[[str], Value]:
    """Return what looks a field of *row* up; where there is none, nothing."""
    return lambda name: row.fields.get(name, "")


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        network_shape: _network_shape,
        output_shapes: _output_shapes,
        total_params: _total_params,
        total_macs: _total_macs,
        activation_values: _activation_values,
        peak_activation: _peak_activation,
        depth: _depth,
        layer_count: _layer_count,
        layer_table: _layer_table,
    }
)
