"""Equality of formulas over declared domains, by exact comparison at sampled points.

Two formulas are equal if they agree exactly at every point where the key has a value; a point where
they differ is a counterexample. All answers to a part are compared at the same points
(`grader.expressions.sampling`), so the result is deterministic. A formula is evaluated once per
sample, at all points, and its values are cached: comparing it with the key and with each known
mistake compares tuples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple

from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.arithmetic import CONSTANTS, FUNCTIONS
from grader.expressions.cancellation import drop_cancellation_noise
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.tree import Node
from grader.expressions.vectorized_eval import Point, PointSample, SampleValues, evaluate_at_points
from grader.values import Number, OpaqueValue, Value, absolute_value, is_number

RELATIVE_NOISE: Final = Fraction(1, 10**9)
STUDENT_SCOPE: Final = Scope(CONSTANTS, FUNCTIONS)
"""Scope of a student's formula: its variables, e, π and the functions."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundFormula(OpaqueValue):
    """A tree with the scope of all names that are not variables."""

    tree: Node
    scope: Scope = STUDENT_SCOPE
    _cached_values: dict[PointSample, SampleValues] = field(
        default_factory=dict, init=False, repr=False
    )

    def evaluate_at_point(self, point: Mapping[str, Value]) -> Value:
        """Return the value for the values of the variables in *point*."""
        return evaluate(self.tree, self.scope_at(point))

    def scope_at(self, point: Mapping[str, Value]) -> Scope:
        """Return the scope with the values of the variables in *point*."""
        return Scope({**self.scope.names, **point}, self.scope.functions, self.scope.swaps)

    def evaluate_sample(self, sample: PointSample) -> SampleValues:
        """Return the values at every point of *sample*, computed once."""
        values = self._cached_values.get(sample)
        if values is None:
            values = self._cached_values[sample] = evaluate_at_points(self.tree, self.scope, sample)
        return values

    def __str__(self) -> str:
        return to_text(self.tree)


class Counterexample(NamedTuple):
    """A point where an answer differs from the key, and the *student_value* there."""

    point: Point
    student_value: Number | None


def find_counterexample(
    answer: BoundFormula, key: BoundFormula, sample: PointSample
) -> Counterexample | None:
    """Return the first point where *answer* differs from *key*, or None if they are equal.

    Only points where the key has a value count; raises `SolverError` if there is none.
    """
    student_values, expected = answer.evaluate_sample(sample), key.evaluate_sample(sample)
    if expected.tops.count(None) == len(sample):
        raise SolverError("the key has no value at any sampled point")
    if student_values == expected:
        return None
    inexact = student_values.inexact or expected.inexact
    for index, point in enumerate(sample):
        right, left = expected.value_at(index), student_values.value_at(index)
        if right is None or _values_equal(left, right, inexact=inexact):
            continue
        if inexact and left is not None and _differ_only_by_noise(answer, key, point):
            continue
        return Counterexample(point, left)
    return None


def _differ_only_by_noise(answer: BoundFormula, key: BoundFormula, point: Point) -> bool:
    """Return whether both formulas are 0 at *point* but for the noise of terms that cancel."""
    return all(
        is_number(value := formula.evaluate_at_point(point))
        and not drop_cancellation_noise(formula.tree, value, formula.scope_at(point))
        for formula in (answer, key)
    )


def _values_equal(left: Number | None, right: Number, *, inexact: bool) -> bool:
    if left is None:
        return False
    return left == right or (
        inexact and absolute_value(left - right) <= RELATIVE_NOISE * absolute_value(right)
    )
