"""Tracers for transposed and flipped arrays, and for activations cell by cell."""

from collections.abc import Iterator
from typing import Final, cast

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer
from grader.display.text import to_text
from grader.values import Array, to_exact_number
from problems.solvers.activations import activation
from problems.solvers.arrays import flip, transpose
from problems.solvers.bounds import as_array
from problems.traces.tracing import TracedArguments, build_table, build_tracers, show_array

RANKS: Final = (0, 1, 2, 3, 4)
ACTIVATION_DESCRIPTIONS: Final = {
    "relu": "A ReLU keeps positive values and sets all others to 0: max(x, 0).",
    "relu6": "A ReLU6 clips values to the range from 0 to 6: min(max(x, 0), 6).",
    "elu": "An ELU keeps positive values; all others become exp(x) - 1.",
    "sigmoid": "The sigmoid is 1/(1 + exp(-x)).",
    "tanh": "The hyperbolic tangent is (exp(x) - exp(-x))/(exp(x) + exp(-x)).",
    "softplus": "The softplus is ln(1 + exp(x)).",
    "silu": "The SiLU is x/(1 + exp(-x)).",
    "gelu": "The GELU is x times the standard normal cumulative distribution function at x.",
    "softmax": "The softmax is exp(x) divided by the sum of all exp(x) along the axis.",
}
MAX_EXPONENT: Final = 300
TABULATED_ACTIVATIONS: Final = ("elu", "sigmoid", "tanh", "softplus", "silu", "gelu")


def _trace_activation(args: TracedArguments) -> Iterator[SolutionStep]:
    cells = as_array(args.x, "x", ranks=RANKS)
    if args.name == "leaky_relu":
        slope = to_text(to_exact_number(args.negative_slope))
        yield TextStep(f"A leaky ReLU keeps positive values; all others are multiplied by {slope}.")
    else:
        yield TextStep(ACTIVATION_DESCRIPTIONS[args.name])
    if args.name == "softmax" and cells.ndim == 1 and cells.max() < MAX_EXPONENT:
        powers = np.exp(cells.astype(np.float64))
        yield show_array("exp(x)", powers)
        yield show_array("sum", np.asarray(powers.sum()))
    elif args.name in TABULATED_ACTIVATIONS:
        points = cast("Array", np.unique(cells))
        heights = activation(points, args.name)
        pairs = zip(points.tolist(), heights.tolist(), strict=True)
        yield build_table(("x", "y"), [(to_exact_number(x), to_exact_number(y)) for x, y in pairs])
    yield show_array("Y", args.result)


def _trace_transpose(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Rows become columns.")
    yield show_array("X'", args.result)


def _trace_flip(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(
        "A rotation by 180 degrees reverses the order of the rows and the order in each row."
    )
    yield show_array("X'", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {activation: _trace_activation, transpose: _trace_transpose, flip: _trace_flip}
)
