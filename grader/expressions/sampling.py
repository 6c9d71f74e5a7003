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
from grader.expressions.evaluate import Scope, evaluate, require_boolean
from grader.expressions.parser import Expression
from grader.expressions.tree import BinaryOperation, Call, Node, names_in, walk
from grader.expressions.vectorized_eval import Point, PointSample, evaluate_at_points
from grader.lazy_regex import lazy_regex
from grader.values import Number, simplify_number
from grader.variants.random_stream import RandomStream

POINT_COUNT: Final = 64
MAX_POINT_COUNT: Final = 128
MAX_TRIES: Final = 20_000
MAX_TRIES_FOR_FIRST_POINT: Final = 1_000
SMALL_VALUE_COUNT: Final = 4
FINE_STEP_COUNT: Final = 120
"""Number of steps in a real domain, with tenths, thirds and eighths, which rounding changes."""
COARSE_STEP_COUNT: Final = 10
INTERVAL_PATTERN: Final = lazy_regex(
    r"(-?\d{1,9}(?:\.\d{1,9})?)\s*\.\.\s*(-?\d{1,9}(?:\.\d{1,9})?)", re.ASCII
)

MAX_CORNERED_VARIABLES: Final = 4
"""Number of variables up to which every corner of their domains is sampled."""
MAX_DIVISOR: Final = 16
"""Largest divisor for which every remainder is searched."""
MAX_WAYS_PER_DIVISOR: Final = 4
"""Maximum number of points whose variables produce the same divisor."""
MAX_DIVISOR_POINTS: Final = 4_096
SHIFTED_POINT_COUNT: Final = 8
"""Number of points whose variables are each shifted through the remainders."""
MAX_TRIES_PER_REMAINDER: Final = 40
ROUNDING_FUNCTIONS: Final = frozenset({"floor", "ceil", "round"})
INTEGER_OPERATORS: Final = frozenset({"//", "%"})

Variables: TypeAlias = tuple[tuple[str, "Interval"], ...]
Division: TypeAlias = tuple[Node, Node]


@dataclass(frozen=True, slots=True)
class Interval:
    """Domain of a variable: integers, or with *real* rationals, from *low* to *high*."""

    low: Fraction
    high: Fraction
    real: bool

    @classmethod
    def parse(cls, raw: object) -> "Interval":
        """Parse an interval such as ``1..64`` or ``0.0..1.0``; a decimal point makes it real."""
        match = INTERVAL_PATTERN.fullmatch(raw.strip()) if isinstance(raw, str) else None
        if match is None or Fraction(match[1]) > Fraction(match[2]):
            raise ValueError(f"{raw!r} is not a range; write 1..64, or 0.0..1.0 for real numbers")
        return cls(Fraction(match[1]), Fraction(match[2]), real="." in match[1] + match[2])

    @property
    def size(self) -> int:
        """The number of different values that can be picked."""
        if self.real:
            return FINE_STEP_COUNT + 1 if self.low < self.high else 1
        return int(self.high - self.low) + 1

    def pick_value(self, stream: RandomStream) -> Number:
        """Return a random value; half of the values are among the smallest, or the roundest."""
        plain = stream.randbelow(2)
        if self.real:
            steps = COARSE_STEP_COUNT if plain else FINE_STEP_COUNT
            return simplify_number(
                self.low + (self.high - self.low) * stream.randbelow(steps + 1) / steps
            )
        return int(self.low) + stream.randbelow(
            min(self.size, SMALL_VALUE_COUNT) if plain else self.size
        )

    def values(self) -> Iterable[Number]:
        """Return every value, the smallest first."""
        if self.real:
            step = (self.high - self.low) / FINE_STEP_COUNT
            return (simplify_number(self.low + step * index) for index in range(self.size))
        return range(int(self.low), int(self.high) + 1)

    def shift_value(self, value: Number, by: int) -> Number:
        """Return *value* plus *by*, modulo the interval; a real value stays."""
        return value if self.real else int(self.low) + (int(value) - int(self.low) + by) % self.size


