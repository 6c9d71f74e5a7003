"""Twins of the network solvers: some rules replaced, the others left."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.network.counts import (
    LAYER_KINDS,
    along,
    depth,
    layer_count,
    layer_macs,
    layer_params,
    network_shape,
    out_shape,
    total_macs,
    total_params,
)
from problems.network.layers import BatchNorm, Conv, ConvTranspose, Flatten, Layer, Linear, Pool
from problems.network.rules import EVERYTHING, RULES, conv_shaped_by, pool_shaped_by, spatial
from problems.network.walk import (
    Rule,
    Rules,
    Table,
    layer_macs_by,
    layer_params_by,
    layer_shape_by,
    network_macs_by,
    network_params_by,
    network_shape_by,
)
from problems.solvers.bounds import Shape
from problems.solvers.pooling import POOL_SIDES
from problems.solvers.sizes import CONV_SIDES
from problems.solvers.twins import instead, told, twins_of

__all__ = ["TWINS"]


def _kept_channels(layer: Conv, shape: Shape, rules: Rules) -> Shape:
    """Return the shape with the channels that came in."""
    return (shape[0], *RULES.shapes[Conv](layer, shape, rules)[1:])


def _flat_side(layer: Layer, shape: Shape, _rules: Rules) -> Shape:
    """Return height times width as the length of the flat input."""
    _, height, width = spatial(shape, layer)
    return (height * width,)


def _without_bias(kind: type[Layer], *, for_all: int = 0) -> Rule:
    """Return the rule for parameters without biases, *for_all* filters together counted instead."""

    def wrong(layer: Any, shape: Shape | None, rules: Rules) -> int:
        weights = int(RULES.params[kind](replace(layer, bias=False), shape, rules))
        return weights + for_all * int(layer.bias)

    return wrong


def _one_channel(kind: type[Layer], table: Table) -> Rule:
    """Return the rule of *table* for a convolution as if one channel came in."""

    def wrong(layer: Any, shape: Shape | None, rules: Rules) -> int:
        groups = getattr(layer, "groups", 1)
        single = None if shape is None else (groups, *shape[1:])
        return int(table[kind](replace(layer, in_channels=groups), single, rules))

    return wrong


def _one_filter(table: Table) -> Rule:
    """Return the rule of *table* for a convolution as if it had one filter."""

    def wrong(layer: Conv, shape: Shape | None, rules: Rules) -> int:
        return int(table[Conv](replace(layer, out_channels=layer.groups), shape, rules))

    return wrong


def _one_position(layer: Conv, shape: Shape, rules: Rules) -> int:
    """Return the MACs of one output position."""
    return int(RULES.params[Conv](replace(layer, bias=False), shape, rules))


# What each mistake replaces.

SHAPES: Final[Mapping[str, Table]] = {
    **{
        mistake: {Conv: conv_shaped_by(side), Pool: pool_shaped_by(POOL_SIDES[mistake])}
        for mistake, side in CONV_SIDES.items()
        if mistake in POOL_SIDES
    },
    "dilation_left_out": {Conv: conv_shaped_by(CONV_SIDES["dilation_left_out"])},
    "channels_kept": {Conv: _kept_channels},
    "flatten_without_channels": {Flatten: _flat_side},
}

BIASED: Final[tuple[type[Layer], ...]] = (Conv, ConvTranspose, Linear)
CONVOLUTIONS: Final[tuple[type[Layer], ...]] = (Conv, ConvTranspose)

PARAMS: Final[Mapping[str, Table]] = {
    "no_bias": {kind: _without_bias(kind) for kind in BIASED},
    "one_bias": {kind: _without_bias(kind, for_all=1) for kind in BIASED},
    "input_channels_left_out": {kind: _one_channel(kind, RULES.params) for kind in CONVOLUTIONS},
    "output_channels_left_out": {Conv: _one_filter(RULES.params)},
    "batch_norm_left_out": {BatchNorm: lambda _layer, _shape, _rules: 0},
    "batch_norm_all": {BatchNorm: EVERYTHING.params[BatchNorm]},
}

MACS: Final[Mapping[str, Table]] = {
    "input_channels_left_out": {kind: _one_channel(kind, RULES.macs) for kind in CONVOLUTIONS},
    "output_channels_left_out": {Conv: _one_filter(RULES.macs)},
    "positions_left_out": {Conv: _one_position},
}


def _by(
    solver: Solver, rules: Mapping[str, Rules], compute: Callable[[Rules, SimpleNamespace], object]
) -> tuple[Twin, ...]:
    """Return the twins of *solver* that *compute* with the rules of each mistake."""
    return twins_of(
        solver,
        {mistake: instead(solver, partial(compute, wrong)) for mistake, wrong in rules.items()},
    )


def _total_params(wrong: Table, given: SimpleNamespace) -> int:
    rules = RULES if given.trainable else EVERYTHING
    return network_params_by(rules.but(params=wrong), given.net, given.shape)


def _flat_total(given: SimpleNamespace) -> int:
    """Return the parameters with the channels forgotten where the maps are flattened."""
    if given.shape is None:
        raise SolverError("no shape, nothing is flattened")
    rules = RULES if given.trainable else EVERYTHING
    return network_params_by(
        rules.but(shapes=SHAPES["flatten_without_channels"]), given.net, given.shape
    )


def _parallel_added(given: SimpleNamespace) -> int:
    """Return the number of layers with those of parallel branches added up."""
    return along(given.net, LAYER_KINDS[getattr(given, "kind", "weighted")], sum)


WRONG_SHAPES: Final = {mistake: RULES.but(shapes=table) for mistake, table in SHAPES.items()}
WRONG_PARAMS: Final = {mistake: RULES.but(params=table) for mistake, table in PARAMS.items()}
WRONG_MACS: Final = {mistake: RULES.but(macs=table) for mistake, table in MACS.items()}

TWINS: Final[tuple[Twin, ...]] = (
    *_by(out_shape, WRONG_SHAPES, lambda rules, g: layer_shape_by(rules, g.layer, g.shape)),
    *_by(network_shape, WRONG_SHAPES, lambda rules, g: network_shape_by(rules, g.net, g.shape)),
    *_by(layer_params, WRONG_PARAMS, lambda rules, g: layer_params_by(rules, g.layer, g.shape)),
    *_by(layer_macs, WRONG_MACS, lambda rules, g: layer_macs_by(rules, g.layer, g.shape)),
    *_by(total_macs, WRONG_MACS, lambda rules, g: network_macs_by(rules, g.net, g.shape)),
    *twins_of(
        total_params,
        {
            **{
                m: instead(total_params, partial(_total_params, wrong))
                for m, wrong in PARAMS.items()
            },
            "batch_norm_learnable": told(total_params, trainable=True),
            "flatten_without_channels": instead(total_params, _flat_total),
        },
    ),
    Twin("flops_for_macs", "layer_macs", instead(layer_macs, lambda g: 2 * layer_macs(**vars(g)))),
    Twin("flops_for_macs", "total_macs", instead(total_macs, lambda g: 2 * total_macs(**vars(g)))),
    Twin("parallel_layers_added", "layer_count", instead(layer_count, _parallel_added)),
    Twin("parallel_layers_added", "depth", instead(depth, _parallel_added)),
)
