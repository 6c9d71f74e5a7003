"""Vectorized evaluation: a formula at all sampled points at once.

The value at each point is that of `grader.expressions.evaluate`; there is none if that fails. An
operation on all points is one call on two vectors (`grader.expressions.vectorized_arithmetic`),
not a walk through the tree for each point. A node without such a form (a solver, a condition) is
evaluated point by point.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias, overload

from grader.errors import SolverError
from grader.expressions.arithmetic import CONSTANTS, FUNCTIONS, MAX_BITS, Function, raise_to_power
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.size_limits import enforce_size_limits
from grader.expressions.tree import BinaryOperation, Call, Name, Negation, Node, NumberLiteral, walk
from grader.expressions.vectorized_arithmetic import (
    OPERATIONS,
    SELECTIONS,
    UNARY_OPERATIONS,
    Vector,
    negate,
    raise_to_powers,
    reduce_fractions,
)
from grader.values import Number, Value, is_number, simplify_number

Point: TypeAlias = Mapping[str, Number]

MAX_WORK: Final = 4_000_000
"""Maximum work for one formula, some milliseconds.

Only numbers of thousands of bits reach it.
"""
WORD_BITS_LOG2: Final = 6
"""Binary logarithm of the bits per word; the unit of work is a product of two words."""
GCD_COST: Final = 8
"""Work of a greatest common divisor, in products of numbers of the same length."""
MIN_COST_PER_VALUE: Final = 6_000
"""Minimum work of a value that is computed separately."""
REDUCTIONS_PER_CALL: Final = 8
"""Number of reductions of fractions to lowest terms per call of a function."""
DIVISION_OPERATORS: Final = frozenset({"/", "//", "%"})
INEXACT_FUNCTIONS: Final = frozenset({"sqrt", "exp", "ln", "log2", "log10"})


class SampleValues(NamedTuple):
    """The values of a formula at a sample, in lowest terms: equal values are equal tuples.

    A top is None if the formula has no value there; *bottoms* is empty if all values are integers.
    *inexact* is set if a root, a power of e or a logarithm may have been rounded to a double.
    """

    tops: tuple[int | None, ...]
    bottoms: tuple[int, ...]
    inexact: bool

    @classmethod
    def from_numbers(cls, numbers: Iterable[Number | None], *, inexact: bool) -> "SampleValues":
        """Return *numbers* as values.

        >>> SampleValues.from_numbers([1, None, Fraction(1, 2)], inexact=False)
        SampleValues(tops=(1, None, 1), bottoms=(1, 1, 2), inexact=False)
        """
        ratios = [(None, 1) if number is None else number.as_integer_ratio() for number in numbers]
        tops, bottoms = tuple(top for top, _ in ratios), tuple(bottom for _, bottom in ratios)
        return cls(tops, () if max(bottoms, default=1) == 1 else bottoms, inexact)

    def value_at(self, index: int) -> Number | None:
        """Return the value at the point with this *index*, None if there is none."""
        top = self.tops[index]
        if top is None or not self.bottoms:
            return top
        return simplify_number(Fraction(top, self.bottoms[index]))


@dataclass(frozen=True, slots=True, eq=False)
class PointSample(Sequence[Point]):
    """Points at which formulas are compared, and a vector of numbers for each variable."""

    points: tuple[Point, ...]
    vectors: Mapping[str, Vector] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = self.points[0] if self.points else ()
        values = {name: Vector.from_numbers(point[name] for point in self.points) for name in names}
        object.__setattr__(self, "vectors", values)

    @overload
    def __getitem__(self, index: int) -> Point: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Point, ...]: ...
    def __getitem__(self, index: int | slice) -> Point | tuple[Point, ...]:
        return self.points[index]

    def __len__(self) -> int:
        return len(self.points)


def evaluate_at_points(tree: Node, scope: Scope, sample: PointSample) -> SampleValues:
    """Return the values of *tree* at every point of *sample*; *scope* has all other names.

    A value that is not a number, or that takes too much work, is None.
    """
    run = _SampleEvaluation(scope, sample)
    try:
        return run.evaluate_tree(tree)
    except _UndefinedEverywhere:
        return SampleValues((None,) * len(sample), (), inexact=False)
    except _NotNumeric:
        numbers = (_evaluate_number(tree, one) for one in run.point_scopes())
        return SampleValues.from_numbers(numbers, inexact=_is_inexact(tree))


class _UndefinedEverywhere(Exception):  # noqa: N818 - an outcome, not an error
    """Signal that the formula has a value at no point."""


class _NotNumeric(Exception):  # noqa: N818 - an outcome, not an error
    """Signal that a value inside the formula is not a number: a tensor, a shape."""


class _SampleEvaluation:
    """Evaluation of one formula at one sample.

    If any node has no value at a point, the formula has none there. `_undefined` holds such points,
    and the vectors hold an arbitrary number in their place, so that no operation has to check.
    """

    def __init__(self, scope: Scope, sample: PointSample) -> None:
        self._scope = scope
        self._sample = sample
        self._count = len(sample)
        self._undefined: set[int] = set()
        self._inexact = False
        self._work = 0

    def evaluate_tree(self, tree: Node) -> SampleValues:
        """Return the values of *tree* in lowest terms."""
        if not self._count:
            raise _UndefinedEverywhere
        vector = self._evaluate_node(tree)
        if self._undefined:
            numbers = enumerate(vector.numbers())
            marked = (None if at in self._undefined else number for at, number in numbers)
            return SampleValues.from_numbers(marked, inexact=self._inexact)
        tops, bottoms = reduce_fractions(vector)
        return SampleValues(tuple(tops), tuple(bottoms or ()), self._inexact)

    def point_scopes(self) -> Iterator[Scope]:
        """Yield the scope at each point; a variable hides any other name."""
        names, functions, swaps = self._scope.names, self._scope.functions, self._scope.swaps
        return (Scope({**names, **point}, functions, swaps) for point in self._sample.points)

    def _evaluate_node(self, node: Node) -> Vector:
        match node:
            case BinaryOperation("**", left, right):
                return self._raise_to_power(self._evaluate_node(left), self._evaluate_node(right))
            case BinaryOperation(sign, left, right):
                return self._apply_operator_to_vectors(
                    sign, self._evaluate_node(left), self._evaluate_node(right)
                )
            case Name(name) if name in self._sample.vectors:
                return self._sample.vectors[name]
            case Name(name) if is_number(value := self._scope.names.get(name)):
                self._inexact = self._inexact or value is CONSTANTS.get(name)
                return Vector.constant(value, self._count)
            case NumberLiteral(value):
                return Vector.constant(value, self._count)
            case Negation(operand):
                return negate(self._evaluate_node(operand))
            case Call(_, _, (), _) if self._is_builtin_call(node):
                return self._evaluate_call(node)
            case _:
                return self._evaluate_point_by_point(node)

    def _apply_operator_to_vectors(self, sign: str, left: Vector, right: Vector) -> Vector:
        if sign in DIVISION_OPERATORS and 0 in right.tops:
            self._mark_undefined(index for index, top in enumerate(right.tops) if not top)
            right = Vector([top or 1 for top in right.tops], right.bottoms, right.bits)
        return self._mark_oversized_undefined(OPERATIONS[sign](left, right))

    def _raise_to_power(self, base: Vector, exponent: Vector) -> Vector:
        least, most, whole = min(exponent.tops), max(exponent.tops), exponent.bottoms is None
        self._inexact = self._inexact or not whole
        is_uniform = whole and (least >= 0 or least == most)
        if not is_uniform or max(base.bits, 1) * max(abs(least), most) > MAX_BITS:
            return self._apply_at_each_point(raise_to_power, (base, exponent))
        if least < 0:
            base = self._apply_operator_to_vectors("/", Vector.constant(1, self._count), base)
        return self._mark_oversized_undefined(raise_to_powers(base, list(map(abs, exponent.tops))))

    def _is_builtin_call(self, call: Call) -> bool:
        """Return whether a call means the function of `FUNCTIONS`, not a wrong version of it."""
        meant = self._scope.functions.get(call.function)
        known = meant is not None and meant is FUNCTIONS.get(call.function)
        return known and bool(call.arguments) and call.site not in self._scope.swaps

    def _evaluate_call(self, call: Call) -> Vector:
        name = call.function
        self._inexact = self._inexact or name in INEXACT_FUNCTIONS
        args = tuple(self._evaluate_node(argument) for argument in call.arguments)
        if name in UNARY_OPERATIONS and len(args) == 1:
            return self._mark_oversized_undefined(UNARY_OPERATIONS[name](args[0]))
        if name in SELECTIONS and len(args) > 1 and all(vector.bottoms is None for vector in args):
            tops = map(SELECTIONS[name], *(vector.tops for vector in args))
            return Vector(list(tops), None, max(vector.bits for vector in args))
        return self._apply_at_each_point(FUNCTIONS[name], args)

    def _apply_at_each_point(self, function: Function, vectors: Sequence[Vector]) -> Vector:
        """Return *function* of the numbers at each point, computed once for equal numbers."""
        operands = list(zip(*(vector.ratios() for vector in vectors), strict=True))
        distinct = set(operands)
        words = max(vector.bits for vector in vectors) >> WORD_BITS_LOG2
        self._spend_work(
            MIN_COST_PER_VALUE + REDUCTIONS_PER_CALL * GCD_COST * words**2, len(distinct)
        )
        values_by_ratios = {ratios: _call_or_none(function, ratios) for ratios in distinct}
        self._mark_undefined(
            index for index, ratios in enumerate(operands) if values_by_ratios[ratios] is None
        )
        results = (values_by_ratios[ratios] for ratios in operands)
        return _build_vector([1 if result is None else result for result in results])

    def _evaluate_point_by_point(self, node: Node) -> Vector:
        """Return the values of *node*, evaluated point by point."""
        self._inexact = self._inexact or _is_inexact(node)
        values: list[Value] = []
        for index, scope in enumerate(self.point_scopes()):
            try:
                values.append(1 if index in self._undefined else evaluate(node, scope))
            except SolverError:
                self._mark_undefined((index,))
                values.append(1)
        return _build_vector(values)

    def _mark_oversized_undefined(self, vector: Vector) -> Vector:
        """Return *vector*; a number of more than 4,096 bits in lowest terms becomes undefined."""
        work = (vector.bits >> WORD_BITS_LOG2) ** 2
        self._spend_work(work, self._count)
        if vector.bits <= MAX_BITS:
            return vector
        if vector.bottoms is not None:
            self._spend_work(GCD_COST * work, self._count)
        tops, bottoms = reduce_fractions(vector)
        lows = bottoms or [1] * self._count
        longest = [
            max(top.bit_length(), low.bit_length()) for top, low in zip(tops, lows, strict=True)
        ]
        large = {index for index, bits in enumerate(longest) if bits > MAX_BITS}
        self._mark_undefined(large)
        tops = [1 if index in large else top for index, top in enumerate(tops)]
        if bottoms is not None:
            bottoms = [1 if index in large else low for index, low in enumerate(bottoms)]
        return Vector.from_ratios(tops, bottoms)

    def _mark_undefined(self, points: Iterable[int]) -> None:
        self._undefined.update(points)
        if len(self._undefined) == self._count:
            raise _UndefinedEverywhere

    def _spend_work(self, work: int, times: int) -> None:
        self._work += work * times
        if self._work > MAX_WORK:
            raise _UndefinedEverywhere


def _evaluate_number(tree: Node, scope: Scope) -> Number | None:
    try:
        value = evaluate(tree, scope)
    except SolverError:
        return None
    return value if is_number(value) else None


def _call_or_none(function: Function, ratios: Iterable[tuple[int, int]]) -> Value | None:
    """Return the value of *function*, or None if it fails in any way, as in `evaluate`."""
    try:
        numbers = [top if low == 1 else simplify_number(Fraction(top, low)) for top, low in ratios]
        return enforce_size_limits(function(*numbers))
    except Exception:
        return None


def _build_vector(values: Sequence[Value]) -> Vector:
    numbers = [value for value in values if is_number(value)]
    if len(numbers) < len(values):
        raise _NotNumeric
    return Vector.from_numbers(numbers)


def _is_inexact(tree: Node) -> bool:
    return any(
        (isinstance(node, Call) and node.function in INEXACT_FUNCTIONS)
        or (isinstance(node, Name) and node.name in CONSTANTS)
        for node in walk(tree)
    )
