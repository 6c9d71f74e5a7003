"""Values and gradients of a fully connected layer, products of matrices, and the flat form.

Weights have PyTorch's layout (out, in); examples are rows. Integers give integers, exactly. Source:
the PyTorch documentation of ``Linear``.
"""

from types import SimpleNamespace
from typing import Final, cast

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, array, fitting
from problems.solvers.convolution import biased
from problems.solvers.products import matrix_product
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "dense",
    "dense_backward_bias",
    "dense_backward_input",
    "dense_backward_weight",
    "flatten_values",
    "matmul",
]

ROWS: Final = (1, 2)
MAPS: Final = (1, 2, 3, 4)


def dense(x: Grid, weight: Grid, *, bias: Number | Grid = 0) -> Array:
    """Return the output of a fully connected layer: ``x @ weight.T + bias``.

    *x* (in) gives (out), a batch *x* (B, in) gives (B, out); *weight* is (out, in), *bias* (out) or
    one number.

    >>> dense([1, 2], [[3, 4], [5, 6], [7, 8]], bias=(0, 0, 100))
    array([ 11,  17, 123])
    """
    cells, weights = array(x, "x", ranks=ROWS), array(weight, "weight", ranks=(2,))
    return biased(_product(weights, cells.T), bias).T


def dense_backward_input(dy: Grid, weight: Grid) -> Array:
    """Return the gradient with respect to the input of a fully connected layer: ``dy @ weight``.

    *dy* (out) gives (in), *dy* (B, out) gives (B, in).

    >>> dense_backward_input([1, 10], [[3, 4], [5, 6]])
    array([53, 64])
    """
    return _product(array(dy, "dy", ranks=ROWS), array(weight, "weight", ranks=(2,)))


def dense_backward_weight(x: Grid, dy: Grid) -> Array:
    """Return the gradient with respect to the weights (out, in) of a fully connected layer.

    ``dw[o,i] = dy[o] * x[i]``, summed over the examples of a batch: *x* (in) with *dy* (out), or
    *x* (B, in) with *dy* (B, out).

    >>> dense_backward_weight([1, 2, 3], [1, 10])
    array([[ 1,  2,  3],
           [10, 20, 30]])
    """
    cells, given = array(x, "x", ranks=ROWS), array(dy, "dy", ranks=ROWS)
    if cells.ndim != given.ndim:
        raise SolverError("x and dy must both be vectors or both be batches")
    return _product(_rows(given).T, _rows(cells))


def dense_backward_bias(dy: Grid) -> Array:
    """Return the gradient with respect to the biases of a fully connected layer.

    Each bias is added once for each example: *dy* (out) is the gradient, *dy* (B, out) is summed
    over the examples.

    >>> dense_backward_bias([[1, 2], [10, 20]])
    array([11, 22])
    """
    return cast("Array", _rows(array(dy, "dy", ranks=ROWS)).sum(axis=0))


def matmul(a: Grid, b: Grid) -> Array:
    """Return the product of two matrices, or of a matrix and a vector.

    >>> matmul([[1, 2], [3, 4]], [10, 1])
    array([12, 34])
    """
    return _product(array(a, "a", ranks=ROWS), array(b, "b", ranks=ROWS))


def flatten_values(x: Grid) -> Array:
    """Return the cells of *x* in one row, the last axis fastest, as PyTorch's ``flatten`` does.

    >>> flatten_values([[1, 2], [3, 4]])
    array([1, 2, 3, 4])
    """
    return cast("Array", array(x, "x", ranks=MAPS).reshape(-1))


def _rows(cells: Array) -> Array:
    """Return a vector as a batch of one."""
    return cast("Array", cells.reshape(-1, cells.shape[-1]))


def _product(left: Array, right: Array) -> Array:
    if left.shape[-1] != right.shape[0]:
        raise SolverError(f"{left.shape[-1]} and {right.shape[0]} cells do not go together")
    fitting((*left.shape[:-1], *right.shape[1:]))
    return matrix_product(left, right)


# What students do instead.


def _transposed(given: SimpleNamespace) -> Array:
    return array(given.weight, "weight", ranks=(2,)).T


def _mean(given: SimpleNamespace) -> Array:
    return cast("Array", array(given.dy, "dy", ranks=(2,)).mean(axis=0))


SOLVERS: Final[tuple[Solver, ...]] = (
    dense,
    dense_backward_input,
    dense_backward_weight,
    dense_backward_bias,
    matmul,
    flatten_values,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        dense,
        {
            "no_bias": told(dense, bias=0),
            "weight_transposed": told(dense, weight=_transposed),
        },
    ),
    *twins_of(
        dense_backward_input, {"weight_transposed": told(dense_backward_input, weight=_transposed)}
    ),
    *twins_of(
        dense_backward_weight,
        {
            "transposed_output": instead(
                dense_backward_weight, lambda given: dense_backward_weight(given.x, given.dy).T
            )
        },
    ),
    *twins_of(dense_backward_bias, {"mean_for_sum": instead(dense_backward_bias, _mean)}),
    *twins_of(
        matmul,
        {
            "factors_swapped": instead(matmul, lambda given: matmul(given.b, given.a)),
            "cell_by_cell": instead(
                matmul,
                lambda given: array(given.a, "a", ranks=(2,)) * array(given.b, "b", ranks=(2,)),
            ),
        },
    ),
    *twins_of(
        flatten_values,
        {
            "other_order": instead(
                flatten_values, lambda given: array(given.x, "x", ranks=MAPS).ravel(order="F")
            )
        },
    ),
)
