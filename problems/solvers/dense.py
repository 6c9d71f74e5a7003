"""Fully connected layers: their values and gradients, matrix products, and flattening.

Weights have PyTorch's layout (out, in); examples are rows. Integer input gives exact
integers. Source: the PyTorch documentation of ``Linear``.
"""

from typing import Final, cast

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, as_array, check_cell_count
from problems.solvers.convolution import add_bias
from problems.solvers.products import matrix_product
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

ROW_RANKS: Final = (1, 2)
MAP_RANKS: Final = (1, 2, 3, 4)


def dense(x: Grid, weight: Grid, *, bias: Number | Grid = 0) -> Array:
    """Return the output of a fully connected layer: ``x @ weight.T + bias``.

    *x* (in) gives (out), and a batch *x* (B, in) gives (B, out). *weight* is (out, in);
    *bias* is (out) or one number.

    >>> dense([1, 2], [[3, 4], [5, 6], [7, 8]], bias=(0, 0, 100))
    array([ 11,  17, 123])
    """
    cells, weights = as_array(x, "x", ranks=ROW_RANKS), as_array(weight, "weight", ranks=(2,))
    return add_bias(_checked_matrix_product(weights, cells.T), bias).T


def dense_backward_input(dy: Grid, weight: Grid) -> Array:
    """Return the gradient with respect to the input of a dense layer: ``dy @ weight``.

    *dy* (out) gives (in), *dy* (B, out) gives (B, in).

    >>> dense_backward_input([1, 10], [[3, 4], [5, 6]])
    array([53, 64])
    """
    return _checked_matrix_product(
        as_array(dy, "dy", ranks=ROW_RANKS), as_array(weight, "weight", ranks=(2,))
    )


def dense_backward_weight(x: Grid, dy: Grid) -> Array:
    """Return the gradient with respect to a fully connected layer's weights (out, in).

    ``dw[o,i] = dy[o] * x[i]``, summed over the examples of a batch: *x* (in) with *dy*
    (out), or *x* (B, in) with *dy* (B, out).

    >>> dense_backward_weight([1, 2, 3], [1, 10])
    array([[ 1,  2,  3],
           [10, 20, 30]])
    """
    cells, upstream = as_array(x, "x", ranks=ROW_RANKS), as_array(dy, "dy", ranks=ROW_RANKS)
    if cells.ndim != upstream.ndim:
        raise SolverError("x and dy must both be vectors or both be batches")
    return _checked_matrix_product(_as_batch(upstream).T, _as_batch(cells))


def dense_backward_bias(dy: Grid) -> Array:
    """Return the gradient with respect to a fully connected layer's biases.

    Each bias is added once per example: the gradient is *dy* (out), or the sum of *dy*
    (B, out) over the examples.

    >>> dense_backward_bias([[1, 2], [10, 20]])
    array([11, 22])
    """
    return cast("Array", _as_batch(as_array(dy, "dy", ranks=ROW_RANKS)).sum(axis=0))


def matmul(a: Grid, b: Grid) -> Array:
    """Return the product of two matrices, or of a matrix and a vector.

    >>> matmul([[1, 2], [3, 4]], [10, 1])
    array([12, 34])
    """
    return _checked_matrix_product(
        as_array(a, "a", ranks=ROW_RANKS), as_array(b, "b", ranks=ROW_RANKS)
    )


def flatten_values(x: Grid) -> Array:
    """Return the cells of *x* as a vector, last axis fastest, like PyTorch's ``flatten``.

    >>> flatten_values([[1, 2], [3, 4]])
    array([1, 2, 3, 4])
    """
    return cast("Array", as_array(x, "x", ranks=MAP_RANKS).reshape(-1))


def _as_batch(cells: Array) -> Array:
    """Return *cells* as a batch; a vector becomes a batch of one."""
    return cast("Array", cells.reshape(-1, cells.shape[-1]))


def _checked_matrix_product(left: Array, right: Array) -> Array:
    if left.shape[-1] != right.shape[0]:
        raise SolverError(f"{left.shape[-1]} and {right.shape[0]} cells do not go together")
    check_cell_count((*left.shape[:-1], *right.shape[1:]))
    return matrix_product(left, right)


# What students do instead.


def _transpose_weight(args: SolverArguments) -> Array:
    return as_array(args.weight, "weight", ranks=(2,)).T


def _average_upstream_gradient(args: SolverArguments) -> Array:
    return cast("Array", as_array(args.dy, "dy", ranks=(2,)).mean(axis=0))


SOLVERS: Final[tuple[Solver, ...]] = (
    dense,
    dense_backward_input,
    dense_backward_weight,
    dense_backward_bias,
    matmul,
    flatten_values,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        dense,
        {
            "no_bias": replace_arguments(dense, bias=0),
            "weight_transposed": replace_arguments(dense, weight=_transpose_weight),
        },
    ),
    *build_wrong_versions(
        dense_backward_input,
        {"weight_transposed": replace_arguments(dense_backward_input, weight=_transpose_weight)},
    ),
    *build_wrong_versions(
        dense_backward_weight,
        {
            "transposed_output": replace_formula(
                dense_backward_weight, lambda args: dense_backward_weight(args.x, args.dy).T
            )
        },
    ),
    *build_wrong_versions(
        dense_backward_bias,
        {"mean_for_sum": replace_formula(dense_backward_bias, _average_upstream_gradient)},
    ),
    *build_wrong_versions(
        matmul,
        {
            "factors_swapped": replace_formula(matmul, lambda args: matmul(args.b, args.a)),
            "cell_by_cell": replace_formula(
                matmul,
                lambda args: as_array(args.a, "a", ranks=(2,)) * as_array(args.b, "b", ranks=(2,)),
            ),
        },
    ),
    *build_wrong_versions(
        flatten_values,
        {
            "other_order": replace_formula(
                flatten_values, lambda args: as_array(args.x, "x", ranks=MAP_RANKS).ravel(order="F")
            )
        },
    ),
)
