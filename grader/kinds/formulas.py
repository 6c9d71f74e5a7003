"""The kind whose answer is a formula in named variables: `expression`."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from grader.arithmetic import FUNCTIONS
from grader.errors import SolverError
from grader.evaluate import Scope
from grader.fields import Expr
from grader.fields import Name as VariableName
from grader.kinds.base import NOT, RIGHT, Judgement, Kind, Samples
from grader.parts import KeyedPart
from grader.reading import Reading, Typed, read_formula
from grader.show import show
from grader.symbolic import Domain, Formula, compare, points, value_at
from grader.tree import Binary, Call, Name, Negate, Node, Num, walk
from grader.values import Number, Value

__all__ = [
    "ExpressionKind",
    "ExpressionPart",
    "FormulaPart",
    "can_be_typed",
    "counter_example",
    "formula_of",
]


class FormulaPart(KeyedPart):
    """A part whose answer holds formulas in `variables`, under the conditions of `where`."""

    variables: Annotated[dict[VariableName, Domain], Field(max_length=20)] = {}
    where: tuple[Expr, ...] = ()

    @property
    def variables_of_key(self) -> frozenset[str]:
        """The names in the key that are variables of the formula."""
        return frozenset(self.variables)

    @property
    def sample(self) -> tuple[Mapping[str, Number], ...]:
        """The points at which answers are compared with the key."""
        return points(tuple(self.variables.items()), self.where)

    @model_validator(mode="after")
    def _has_points(self) -> Self:
        known = frozenset(self.variables)
        for condition in self.where:
            if unknown := condition.names - known:
                raise ValueError(f"`where` names {sorted(unknown)}, which are not variables")
        if self.variables and not self.sample:
            raise ValueError("no values of the variables satisfy `where`; widen the ranges")
        return self


class ExpressionPart(FormulaPart):
    """A formula."""

    kind: Literal["expression"]

    @model_validator(mode="after")
    def _has_variables(self) -> Self:
        if not self.variables:
            raise ValueError("a formula needs `variables`, such as {K: 1..11, C: 1..64}")
        return self


class ExpressionKind(Kind[ExpressionPart, Node]):
    """A formula, equal to the key wherever the key is defined on the declared domains."""

    part: ClassVar[type[ExpressionPart]] = ExpressionPart

    def read(self, typed: Typed, part: ExpressionPart, scope: Scope) -> Reading[Node]:
        """Return the tree of the formula."""
        del scope
        return read_formula(typed, tuple(part.variables))

    def solve(self, part: ExpressionPart, scope: Scope) -> Value | None:
        """Return the key as a formula over the part's variables."""
        return formula_of(part, scope)

    def judge(
        self, reading: Reading[Node], key: Value | None, part: ExpressionPart, scope: Scope
    ) -> Judgement:
        """Return right, or not with a counter-example that shows the student's own value."""
        del scope
        if not isinstance(key, Formula):
            return NOT
        differs = compare(reading.value, key, part.sample)
        if differs is None:
            return RIGHT
        return Judgement(NOT.credit, remark=counter_example(reading.value, differs))

    def carried(self, reading: Reading[Node]) -> Value | None:
        """Return nothing: a later key does not compute with a formula."""
        del reading
        return None

    def samples(self, part: ExpressionPart, key: Value | None) -> Samples:
        """Return the key and the key plus one where a student can type them, and broken text."""
        name = next(iter(part.variables))
        broken = (f"({name}", "undeclared_name", f"{name} +")
        if not isinstance(key, Formula) or not can_be_typed(key.tree, part):
            return Samples((), (), broken)
        return Samples((show(key.tree),), (show(Binary("+", key.tree, Num(1))),), broken)


def can_be_typed(tree: Node, part: FormulaPart) -> bool:
    """Tell whether a formula holds only what a student may write: no parameter and no solver."""
    return all(
        isinstance(node, (Num, Negate, Binary))
        or (isinstance(node, Name) and node.name in part.variables)
        or (isinstance(node, Call) and node.function in FUNCTIONS and not node.keywords)
        for node in walk(tree)
    )


def formula_of(part: FormulaPart, scope: Scope) -> Formula:
    """Return the key of *part* as a formula, its variables hidden from *scope*."""
    if part.key is None:
        raise SolverError("the part has no key")
    names = {name: value for name, value in scope.names.items() if name not in part.variables}
    return Formula(part.key.tree, Scope(names, scope.functions, scope.swaps))


def counter_example(answer: Node, point: Mapping[str, Number]) -> str:
    """Return what the student's own formula gives at *point*, and nothing of the key."""
    own = value_at(Formula(answer, Scope({}, FUNCTIONS)), point)
    place = ", ".join(f"{name} = {show(value)}" for name, value in point.items())
    gives = "has no value" if own is None else f"gives {show(own)}"
    return f"At {place} your formula {gives}, which is not right there."
