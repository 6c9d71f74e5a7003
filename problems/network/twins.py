"""Twins of the network solvers: what a whole network comes to where one thing goes wrong in it."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Final, TypeAlias

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.network.changes import undeclared, without_bias, without_last_pool, without_pools
from problems.network.count_rules import EVERYTHING, MACS, PARAMS
from problems.network.counts import (
    LAYER_KINDS,
    activation_values,
    depth,
    layer_count,
    layer_macs,
    layer_params,
    longest,
    network_shape,
    out_shape,
    output_shapes,
    peak_activation,
    shapes_of,
    total_macs,
    total_params,
    values_of,
    walk,
)
from problems.network.graphs import Network
from problems.network.layers import BatchNorm, Layer, Pool
from problems.network.mistaken import MACS_TOTALS, PARAMS_TOTALS, Asked, Formula
from problems.network.mistaken_shapes import SHAPES_BY
from problems.network.walk import Rules, walk_by
from problems.solvers.geometry import swapped
from problems.solvers.sizes import CONV_SIDES
from problems.solvers.twins import instead, told, twins_of

__all__ = ["TWINS", "wrong"]

KEPT_WRONG: Final = 2048

# A mistake in one layer: where its parameters or operations go wrong, and where its shape does.
OF_PARAMS: Final = (
    "one_bias",
    "input_channels_left_out",
    "output_channels_left_out",
    "groups_left_out",
    "side_for_area",
    "bias_per_input_channel",
    "bias_in_each_channel",
    "batch_norm_left_out",
    "batch_norm_all",
)
OF_MACS: Final = (
    "input_channels_left_out",
    "output_channels_left_out",
    "groups_left_out",
    "side_for_area",
    "positions_left_out",
    "input_positions",
    "bias_counted",
    "flops_for_macs",
    *(mistake for mistake in CONV_SIDES if mistake in MACS_TOTALS),
)

Shaped: TypeAlias = Callable[[Rules, Network, SimpleNamespace], object]


@lru_cache(maxsize=KEPT_WRONG)
def wrong(formula: Formula, asked: Asked) -> int | str:
    """Return what *formula* gives, or why it has no value; networks come again, seed after seed."""
    try:
        return formula(asked)
    except SolverError as error:
        return str(error)


def _found(formula: Formula, asked: Asked) -> int:
    """Return what *formula* gives, or raise `SolverError`."""
    value = wrong(formula, asked)
    if isinstance(value, str):
        raise SolverError(value)
    return value


def _totals(
    solver: Solver,
    formulas: Mapping[str, Formula],
    asked: Callable[[SimpleNamespace], Asked],
) -> tuple[Twin, ...]:
    """Return the twins of *solver* that give *formulas* of what is *asked* by its arguments."""

    def twin(formula: Formula) -> Solver:
        return instead(solver, lambda given: _found(formula, asked(given)))

    return twins_of(solver, {mistake: twin(formula) for mistake, formula in formulas.items()})


def _shapes(solver: Solver, shaped: Shaped) -> tuple[Twin, ...]:
    """Return the twins of *solver* that compute with wrong shapes, or leave pools out."""

    def by(rules: Rules) -> Solver:
        return instead(solver, lambda given: shaped(rules, undeclared(_net(given)), given))

    return twins_of(solver, {mistake: by(rules) for mistake, rules in SHAPES_BY.items()})


def _changed(
    solver: Solver, changes: Mapping[str, Callable[[Network], Network]]
) -> tuple[Twin, ...]:
    """Return the twins of *solver* that are told another network."""

    def by(change: Callable[[Network], Network]) -> Solver:
        return told(solver, net=lambda given: undeclared(change(given.net)))

    return twins_of(solver, {mistake: by(change) for mistake, change in changes.items()})


def _net(given: SimpleNamespace) -> Network:
    """Return the network that a solver is asked about, be it of one layer."""
    if "net" in vars(given):
        net: Network = given.net
        return net
    return Network((given.layer,))


def _asked_of(rules: Rules) -> Callable[[SimpleNamespace], Asked]:
    return lambda given: Asked(rules, _net(given), given.shape)


def _asked_params(given: SimpleNamespace) -> Asked:
    return Asked(PARAMS if given.trainable else EVERYTHING, given.net, given.shape)


def _unbiased_layer(given: SimpleNamespace) -> Layer:
    return without_bias(Network((given.layer,))).layers[0]


def _parallel_added(given: SimpleNamespace) -> int:
    """Return the number of layers with those of parallel branches added up."""
    kinds = LAYER_KINDS[getattr(given, "kind", "weighted")]
    return sum(isinstance(step.layer, kinds) for step in walk(given.net).steps)


def _counted_too(kind: type[Layer]) -> Callable[[SimpleNamespace], int]:
    """Return the formula for the longest path with the layers of another *kind* counted."""

    def formula(given: SimpleNamespace) -> int:
        if getattr(given, "kind", "weighted") != "weighted":
            raise SolverError("layers of one kind are asked for")
        return longest(given.net, (*LAYER_KINDS["weighted"], kind))

    return formula


def _largest_output(given: SimpleNamespace) -> int:
    return max(math.prod(step.after or ()) for step in walk(given.net, given.shape).steps)


def _shape(rules: Rules, net: Network, given: SimpleNamespace) -> object:
    return shapes_of(rules, net, given.shape)[-1]


def _all_shapes(rules: Rules, net: Network, given: SimpleNamespace) -> object:
    return shapes_of(rules, net, given.shape)


def _values(rules: Rules, net: Network, given: SimpleNamespace) -> object:
    return values_of(walk_by(rules, net, given.shape), in_place=given.in_place)


def _counts(solver: Solver) -> tuple[Twin, ...]:
    """Return the twins of a solver that counts layers."""
    return twins_of(
        solver,
        {
            "parallel_layers_added": instead(solver, _parallel_added),
            "pooling_counted": instead(solver, _counted_too(Pool)),
            "norms_counted": instead(solver, _counted_too(BatchNorm)),
        },
    )


POOLS: Final = {"flatten_before_pool": without_last_pool, "pooling_left_out": without_pools}

TWINS: Final[tuple[Twin, ...]] = (
    *_shapes(out_shape, _shape),
    *_shapes(network_shape, _shape),
    *_changed(network_shape, POOLS),
    *twins_of(
        network_shape,
        {
            "axes_swapped": instead(
                network_shape, lambda given: swapped(network_shape(**vars(given)), "CHW")
            )
        },
    ),
    *_shapes(output_shapes, _all_shapes),
    *_totals(
        layer_params,
        {mistake: PARAMS_TOTALS[mistake] for mistake in OF_PARAMS},
        _asked_of(PARAMS),
    ),
    *twins_of(layer_params, {"no_bias": told(layer_params, layer=_unbiased_layer)}),
    *_totals(total_params, PARAMS_TOTALS, _asked_params),
    *twins_of(
        total_params,
        {
            "no_bias": told(total_params, net=lambda given: without_bias(given.net)),
            "batch_norm_learnable": told(total_params, trainable=True),
        },
    ),
    *_totals(layer_macs, {mistake: MACS_TOTALS[mistake] for mistake in OF_MACS}, _asked_of(MACS)),
    *_totals(total_macs, MACS_TOTALS, _asked_of(MACS)),
    *_counts(layer_count),
    *_counts(depth),
    *_shapes(activation_values, _values),
    *_changed(activation_values, {"pooling_left_out": without_pools}),
    *twins_of(peak_activation, {"input_not_held": instead(peak_activation, _largest_output)}),
)
