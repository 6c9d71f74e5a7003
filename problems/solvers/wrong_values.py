"""Rare wrong versions of solvers of array values: pooling, transposed convolution, gradients."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.activations import activation
from problems.solvers.dense import dense
from problems.solvers.gradients import (
    conv2d_backward_input,
    conv2d_backward_weight,
    shared_weight_gradient,
)
from problems.solvers.pool_gradients import pool2d_backward
from problems.solvers.pool_values import avg_pool2d, global_pool2d, is_max_mode, max_pool2d
from problems.solvers.transposed_values import (
    conv_transpose1d,
    conv_transpose2d,
    transposed_running_sum,
)
from problems.solvers.windows import as_sizes
from problems.solvers.wrong_convolutions import (
    as_array_of_any_rank,
    crop_result_at_stride_one,
    transform_result,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

# Pooling.


def _pool_by_minimum(args: SolverArguments) -> Array:
    negated = max_pool2d(**{**vars(args), "x": -as_array_of_any_rank(args.x, "x")})
    return cast("Array", -np.asarray(negated))


def _global_minimum(args: SolverArguments) -> Array:
    if not is_max_mode(args.mode):
        raise SolverError("the maximum is not asked for")
    return cast("Array", as_array_of_any_rank(args.x, "x").min(axis=(-2, -1)))


def _kernel_side(args: SolverArguments) -> int:
    """Return the side of a square pooling window of more than one cell."""
    height, width = as_sizes(args.kernel_size, "kernel_size", 2)
    if height != width or height == 1:
        raise SolverError("the window has no side to divide by")
    return height


def _average_over_kernel_side(args: SolverArguments) -> Array:
    return cast("Array", np.asarray(avg_pool2d(**vars(args))) * _kernel_side(args))


def _make_pool_wrong_versions(solver: Solver) -> Mapping[str, Solver]:
    return {
        "strided_result_cropped": replace_formula(
            solver, lambda args: crop_result_at_stride_one(args, solver, 2)
        )
    }


# Transposed convolutions.


def _ones_like_cells(args: SolverArguments) -> Array:
    cells = as_array_of_any_rank(args.x, "x")
    return np.where(np.arange(cells.size) < vars(args).get("after", cells.size), 1, 0).reshape(
        cells.shape
    )


def _input_without_last_cell(args: SolverArguments) -> Array:
    cells = as_array_of_any_rank(args.x, "x").copy()
    cells.reshape(-1)[-1] = 0
    return cells


def _shift_contributing_count(args: SolverArguments, more: int) -> int:
    count = int(args.after) + more
    if count < 1:
        raise SolverError("no cell contributes")
    return count


# Gradients.


def _maxima_for_gradients(args: SolverArguments) -> Array:
    """Return the maxima of the input at their cells, without the gradient from above."""
    if not is_max_mode(args.mode):
        raise SolverError("the maximum is not asked for")
    ones = np.ones_like(as_array_of_any_rank(args.dy, "dy"))
    is_largest = np.asarray(pool2d_backward(**{**vars(args), "dy": ones})) > 0
    return cast("Array", np.where(is_largest, as_array_of_any_rank(args.x, "x"), 0))


def _gradient_over_kernel_side(args: SolverArguments) -> Array:
    if is_max_mode(args.mode):
        raise SolverError("only an average divides")
    return cast("Array", np.asarray(pool2d_backward(**vars(args))) * _kernel_side(args))


def _mean_gradient_over_positions(args: SolverArguments) -> Array:
    positions = math.prod(as_array_of_any_rank(args.dy, "dy").shape[-2:])
    return cast("Array", np.asarray(conv2d_backward_weight(**vars(args))) / positions)


def _absolute_for_relu(args: SolverArguments) -> Array:
    return cast("Array", np.abs(as_array_of_any_rank(_require_relu(args).x, "x")))


def _negative_part(args: SolverArguments) -> Array:
    return cast("Array", np.minimum(as_array_of_any_rank(_require_relu(args).x, "x"), 0))


def _require_relu(args: SolverArguments) -> SolverArguments:
    if args.name != "relu":
        raise SolverError("no ReLU is asked for")
    return args


def _make_gradient_sign_wrong_versions(solver: Solver) -> Mapping[str, Solver]:
    return {"gradient_negated": transform_result(solver, np.negative)}


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        max_pool2d,
        {
            **_make_pool_wrong_versions(max_pool2d),
            "minimum_for_maximum": replace_formula(max_pool2d, _pool_by_minimum),
        },
    ),
    *build_wrong_versions(
        avg_pool2d,
        {
            **_make_pool_wrong_versions(avg_pool2d),
            "divided_by_side": replace_formula(avg_pool2d, _average_over_kernel_side),
            "means_rounded": transform_result(avg_pool2d, lambda means: np.floor(means + 0.5)),
            "means_cut_off": transform_result(avg_pool2d, np.floor),
        },
    ),
    *build_wrong_versions(
        global_pool2d,
        {
            "minimum_for_maximum": replace_formula(global_pool2d, _global_minimum),
            "means_rounded": transform_result(global_pool2d, lambda means: np.floor(means + 0.5)),
        },
    ),
    *(
        version
        for solver in (conv_transpose1d, conv_transpose2d)
        for version in build_wrong_versions(
            solver,
            {
                "kernel_not_scaled": replace_arguments(solver, x=_ones_like_cells),
                "stopped_one_step_early": replace_arguments(solver, x=_input_without_last_cell),
            },
        )
    ),
    *build_wrong_versions(
        transposed_running_sum,
        {
            "kernel_not_scaled": replace_arguments(transposed_running_sum, x=_ones_like_cells),
            "stopped_one_step_early": replace_arguments(
                transposed_running_sum, after=lambda args: _shift_contributing_count(args, -1)
            ),
            "one_step_too_far": replace_arguments(
                transposed_running_sum, after=lambda args: _shift_contributing_count(args, 1)
            ),
        },
    ),
    *build_wrong_versions(
        activation,
        {
            "absolute_values_taken": replace_formula(activation, _absolute_for_relu),
            "negative_part_kept": replace_formula(activation, _negative_part),
        },
    ),
    *build_wrong_versions(
        dense, {"relu_applied": transform_result(dense, lambda cells: np.maximum(cells, 0))}
    ),
    *build_wrong_versions(
        conv2d_backward_input, _make_gradient_sign_wrong_versions(conv2d_backward_input)
    ),
    *build_wrong_versions(
        conv2d_backward_weight,
        {
            **_make_gradient_sign_wrong_versions(conv2d_backward_weight),
            "mean_over_positions": replace_formula(
                conv2d_backward_weight, _mean_gradient_over_positions
            ),
        },
    ),
    *build_wrong_versions(
        shared_weight_gradient,
        {
            "gradient_negated": replace_formula(
                shared_weight_gradient,
                lambda args: -Fraction(shared_weight_gradient(args.x, args.dy)),
            )
        },
    ),
    *build_wrong_versions(
        pool2d_backward,
        {
            "maxima_for_gradients": replace_formula(pool2d_backward, _maxima_for_gradients),
            "divided_by_side": replace_formula(pool2d_backward, _gradient_over_kernel_side),
        },
    ),
)
