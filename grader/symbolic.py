"""Equality of formulas over declared domains, by exact agreement at sampled points.

The variables of a formula are sizes, channels and strides: integers in stated ranges under stated
conditions. Two formulas are equal if they agree exactly at every sampled point; where they do not,
the point is a counter-example. Points are drawn by our own generator from the domains alone, half
of them among the smallest values (where floors and ceilings differ), so that every answer to a part
meets the same points and a verdict never changes between two runs.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Final

from pydantic import Field, PlainValidator, WithJsonSchema

from grader.arithmetic import FUNCTIONS
from grader.draw import Stream
from grader.errors import SolverError
from grader.evaluate import Scope, evaluate, truth
from grader.expr import Expression
from grader.show import show
from grader.tree import Call, Node, walk
from grader.values import Number, Opaque, Value, is_number, magnitude, simplest

__all__ = ["Domain", "Formula", "Interval", "compare", "points"]

POINTS: Final = 64
TRIES: Final = 20_000
TRIES_FOR_ONE: Final = 1_000
SMALL: Final = 4
GRID: Final = 97
INEXACT: Final = frozenset({"sqrt", "log2"})
NOISE: Final = Fraction(1, 10**9)
LIMITS: Final = re.compile(
    r"(-?\d{1,9}(?:\.\d{1,9})?)\s*\.\.\s*(-?\d{1,9}(?:\.\d{1,9})?)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Interval:
    """The values of a variable: integers, or with *real* rationals, from *low* to *high*."""

    low: Fraction
    high: Fraction
    real: bool

    @classmethod
    def parse(cls, given: object) -> "Interval":
        """Return the interval that ``1..64`` or ``0.0..1.0`` spells; a point makes it real."""
        match = LIMITS.fullmatch(given.strip()) if isinstance(given, str) else None
        if match is None or Fraction(match[1]) > Fraction(match[2]):
            raise ValueError(f"{given!r} is not a range; write 1..64, or 0.0..1.0 for real numbers")
        return cls(Fraction(match[1]), Fraction(match[2]), real="." in match[1] + match[2])

    @property
    def size(self) -> int:
        """How many different values can be picked."""
        if self.real:
            return GRID + 1 if self.low < self.high else 1
        return int(self.high - self.low) + 1

    def pick(self, stream: Stream) -> Number:
        """Return one value, in half of the cases one of the smallest."""
        if self.real:
            return simplest(self.low + (self.high - self.low) * stream.below(GRID + 1) / GRID)
        reach = min(self.size, SMALL) if stream.below(2) else self.size
        return int(self.low) + stream.below(reach)


Domain = Annotated[
    Interval,
    PlainValidator(Interval.parse),
    WithJsonSchema({"type": "string", "examples": ["1..64", "0.0..1.0"]}),
    Field(description="the values of a variable"),
]


@dataclass(frozen=True, slots=True, eq=False)
class Formula(Opaque):
    """A tree with the scope of everything in it that is not a variable."""

    tree: Node
    scope: Scope

    def at(self, point: Mapping[str, Value]) -> Value:
        """Return the value where the variables have the values of *point*."""
        names = {**self.scope.names, **point}
        return evaluate(self.tree, Scope(names, self.scope.functions, self.scope.swaps))

    def __str__(self) -> str:
        return show(self.tree)


@lru_cache(maxsize=512)
def points(
    variables: tuple[tuple[str, Interval], ...], where: tuple[Expression, ...]
) -> tuple[Mapping[str, Number], ...]:
    """Return up to 64 points of the domains that satisfy every condition of *where*."""
    stream = Stream(b"grader.symbolic", repr([(name, str(box)) for name, box in variables]))
    every = math.prod(box.size for _, box in variables)
    found: list[Mapping[str, Number]] = []
    met: set[tuple[Number, ...]] = set()
    for tried in range(TRIES):
        if tried == TRIES_FOR_ONE and not found:
            break
        point = {name: box.pick(stream) for name, box in variables}
        values = tuple(point.values())
        if values not in met and _holds(where, point):
            found.append(point)
        met.add(values)
        if len(found) == POINTS or len(met) == every:
            break
    return tuple(found)


def _holds(where: tuple[Expression, ...], point: Mapping[str, Number]) -> bool:
    scope = Scope(point, FUNCTIONS)
    try:
        return all(truth(evaluate(condition.tree, scope)) for condition in where)
    except SolverError:
        return False


def compare(
    answer: Node, key: Formula, sample: tuple[Mapping[str, Number], ...]
) -> Mapping[str, Number] | None:
    """Return the first point where *answer* differs from *key*, or None where they are equal."""
    own = Formula(answer, Scope({}, FUNCTIONS))
    inexact = any(
        isinstance(node, Call) and node.function in INEXACT
        for tree in (answer, key.tree)
        for node in walk(tree)
    )
    defined = 0
    for point in sample:
        wanted = value_at(key, point)
        if wanted is None:
            continue
        defined += 1
        if not _equal(value_at(own, point), wanted, inexact=inexact):
            return point
    if not defined:
        raise SolverError("the key has no value at any sampled point")
    return None


def value_at(formula: Formula, point: Mapping[str, Number]) -> Number | None:
    """Return the number that *formula* has at *point*, or None where it has none."""
    try:
        value = formula.at(point)
    except SolverError:
        return None
    return value if is_number(value) else None


def _equal(left: Number | None, right: Number, *, inexact: bool) -> bool:
    if left is None:
        return False
    return left == right or (inexact and magnitude(left - right) <= NOISE * magnitude(right))
