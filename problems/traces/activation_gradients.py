"""Tracers for activation gradients: slopes times the gradient of the output."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer
from grader.display.text import to_text
from grader.values import Array, to_exact_number
from problems.solvers.activations import activation, activation_backward, softmax
from problems.solvers.bounds import as_array
from problems.traces.reals import build_symbolic_formula
from problems.traces.tracing import TracedArguments, build_tracers, show_array

RANKS: Final = (0, 1, 2, 3, 4)
SLOPE_FORMULAS: Final = {
    "sigmoid": "y*(1 - y)",
    "tanh": "1 - y**2",
    "softplus": "1/(1 + exp(-x))",
    "silu": "s*(1 + x*(1 - s))",
    "gelu": "Phi(x) + x*phi(x)",
}
LETTER_NOTES: Final = {
    "silu": "s is the sigmoid of x.",
    "gelu": "Phi(x) is the standard normal cumulative distribution function, phi(x) its density.",
}
OUTPUT_BASED_SLOPES: Final = ("sigmoid", "tanh")
PIECEWISE_SLOPES: Final = {
    "relu": "The slope is 1 where x is positive, otherwise 0.",
    "relu6": "The slope is 1 where x is between 0 and 6, otherwise 0.",
    "elu": "The slope is 1 where x is positive, otherwise exp(x).",
    "leaky_relu": "The slope is 1 where x is positive, otherwise {}.",
}


def _trace_activation_backward(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, dy = as_array(args.x, "x", ranks=RANKS), as_array(args.dy, "dy", ranks=RANKS)
    if args.name == "softmax":
        yield from _trace_softmax_backward(args, cells, dy)
        return
    if args.name in OUTPUT_BASED_SLOPES:
        yield show_array("y", activation(cells, args.name))
    if args.name in LETTER_NOTES:
        yield TextStep(LETTER_NOTES[args.name])
    if args.name in SLOPE_FORMULAS:
        yield build_symbolic_formula("f'(x)", SLOPE_FORMULAS[args.name])
    else:
        yield TextStep(
            PIECEWISE_SLOPES[args.name].format(to_text(to_exact_number(args.negative_slope)))
        )
    slope = {"negative_slope": args.negative_slope}
    yield show_array("f'(x)", activation_backward(cells, np.ones_like(cells), args.name, **slope))
    yield TextStep("Multiplied by the gradient dy of the output, elementwise:")
    yield show_array("dx", args.result)


def _trace_softmax_backward(
    args: TracedArguments, cells: Array, dy: Array
) -> Iterator[SolutionStep]:
    probabilities = softmax(cells, args.axis)
    mean: Array = (probabilities * dy).sum(axis=args.axis, keepdims=True)
    yield show_array("y", probabilities)
    yield TextStep("Along the axis, m is the sum of y·dy, the mean of dy with the weights y:")
    yield show_array("m", mean)
    yield build_symbolic_formula("dx", "y*(dy - m)")
    yield show_array("dx", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers({activation_backward: _trace_activation_backward})