Domain = Annotated[
    Interval,
    PlainValidator(Interval.parse),
    WithJsonSchema({"type": "string", "examples": ["1..64", "0.0..1.0"]}),
    Field(description="the values of a variable"),
]


@lru_cache(maxsize=512)
def sample_points(
    variables: Variables, where: tuple[Expression, ...], key: Node | None = None
) -> PointSample:
    """Return points of the domains that satisfy *where*: 64, or 128 if *key* may round, and ends.

    Domains of up to 128 points are used completely. For larger ones, the points include every
    remainder of each division that *key* rounds, for the divisors up to 16 that the variables
    produce, small ones first, as far as 128 points allow and a bounded search finds them. Corners
    and ends of the domains are always added.
    """
    if math.prod(box.size for _, box in variables) <= MAX_POINT_COUNT:
        chosen = [
            point for point in _enumerate_points(variables) if _satisfies_conditions(where, point)
        ]
    else:
        count = MAX_POINT_COUNT if _key_may_round(key) else POINT_COUNT
        drawn = list(islice(_draw_points(variables, where), count))
        remainders = _pick_remainder_points(drawn, variables, where, _find_rounded_divisions(key))
        ends = (
            point
            for point in _enumerate_end_points(drawn, variables)
            if _satisfies_conditions(where, point)
        )
        end_points = {tuple(point.values()): point for point in ends}
        every = {tuple(point.values()): point for point in (*remainders, *drawn)}
        chosen = list({**dict(islice(every.items(), count)), **end_points}.values())
    return PointSample(tuple(sorted(chosen, key=_simplicity_sort_key)))


def _enumerate_points(variables: Variables) -> Iterator[Point]:
    """Yield every point, the smallest values first."""
    names = [name for name, _ in variables]
    values = product(*(box.values() for _, box in variables))
    return (dict(zip(names, point, strict=True)) for point in values)


def _draw_points(variables: Variables, where: tuple[Expression, ...]) -> Iterator[Point]:
    """Yield different random points; stop early if none satisfies the conditions."""
    stream = RandomStream(b"grader.symbolic", repr([(name, str(box)) for name, box in variables]))
    seen: set[tuple[Number, ...]] = set()
    has_point = False
    for tried in range(MAX_TRIES):
        if tried == MAX_TRIES_FOR_FIRST_POINT and not has_point:
            return
        point = {name: box.pick_value(stream) for name, box in variables}
        values = tuple(point.values())
        if values not in seen and _satisfies_conditions(where, point):
            has_point = True
            yield point
        seen.add(values)


def _enumerate_end_points(drawn: list[Point], variables: Variables) -> Iterator[Point]:
    """Yield the corners of the domains, and *drawn* points with one variable at an end.

    Of more than four variables, only the smallest and the largest point are corners.
    """
    ends = {name: (simplify_number(box.low), simplify_number(box.high)) for name, box in variables}
    corners = (
        product((0, 1), repeat=len(ends))
        if len(ends) <= MAX_CORNERED_VARIABLES
        else ((side,) * len(ends) for side in (0, 1))
    )
    for sides in corners:
        yield {name: both[side] for side, (name, both) in zip(sides, ends.items(), strict=True)}
    for side in (0, 1):
        for point, (name, both) in zip(drawn, ends.items(), strict=False):
            yield {**point, name: both[side]}


def _satisfies_conditions(where: tuple[Expression, ...], point: Point) -> bool:
    scope = Scope(point, FUNCTIONS)
    try:
        return all(require_boolean(evaluate(condition.tree, scope)) for condition in where)
    except SolverError:
        return False


def _simplicity_sort_key(point: Point) -> tuple[Number, tuple[Number, ...]]:
    """Return the sort key from simple to laborious points: the sum of their figures, then these."""
    figures = sum(abs(value.numerator) + value.denominator for value in point.values())
    return figures, tuple(point.values())


def _key_may_round(key: Node | None) -> bool:
    """Return whether *key* rounds, or calls a solver, which may round."""
    return any(
        (isinstance(node, BinaryOperation) and node.operator in INTEGER_OPERATORS)
        or (
            isinstance(node, Call)
            and (node.function in ROUNDING_FUNCTIONS or node.function not in FUNCTIONS)
        )
        for node in (() if key is None else walk(key))
    )


