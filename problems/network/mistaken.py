"""How students go wrong in whole networks: other rules, other walks, steps left out.

Mistakes about shapes run on: the wrong size of a map is what the next layer takes, up to the first
fully connected one. There, layers take what comes in, whatever they declare.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

from grader.errors import SolverError
from problems.network.changes import undeclared, without_last_pool, without_pools
from problems.network.count_rules import EVERYTHING, MACS, PARAMS, maps_of, weights_by_maps
from problems.network.graphs import Branches, Network, Residual
from problems.network.layers import BatchNorm, Conv, ConvTranspose, Layer, Linear
from problems.network.mistaken_shapes import OF_TRANSPOSED, SHAPES_BY
from problems.network.shape_rules import SHAPES, channels_in
from problems.network.walk import INPUT, Rule, Rules, Step, Walk, count, total, walk_by
from problems.solvers.bounds import Shape

__all__ = ["MACS_TOTALS", "NEEDED", "PARAMS_TOTALS", "Asked", "Formula"]

WEIGHTED: Final = (Conv, ConvTranspose, Linear)
CONVOLUTIONS: Final = (Conv, ConvTranspose)
TWO: Final = 2

Table: TypeAlias = Mapping[type[Layer], Rule]


class Asked(NamedTuple):
    """What is asked: the sum of what *rules* count in *net*; None where no shape is given."""

    rules: Rules
    net: Network
    shape: Shape | None


Formula: TypeAlias = Callable[[Asked], int]


# Wrong shapes.


def shaped_by(shapes: Rules, asked: Asked) -> int:
    """Return what is asked where the shapes follow wrong rules."""
    if asked.shape is None:
        raise SolverError("no shape is given, none is computed")
    return total(asked.rules, shapes, undeclared(asked.net), asked.shape)


def changed_by(change: Callable[[Network], Network], asked: Asked) -> int:
    """Return what is asked of the network that *change* makes of it."""
    return shaped_by(SHAPES, asked._replace(net=change(asked.net)))


# Wrong counts of single layers.


def _one_bias(layer: Any, step: Step) -> int:
    """Return the weights, and one bias for all filters or units together."""
    return int(PARAMS.table[type(layer)](replace(layer, bias=False), step)) + int(layer.bias)


def _by_changed(rules: Rules, change: Callable[[Any, Step], tuple[Any, Step]]) -> Rule:
    """Return the rule that counts for what *change* makes of a layer and its step."""

    def wrong(layer: Layer, step: Step) -> int:
        changed_layer, changed_step = change(layer, step)
        return int(rules.table[type(layer)](changed_layer, changed_step))

    return wrong


def _one_channel(layer: Any, step: Step) -> tuple[Any, Step]:
    """Return a convolution as if one channel came in, or one for each group."""
    before = None if step.before is None else (layer.groups, *step.before[1:])
    return replace(layer, in_channels=layer.groups), step._replace(before=before)


def _one_filter(layer: Any, step: Step) -> tuple[Any, Step]:
    return replace(layer, out_channels=layer.groups), step


def _ungrouped(layer: Any, step: Step) -> tuple[Any, Step]:
    return replace(layer, groups=1), step


def _one_side(layer: Any, step: Step) -> tuple[Any, Step]:
    """Return a convolution whose square kernel counts with its side alone."""
    height, width = layer.kernel_size
    return (replace(layer, kernel_size=(height, 1)) if height == width else layer), step


def _biased_by(biases: Callable[[Any, int], int]) -> Table:
    """Return the rule for parameters in which *biases* of a layer and its input are counted."""

    def wrong(layer: Any, step: Step) -> int:
        weights = int(PARAMS.table[type(layer)](replace(layer, bias=False), step))
        return weights + int(layer.bias) * biases(layer, channels_in(layer, step.before))

    return dict.fromkeys(CONVOLUTIONS, wrong)


def _with_bias(layer: Any, step: Step) -> int:
    """Return the MACs of a layer, and an addition for each value that gets a bias."""
    added = math.prod(step.after or ()) if layer.bias else 0
    return int(MACS.table[type(layer)](layer, step)) + added


def _convolutions(rules: Rules, change: Callable[[Any, Step], tuple[Any, Step]]) -> Table:
    return {kind: _by_changed(rules, change) for kind in (Conv, ConvTranspose)}


def _nothing(_layer: Layer, _step: Step) -> int:
    return 0


PARAMS_BY: Final[Mapping[str, Table]] = {
    "one_bias": dict.fromkeys(WEIGHTED, _one_bias),
    "input_channels_left_out": _convolutions(PARAMS, _one_channel),
    "output_channels_left_out": _convolutions(PARAMS, _one_filter),
    "groups_left_out": _convolutions(PARAMS, _ungrouped),
    "side_for_area": _convolutions(PARAMS, _one_side),
    "bias_per_input_channel": _biased_by(lambda _, channels: channels),
    "bias_in_each_channel": _biased_by(
        lambda layer, channels: channels // layer.groups * layer.out_channels
    ),
    "batch_norm_left_out": {BatchNorm: _nothing},
    "batch_norm_all": {BatchNorm: EVERYTHING.table[BatchNorm]},
}

MACS_BY: Final[Mapping[str, Table]] = {
    "input_channels_left_out": _convolutions(MACS, _one_channel),
    "output_channels_left_out": _convolutions(MACS, _one_filter),
    "groups_left_out": _convolutions(MACS, _ungrouped),
    "side_for_area": _convolutions(MACS, _one_side),
    "positions_left_out": dict.fromkeys(
        (Conv, ConvTranspose), lambda layer, step: weights_by_maps(layer, step, (1, 1))
    ),
    "input_positions": {
        Conv: lambda layer, step: weights_by_maps(layer, step, maps_of(step.before))
    },
    "bias_counted": dict.fromkeys(WEIGHTED, _with_bias),
}


def counted_by(table: Table, asked: Asked) -> int:
    """Return what is asked where some layers are counted by the wrong rules of *table*."""
    return count(walk_by(SHAPES, asked.net, asked.shape), asked.rules.but(table))


# Steps left out, or counted with what belongs to others.


def _counts(asked: Asked, steps: Iterable[Step]) -> int:
    return count(Walk(tuple(steps), (), asked.shape), asked.rules)


def _without(asked: Asked, *, at: int) -> int:
    """Return what is asked without the first (0) or the last (-1) layer that has weights."""
    steps = walk_by(SHAPES, asked.net, asked.shape).steps
    weighted = [step for step in steps if isinstance(step.layer, WEIGHTED)]
    if len(weighted) < TWO:
        raise SolverError("there is no layer to leave out")
    return _right(asked) - _counts(asked, [weighted[at]])


def _without_linear(asked: Asked) -> int:
    """Return what is asked of the other layers, where there are others."""
    walk = walk_by(SHAPES, asked.net, asked.shape)
    dense = sum(isinstance(step.layer, Linear) for step in walk.steps)
    found = count(walk, asked.rules.but({Linear: _nothing}))
    if dense == 1 or not found:
        raise SolverError("one layer, or all, are fully connected")
    return found


def _without_projections(asked: Asked) -> int:
    """Return what is asked without the shortcuts of residual blocks: each block's second part."""
    steps = walk_by(SHAPES, asked.net, asked.shape).steps
    shortcuts = {f"{step.path}.2" for step in steps if isinstance(step.layer, Residual)}
    return _counts(asked, (step for step in steps if shortcuts.isdisjoint(_around(step.path))))


