"""The way to arrays that are only turned, and to activations cell by cell."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final, cast

import numpy as np

from grader.display.steps import Said, Step, Tracer
from grader.display.text import show
from grader.values import Array, exact
from problems.solvers.activations import activation
from problems.solvers.arrays import flip, transpose
from problems.solvers.bounds import array
from problems.traces.tracing import listed, shown, tracers

__all__ = ["TRACERS"]

RANKS: Final = (0, 1, 2, 3, 4)
CURVES: Final = {
    "relu": "A ReLU keeps what is positive; all else becomes 0: max(x, 0).",
    "relu6": "A ReLU6 keeps what lies between 0 and 6; the rest becomes 0 or 6: min(max(x, 0), 6).",
    "elu": "An ELU keeps what is positive; all else becomes exp(x) - 1.",
    "sigmoid": "The sigmoid is 1/(1 + exp(-x)).",
    "tanh": "The hyperbolic tangent is (exp(x) - exp(-x))/(exp(x) + exp(-x)).",
    "softplus": "The softplus is ln(1 + exp(x)).",
    "silu": "The SiLU is x/(1 + exp(-x)).",
    "gelu": "The GELU is x times the share of the normal distribution below x.",
    "softmax": "The softmax is exp(x) over the sum of all exp(x) along the axis.",
}
MAX_POWER: Final = 300
TABLED: Final = ("elu", "sigmoid", "tanh", "softplus", "silu", "gelu")


def _activation(given: SimpleNamespace) -> Iterator[Step]:
    cells = array(given.x, "x", ranks=RANKS)
    if given.name == "leaky_relu":
        slope = show(exact(given.negative_slope))
        yield Said(f"A leaky ReLU keeps what is positive; the rest is multiplied by {slope}.")
    else:
        yield Said(CURVES[given.name])
    if given.name == "softmax" and cells.ndim == 1 and cells.max() < MAX_POWER:
        powers = np.exp(cells.astype(np.float64))
        yield shown("exp(x)", powers)
        yield shown("sum", np.asarray(powers.sum()))
    elif given.name in TABLED:
        points = cast("Array", np.unique(cells))
        heights = activation(points, given.name)
        pairs = zip(points.tolist(), heights.tolist(), strict=True)
        yield listed(("x", "y"), [(exact(x), exact(y)) for x, y in pairs])
    yield shown("Y", given.result)


def _transpose(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Rows become columns.")
    yield shown("X'", given.result)


def _flip(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("A rotation by 180 degrees turns the order of the rows round, and that in each row.")
    yield shown("X'", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {activation: _activation, transpose: _transpose, flip: _flip}
)