def _find_rounded_divisions(key: Node | None) -> tuple[Division, ...]:
    """Return the divisions in *key* whose result is rounded, without duplicates."""
    rounded: list[Node] = []
    for node in walk(key) if key is not None else ():
        if isinstance(node, Call) and node.function in ROUNDING_FUNCTIONS:
            rounded += [
                one
                for one in walk(node)
                if isinstance(one, BinaryOperation) and one.operator == "/"
            ]
        elif isinstance(node, BinaryOperation) and node.operator in INTEGER_OPERATORS:
            rounded.append(node)
    pairs = [(one.left, one.right) for one in rounded if isinstance(one, BinaryOperation)]
    return tuple(dict.fromkeys(pairs))


def _pick_remainder_points(
    drawn: list[Point],
    variables: Variables,
    where: tuple[Expression, ...],
    divisions: tuple[Division, ...],
) -> Iterator[Point]:
    """Yield a point for each remainder of each small divisor, the small divisors first.

    A point of *drawn* is preferred.
    """
    boxes = dict(variables)
    ways = [(division, _group_points_by_divisor(division[1], boxes)) for division in divisions]
    for divisor in range(1, MAX_DIVISOR + 1):
        for division, by_divisor in ways:
            if drawn and divisor in by_divisor:
                candidates = [
                    *drawn,
                    *_enumerate_candidate_points(drawn, by_divisor[divisor], boxes, divisor),
                ]
                yield from _pick_one_per_remainder(candidates, where, division, divisor)


def _group_points_by_divisor(
    divisor: Node, boxes: Mapping[str, Interval]
) -> dict[int, list[Point]]:
    """Return, for each divisor up to 16, values of the variables that produce it; may be empty."""
    names = names_in(divisor)
    if not names <= boxes.keys():
        return {}
    every = _enumerate_points(tuple((name, boxes[name]) for name in sorted(names)))
    tried = PointSample(tuple(islice(every, MAX_DIVISOR_POINTS)))
    values = evaluate_at_points(divisor, Scope({}, FUNCTIONS), tried)
    points_by_divisor: dict[int, list[Point]] = {}
    for index, point in enumerate(tried):
        value = values.value_at(index)
        if isinstance(value, int) and 1 <= value <= MAX_DIVISOR:
            points_by_divisor.setdefault(value, []).append(point)
    return {value: some[:MAX_WAYS_PER_DIVISOR] for value, some in points_by_divisor.items()}


def _enumerate_candidate_points(
    drawn: list[Point], ways: list[Point], boxes: Mapping[str, Interval], divisor: int
) -> Iterator[Point]:
    """Yield *drawn* points with the divisor fixed, then with one variable shifted as well."""
    for way in ways:
        yield from ({**point, **way} for point in drawn[:POINT_COUNT])
    for point in drawn[:SHIFTED_POINT_COUNT]:
        for name in sorted(boxes.keys() - ways[0].keys()):
            for by in range(1, divisor):
                yield {**point, **ways[0], name: boxes[name].shift_value(point[name], by)}


def _pick_one_per_remainder(
    candidates: list[Point], where: tuple[Expression, ...], division: Division, divisor: int
) -> Iterator[Point]:
    """Yield, for each remainder, the first of the *candidates* that satisfies the conditions."""
    scope, sample = Scope({}, FUNCTIONS), PointSample(tuple(candidates))
    tops, bottoms = (evaluate_at_points(side, scope, sample) for side in division)
    tries = [MAX_TRIES_PER_REMAINDER] * divisor
    for index, point in enumerate(candidates):
        top = tops.value_at(index)
        if (
            bottoms.value_at(index) != divisor
            or not isinstance(top, int)
            or not tries[top % divisor]
        ):
            continue
        tries[top % divisor] -= 1
        if _satisfies_conditions(where, point):
            tries[top % divisor] = 0
            yield point
