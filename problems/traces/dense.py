"""The way to products of matrices: each cell is a row times a column, summed."""

from collections.abc import Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Said, Step, Tracer, Window
from grader.values import Array
from problems.solvers.bounds import array
from problems.solvers.dense import dense, flatten_values, matmul
from problems.traces.tracing import shown, tensor, tracers
from problems.traces.windows import MAX_WINDOWS, bias_of, further

__all__ = ["TRACERS", "dot_products"]

MAX_PRODUCTS: Final = 256
ROWS: Final = (1, 2)
MAPS: Final = (1, 2, 3, 4)


def dot_products(
    left: Array, right: Array, *, shape: tuple[int, ...], bias: object = 0
) -> Iterator[Step]:
    """Yield the cells of ``left @ right`` one by one; *left* has rows, *right* columns.

    *shape* is that of the result, in which a single row or column may have no axis of its own. The
    *bias* is one number for each column, or one for all.
    """
    rows, columns = left.reshape(-1, left.shape[-1]), right.reshape(len(right), -1)
    if left.shape[-1] > MAX_PRODUCTS:
        yield Said(f"Each cell is the sum of {left.shape[-1]} products.")
        return
    places = list(islice(np.ndindex(len(rows), columns.shape[1]), MAX_WINDOWS))
    for row, column in places:
        number = row * columns.shape[1] + column
        place = tuple(map(int, np.unravel_index(number, shape)))
        patch, kernel = tensor(rows[row]), tensor(columns[:, column])
        added = bias_of(bias, column)
        products = zip(patch.cells, kernel.cells, strict=True)
        total = sum(one * two for one, two in products) + added
        yield Window(place, (0,), patch, kernel, added, total)
    yield from further(len(rows) * columns.shape[1] - len(places))


def _dense(given: SimpleNamespace) -> Iterator[Step]:
    x, weight = array(given.x, "x", ranks=ROWS), array(given.weight, "weight", ranks=(2,))
    biased = " and its bias" if np.any(np.asarray(given.bias) != 0) else ""
    yield Said(f"Each output has its row of the weights{biased}: input times weight, summed.")
    yield from dot_products(x, weight.T, shape=given.result.shape, bias=given.bias)
    yield shown("y", given.result)


def _matmul(given: SimpleNamespace) -> Iterator[Step]:
    left, right = array(given.a, "a", ranks=ROWS), array(given.b, "b", ranks=ROWS)
    yield Said("Row times column: a cell is the sum of the products along them.")
    if given.result.ndim:
        yield from dot_products(left, right, shape=given.result.shape)
    yield shown("C", given.result)


def _flatten_values(given: SimpleNamespace) -> Iterator[Step]:
    rank = array(given.x, "x", ranks=MAPS).ndim
    if rank > 1:
        yield Said("Row after row is put into one row; channels follow each other.")
    yield shown("y", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {dense: _dense, matmul: _matmul, flatten_values: _flatten_values}
)
