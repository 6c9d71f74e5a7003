"""The way to sinusoidal encodings of positions: the pair of a feature, its angle, sine or cosine.

p is the position, j the feature, i its pair, d the number of features, B the base.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Said, Step, Tracer, formula
from problems.solvers.positions import positional_encoding, positional_encodings
from problems.traces.reals import real, rule
from problems.traces.tracing import shown, tracers

__all__ = ["TRACERS"]


def _positional_encoding(given: SimpleNamespace) -> Iterator[Step]:
    pair = formula("i", "floor(j/2)", j=given.feature)
    yield Said("Features come in pairs, a sine and a cosine of one angle:")
    yield pair
    rate = real("r", "exp(2*i/d*ln(B))", i=pair.number, d=given.d_model, B=given.base)
    yield Said("The base B to the power of 2i/d divides the position; the angle is in radians.")
    yield rate
    angle = real("phi", "p/r", p=given.position, r=rate.number)
    yield angle
    yield real("PE", "cos(phi)" if given.feature % 2 else "sin(phi)", phi=angle.number)


def _positional_encodings(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Features come in pairs i = 0, 1, ..., a sine and a cosine of one angle:")
    yield rule("phi", "p/B**(2*i/d)")
    yield rule("PE_even", "sin(phi)")
    yield rule("PE_odd", "cos(phi)")
    yield Said("A row for each position p = 0, 1, ..., the angles in radians:")
    yield shown("PE", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        positional_encoding: _positional_encoding,
        positional_encodings: _positional_encodings,
    }
)
