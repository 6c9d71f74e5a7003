"""Expected values of the problems in the topic gradients, by changes of the loss.

Losses are linear or quadratic as long as no ReLU and no maximum changes, so the central
difference is the exact slope.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.windows import Matrix, Number, Rows, correlate, pool

STEP = Fraction(1, 1000)


def _slope(loss: Callable[[Number], Number]) -> Number:
    """Return the slope of a loss by a central difference, exact up to quadratics."""
    return (loss(STEP) - loss(-STEP)) / (2 * STEP)


def _slopes(values: Sequence[Number], loss: Callable[[list[Number]], Number]) -> list[Number]:
    """Return the slope of the loss for each value."""

    def moved(at: int) -> Callable[[Number], Number]:
        """Return the loss as a function of a change of one value."""
        return lambda by: loss([*values[:at], values[at] + by, *values[at + 1 :]])

    return [_slope(moved(at)) for at in range(len(values))]


def _cell_slopes(matrix: Matrix, loss: Callable[[Rows], Number]) -> Rows:
    """Return the slope of the loss for each cell of a matrix."""
    width = len(matrix[0])
    flat = [cell for row in matrix for cell in row]
    found = _slopes(flat, lambda cells: loss(_folded(cells, width)))
    return _folded(found, width)


def _folded(cells: Sequence[Number], width: int) -> Rows:
    return [list(cells[at : at + width]) for at in range(0, len(cells), width)]


def _weighted(output: Matrix, slopes: Matrix) -> Number:
    """Return a loss whose slopes for the cells of *output* are *slopes*."""
    rows = zip(output, slopes, strict=True)
    return sum(a * b for row in rows for a, b in zip(*row, strict=True))


def _zeros(size: int) -> Rows:
    return [[0] * size for _ in range(size)]


# relu-and-dense-backward


def _pre(x: Sequence[Number], rows: Matrix, b: Sequence[Number]) -> list[Number]:
    return [
        bias + sum(weight * one for weight, one in zip(row, x, strict=True))
        for row, bias in zip(rows, b, strict=True)
    ]


def _output(pre: Sequence[Number], v: Sequence[Number]) -> Number:
    return sum(weight * unit for weight, unit in zip(v, pre, strict=True) if unit > 0)


def _miss(p: Params, output: Number) -> Number:
    miss: Number = output - p["t"]
    return miss * miss * Fraction(1, 2)


def _a(p: Params) -> list[Number]:
    return _pre(p["x"], p["W"], p["b"])


def _d_weight(p: Params) -> Rows:
    def loss(rows: Rows) -> Number:
        return _miss(p, _output(_pre(p["x"], rows, p["b"]), p["v"]))

    return _cell_slopes(p["W"], loss)


def _d_x(p: Params) -> list[Number]:
    return _slopes(p["x"], lambda x: _miss(p, _output(_pre(x, p["W"], p["b"]), p["v"])))


# conv-weight-gradient


def _d_kernel(p: Params) -> Rows:
    return _cell_slopes(p["K"], lambda kernel: _weighted(correlate(p["X"], kernel), p["G"]))


def _d_bias(p: Params) -> Number:
    def loss(bias: Number) -> Number:
        output = [[cell + bias for cell in row] for row in correlate(p["X"], p["K"])]
        return _weighted(output, p["G"])

    return _slope(loss)


def _updated(p: Params) -> Rows:
    rate = Fraction(p["rate"])
    rows = zip(p["K"], _d_kernel(p), strict=True)
    return [[weight - rate * slope for weight, slope in zip(*row, strict=True)] for row in rows]


# conv-input-gradient


def _d_image(p: Params, size: int, stride: int) -> Rows:
    """Return the slopes for the pixels of an image; they do not depend on the image."""

    def loss(image: Rows) -> Number:
        return _weighted(correlate(image, p["K"], stride=stride), p["G"])

    return _cell_slopes(_zeros(size), loss)


# max-pool-gradient


def _mean(window: list[Number]) -> Number:
    return Fraction(sum(window)) / len(window)


def _d_pooled(
    image: Matrix, slopes: Matrix, *, stride: int, summary: Callable[[list[Number]], Number]
) -> Rows:
    return _cell_slopes(
        image, lambda moved: _weighted(pool(moved, 2, stride=stride, summary=summary), slopes)
    )


TABLE: Table = {
    "relu-and-dense-backward": {
        "pre": _a,
        "hidden": lambda p: [max(0, unit) for unit in _a(p)],
        "error": lambda p: _slope(lambda by: _miss(p, _output(_a(p), p["v"]) + by)),
        "d_v": lambda p: _slopes(p["v"], lambda v: _miss(p, _output(_a(p), v))),
        "d_pre": lambda p: _slopes(_a(p), lambda pre: _miss(p, _output(pre, p["v"]))),
        "d_weight": _d_weight,
        "d_x": _d_x,
    },
    "conv-weight-gradient": {"d_kernel": _d_kernel, "d_bias": _d_bias, "updated": _updated},
    "conv-input-gradient": {
        "corner": lambda p: _d_image(p, 4, 1)[0][0],
        "inner": lambda p: _d_image(p, 4, 1)[1][1],
        "stride_1": lambda p: _d_image(p, 4, 1),
        "stride_2": lambda p: _d_image(p, 5, 2),
    },
    "max-pool-gradient": {
        "max_pool": lambda p: _d_pooled(p["X"], p["G"], stride=2, summary=max),
        "avg_pool": lambda p: _d_pooled(p["X"], p["G"], stride=2, summary=_mean),
        "overlapping": lambda p: _d_pooled(p["Z"], p["G"], stride=1, summary=max),
    },
}
