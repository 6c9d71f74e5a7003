"""Wrong parameter and MAC counts of whole networks, one formula per mistake.

Shape mistakes propagate: each layer takes the wrong map size of the layer before it, up
to the first fully connected one. Layers then accept their actual input, whatever size
they declare.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

from grader.errors import SolverError
from problems.network.count_rules import ALL_PARAMS, MACS, PARAMS, count_conv_macs, spatial_size
from problems.network.graphs import Branches, Network, Residual
from problems.network.layers import BatchNorm, Conv, ConvTranspose, Layer, Linear
from problems.network.shape_rules import SHAPES, channels_in
from problems.network.transforms import clear_declared_inputs, without_last_pool, without_pools
from problems.network.traversal import (
    INPUT,
    LayerRule,
    LayerRules,
    NetworkStep,
    NetworkWalk,
    sum_step_counts,
    total_count,
    walk_with_rules,
)
from problems.network.wrong_versions.shape_rules import TRANSPOSED_MISTAKES, WRONG_SHAPE_RULES
from problems.solvers.bounds import Shape

__all__ = ["MACS_FORMULAS", "PARAMS_FORMULAS", "REQUIRED_LAYERS", "CountFormula", "CountQuery"]

WEIGHTED_LAYERS: Final = (Conv, ConvTranspose, Linear)
CONV_LAYERS: Final = (Conv, ConvTranspose)
MIN_WEIGHTED_LAYERS: Final = 2

RuleTable: TypeAlias = Mapping[type[Layer], LayerRule]


class CountQuery(NamedTuple):
    """A count over a network: the sum of *rules* over *net*; *shape* is None if unknown."""

    rules: LayerRules
    net: Network
    shape: Shape | None


CountFormula: TypeAlias = Callable[[CountQuery], int]


# Wrong shapes.


def count_with_shapes(shapes: LayerRules, query: CountQuery) -> int:
    """Return the count with the wrong shape rules *shapes*.

    Raises `SolverError` if the query has no shape.
    """
    if query.shape is None:
        raise SolverError("no shape is given, none is computed")
    return total_count(query.rules, shapes, clear_declared_inputs(query.net), query.shape)


def count_changed_network(change: Callable[[Network], Network], query: CountQuery) -> int:
    """Return the count for the network that *change* returns."""
    return count_with_shapes(SHAPES, query._replace(net=change(query.net)))


# Wrong counts of single layers.


def _params_with_single_bias(layer: Any, step: NetworkStep) -> int:
    """Return the number of weights, plus one bias shared by all filters or units."""
    return int(PARAMS.table[type(layer)](replace(layer, bias=False), step)) + int(layer.bias)


def _rule_for_changed_layer(
    rules: LayerRules, change: Callable[[Any, NetworkStep], tuple[Any, NetworkStep]]
) -> LayerRule:
    """Return a rule that counts the layer and step that *change* returns."""

    def wrong_rule(layer: Layer, step: NetworkStep) -> int:
        changed_layer, changed_step = change(layer, step)
        return int(rules.table[type(layer)](changed_layer, changed_step))

    return wrong_rule


def _with_single_input_channel(layer: Any, step: NetworkStep) -> tuple[Any, NetworkStep]:
    """Return a convolution and its step with one input channel, or one per group."""
    before = None if step.before is None else (layer.groups, *step.before[1:])
    return replace(layer, in_channels=layer.groups), step._replace(before=before)


def _with_single_filter(layer: Any, step: NetworkStep) -> tuple[Any, NetworkStep]:
    return replace(layer, out_channels=layer.groups), step


def _without_groups(layer: Any, step: NetworkStep) -> tuple[Any, NetworkStep]:
    return replace(layer, groups=1), step


def _with_kernel_side_only(layer: Any, step: NetworkStep) -> tuple[Any, NetworkStep]:
    """Return a convolution that counts the side of a square kernel instead of its area."""
    height, width = layer.kernel_size
    return (replace(layer, kernel_size=(height, 1)) if height == width else layer), step


def _params_with_biases(biases: Callable[[Any, int], int]) -> RuleTable:
    """Return parameter rules for convolutions with a wrong number of biases.

    *biases* computes that number from a layer and its input channels.
    """

    def wrong_rule(layer: Any, step: NetworkStep) -> int:
        weights = int(PARAMS.table[type(layer)](replace(layer, bias=False), step))
        return weights + int(layer.bias) * biases(layer, channels_in(layer, step.before))

    return dict.fromkeys(CONV_LAYERS, wrong_rule)


def _macs_with_bias(layer: Any, step: NetworkStep) -> int:
    """Return the MACs of a layer, plus one addition per output value if it has a bias."""
    additions = math.prod(step.after or ()) if layer.bias else 0
    return int(MACS.table[type(layer)](layer, step)) + additions


def _conv_rules(
    rules: LayerRules, change: Callable[[Any, NetworkStep], tuple[Any, NetworkStep]]
) -> RuleTable:
    return {kind: _rule_for_changed_layer(rules, change) for kind in (Conv, ConvTranspose)}


def _count_zero(_layer: Layer, _step: NetworkStep) -> int:
    return 0


WRONG_PARAMS_RULES: Final[Mapping[str, RuleTable]] = {
    "one_bias": dict.fromkeys(WEIGHTED_LAYERS, _params_with_single_bias),
    "input_channels_left_out": _conv_rules(PARAMS, _with_single_input_channel),
    "output_channels_left_out": _conv_rules(PARAMS, _with_single_filter),
    "groups_left_out": _conv_rules(PARAMS, _without_groups),
    "side_for_area": _conv_rules(PARAMS, _with_kernel_side_only),
    "bias_per_input_channel": _params_with_biases(lambda _, channels: channels),
    "bias_in_each_channel": _params_with_biases(
        lambda layer, channels: channels // layer.groups * layer.out_channels
    ),
    "batch_norm_left_out": {BatchNorm: _count_zero},
    "batch_norm_all": {BatchNorm: ALL_PARAMS.table[BatchNorm]},
}

WRONG_MACS_RULES: Final[Mapping[str, RuleTable]] = {
    "input_channels_left_out": _conv_rules(MACS, _with_single_input_channel),
    "output_channels_left_out": _conv_rules(MACS, _with_single_filter),
    "groups_left_out": _conv_rules(MACS, _without_groups),
    "side_for_area": _conv_rules(MACS, _with_kernel_side_only),
    "positions_left_out": dict.fromkeys(
        (Conv, ConvTranspose), lambda layer, step: count_conv_macs(layer, step, (1, 1))
    ),
    "input_positions": {
        Conv: lambda layer, step: count_conv_macs(layer, step, spatial_size(step.before))
    },
    "bias_counted": dict.fromkeys(WEIGHTED_LAYERS, _macs_with_bias),
}


def count_with_rules(table: RuleTable, query: CountQuery) -> int:
    """Return the count with the wrong rules of *table* for some layer types."""
    return sum_step_counts(
        walk_with_rules(SHAPES, query.net, query.shape), query.rules.with_rules(table)
    )


# Steps left out, or counted with what belongs to others.


def _count_steps(query: CountQuery, steps: Iterable[NetworkStep]) -> int:
    return sum_step_counts(NetworkWalk(tuple(steps), (), query.shape), query.rules)


def _count_without_layer(query: CountQuery, *, index: int) -> int:
    """Return the count without the first (0) or the last (-1) layer that has weights.

    Raises `SolverError` if there are fewer than two such layers.
    """
    steps = walk_with_rules(SHAPES, query.net, query.shape).steps
    weighted = [step for step in steps if isinstance(step.layer, WEIGHTED_LAYERS)]
    if len(weighted) < MIN_WEIGHTED_LAYERS:
        raise SolverError("there is no layer to leave out")
    return _correct_count(query) - _count_steps(query, [weighted[index]])


def _count_without_linear(query: CountQuery) -> int:
    """Return the count without the fully connected layers.

    Raises `SolverError` if there is exactly one, or if nothing else counts.
    """
    walk = walk_with_rules(SHAPES, query.net, query.shape)
    dense = sum(isinstance(step.layer, Linear) for step in walk.steps)
    remaining = sum_step_counts(walk, query.rules.with_rules({Linear: _count_zero}))
    if dense == 1 or not remaining:
        raise SolverError("one layer, or all, are fully connected")
    return remaining


def _count_without_projections(query: CountQuery) -> int:
    """Return the count without the shortcuts of residual blocks, their second part."""
    steps = walk_with_rules(SHAPES, query.net, query.shape).steps
    shortcuts = {f"{step.path}.2" for step in steps if isinstance(step.layer, Residual)}
    return _count_steps(
        query, (step for step in steps if shortcuts.isdisjoint(_enclosing_paths(step.path)))
    )


def _enclosing_paths(path: str) -> list[str]:
    """Return the paths that enclose *path*: ``5`` and ``5.2`` for ``5.2.1``."""
    numbers = path.split(".")
    return [".".join(numbers[:end]) for end in range(1, len(numbers))]


def _count_with_norm_biases(query: CountQuery) -> int:
    """Return the parameter count with a bias per filter before batch normalization.

    Raises `SolverError` if no convolution without bias is followed by one.
    """
    steps = walk_with_rules(SHAPES, query.net, query.shape).steps
    normed = [
        steps[step.inputs[0]].layer
        for step in steps
        if isinstance(step.layer, BatchNorm) and step.inputs[0] != INPUT
    ]
    biases = sum(
        one.out_channels for one in normed if isinstance(one, CONV_LAYERS) and not one.bias
    )
    if not biases:
        raise SolverError("no convolution without bias is normalised")
    return _correct_count(query) + biases


def _count_with_earlier_channels(query: CountQuery) -> int:
    """Return the count with the input channels of the previous convolution for each."""
    input_channels: list[int | None] = []
    wrong_steps: list[NetworkStep] = []
    for step in walk_with_rules(SHAPES, query.net, query.shape).steps:
        layer, earlier = (
            step.layer,
            None if step.inputs[0] == INPUT else input_channels[step.inputs[0]],
        )
        if isinstance(layer, CONV_LAYERS):
            input_channels.append(channels_in(layer, step.before))
            wrong_steps.append(_with_input_channels(earlier, layer, step))
        else:
            input_channels.append(earlier)
            wrong_steps.append(step)
    return _count_steps(query, wrong_steps)


def _with_input_channels(
    channels: int | None, layer: Conv | ConvTranspose, step: NetworkStep
) -> NetworkStep:
    """Return the step of a convolution with *channels* input channels.

    A grouped convolution keeps its own.
    """
    if channels is None or layer.groups > 1:
        return step
    before = None if step.before is None else (channels, *step.before[1:])
    return step._replace(layer=replace(layer, in_channels=channels), before=before)


def _correct_count(query: CountQuery) -> int:
    return total_count(query.rules, SHAPES, query.net, query.shape)


# What a network must have for the mistake to be made in it.
REQUIRED_LAYERS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "add_for_concat": lambda layer: isinstance(layer, Branches),
    "batch_norm_all": lambda layer: isinstance(layer, BatchNorm),
    "batch_norm_left_out": lambda layer: isinstance(layer, BatchNorm),
    "concat_for_add": lambda layer: isinstance(layer, Residual),
    "dilation_left_out": lambda layer: getattr(layer, "dilation", (1, 1)) != (1, 1),
    "groups_left_out": lambda layer: getattr(layer, "groups", 1) > 1,
    "projection_left_out": lambda layer: isinstance(layer, Residual) and layer.shortcut is not None,
    **dict.fromkeys(TRANSPOSED_MISTAKES, lambda layer: isinstance(layer, ConvTranspose)),
}


def _restrict_formulas(formulas: Mapping[str, CountFormula]) -> Mapping[str, CountFormula]:
    """Return *formulas*, each restricted to networks in which its mistake can occur.

    `REQUIRED_LAYERS` names the layers that a mistake needs.
    """
    return {mistake: _restrict_formula(mistake, formula) for mistake, formula in formulas.items()}


def _restrict_formula(mistake: str, formula: CountFormula) -> CountFormula:
    is_required = REQUIRED_LAYERS.get(mistake)
    if is_required is None:
        return formula

    def restricted(query: CountQuery) -> int:
        if not any(
            is_required(step.layer)
            for step in walk_with_rules(SHAPES, query.net, query.shape).steps
        ):
            raise SolverError("there is no layer to go wrong in")
        return formula(query)

    return restricted


COMMON_FORMULAS: Final[Mapping[str, CountFormula]] = {
    **{
        mistake: partial(count_with_shapes, shapes)
        for mistake, shapes in WRONG_SHAPE_RULES.items()
        if mistake != "fraction_left"  # layers with a fraction of a cell cannot be counted
    },
    "flatten_before_pool": partial(count_changed_network, without_last_pool),
    "pooling_left_out": partial(count_changed_network, without_pools),
    "first_layer_left_out": partial(_count_without_layer, index=0),
    "layer_left_out": partial(_count_without_layer, index=-1),
    "fully_connected_left_out": _count_without_linear,
    "projection_left_out": _count_without_projections,
    "earlier_channels_used": _count_with_earlier_channels,
}

PARAMS_FORMULAS: Final = _restrict_formulas(
    {
        **COMMON_FORMULAS,
        **{
            mistake: partial(count_with_rules, table)
            for mistake, table in WRONG_PARAMS_RULES.items()
        },
        "biased_before_batch_norm": _count_with_norm_biases,
    }
)

MACS_FORMULAS: Final = _restrict_formulas(
    {
        **COMMON_FORMULAS,
        **{
            mistake: partial(count_with_rules, table) for mistake, table in WRONG_MACS_RULES.items()
        },
        "flops_for_macs": lambda question: 2 * _correct_count(question),
    }
)
