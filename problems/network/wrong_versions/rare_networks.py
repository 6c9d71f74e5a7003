"""Rare wrong versions of network solvers: same padding, shapes before the end, a bias left out.

Those about the pooling layers of receptive fields are more frequent.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.network.count_rules import MACS, PARAMS
from problems.network.counts import (
    activation_values,
    compute_output_shapes,
    count_output_values,
    layer_params,
    network_shape,
    out_shape,
    output_shapes,
    total_macs,
    total_params,
)
from problems.network.graphs import Network
from problems.network.layers import BatchNorm, Conv, ConvTranspose, Layer, LayerNorm
from problems.network.shape_rules import SHAPES, conv_shape_rule
from problems.network.transforms import (
    clear_input_sizes,
    map_layers,
    with_pool_strides_of_one,
    with_pool_windows_of_one,
)
from problems.network.traversal import NetworkWalk, sum_step_counts, walk_with_rules
from problems.network.wrong_versions.count_rules import WEIGHTED_LAYERS
from problems.network.wrong_versions.counts import CountQuery, count_with_shape_rules
from problems.network.wrong_versions.network_solvers import get_network_argument
from problems.solvers.bounds import Shape
from problems.solvers.receptive_field import field_range, receptive_field
from problems.solvers.wrong_sizes import same_padded_size
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

SAME_PADDED: Final = SHAPES.with_rules({Conv: conv_shape_rule(same_padded_size)})
"""Shape rules of a student who takes every convolution for a padded one."""


def _output_shapes_with_same_padding(args: SolverArguments) -> tuple[Shape, ...]:
    return compute_output_shapes(
        SAME_PADDED, clear_input_sizes(get_network_argument(args)), args.shape
    )


def _output_values_with_same_padding(args: SolverArguments) -> int:
    walk = walk_with_rules(SAME_PADDED, clear_input_sizes(args.net), args.shape)
    return count_output_values(walk, in_place=args.in_place)


def _shape_before_the_end(args: SolverArguments, *, steps: int) -> Shape:
    """Return the shape that the output had *steps* changes of shape earlier."""
    walk = walk_with_rules(SHAPES, args.net, args.shape)
    changes = [step.before for step in walk.steps if step.before and step.before != step.after]
    if len(changes) <= steps:
        raise SolverError("the network is too short to stop earlier")
    return changes[-steps]


def _network_without_convolution(args: SolverArguments, *, index: int) -> Network:
    """Return the network without its first (0) or last (-1) convolution."""
    convolutions: list[Layer] = []

    def collect(layer: Layer) -> Layer:
        if isinstance(layer, Conv):
            convolutions.append(layer)
        return layer

    map_layers(args.net, collect)
    if len(convolutions) < 2:  # noqa: PLR2004 - one has to be left
        raise SolverError("there is no convolution to leave out")
    positions = iter(range(len(convolutions)))
    dropped = index % len(convolutions)

    def drop(layer: Layer) -> Layer | None:
        return None if isinstance(layer, Conv) and next(positions) == dropped else layer

    return _require_other_shape(clear_input_sizes(map_layers(args.net, drop)), args, index=index)


def _require_other_shape(changed: Network, args: SolverArguments, *, index: int) -> Network:
    """Return *changed*, or raise `SolverError` if a likelier mistake gives the same shape."""
    likelier: list[Callable[[], Shape]] = [partial(_shape_before_the_end, args, steps=1)]
    if index == 0:
        likelier.append(
            lambda: network_shape(_network_without_convolution(args, index=-1), args.shape)
        )
    shape = network_shape(changed, args.shape)
    for compute_shape in likelier:
        try:
            other_shape = compute_shape()
        except SolverError:
            continue
        if other_shape == shape:
            raise SolverError("another mistake explains the shape")
    return changed


def _params_without_last_bias(args: SolverArguments) -> int:
    steps = walk_with_rules(SHAPES, args.net, args.shape).steps
    last = [step.layer for step in steps if isinstance(step.layer, WEIGHTED_LAYERS)][-1:]
    if not last or not last[0].bias:
        raise SolverError("the last layer has no bias")
    layer = last[0]
    biases = layer.out_channels if isinstance(layer, (Conv, ConvTranspose)) else layer.out_features
    return total_params(**vars(args)) - biases


def _macs_and_biases(args: SolverArguments) -> int:
    """Return the weights of each layer times the positions of its output, plus the biases."""
    walk = walk_with_rules(SHAPES, get_network_argument(args), args.shape)
    if args.shape is None:
        raise SolverError("no shape is given, none is computed")
    with_bias = sum_step_counts(walk, PARAMS)
    products = sum_step_counts(walk, MACS)
    biases = sum(
        step.after[0]
        for step in walk.steps
        if isinstance(step.layer, WEIGHTED_LAYERS) and step.layer.bias and step.after
    )
    if products + biases == with_bias:
        raise SolverError("every output has one position")
    return products + biases


def _params_without_first_layer_and_norm(args: SolverArguments) -> int:
    steps = walk_with_rules(SHAPES, args.net, args.shape).steps
    if len(steps) < 3 or not isinstance(steps[1].layer, BatchNorm):  # noqa: PLR2004
        raise SolverError("no normalization follows the first layer")
    first = sum_step_counts(NetworkWalk(steps[:2], (), args.shape), PARAMS)
    return total_params(**vars(args)) - first


def _network_with_all_biases(args: SolverArguments) -> Network:
    """Return the network with biases in all its convolutions, if one has none."""

    def add_bias(layer: Layer) -> Layer:
        return replace(layer, bias=True) if isinstance(layer, (Conv, ConvTranspose)) else layer

    return _require_change(map_layers(args.net, add_bias), args)


def _network_without_norm_shifts(args: SolverArguments) -> Network:
    """Return the network whose normalizations learn a scale alone."""

    def drop_shift(layer: Layer) -> Layer:
        if isinstance(layer, (BatchNorm, LayerNorm)):
            return replace(layer, bias=False)
        return layer

    return _require_change(map_layers(args.net, drop_shift), args)


def _require_change(changed: Network, args: SolverArguments) -> Network:
    if changed == args.net:
        raise SolverError("the network has no such layer")
    return changed


def _make_same_padding_version(solver: Solver) -> Solver:
    rules = MACS if solver is total_macs else PARAMS
    return replace_formula(
        solver,
        lambda args: count_with_shape_rules(SAME_PADDED, CountQuery(rules, args.net, args.shape)),
    )


POOL_CHANGES: Final = {
    "pooling_stride_one": with_pool_strides_of_one,
    "pooling_windows_ignored": with_pool_windows_of_one,
}


def _make_pool_version(solver: Solver, change: Callable[[Network], Network]) -> Solver:
    """Return the wrong version of *solver* that changes the pooling layers of a network."""

    def measure_changed_network(args: SolverArguments) -> object:
        if not isinstance(args.layers, Network):
            raise SolverError("a list of kernels does not say which layers pool")
        result = solver(**{**vars(args), "layers": change(args.layers)})
        if result == solver(**vars(args)):
            raise SolverError("the pooling layers do not count here")
        return result

    return replace_formula(solver, measure_changed_network)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *(
        version
        for solver in (out_shape, network_shape)
        for version in build_wrong_versions(
            solver,
            {
                "same_padding_assumed": replace_formula(
                    solver, lambda args: _output_shapes_with_same_padding(args)[-1]
                )
            },
        )
    ),
    *build_wrong_versions(
        network_shape,
        {
            "stopped_one_step_early": replace_formula(
                network_shape, partial(_shape_before_the_end, steps=1)
            ),
            "stopped_two_steps_early": replace_formula(
                network_shape, partial(_shape_before_the_end, steps=2)
            ),
            "first_convolution_left_out": replace_arguments(
                network_shape, net=partial(_network_without_convolution, index=0)
            ),
            "last_convolution_left_out": replace_arguments(
                network_shape, net=partial(_network_without_convolution, index=-1)
            ),
        },
    ),
    *build_wrong_versions(
        output_shapes,
        {"same_padding_assumed": replace_formula(output_shapes, _output_shapes_with_same_padding)},
    ),
    *build_wrong_versions(
        activation_values,
        {
            "same_padding_assumed": replace_formula(
                activation_values, _output_values_with_same_padding
            )
        },
    ),
    *build_wrong_versions(
        total_params,
        {
            "same_padding_assumed": _make_same_padding_version(total_params),
            "last_bias_left_out": replace_formula(total_params, _params_without_last_bias),
            "first_block_skipped": replace_formula(
                total_params, _params_without_first_layer_and_norm
            ),
            "positions_counted": replace_formula(total_params, _macs_and_biases),
            "biases_of_all_layers": replace_arguments(total_params, net=_network_with_all_biases),
            "norm_shifts_left_out": replace_arguments(
                total_params, net=_network_without_norm_shifts
            ),
        },
    ),
    *build_wrong_versions(
        layer_params, {"positions_counted": replace_formula(layer_params, _macs_and_biases)}
    ),
    *build_wrong_versions(
        total_macs, {"same_padding_assumed": _make_same_padding_version(total_macs)}
    ),
    *(
        version
        for solver in (receptive_field, field_range)
        for version in build_wrong_versions(
            solver,
            {name: _make_pool_version(solver, change) for name, change in POOL_CHANGES.items()},
        )
    ),
)
