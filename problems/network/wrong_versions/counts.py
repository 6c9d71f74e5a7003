"""Wrong parameter and MAC counts of whole networks, one formula per mistake.

Shape mistakes propagate: each layer takes the wrong map size of the layer before it, up
to the first fully connected one. Layers then accept their actual input, whatever size
they declare.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

from grader.errors import SolverError
from problems.network.graphs import Branches, Network, Residual
from problems.network.layers import BatchNorm, Conv, ConvTranspose, Linear
from problems.network.shape_rules import SHAPES, resolve_input_channels
from problems.network.transforms import clear_input_sizes, without_last_pool, without_pools
from problems.network.traversal import (
    INPUT,
    LayerRules,
    NetworkStep,
    NetworkWalk,
    sum_step_counts,
    total_count,
    walk_with_rules,
)
from problems.network.wrong_versions.count_rules import (
    CONV_LAYERS,
    WEIGHTED_LAYERS,
    WRONG_MACS_RULES,
    WRONG_PARAMS_RULES,
    RuleTable,
    count_zero,
)
from problems.network.wrong_versions.shape_rules import TRANSPOSED_MISTAKES, WRONG_SHAPE_RULES
from problems.solvers.bounds import Shape

MIN_WEIGHTED_LAYERS: Final = 2


class CountQuery(NamedTuple):
    """A count over a network: the sum of *rules* over *net*; *shape* is None if unknown."""

    rules: LayerRules
    net: Network
    shape: Shape | None


CountFormula: TypeAlias = Callable[[CountQuery], int]


# Wrong shapes or layers.


def count_with_shape_rules(shapes: LayerRules, query: CountQuery) -> int:
    """Return the count with the wrong shape rules *shapes*.

    Raises `SolverError` if the query has no shape.
    """
    if query.shape is None:
        raise SolverError("no shape is given, none is computed")
    return total_count(query.rules, shapes, clear_input_sizes(query.net), query.shape)


def count_changed_network(change: Callable[[Network], Network], query: CountQuery) -> int:
    """Return the count for the network that *change* returns."""
    return count_with_shape_rules(SHAPES, query._replace(net=change(query.net)))


def count_with_layer_rules(table: RuleTable, query: CountQuery) -> int:
    """Return the count with the wrong rules of *table* for some layer types."""
    return sum_step_counts(
        walk_with_rules(SHAPES, query.net, query.shape), query.rules.with_rules(table)
    )


# Steps left out, or counted with what belongs to others.


def _sum_counts_of_steps(query: CountQuery, steps: Iterable[NetworkStep]) -> int:
    return sum_step_counts(NetworkWalk(tuple(steps), (), query.shape), query.rules)


def _count_without_layer(query: CountQuery, *, index: int) -> int:
    """Return the count without the first (0) or the last (-1) layer that has weights.

    Raises `SolverError` if there are fewer than two such layers.
    """
    steps = walk_with_rules(SHAPES, query.net, query.shape).steps
    weighted = [step for step in steps if isinstance(step.layer, WEIGHTED_LAYERS)]
    if len(weighted) < MIN_WEIGHTED_LAYERS:
        raise SolverError("there is no layer to leave out")
    return _count_correctly(query) - _sum_counts_of_steps(query, [weighted[index]])


def _count_without_linear(query: CountQuery) -> int:
    """Return the count without the fully connected layers.

    Raises `SolverError` if there is exactly one, or if nothing else counts.
    """
    walk = walk_with_rules(SHAPES, query.net, query.shape)
    dense = sum(isinstance(step.layer, Linear) for step in walk.steps)
    remaining = sum_step_counts(walk, query.rules.with_rules({Linear: count_zero}))
    if dense == 1 or not remaining:
        raise SolverError("one layer, or all, are fully connected")
    return remaining


def _count_without_projections(query: CountQuery) -> int:
    """Return the count without the shortcuts of residual blocks, their second part."""
    steps = walk_with_rules(SHAPES, query.net, query.shape).steps
    shortcuts = {f"{step.path}.2" for step in steps if isinstance(step.layer, Residual)}
    return _sum_counts_of_steps(
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
        raise SolverError("no convolution without bias is normalized")
    return _count_correctly(query) + biases


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
            input_channels.append(resolve_input_channels(layer, step.before))
            wrong_steps.append(_with_input_channels(earlier, layer, step))
        else:
            input_channels.append(earlier)
            wrong_steps.append(step)
    return _sum_counts_of_steps(query, wrong_steps)


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


def _count_correctly(query: CountQuery) -> int:
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


def _limit_formulas_to_required_layers(
    formulas: Mapping[str, CountFormula],
) -> Mapping[str, CountFormula]:
    """Return *formulas*, each restricted to networks in which its mistake can occur.

    `REQUIRED_LAYERS` names the layers that a mistake needs.
    """
    return {
        mistake: _limit_formula_to_required_layers(mistake, formula)
        for mistake, formula in formulas.items()
    }


def _limit_formula_to_required_layers(mistake: str, formula: CountFormula) -> CountFormula:
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
        mistake: partial(count_with_shape_rules, shapes)
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

PARAMS_FORMULAS: Final = _limit_formulas_to_required_layers(
    {
        **COMMON_FORMULAS,
        **{
            mistake: partial(count_with_layer_rules, table)
            for mistake, table in WRONG_PARAMS_RULES.items()
        },
        "biased_before_batch_norm": _count_with_norm_biases,
    }
)

MACS_FORMULAS: Final = _limit_formulas_to_required_layers(
    {
        **COMMON_FORMULAS,
        **{
            mistake: partial(count_with_layer_rules, table)
            for mistake, table in WRONG_MACS_RULES.items()
        },
        "flops_for_macs": lambda question: 2 * _count_correctly(question),
    }
)
