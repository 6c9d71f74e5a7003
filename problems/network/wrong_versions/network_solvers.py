"""Wrong versions of the network solvers: a whole network computed with one mistake."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.network.count_rules import ALL_PARAMS, MACS, PARAMS
from problems.network.counts import (
    LAYER_KINDS,
    activation_values,
    compute_output_shapes,
    count_output_values,
    depth,
    from_channels_first,
    layer_count,
    layer_macs,
    layer_params,
    longest_path_length,
    network_shape,
    out_shape,
    output_shapes,
    peak_activation,
    to_channels_first,
    total_macs,
    total_params,
    walk_network,
)
from problems.network.graphs import Network
from problems.network.layers import BatchNorm, Layer, Pool
from problems.network.transforms import (
    clear_input_sizes,
    without_bias,
    without_last_pool,
    without_pools,
)
from problems.network.traversal import LayerRules, walk_with_rules
from problems.network.wrong_versions.counts import (
    MACS_FORMULAS,
    PARAMS_FORMULAS,
    CountFormula,
    CountQuery,
)
from problems.network.wrong_versions.shape_rules import WRONG_SHAPE_RULES
from problems.solvers.bounds import Shape
from problems.solvers.geometry import swap_height_width
from problems.solvers.sizes import WRONG_CONV_SIZES
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_CACHED_RESULTS: Final = 2048

# A mistake in one layer: where its parameters or operations go wrong, and where its shape does.
LAYER_PARAMS_MISTAKES: Final = (
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
LAYER_MACS_MISTAKES: Final = (
    "input_channels_left_out",
    "output_channels_left_out",
    "groups_left_out",
    "side_for_area",
    "positions_left_out",
    "input_positions",
    "bias_counted",
    "flops_for_macs",
    *(mistake for mistake in WRONG_CONV_SIZES if mistake in MACS_FORMULAS),
)

ShapeFormula: TypeAlias = Callable[[LayerRules, Network, SolverArguments], object]


@lru_cache(maxsize=MAX_CACHED_RESULTS)
def evaluate_or_error_message(formula: CountFormula, query: CountQuery) -> int | str:
    """Return the result of *formula*, or the error message if it has none.

    Results are cached, because the same networks recur from seed to seed.
    """
    try:
        return formula(query)
    except SolverError as error:
        return str(error)


def _evaluate_or_raise(formula: CountFormula, query: CountQuery) -> int:
    """Return the cached result of *formula*, or raise `SolverError`."""
    value = evaluate_or_error_message(formula, query)
    if isinstance(value, str):
        raise SolverError(value)
    return value


def _build_count_wrong_versions(
    solver: Solver,
    formulas: Mapping[str, CountFormula],
    build_query: Callable[[SolverArguments], CountQuery],
) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of *solver* that evaluate *formulas*.

    *build_query* makes the query from the solver's arguments.
    """

    def wrong_version(formula: CountFormula) -> Solver:
        return replace_formula(solver, lambda args: _evaluate_or_raise(formula, build_query(args)))

    return build_wrong_versions(
        solver, {mistake: wrong_version(formula) for mistake, formula in formulas.items()}
    )


def _build_shape_wrong_versions(solver: Solver, formula: ShapeFormula) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of *solver* that compute with wrong shape rules."""

    def wrong_version(rules: LayerRules) -> Solver:
        return replace_formula(
            solver,
            lambda args: formula(rules, clear_input_sizes(get_network_argument(args)), args),
        )

    return build_wrong_versions(
        solver, {mistake: wrong_version(rules) for mistake, rules in WRONG_SHAPE_RULES.items()}
    )


def _build_changed_network_wrong_versions(
    solver: Solver, changes: Mapping[str, Callable[[Network], Network]]
) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of *solver* that compute with a changed network."""

    def wrong_version(change: Callable[[Network], Network]) -> Solver:
        return replace_arguments(solver, net=lambda args: clear_input_sizes(change(args.net)))

    return build_wrong_versions(
        solver, {mistake: wrong_version(change) for mistake, change in changes.items()}
    )


def get_network_argument(arguments: SolverArguments) -> Network:
    """Return the network argument of a solver; a single layer becomes a network."""
    if "net" in vars(arguments):
        net: Network = arguments.net
        return net
    return Network((arguments.layer,))


def _make_query_builder(rules: LayerRules) -> Callable[[SolverArguments], CountQuery]:
    return lambda args: CountQuery(rules, get_network_argument(args), args.shape)


def _build_params_query(arguments: SolverArguments) -> CountQuery:
    return CountQuery(PARAMS if arguments.trainable else ALL_PARAMS, arguments.net, arguments.shape)


def _layer_without_bias(arguments: SolverArguments) -> Layer:
    return without_bias(Network((arguments.layer,))).layers[0]


