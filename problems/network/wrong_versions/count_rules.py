"""Wrong parameter and MAC counts of single layers, one table of rules per mistake."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from problems.network.count_rules import ALL_PARAMS, MACS, PARAMS, count_conv_macs, spatial_size
from problems.network.layers import BatchNorm, Conv, ConvTranspose, Layer, Linear
from problems.network.shape_rules import resolve_input_channels
from problems.network.traversal import LayerRule, LayerRules, NetworkStep

WEIGHTED_LAYERS: Final = (Conv, ConvTranspose, Linear)
CONV_LAYERS: Final = (Conv, ConvTranspose)

RuleTable: TypeAlias = Mapping[type[Layer], LayerRule]


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


def _param_rules_with_biases(biases: Callable[[Any, int], int]) -> RuleTable:
    """Return parameter rules for convolutions with a wrong number of biases.

    *biases* computes that number from a layer and its input channels.
    """

    def wrong_rule(layer: Any, step: NetworkStep) -> int:
        weights = int(PARAMS.table[type(layer)](replace(layer, bias=False), step))
        return weights + int(layer.bias) * biases(layer, resolve_input_channels(layer, step.before))

    return dict.fromkeys(CONV_LAYERS, wrong_rule)


def _macs_with_bias(layer: Any, step: NetworkStep) -> int:
    """Return the MACs of a layer, plus one addition per output value if it has a bias."""
    additions = math.prod(step.after or ()) if layer.bias else 0
    return int(MACS.table[type(layer)](layer, step)) + additions


def _changed_conv_rules(
    rules: LayerRules, change: Callable[[Any, NetworkStep], tuple[Any, NetworkStep]]
) -> RuleTable:
    return {kind: _rule_for_changed_layer(rules, change) for kind in (Conv, ConvTranspose)}


def count_zero(_layer: Layer, _step: NetworkStep) -> int:
    """Return 0, the count of a layer that is left out."""
    return 0


WRONG_PARAMS_RULES: Final[Mapping[str, RuleTable]] = {
    "one_bias": dict.fromkeys(WEIGHTED_LAYERS, _params_with_single_bias),
    "input_channels_left_out": _changed_conv_rules(PARAMS, _with_single_input_channel),
    "output_channels_left_out": _changed_conv_rules(PARAMS, _with_single_filter),
    "groups_left_out": _changed_conv_rules(PARAMS, _without_groups),
    "side_for_area": _changed_conv_rules(PARAMS, _with_kernel_side_only),
    "bias_per_input_channel": _param_rules_with_biases(lambda _, channels: channels),
    "bias_in_each_channel": _param_rules_with_biases(
        lambda layer, channels: channels // layer.groups * layer.out_channels
    ),
    "batch_norm_left_out": {BatchNorm: count_zero},
    "batch_norm_all": {BatchNorm: ALL_PARAMS.table[BatchNorm]},
}

WRONG_MACS_RULES: Final[Mapping[str, RuleTable]] = {
    "input_channels_left_out": _changed_conv_rules(MACS, _with_single_input_channel),
    "output_channels_left_out": _changed_conv_rules(MACS, _with_single_filter),
    "groups_left_out": _changed_conv_rules(MACS, _without_groups),
    "side_for_area": _changed_conv_rules(MACS, _with_kernel_side_only),
    "positions_left_out": dict.fromkeys(
        (Conv, ConvTranspose), lambda layer, step: count_conv_macs(layer, step, (1, 1))
    ),
    "input_positions": {
        Conv: lambda layer, step: count_conv_macs(layer, step, spatial_size(step.before))
    },
    "bias_counted": dict.fromkeys(WEIGHTED_LAYERS, _macs_with_bias),
}
