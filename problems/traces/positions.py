"""Tracers for sinusoidal position encodings: feature pair, angle, sine or cosine.

p is the position, j the feature, i its pair, d the number of features, B the base.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.positions import positional_encoding, positional_encodings
from problems.traces.reals import build_real_formula, build_symbolic_formula
from problems.traces.tracing import TracedArguments, build_tracers, show_array


def _trace_positional_encoding(args: TracedArguments) -> Iterator[SolutionStep]:
    pair = build_formula("i", "floor(j/2)", j=args.feature)
    yield TextStep("Features come in pairs, the sine and the cosine of one angle:")
    yield pair
    rate = build_real_formula("r", "exp(2*i/d*ln(B))", i=pair.number, d=args.d_model, B=args.base)
    yield TextStep(
        "The position is divided by the base B to the power of 2i/d; the angle is in radians."
    )
    yield rate
    angle = build_real_formula("phi", "p/r", p=args.position, r=rate.number)
    yield angle
    yield build_real_formula("PE", "cos(phi)" if args.feature % 2 else "sin(phi)", phi=angle.number)


def _trace_positional_encodings(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Features come in pairs i = 0, 1, ..., the sine and the cosine of one angle:")
    yield build_symbolic_formula("phi", "p/B**(2*i/d)")
    yield build_symbolic_formula("PE_even", "sin(phi)")
    yield build_symbolic_formula("PE_odd", "cos(phi)")
    yield TextStep("One row for each position p = 0, 1, ..., with the angles in radians:")
    yield show_array("PE", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        positional_encoding: _trace_positional_encoding,
        positional_encodings: _trace_positional_encodings,
    }
)