def _count_parallel_layers(arguments: SolverArguments) -> int:
    """Return the number of layers, including those of all parallel branches."""
    kinds = LAYER_KINDS[getattr(arguments, "kind", "weighted")]
    return sum(isinstance(step.layer, kinds) for step in walk_network(arguments.net).steps)


def _longest_path_formula(kind: type[Layer]) -> Callable[[SolverArguments], int]:
    """Return a formula for the longest path that also counts layers of type *kind*.

    It raises `SolverError` if the solver counts layers of a single kind.
    """

    def formula(arguments: SolverArguments) -> int:
        if getattr(arguments, "kind", "weighted") != "weighted":
            raise SolverError("layers of one kind are asked for")
        return longest_path_length(arguments.net, (*LAYER_KINDS["weighted"], kind))

    return formula


def _largest_output(arguments: SolverArguments) -> int:
    return max(
        math.prod(step.after or ()) for step in walk_network(arguments.net, arguments.shape).steps
    )


def _compute_final_shape(rules: LayerRules, net: Network, arguments: SolverArguments) -> object:
    shape = to_channels_first(arguments.shape, arguments.layout)
    return from_channels_first(compute_output_shapes(rules, net, shape)[-1], arguments.layout)


def _shape_as_if_channels_first(arguments: SolverArguments) -> Shape:
    """Return the output shape with the channels first; raise `SolverError` if they are anyway."""
    if arguments.layout == "CHW":
        raise SolverError("the channels come first")
    shape = to_channels_first(arguments.shape, arguments.layout)
    result = network_shape(get_network_argument(arguments), shape)
    if len(result) == 1:
        raise SolverError("a flat shape has no order of axes")
    return result


def _build_layout_wrong_versions(solver: Solver) -> tuple[WrongVersion, ...]:
    """Return the wrong version of a shape *solver* that exchanges the layout."""
    return build_wrong_versions(
        solver, {"layout_swapped": replace_formula(solver, _shape_as_if_channels_first)}
    )


def _all_output_shapes(rules: LayerRules, net: Network, arguments: SolverArguments) -> object:
    return compute_output_shapes(rules, net, arguments.shape)


def _output_value_count(rules: LayerRules, net: Network, arguments: SolverArguments) -> object:
    return count_output_values(
        walk_with_rules(rules, net, arguments.shape), in_place=arguments.in_place
    )


def _build_layer_count_wrong_versions(solver: Solver) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of a solver that counts layers."""
    return build_wrong_versions(
        solver,
        {
            "parallel_layers_added": replace_formula(solver, _count_parallel_layers),
            "pooling_counted": replace_formula(solver, _longest_path_formula(Pool)),
            "norms_counted": replace_formula(solver, _longest_path_formula(BatchNorm)),
        },
    )


POOL_CHANGES: Final = {"flatten_before_pool": without_last_pool, "pooling_left_out": without_pools}

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *_build_shape_wrong_versions(out_shape, _compute_final_shape),
    *_build_shape_wrong_versions(network_shape, _compute_final_shape),
    *_build_changed_network_wrong_versions(network_shape, POOL_CHANGES),
    *build_wrong_versions(
        network_shape,
        {
            "axes_swapped": replace_formula(
                network_shape,
                lambda args: swap_height_width(network_shape(**vars(args)), args.layout),
            )
        },
    ),
    *_build_layout_wrong_versions(out_shape),
    *_build_layout_wrong_versions(network_shape),
    *_build_shape_wrong_versions(output_shapes, _all_output_shapes),
    *_build_count_wrong_versions(
        layer_params,
        {mistake: PARAMS_FORMULAS[mistake] for mistake in LAYER_PARAMS_MISTAKES},
        _make_query_builder(PARAMS),
    ),
    *build_wrong_versions(
        layer_params, {"no_bias": replace_arguments(layer_params, layer=_layer_without_bias)}
    ),
    *_build_count_wrong_versions(total_params, PARAMS_FORMULAS, _build_params_query),
    *build_wrong_versions(
        total_params,
        {
            "no_bias": replace_arguments(total_params, net=lambda args: without_bias(args.net)),
            "batch_norm_learnable": replace_arguments(total_params, trainable=True),
        },
    ),
    *_build_count_wrong_versions(
        layer_macs,
        {mistake: MACS_FORMULAS[mistake] for mistake in LAYER_MACS_MISTAKES},
        _make_query_builder(MACS),
    ),
    *_build_count_wrong_versions(total_macs, MACS_FORMULAS, _make_query_builder(MACS)),
    *_build_layer_count_wrong_versions(layer_count),
    *_build_layer_count_wrong_versions(depth),
    *_build_shape_wrong_versions(activation_values, _output_value_count),
    *_build_changed_network_wrong_versions(activation_values, {"pooling_left_out": without_pools}),
    *build_wrong_versions(
        peak_activation, {"input_not_held": replace_formula(peak_activation, _largest_output)}
    ),
)
