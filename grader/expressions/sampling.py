"""Sample points for the comparison of formulas, from the domains and the key, never the answer.

The variables of a formula are sizes, channels and strides: integers in stated ranges under stated
conditions. Half of the drawn values are among the smallest, where floors and ceilings differ. For
each division that the key rounds, points are added until every remainder of every small divisor
occurs, because near misses such as ``ceil`` for ``floor`` agree at all other points. The simplest
points come first, so that a student can check the first difference by hand.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice, product
from typing import Annotated, Final, TypeAlias

from pydantic import Field, PlainValidator, WithJsonSchema

from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate, truth
from grader.expressions.parser import Expression
from grader.expressions.tree import Binary, Call, Node, names_in, walk
from grader.expressions.vectorized_eval import Point, Sample, values_at
from grader.values import Number, simplest
from grader.variants.draw import Stream

__all__ = ["MOST_POINTS", "POINTS", "Domain", "Interval", "points"]

POINTS: Final = 64
MOST_POINTS: Final = 128
TRIES: Final = 20_000
TRIES_FOR_ONE: Final = 1_000
SMALL: Final = 4
FINE: Final = 120
"""Steps of a real domain: tenths among them, and thirds and eighths, which rounding changes."""
COARSE: Final = 10
LIMITS: Final = re.compile(
    r"(-?\d{1,9}(?:\.\d{1,9})?)\s*\.\.\s*(-?\d{1,9}(?:\.\d{1,9})?)", re.ASCII
)

MOST_DIVISOR: Final = 16
"""The largest divisor for which every remainder is searched."""
WAYS: Final = 4
"""The most ways to build a divisor from its variables."""
DIVISORS_TRIED: Final = 4_096
SHIFTED: Final = 8
"""Number of points whose variables are each shifted through the remainders."""
TRIES_FOR_REST: Final = 40
ROUNDED: Final = frozenset({"floor", "ceil", "round"})
WHOLE: Final = frozenset({"//", "%"})

Variables: TypeAlias = tuple[tuple[str, "Interval"], ...]
Division: TypeAlias = tuple[Node, Node]


@dataclass(frozen=True, slots=True)
class Interval:
    """Domain of a variable: integers, or with *real* rationals, from *low* to *high*."""

    low: Fraction
    high: Fraction
    real: bool

    @classmethod
    def parse(cls, given: object) -> "Interval":
        """Parse an interval such as ``1..64`` or ``0.0..1.0``; a decimal point makes it real."""
        match = LIMITS.fullmatch(given.strip()) if isinstance(given, str) else None
        if match is None or Fraction(match[1]) > Fraction(match[2]):
            raise ValueError(f"{given!r} is not a range; write 1..64, or 0.0..1.0 for real numbers")
        return cls(Fraction(match[1]), Fraction(match[2]), real="." in match[1] + match[2])

    @property
    def size(self) -> int:
        """The number of different values that can be picked."""
        if self.real:
            return FINE + 1 if self.low < self.high else 1
        return int(self.high - self.low) + 1

    def pick(self, stream: Stream) -> Number:
        """Return a random value; half of the values are among the smallest, or the roundest."""
        plain = stream.below(2)
        if self.real:
            steps = COARSE if plain else FINE
            return simplest(self.low + (self.high - self.low) * stream.below(steps + 1) / steps)
        return int(self.low) + stream.below(min(self.size, SMALL) if plain else self.size)

    def values(self) -> Iterable[Number]:
        """Return every value, the smallest first."""
        if self.real:
            step = (self.high - self.low) / FINE
            return (simplest(self.low + step * at) for at in range(self.size))
        return range(int(self.low), int(self.high) + 1)

    def shifted(self, value: Number, by: int) -> Number:
        """Return *value* plus *by*, modulo the interval; a real value stays."""
        return value if self.real else int(self.low) + (int(value) - int(self.low) + by) % self.size


Domain = Annotated[
    Interval,
    PlainValidator(Interval.parse),
    WithJsonSchema({"type": "string", "examples": ["1..64", "0.0..1.0"]}),
    Field(description="the values of a variable"),
]


@lru_cache(maxsize=512)
def points(variables: Variables, where: tuple[Expression, ...], key: Node | None = None) -> Sample:
    """Return points of the domains that satisfy *where*: 64, or 128 if *key* may round.

    Domains of up to 128 points are used completely. For larger ones, the points include both ends
    of each domain, and every remainder of each division that *key* rounds, for the divisors up to
    16 that the variables produce, small ones first, as far as 128 points allow and a bounded search
    finds them.
    """
    if math.prod(box.size for _, box in variables) <= MOST_POINTS:
        found = [point for point in _every(variables) if _holds(where, point)]
    else:
        count = MOST_POINTS if _may_round(key) else POINTS
        drawn = list(islice(_drawn(variables, where), count))
        telling = _with_every_rest(drawn, variables, where, _divisions(key))
        ends = (point for point in _ends(drawn, variables) if _holds(where, point))
        every = {tuple(point.values()): point for point in (*telling, *ends, *drawn)}
        found = list(every.values())[:count]
    return Sample(tuple(sorted(found, key=_simplicity)))


def _every(variables: Variables) -> Iterator[Point]:
    """Yield every point, the smallest values first."""
    names = [name for name, _ in variables]
    values = product(*(box.values() for _, box in variables))
    return (dict(zip(names, point, strict=True)) for point in values)


def _drawn(variables: Variables, where: tuple[Expression, ...]) -> Iterator[Point]:
    """Yield different random points; stop early if none satisfies the conditions."""
    stream = Stream(b"grader.symbolic", repr([(name, str(box)) for name, box in variables]))
    met: set[tuple[Number, ...]] = set()
    found = False
    for tried in range(TRIES):
        if tried == TRIES_FOR_ONE and not found:
            return
        point = {name: box.pick(stream) for name, box in variables}
        values = tuple(point.values())
        if values not in met and _holds(where, point):
            found = True
            yield point
        met.add(values)


def _ends(drawn: list[Point], variables: Variables) -> Iterator[Point]:
    """Yield the smallest point, the largest, and *drawn* ones with one variable at an end."""
    ends = {name: (simplest(box.low), simplest(box.high)) for name, box in variables}
    for side in (0, 1):
        yield {name: both[side] for name, both in ends.items()}
        for point, (name, both) in zip(drawn, ends.items(), strict=False):
            yield {**point, name: both[side]}


def _holds(where: tuple[Expression, ...], point: Point) -> bool:
    scope = Scope(point, FUNCTIONS)
    try:
        return all(truth(evaluate(condition.tree, scope)) for condition in where)
    except SolverError:
        return False


def _simplicity(point: Point) -> tuple[Number, tuple[Number, ...]]:
    """Return the sort key from simple to laborious points: the sum of their figures, then these."""
    figures = sum(abs(value.numerator) + value.denominator for value in point.values())
    return figures, tuple(point.values())


def _may_round(key: Node | None) -> bool:
    """Return whether *key* rounds, or calls a solver, which may round."""
    return any(
        (isinstance(node, Binary) and node.operator in WHOLE)
        or (isinstance(node, Call) and (node.function in ROUNDED or node.function not in FUNCTIONS))
        for node in (() if key is None else walk(key))
    )


def _divisions(key: Node | None) -> tuple[Division, ...]:
    """Return the divisions in *key* whose result is rounded, without duplicates."""
    rounded: list[Node] = []
    for node in walk(key) if key is not None else ():
        if isinstance(node, Call) and node.function in ROUNDED:
            rounded += [
                one for one in walk(node) if isinstance(one, Binary) and one.operator == "/"
            ]
        elif isinstance(node, Binary) and node.operator in WHOLE:
            rounded.append(node)
    pairs = [(one.left, one.right) for one in rounded if isinstance(one, Binary)]
    return tuple(dict.fromkeys(pairs))


def _with_every_rest(
    drawn: list[Point],
    variables: Variables,
    where: tuple[Expression, ...],
    divisions: tuple[Division, ...],
) -> Iterator[Point]:
    """Yield a point for each remainder of each small divisor, the small divisors first.

    A point of *drawn* is preferred.
    """
    boxes = dict(variables)
    ways = [(division, _ways(division[1], boxes)) for division in divisions]
    for divisor in range(1, MOST_DIVISOR + 1):
        for division, by_divisor in ways:
            if drawn and divisor in by_divisor:
                candidates = [*drawn, *_candidates(drawn, by_divisor[divisor], boxes, divisor)]
                yield from _one_a_rest(candidates, where, division, divisor)


def _ways(divisor: Node, boxes: Mapping[str, Interval]) -> dict[int, list[Point]]:
    """Return, for each divisor up to 16, values of the variables that produce it; may be empty."""
    names = names_in(divisor)
    if not names <= boxes.keys():
        return {}
    every = _every(tuple((name, boxes[name]) for name in sorted(names)))
    tried = Sample(tuple(islice(every, DIVISORS_TRIED)))
    values = values_at(divisor, Scope({}, FUNCTIONS), tried)
    found: dict[int, list[Point]] = {}
    for at, point in enumerate(tried):
        value = values.at(at)
        if isinstance(value, int) and 1 <= value <= MOST_DIVISOR:
            found.setdefault(value, []).append(point)
    return {value: some[:WAYS] for value, some in found.items()}


def _candidates(
    drawn: list[Point], ways: list[Point], boxes: Mapping[str, Interval], divisor: int
) -> Iterator[Point]:
    """Yield *drawn* points with the divisor fixed, then with one variable shifted as well."""
    for way in ways:
        yield from ({**point, **way} for point in drawn[:POINTS])
    for point in drawn[:SHIFTED]:
        for name in sorted(boxes.keys() - ways[0].keys()):
            for by in range(1, divisor):
                yield {**point, **ways[0], name: boxes[name].shifted(point[name], by)}


def _one_a_rest(
    candidates: list[Point], where: tuple[Expression, ...], division: Division, divisor: int
) -> Iterator[Point]:
    """Yield, for each remainder, the first of the *candidates* that satisfies the conditions."""
    scope, sample = Scope({}, FUNCTIONS), Sample(tuple(candidates))
    tops, bottoms = (values_at(side, scope, sample) for side in division)
    tries = [TRIES_FOR_REST] * divisor
    for at, point in enumerate(candidates):
        top = tops.at(at)
        if bottoms.at(at) != divisor or not isinstance(top, int) or not tries[top % divisor]:
            continue
        tries[top % divisor] -= 1
        if _holds(where, point):
            tries[top % divisor] = 0
            yield point
