"""How rules are applied: to a layer, and to a network layer by layer, shapes flowing through.

Shapes are (C, H, W), or (features,) after a `Flatten`. A twin replaces one rule of a table and
leaves the others, so that a mistake runs through a whole network as a student makes it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from problems.network.layers import Layer, Network
from problems.solvers.bounds import Shape

__all__ = [
    "Rule",
    "Rules",
    "Table",
    "layer_macs_by",
    "layer_params_by",
    "layer_shape_by",
    "network_macs_by",
    "network_params_by",
    "network_shape_by",
]

Rule: TypeAlias = Callable[[Any, Any, "Rules"], Any]
Table: TypeAlias = Mapping[type[Layer], Rule]


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules by type of layer; each takes the layer, the shape that comes in, and the rules."""

    shapes: Table
    params: Table
    macs: Table

    def but(
        self, *, shapes: Table | None = None, params: Table | None = None, macs: Table | None = None
    ) -> "Rules":
        """Return the rules with some of them replaced."""
        return replace(
            self,
            shapes={**self.shapes, **(shapes or {})},
            params={**self.params, **(params or {})},
            macs={**self.macs, **(macs or {})},
        )


def layer_shape_by(rules: Rules, layer: Layer, shape: Shape) -> Shape:
    """Return the shape after *layer*."""
    found: Shape = rules.shapes[type(layer)](layer, shape, rules)
    return found


def network_shape_by(rules: Rules, network: Network, shape: Shape) -> Shape:
    """Return the shape after the whole *network*."""
    for layer in network.layers:
        shape = layer_shape_by(rules, layer, shape)
    return shape


def layer_params_by(rules: Rules, layer: Layer, shape: Shape | None) -> int:
    """Return the parameters of *layer*; the *shape* that comes in may be unknown."""
    rule = rules.params.get(type(layer))
    return int(rule(layer, shape, rules)) if rule else 0


def layer_macs_by(rules: Rules, layer: Layer, shape: Shape) -> int:
    """Return the MACs of *layer*."""
    rule = rules.macs.get(type(layer))
    return int(rule(layer, shape, rules)) if rule else 0


def network_params_by(rules: Rules, network: Network, shape: Shape | None) -> int:
    """Return the parameters of all layers of *network*."""
    total = 0
    for layer in network.layers:
        total += layer_params_by(rules, layer, shape)
        shape = None if shape is None else layer_shape_by(rules, layer, shape)
    return total


def network_macs_by(rules: Rules, network: Network, shape: Shape) -> int:
    """Return the MACs of all layers of *network*."""
    total = 0
    for layer in network.layers:
        total += layer_macs_by(rules, layer, shape)
        shape = layer_shape_by(rules, layer, shape)
    return total
