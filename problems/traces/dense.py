"""Tracers for matrix products: each cell is the dot product of a row and a column."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer, Window
from grader.values import Array
from problems.solvers.bounds import as_array
from problems.solvers.dense import dense, flatten_values, matmul
from problems.traces.tracing import TracedArguments, build_tracers, show_array, to_tensor
from problems.traces.windows import MAX_WINDOWS, bias_of_filter, describe_remaining_cells

MAX_PRODUCTS: Final = 256
ROW_RANKS: Final = (1, 2)
MAP_RANKS: Final = (1, 2, 3, 4)


def trace_dot_products(
    left: Array, right: Array, *, shape: tuple[int, ...], bias: object = 0
) -> Iterator[SolutionStep]:
    """Yield the cells of ``left @ right`` one by one; a vector is one row or column.

    *shape* is the shape of the result, in which a single row or column may have no
    axis. *bias* is one number per column, or one for all.
    """
    rows, columns = left.reshape(-1, left.shape[-1]), right.reshape(len(right), -1)
    if left.shape[-1] > MAX_PRODUCTS:
        yield TextStep(f"Each cell is the sum of {left.shape[-1]} products.")
        return
    positions = list(islice(np.ndindex(len(rows), columns.shape[1]), MAX_WINDOWS))
    for row, column in positions:
        number = row * columns.shape[1] + column
        position = tuple(map(int, np.unravel_index(number, shape)))
        patch, kernel = to_tensor(rows[row]), to_tensor(columns[:, column])
        added = bias_of_filter(bias, column)
        products = zip(patch.cells, kernel.cells, strict=True)
        total = sum(product * two for product, two in products) + added
        yield Window(position, (0,), patch, kernel, added, total)
    yield from describe_remaining_cells(len(rows) * columns.shape[1] - len(positions))


def _trace_dense(args: TracedArguments) -> Iterator[SolutionStep]:
    x, weight = as_array(args.x, "x", ranks=ROW_RANKS), as_array(args.weight, "weight", ranks=(2,))
    biased = " and its bias" if np.any(np.asarray(args.bias) != 0) else ""
    yield TextStep(
        f"Each output has its own row of weights{biased}: the sum of inputs times weights."
    )
    yield from trace_dot_products(x, weight.T, shape=args.result.shape, bias=args.bias)
    yield show_array("y", args.result)


def _trace_matmul(args: TracedArguments) -> Iterator[SolutionStep]:
    left, right = as_array(args.a, "a", ranks=ROW_RANKS), as_array(args.b, "b", ranks=ROW_RANKS)
    yield TextStep("Row times column: each cell is the sum of the products of their entries.")
    if args.result.ndim:
        yield from trace_dot_products(left, right, shape=args.result.shape)
    yield show_array("C", args.result)


def _trace_flatten_values(args: TracedArguments) -> Iterator[SolutionStep]:
    rank = as_array(args.x, "x", ranks=MAP_RANKS).ndim
    if rank > 1:
        yield TextStep("The rows are concatenated into one row; the channels follow one another.")
    yield show_array("y", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {dense: _trace_dense, matmul: _trace_matmul, flatten_values: _trace_flatten_values}
)