def _around(path: str) -> list[str]:
    """Return the places that hold the one at *path*: ``5`` and ``5.2`` of ``5.2.1``."""
    places = path.split(".")
    return [".".join(places[:end]) for end in range(1, len(places))]


def _biased_before_norm(asked: Asked) -> int:
    """Return the parameters with a bias for each filter before a batch normalisation."""
    steps = walk_by(SHAPES, asked.net, asked.shape).steps
    normed = [
        steps[step.inputs[0]].layer
        for step in steps
        if isinstance(step.layer, BatchNorm) and step.inputs[0] != INPUT
    ]
    biases = sum(
        one.out_channels for one in normed if isinstance(one, CONVOLUTIONS) and not one.bias
    )
    if not biases:
        raise SolverError("no convolution without bias is normalised")
    return _right(asked) + biases


def _earlier_channels(asked: Asked) -> int:
    """Return what is asked where a convolution takes the channels that the one before it takes."""
    taken: list[int | None] = []
    wrong: list[Step] = []
    for step in walk_by(SHAPES, asked.net, asked.shape).steps:
        layer, earlier = step.layer, None if step.inputs[0] == INPUT else taken[step.inputs[0]]
        if isinstance(layer, CONVOLUTIONS):
            taken.append(channels_in(layer, step.before))
            wrong.append(_taking(earlier, layer, step))
        else:
            taken.append(earlier)
            wrong.append(step)
    return _counts(asked, wrong)


