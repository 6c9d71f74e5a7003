"""Vectorized evaluation: a formula at all sampled points at once.

The value at each point is that of `grader.expressions.evaluate`; there is none if that fails. An
operation on all points is one call on two lanes (`grader.expressions.vectorized_arithmetic`), not a
walk through the tree for each point. A node without such a form (a solver, a condition) is
evaluated point by point.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias, overload

from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS, MAX_BITS, Function, power
from grader.expressions.evaluate import Scope, bounded, evaluate
from grader.expressions.tree import Binary, Call, Name, Negate, Node, Num, walk
from grader.expressions.vectorized_arithmetic import (
    CHOICES,
    OPERATIONS,
    ROUNDINGS,
    Lane,
    opposite,
    raised,
    reduced,
)
from grader.values import Number, Value, is_number, simplest

__all__ = ["Point", "Sample", "Values", "values_at"]

Point: TypeAlias = Mapping[str, Number]

MAX_WORK: Final = 4_000_000
"""The most work for one formula, some milliseconds; only numbers of thousands of bits reach it."""
WORD: Final = 6
"""Work is counted in products of two words of 2**6 bits."""
REDUCING: Final = 8
"""The work of a greatest common divisor, in products of numbers as long."""
ALONE: Final = 6_000
"""The least work of a value that is computed by itself."""
SEVERAL: Final = 8
"""How often a function of one number brings fractions to lowest terms."""
DIVISIONS: Final = frozenset({"/", "//", "%"})
INEXACT: Final = frozenset({"sqrt", "exp", "ln", "log2", "log10"})


class Values(NamedTuple):
    """The values of a formula at a sample, in lowest terms: equal values are equal tuples.

    A top is None if the formula has no value there; *bottoms* is empty if all values are integers.
    *inexact* is set if a root, a power of e or a logarithm may have been rounded to a double.
    """

    tops: tuple[int | None, ...]
    bottoms: tuple[int, ...]
    inexact: bool

    @classmethod
    def of(cls, numbers: Iterable[Number | None], *, inexact: bool) -> "Values":
        """Return *numbers* as values.

        >>> Values.of([1, None, Fraction(1, 2)], inexact=False)
        Values(tops=(1, None, 1), bottoms=(1, 1, 2), inexact=False)
        """
        ratios = [(None, 1) if one is None else one.as_integer_ratio() for one in numbers]
        tops, bottoms = tuple(top for top, _ in ratios), tuple(bottom for _, bottom in ratios)
        return cls(tops, () if max(bottoms, default=1) == 1 else bottoms, inexact)

    def at(self, index: int) -> Number | None:
        """Return the value at the point with this *index*, None if there is none."""
        top = self.tops[index]
        if top is None or not self.bottoms:
            return top
        return simplest(Fraction(top, self.bottoms[index]))


@dataclass(frozen=True, slots=True, eq=False)
class Sample(Sequence[Point]):
    """Points at which formulas are compared, and a lane of numbers for each variable."""

    points: tuple[Point, ...]
    lanes: Mapping[str, Lane] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = self.points[0] if self.points else ()
        lanes = {name: Lane.of(point[name] for point in self.points) for name in names}
        object.__setattr__(self, "lanes", lanes)

    @overload
    def __getitem__(self, index: int) -> Point: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Point, ...]: ...
    def __getitem__(self, index: int | slice) -> Point | tuple[Point, ...]:
        return self.points[index]

    def __len__(self) -> int:
        return len(self.points)


def values_at(tree: Node, scope: Scope, sample: Sample) -> Values:
    """Return the values of *tree* at every point of *sample*; *scope* has all other names.

    A value that is not a number, or that takes too much work, is None.
    """
    run = _Run(scope, sample)
    try:
        return run.values(tree)
    except _NoValue:
        return Values((None,) * len(sample), (), inexact=False)
    except _NoLane:
        numbers = (_number_in(tree, one) for one in run.scopes())
        return Values.of(numbers, inexact=_is_inexact(tree))


class _NoValue(Exception):  # noqa: N818 - an outcome, not an error
    """Signal that the formula has a value at no point."""


class _NoLane(Exception):  # noqa: N818 - an outcome, not an error
    """Signal that a value inside the formula is not a number: a tensor, a shape."""


class _Run:
    """Evaluation of one formula at one sample.

    If any node has no value at a point, the formula has none there. `_undefined` holds such points,
    and the lanes hold an arbitrary number in their place, so that no operation has to check.
    """

    def __init__(self, scope: Scope, sample: Sample) -> None:
        self._scope = scope
        self._sample = sample
        self._count = len(sample)
        self._undefined: set[int] = set()
        self._inexact = False
        self._work = 0

    def values(self, tree: Node) -> Values:
        """Return the values of *tree* in lowest terms."""
        if not self._count:
            raise _NoValue
        lane = self._lane(tree)
        if self._undefined:
            numbers = enumerate(lane.numbers())
            marked = (None if at in self._undefined else number for at, number in numbers)
            return Values.of(marked, inexact=self._inexact)
        tops, bottoms = reduced(lane)
        return Values(tuple(tops), tuple(bottoms or ()), self._inexact)

    def scopes(self) -> Iterator[Scope]:
        """Yield the scope at each point; a variable hides any other name."""
        names, functions, swaps = self._scope.names, self._scope.functions, self._scope.swaps
        return (Scope({**names, **point}, functions, swaps) for point in self._sample.points)

    def _lane(self, node: Node) -> Lane:
        match node:
            case Binary("**", left, right):
                return self._power(self._lane(left), self._lane(right))
            case Binary(sign, left, right):
                return self._binary(sign, self._lane(left), self._lane(right))
            case Name(name) if name in self._sample.lanes:
                return self._sample.lanes[name]
            case Name(name) if is_number(value := self._scope.names.get(name)):
                return Lane.constant(value, self._count)
            case Num(value):
                return Lane.constant(value, self._count)
            case Negate(operand):
                return opposite(self._lane(operand))
            case Call(_, _, (), _) if self._is_plain(node):
                return self._call(node)
            case _:
                return self._by_points(node)

    def _binary(self, sign: str, left: Lane, right: Lane) -> Lane:
        if sign in DIVISIONS and 0 in right.tops:
            self._give_up(at for at, top in enumerate(right.tops) if not top)
            right = Lane([top or 1 for top in right.tops], right.bottoms, right.bits)
        return self._bounded(OPERATIONS[sign](left, right))

    def _power(self, base: Lane, exponent: Lane) -> Lane:
        least, most, whole = min(exponent.tops), max(exponent.tops), exponent.bottoms is None
        self._inexact = self._inexact or not whole
        alike = whole and (least >= 0 or least == most)
        if not alike or max(base.bits, 1) * max(abs(least), most) > MAX_BITS:
            return self._each(power, (base, exponent))
        if least < 0:
            base = self._binary("/", Lane.constant(1, self._count), base)
        return self._bounded(raised(base, list(map(abs, exponent.tops))))

    def _is_plain(self, call: Call) -> bool:
        """Return whether a call means the function of `FUNCTIONS`, and not a twin of it."""
        meant = self._scope.functions.get(call.function)
        known = meant is not None and meant is FUNCTIONS.get(call.function)
        return known and bool(call.arguments) and call.site not in self._scope.swaps

    def _call(self, call: Call) -> Lane:
        name = call.function
        self._inexact = self._inexact or name in INEXACT
        lanes = tuple(self._lane(argument) for argument in call.arguments)
        if name in ROUNDINGS and len(lanes) == 1:
            return self._bounded(ROUNDINGS[name](lanes[0]))
        if name in CHOICES and len(lanes) > 1 and all(lane.bottoms is None for lane in lanes):
            tops = map(CHOICES[name], *(lane.tops for lane in lanes))
            return Lane(list(tops), None, max(lane.bits for lane in lanes))
        return self._each(FUNCTIONS[name], lanes)

    def _each(self, function: Function, lanes: Sequence[Lane]) -> Lane:
        """Return *function* of the numbers at each point, computed once for equal numbers."""
        operands = list(zip(*(lane.ratios() for lane in lanes), strict=True))
        distinct = set(operands)
        words = max(lane.bits for lane in lanes) >> WORD
        self._spend(ALONE + SEVERAL * REDUCING * words**2, len(distinct))
        found = {ratios: _result(function, ratios) for ratios in distinct}
        self._give_up(at for at, ratios in enumerate(operands) if found[ratios] is None)
        results = (found[ratios] for ratios in operands)
        return _lane_of([1 if one is None else one for one in results])

    def _by_points(self, node: Node) -> Lane:
        """Return the values of *node*, evaluated point by point."""
        self._inexact = self._inexact or _is_inexact(node)
        found: list[Value] = []
        for at, scope in enumerate(self.scopes()):
            try:
                found.append(1 if at in self._undefined else evaluate(node, scope))
            except SolverError:
                self._give_up((at,))
                found.append(1)
        return _lane_of(found)

    def _bounded(self, lane: Lane) -> Lane:
        """Return *lane*; a number of more than 4,096 bits in lowest terms becomes undefined."""
        work = (lane.bits >> WORD) ** 2
        self._spend(work, self._count)
        if lane.bits <= MAX_BITS:
            return lane
        if lane.bottoms is not None:
            self._spend(REDUCING * work, self._count)
        tops, bottoms = reduced(lane)
        lows = bottoms or [1] * self._count
        longest = [
            max(top.bit_length(), low.bit_length()) for top, low in zip(tops, lows, strict=True)
        ]
        large = {at for at, bits in enumerate(longest) if bits > MAX_BITS}
        self._give_up(large)
        tops = [1 if at in large else top for at, top in enumerate(tops)]
        if bottoms is not None:
            bottoms = [1 if at in large else low for at, low in enumerate(bottoms)]
        return Lane.measured(tops, bottoms)

    def _give_up(self, points: Iterable[int]) -> None:
        self._undefined.update(points)
        if len(self._undefined) == self._count:
            raise _NoValue

    def _spend(self, work: int, times: int) -> None:
        self._work += work * times
        if self._work > MAX_WORK:
            raise _NoValue


def _number_in(tree: Node, scope: Scope) -> Number | None:
    try:
        value = evaluate(tree, scope)
    except SolverError:
        return None
    return value if is_number(value) else None


def _result(function: Function, ratios: Iterable[tuple[int, int]]) -> Value | None:
    """Return the value of *function*, or None if it fails in any way, as in `evaluate`."""
    try:
        numbers = [top if low == 1 else simplest(Fraction(top, low)) for top, low in ratios]
        return bounded(function(*numbers))
    except Exception:
        return None


def _lane_of(values: Sequence[Value]) -> Lane:
    numbers = [value for value in values if is_number(value)]
    if len(numbers) < len(values):
        raise _NoLane
    return Lane.of(numbers)


def _is_inexact(tree: Node) -> bool:
    return any(isinstance(node, Call) and node.function in INEXACT for node in walk(tree))
