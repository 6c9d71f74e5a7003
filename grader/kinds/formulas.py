"""Kind whose answer is a formula in named variables, or a list of formulas: `expression`."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from grader.definitions.fields import Expr
from grader.definitions.fields import Name as VariableName
from grader.definitions.parts import KeyedPart
from grader.display.mathml import element
from grader.display.text import counted, show
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope
from grader.expressions.formula_equality import Difference, Formula, compare
from grader.expressions.parser import Expression
from grader.expressions.sampling import Domain, points
from grader.expressions.tree import Binary, Call, Name, Negate, Node, Num, walk
from grader.expressions.tree import Sequence as Listed
from grader.expressions.vectorized_eval import Sample
from grader.kinds.base import NOT, NOT_BY, RIGHT_BY, Judgement, Kind, Samples, share
from grader.reading import Reading, Typed, read_formula, read_formula_list
from grader.values import Number, Value

__all__ = [
    "ExpressionKind",
    "ExpressionPart",
    "FormulaPart",
    "can_be_typed",
    "draw_formulas",
    "formulas_of",
    "identity_of",
    "judge_each",
]

KEPT_FORMULAS: Final = 512
MOST_FIGURES: Final = 40
"""The longest value of a student's formula that is told in full."""

NO_VALUE: Final = (
    "The formula has no value wherever it was tried: "
    "it divides by zero, or its numbers are too large."
)

Formulas: TypeAlias = Formula | tuple[Formula, ...]


class FormulaPart(KeyedPart):
    """Part whose answer holds formulas in `variables`, under the conditions of `where`."""

    variables: Annotated[dict[VariableName, Domain], Field(max_length=20)] = {}
    where: tuple[Expr, ...] = ()

    @property
    def variables_of_key(self) -> frozenset[str]:
        """Names in the key that are variables of the formula."""
        return frozenset(self.variables)

    @cached_property
    def sample(self) -> Sample:
        """Sample points at which answers, mistakes and accepted forms are compared with the key."""
        key = None if self.key is None else self.key.tree
        return points(tuple(self.variables.items()), self.where, key)

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
    """A formula, or where the key is a tuple a list of formulas."""

    kind: Literal["expression"]
    credit_by: Literal["component", "all"] = "all"

    @property
    def length(self) -> int | None:
        """Number of formulas asked for, or None for a single formula that is not a list."""
        return _length(self.key)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.variables:
            raise ValueError("a formula needs `variables`, such as {K: 1..11, C: 1..64}")
        if self.length is None and "credit_by" in self.model_fields_set:
            raise ValueError("`credit_by` is for a list of formulas; this key is one formula")
        others = [(f"accept.{at}", one.key) for at, one in enumerate(self.accept)]
        others += [(f"mistakes.{one.id}", one.key) for one in self.mistakes]
        for place, key in others:
            if _length(key) != self.length:
                asked = (
                    f"a list of {counted(self.length, 'formula')}" if self.length else "one formula"
                )
                raise ValueError(f"`{place}` has not the form of the key, which is {asked}")
        return self


def _length(key: Expression | None) -> int | None:
    return len(key.tree.items) if key is not None and isinstance(key.tree, Listed) else None


class ExpressionKind(Kind[ExpressionPart, Formulas]):
    """Kind of a formula that equals the key wherever the key is defined on the declared domains."""

    part: ClassVar[type[ExpressionPart]] = ExpressionPart
    hint = "A formula in the variables that are named."
    example = "x + 1"

    def read(self, typed: Typed, part: ExpressionPart, scope: Scope) -> Reading[Formulas]:
        """Return the formula, or the list of formulas."""
        del scope
        variables = tuple(part.variables)
        if part.length is None:
            one = read_formula(typed, variables)
            return Reading(Formula(one.value), one.shown, one.notes)
        several = read_formula_list(typed, variables)
        return Reading(tuple(map(Formula, several.value)), several.shown, several.notes)

    def solve(self, part: ExpressionPart, scope: Scope) -> Value | None:
        """Return the key as a formula over the part's variables, or as a tuple of them."""
        return _formula_of(part, scope) if part.length is None else formulas_of(part, scope)

    def judge(
        self, reading: Reading[Formulas], key: Value | None, part: ExpressionPart, scope: Scope
    ) -> Judgement:
        """Return the credit; a wrong formula gets a counterexample with the student's own value."""
        del scope
        answer = reading.value
        if isinstance(answer, Formula) and isinstance(key, Formula):
            differs = compare(answer, key, part.sample)
            if differs is None:
                return RIGHT_BY["points"]
            if answer.values(part.sample).tops.count(None) == len(part.sample):
                return Judgement(NOT.credit, misfit=NO_VALUE, by="points")
            return Judgement(NOT.credit, remark=_counter_example(differs), by="points")
        if not isinstance(answer, tuple) or not isinstance(key, tuple):
            return NOT_BY["points"]
        if len(answer) != len(key):
            told = f"The answer has {counted(len(answer), 'formula')}, asked are {len(key)}."
            return Judgement(NOT.credit, misfit=told, by="points")
        return judge_each(answer, key, part, noun="formula", partial=part.credit_by == "component")

    def identity(self, value: Formulas | Value, part: ExpressionPart) -> Hashable | None:
        """Return the values at the sample points."""
        return identity_of(value, part)

    def draw(self, value: Formulas, part: ExpressionPart, scope: Scope) -> str:
        """Return the formula, or several in brackets, as one MathML element."""
        del part, scope
        return draw_formulas(value)

    def carried(self, reading: Reading[Formulas]) -> Value | None:
        """Return None, because later keys do not compute with a formula."""
        del reading
        return None

    def samples(self, part: ExpressionPart, key: Value | None) -> Samples:
        """Return the key and the key plus one, if a student can type them, and broken text."""
        name = next(iter(part.variables))
        broken = (f"({name}", "undeclared_name", f"{name} +")
        trees = [one.tree for one in _each(key)]
        if not trees or not all(can_be_typed(tree, part) for tree in trees):
            return Samples((), (), broken)
        wrong = (*trees[:-1], Binary("+", trees[-1], Num(1)))
        if part.length is None:
            return Samples((show(trees[0]),), (show(wrong[0]),), broken)
        return Samples((show(tuple(trees)), "\n".join(map(show, trees))), (show(wrong),), broken)


