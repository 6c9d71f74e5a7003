"""The way back through activation functions: their slopes, times the gradient of the output."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Said, Step, Tracer
from grader.display.text import show
from grader.values import Array, exact
from problems.solvers.activations import activation, activation_backward, softmax
from problems.solvers.bounds import array
from problems.traces.reals import rule
from problems.traces.tracing import shown, tracers

__all__ = ["TRACERS"]

RANKS: Final = (0, 1, 2, 3, 4)
SLOPES: Final = {
    "sigmoid": "y*(1 - y)",
    "tanh": "1 - y**2",
    "softplus": "1/(1 + exp(-x))",
    "silu": "s*(1 + x*(1 - s))",
    "gelu": "Phi(x) + x*phi(x)",
}
LETTERS: Final = {
    "silu": "s is the sigmoid of x.",
    "gelu": "Phi(x) is the share of the normal distribution below x, phi(x) its density at x.",
}
BY_OUTPUT: Final = ("sigmoid", "tanh")
PIECES: Final = {
    "relu": "The slope is 1 where x is positive, else 0.",
    "relu6": "The slope is 1 where x lies between 0 and 6, else 0.",
    "elu": "The slope is 1 where x is positive, else exp(x).",
    "leaky_relu": "The slope is 1 where x is positive, else {}.",
}


def _backward(given: SimpleNamespace) -> Iterator[Step]:
    cells, back = array(given.x, "x", ranks=RANKS), array(given.dy, "dy", ranks=RANKS)
    if given.name == "softmax":
        yield from _softmax_backward(given, cells, back)
        return
    if given.name in BY_OUTPUT:
        yield shown("y", activation(cells, given.name))
    if given.name in LETTERS:
        yield Said(LETTERS[given.name])
    if given.name in SLOPES:
        yield rule("f'(x)", SLOPES[given.name])
    else:
        yield Said(PIECES[given.name].format(show(exact(given.negative_slope))))
    slope = {"negative_slope": given.negative_slope}
    yield shown("f'(x)", activation_backward(cells, np.ones_like(cells), given.name, **slope))
    yield Said("Times the gradient dy of the output, cell by cell:")
    yield shown("dx", given.result)


def _softmax_backward(given: SimpleNamespace, cells: Array, back: Array) -> Iterator[Step]:
    shares = softmax(cells, given.axis)
    mean: Array = (shares * back).sum(axis=given.axis, keepdims=True)
    yield shown("y", shares)
    yield Said("Along the axis, m is the sum of y·dy, the mean of dy by the weights y:")
    yield shown("m", mean)
    yield rule("dx", "y*(dy - m)")
    yield shown("dx", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers({activation_backward: _backward})