def _taking(channels: int | None, layer: Conv | ConvTranspose, step: Step) -> Step:
    """Return the step of a convolution as if *channels* came in; groups divide their own."""
    if channels is None or layer.groups > 1:
        return step
    before = None if step.before is None else (channels, *step.before[1:])
    return step._replace(layer=replace(layer, in_channels=channels), before=before)


def _right(asked: Asked) -> int:
    return total(asked.rules, SHAPES, asked.net, asked.shape)


# What a network must have for the mistake to be made in it.
NEEDED: Final[Mapping[str, Callable[[Any], bool]]] = {
    "add_for_concat": lambda layer: isinstance(layer, Branches),
    "batch_norm_all": lambda layer: isinstance(layer, BatchNorm),
    "batch_norm_left_out": lambda layer: isinstance(layer, BatchNorm),
    "concat_for_add": lambda layer: isinstance(layer, Residual),
    "dilation_left_out": lambda layer: getattr(layer, "dilation", (1, 1)) != (1, 1),
    "groups_left_out": lambda layer: getattr(layer, "groups", 1) > 1,
    "projection_left_out": lambda layer: isinstance(layer, Residual) and layer.shortcut is not None,
    **dict.fromkeys(OF_TRANSPOSED, lambda layer: isinstance(layer, ConvTranspose)),
}


def _where_needed(formulas: Mapping[str, Formula]) -> Mapping[str, Formula]:
    """Return *formulas*, those of a mistake that needs a layer only where there is one."""
    return {mistake: _needing(mistake, formula) for mistake, formula in formulas.items()}


def _needing(mistake: str, formula: Formula) -> Formula:
    needed = NEEDED.get(mistake)
    if needed is None:
        return formula

    def where_needed(asked: Asked) -> int:
        if not any(needed(step.layer) for step in walk_by(SHAPES, asked.net, asked.shape).steps):
            raise SolverError("there is no layer to go wrong in")
        return formula(asked)

    return where_needed


COMMON: Final[Mapping[str, Formula]] = {
    **{
        mistake: partial(shaped_by, shapes)
        for mistake, shapes in SHAPES_BY.items()
        if mistake != "fraction_left"  # layers with a fraction of a cell cannot be counted
    },
    "flatten_before_pool": partial(changed_by, without_last_pool),
    "pooling_left_out": partial(changed_by, without_pools),
    "first_layer_left_out": partial(_without, at=0),
    "layer_left_out": partial(_without, at=-1),
    "fully_connected_left_out": _without_linear,
    "projection_left_out": _without_projections,
    "earlier_channels_used": _earlier_channels,
}

PARAMS_TOTALS: Final = _where_needed(
    {
        **COMMON,
        **{mistake: partial(counted_by, table) for mistake, table in PARAMS_BY.items()},
        "biased_before_batch_norm": _biased_before_norm,
    }
)

MACS_TOTALS: Final = _where_needed(
    {
        **COMMON,
        **{mistake: partial(counted_by, table) for mistake, table in MACS_BY.items()},
        "flops_for_macs": lambda asked: 2 * _right(asked),
    }
)
