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

from grader.display.text import show
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.tree import Node
from grader.expressions.vectorized_eval import Point, Sample, Values, values_at
from grader.values import Number, Opaque, Value, magnitude

__all__ = ["Difference", "Formula", "compare"]

NOISE: Final = Fraction(1, 10**9)
PLAIN: Final = Scope({}, FUNCTIONS)
"""The scope of a student's formula: only its variables and the functions."""


@dataclass(frozen=True, slots=True, eq=False)
class Formula(Opaque):
    """A tree with the scope of all names that are not variables."""

    tree: Node
    scope: Scope = PLAIN
    _kept: dict[Sample, Values] = field(default_factory=dict, init=False, repr=False)

    def at(self, point: Mapping[str, Value]) -> Value:
        """Return the value for the values of the variables in *point*."""
        names = {**self.scope.names, **point}
        return evaluate(self.tree, Scope(names, self.scope.functions, self.scope.swaps))

    def values(self, sample: Sample) -> Values:
        """Return the values at every point of *sample*, computed once."""
        found = self._kept.get(sample)
        if found is None:
            found = self._kept[sample] = values_at(self.tree, self.scope, sample)
        return found

    def __str__(self) -> str:
        return show(self.tree)


class Difference(NamedTuple):
    """A counterexample: a point where an answer differs from the key, and its *own* value there."""

    point: Point
    own: Number | None


def compare(answer: Formula, key: Formula, sample: Sample) -> Difference | None:
    """Return the first point where *answer* differs from *key*, or None if they are equal.

    Only points where the key has a value count; raises `SolverError` if there is none.
    """
    own, wanted = answer.values(sample), key.values(sample)
    if wanted.tops.count(None) == len(sample):
        raise SolverError("the key has no value at any sampled point")
    if own == wanted:
        return None
    inexact = own.inexact or wanted.inexact
    for at, point in enumerate(sample):
        right = wanted.at(at)
        if right is not None and not _equal(own.at(at), right, inexact=inexact):
            return Difference(point, own.at(at))
    return None


def _equal(left: Number | None, right: Number, *, inexact: bool) -> bool:
    if left is None:
        return False
    return left == right or (inexact and magnitude(left - right) <= NOISE * magnitude(right))