def draw_formulas(value: Formulas) -> str:
    """Return a formula, or several in brackets, as one MathML element."""
    return element(value.tree if isinstance(value, Formula) else tuple(one.tree for one in value))


def can_be_typed(tree: Node, part: FormulaPart) -> bool:
    """Return whether a formula holds only what a student may write: no parameter or solver."""
    return all(
        isinstance(node, (Num, Negate, Binary))
        or (isinstance(node, Name) and node.name in part.variables)
        or (isinstance(node, Call) and node.function in FUNCTIONS and not node.keywords)
        for node in walk(tree)
    )


def _formula_of(part: FormulaPart, scope: Scope) -> Formula:
    """Return the key of *part* as a formula, without values of *scope* for its variables."""
    if part.key is None:
        raise SolverError("the part has no key")
    if not part.key.calls and part.key.names <= part.variables.keys():
        return _alike(part.key.tree, part.sample)
    names = {name: value for name, value in scope.names.items() if name not in part.variables}
    return Formula(part.key.tree, Scope(names, scope.functions, scope.swaps))


def formulas_of(part: FormulaPart, scope: Scope) -> tuple[Formula, ...]:
    """Return the items of a key that is a tuple, each as a formula, or raise `SolverError`."""
    formula = _formula_of(part, scope)
    if not isinstance(formula.tree, Listed):
        raise SolverError("the key is not a tuple of formulas")
    return tuple(Formula(item, formula.scope) for item in formula.tree.items)


@lru_cache(maxsize=KEPT_FORMULAS)
def _alike(tree: Node, sample: Sample) -> Formula:
    """Return the cached formula of a key that is the same in all variants.

    The cache keeps its values at *sample*, which is only part of the cache key.
    """
    del sample
    return Formula(tree)


def identity_of(value: object, part: FormulaPart) -> Hashable | None:
    """Return the values of one or more formulas at the sample points.

    Return None if any value is undefined or inexact; then only `compare` can decide.
    """
    values = tuple(one.values(part.sample) for one in _each(value))
    whole = values and all(None not in one.tops and not one.inexact for one in values)
    return values if whole else None


def judge_each(
    answers: Sequence[Formula],
    keys: tuple[Value, ...],
    part: FormulaPart,
    *,
    noun: str,
    partial: bool,
) -> Judgement:
    """Return the judgement of as many formulas as *keys*, with the first counterexample."""
    found: list[Difference | None] = []
    for answer, key in zip(answers, keys, strict=True):
        if not isinstance(key, Formula):
            return NOT_BY["points"]
        found.append(compare(answer, key, part.sample))
    marks = tuple(differs is None for differs in found)
    if all(marks):
        return RIGHT_BY["points"]
    place = f"{noun} {marks.index(False) + 1}"
    remark = next(_counter_example(one, place) for one in found if one is not None)
    return replace(share(marks, partial=partial), remark=remark, by="points", place=place)


def _each(value: object) -> tuple[Formula, ...]:
    items = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in items if isinstance(one, Formula))


def _counter_example(differs: Difference, place: str = "") -> str:
    """Return the value of the student's own formula at a point, without revealing the key."""
    at = ", ".join(f"{name} = {show(value)}" for name, value in differs.point.items())
    start = f"{place.capitalize()}: at" if place else "At"
    return f"{start} {at} your formula {_outcome(differs.own)}, which is not right there."


def _outcome(own: Number | None) -> str:
    if own is None:
        return "has no value"
    told = show(own)
    return f"gives {told}" if len(told) <= MOST_FIGURES else "gives a number of many figures"
