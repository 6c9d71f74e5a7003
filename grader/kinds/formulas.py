"""Kind whose answer is a formula in named variables, or a list of formulas: `expression`."""

from collections.abc import Hashable
from functools import cached_property, lru_cache, partial
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from grader.definitions.field_types import Expr
from grader.definitions.field_types import Name as VariableName
from grader.definitions.parts import KeyedPart
from grader.display.mathml import to_mathml
from grader.display.text import pluralize, to_text
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope
from grader.expressions.formula_equality import BoundFormula, find_counterexample
from grader.expressions.parser import Expression
from grader.expressions.sampling import Domain, sample_points
from grader.expressions.tree import BinaryOperation, Call, Name, Negation, Node, NumberLiteral, walk
from grader.expressions.tree import TupleLiteral as Listed
from grader.expressions.vectorized_eval import PointSample
from grader.kinds.base import (
    RIGHT_BY_RULE,
    WRONG,
    WRONG_BY_RULE,
    AnswerKind,
    Judgement,
    SampleAnswers,
)
from grader.kinds.comparison.formulas import (
    collect_formulas,
    describe_counterexample,
    formula_lookup_key,
    judge_formulas,
    refuse_false_equations,
)
from grader.kinds.text_reading import Refusal
from grader.reading import (
    RawAnswer,
    Reading,
    read_formula,
    read_formula_list,
    read_square_side_formula,
)
from grader.reading.restatements.formulas import (
    build_conclusion_keeper,
    keep_formula_labeled_as_total,
    refuse_several_formulas,
)
from grader.reading.restatements.phrases import strip_phrases
from grader.reading.restatements.question_echo import build_echo_stripper
from grader.reading.restatements.rewriting import Rewriter
from grader.reading.restatements.surroundings.examples import drop_example
from grader.reading.restatements.working.concluded_values import keep_last_conclusion
from grader.reading.screening.approximations import refuse_approximate_formula
from grader.values import Value

CACHED_FORMULAS: Final = 512

NO_VALUE: Final = (
    "The formula has no value at any point that was tried: "
    "it divides by zero, or its numbers are too large."
)

Formulas: TypeAlias = BoundFormula | tuple[BoundFormula, ...]


class FormulaPart(KeyedPart):
    """Part whose answer holds formulas in `variables`, under the conditions of `where`."""

    variables: Annotated[dict[VariableName, Domain], Field(max_length=20)] = {}
    where: tuple[Expr, ...] = ()

    @property
    def key_variables(self) -> frozenset[str]:
        """Names in the key that are variables of the formula."""
        return frozenset(self.variables)

    @cached_property
    def comparison_points(self) -> PointSample:
        """Sample points at which answers, mistakes and accepted forms are compared with the key."""
        key = None if self.key is None else self.key.tree
        return sample_points(tuple(self.variables.items()), self.where, key)

    @model_validator(mode="after")
    def _check_variables(self) -> Self:
        known = frozenset(self.variables)
        for condition in self.where:
            if unknown := condition.names - known:
                raise ValueError(f"`where` names {sorted(unknown)}, which are not variables")
        if self.variables and not self.comparison_points:
            raise ValueError("no values of the variables satisfy `where`; widen the ranges")
        return self


class ExpressionPart(FormulaPart):
    """A formula, or where the key is a tuple a list of formulas.

    With `square` the answer is the side of a square, and n×n means n.
    """

    kind: Literal["expression"]
    square: bool = False
    credit_by: Literal["component", "all"] = "all"

    @property
    def formula_count(self) -> int | None:
        """Number of formulas asked for, or None for a single formula that is not a list."""
        return _count_formulas(self.key)

    @model_validator(mode="after")
    def _check_forms(self) -> Self:
        if not self.variables:
            raise ValueError("a formula needs `variables`, such as {K: 1..11, C: 1..64}")
        if self.formula_count is None and "credit_by" in self.model_fields_set:
            raise ValueError("`credit_by` is for a list of formulas; this key is one formula")
        if self.formula_count is not None and self.square:
            raise ValueError("`square` is for one formula; this key is a list of formulas")
        others = [(f"accept.{index}", one.key) for index, one in enumerate(self.accept)]
        others += [(f"mistakes.{mistake.id}", mistake.key) for mistake in self.mistakes]
        for location, key in others:
            if _count_formulas(key) != self.formula_count:
                count = self.formula_count
                form = f"a list of {pluralize(count, 'formula')}" if count else "one formula"
                raise ValueError(f"`{location}` does not have the form of the key, which is {form}")
        return self


def _refuse_false_equations(text: str, part: ExpressionPart) -> None:
    """Raise `AnswerError` for an equation of formulas that differ; without domains for none."""
    if "=" in text and None not in part.variables.values():
        refuse_false_equations(text, tuple(part.variables), part.comparison_points)


def _count_formulas(key: Expression | None) -> int | None:
    return len(key.tree.items) if key is not None and isinstance(key.tree, Listed) else None


class ExpressionKind(AnswerKind[ExpressionPart, Formulas]):
    """Kind of a formula that equals the key wherever the key is defined on the declared domains."""

    part: ClassVar[type[ExpressionPart]] = ExpressionPart
    hint = "A formula in the variables that are named."
    example = "x + 1"

    def get_rewriters(self, part: ExpressionPart) -> tuple[Rewriter, ...]:
        """Return the rewritings to try, in order, on an answer that cannot be read."""
        return (
            strip_phrases,
            drop_example,
            keep_formula_labeled_as_total,
            build_echo_stripper(part.variables, formula=True),
            keep_last_conclusion,
            build_conclusion_keeper(part.variables),
        )

    def get_refusals(self, part: ExpressionPart) -> tuple[Refusal, ...]:
        """Return the functions that refuse several formulas and equations that do not hold."""
        if part.formula_count is not None:
            return ()
        return refuse_several_formulas, partial(_refuse_false_equations, part=part)

    def read(self, typed: RawAnswer, part: ExpressionPart, scope: Scope) -> Reading[Formulas]:
        """Return the formula, or the list of formulas."""
        del scope
        if isinstance(typed, str):
            refuse_approximate_formula(typed)
        variables = tuple(part.variables)
        if part.formula_count is None:
            single = (read_square_side_formula if part.square else read_formula)(typed, variables)
            return Reading(BoundFormula(single.value), single.text, single.notes)
        several = read_formula_list(typed, variables)
        return Reading(tuple(map(BoundFormula, several.value)), several.text, several.notes)

    def solve(self, part: ExpressionPart, scope: Scope) -> Value | None:
        """Return the key as a formula over the part's variables, or as a tuple of them."""
        if part.formula_count is None:
            return _build_key_formula(part, scope)
        return build_key_formulas(part, scope)

    def judge(
        self, reading: Reading[Formulas], key: Value | None, part: ExpressionPart, scope: Scope
    ) -> Judgement:
        """Return the credit; a wrong formula gets a counterexample with the student's own value."""
        del scope
        answer = reading.value
        if isinstance(answer, BoundFormula) and isinstance(key, BoundFormula):
            differs = find_counterexample(answer, key, part.comparison_points)
            if differs is None:
                return RIGHT_BY_RULE["points"]
            values = answer.evaluate_sample(part.comparison_points).tops
            if all(value is None for value in values):
                return Judgement(WRONG.credit, form_mismatch=NO_VALUE, rule="points")
            return Judgement(WRONG.credit, remark=describe_counterexample(differs), rule="points")
        if not isinstance(answer, tuple) or not isinstance(key, tuple):
            return WRONG_BY_RULE["points"]
        if len(answer) != len(key):
            message = f"The answer has {pluralize(len(answer), 'formula')}; it needs {len(key)}."
            return Judgement(WRONG.credit, form_mismatch=message, rule="points")
        return judge_formulas(
            answer,
            key,
            part.comparison_points,
            noun="formula",
            partial=part.credit_by == "component",
        )

    def lookup_key(self, value: Formulas | Value, part: ExpressionPart) -> Hashable | None:
        """Return the values at the sample points."""
        return formula_lookup_key(value, part.comparison_points)

    def to_mathml(self, value: Formulas, part: ExpressionPart, scope: Scope) -> str:
        """Return the formula, or several in brackets, as one MathML element."""
        del part, scope
        return formulas_to_mathml(value)

    def carried_value(self, reading: Reading[Formulas]) -> Value | None:
        """Return None, because later keys do not compute with a formula."""
        del reading
        return None

    def build_samples(self, part: ExpressionPart, key: Value | None) -> SampleAnswers:
        """Return the key and the key plus one, if a student can type them, and broken text."""
        name = next(iter(part.variables))
        broken = (f"({name}", "undeclared_name", f"{name} +")
        trees = [one.tree for one in collect_formulas(key)]
        if not trees or not all(is_typable(tree, part) for tree in trees):
            return SampleAnswers((), (), broken)
        wrong = (*trees[:-1], BinaryOperation("+", trees[-1], NumberLiteral(1)))
        if part.formula_count is None:
            return SampleAnswers((to_text(trees[0]),), (to_text(wrong[0]),), broken)
        return SampleAnswers(
            (to_text(tuple(trees)), "\n".join(map(to_text, trees))), (to_text(wrong),), broken
        )


def formulas_to_mathml(value: Formulas) -> str:
    """Return a formula, or several in brackets, as one MathML element."""
    return to_mathml(
        value.tree if isinstance(value, BoundFormula) else tuple(one.tree for one in value)
    )


def is_typable(tree: Node, part: FormulaPart) -> bool:
    """Return whether a formula holds only what a student may write: no parameter or solver."""
    return all(
        isinstance(node, (NumberLiteral, Negation, BinaryOperation))
        or (isinstance(node, Name) and node.name in part.variables)
        or (isinstance(node, Call) and node.function in FUNCTIONS and not node.keywords)
        for node in walk(tree)
    )


def _build_key_formula(part: FormulaPart, scope: Scope) -> BoundFormula:
    """Return the key of *part* as a formula, without values of *scope* for its variables."""
    if part.key is None:
        raise SolverError("the part has no key")
    if not part.key.calls and part.key.names <= part.variables.keys():
        return _get_cached_formula(part.key.tree, part.comparison_points)
    names = {name: value for name, value in scope.names.items() if name not in part.variables}
    return BoundFormula(part.key.tree, Scope(names, scope.functions, scope.swaps))


def build_key_formulas(part: FormulaPart, scope: Scope) -> tuple[BoundFormula, ...]:
    """Return the items of a key that is a tuple, each as a formula, or raise `SolverError`."""
    formula = _build_key_formula(part, scope)
    if not isinstance(formula.tree, Listed):
        raise SolverError("the key is not a tuple of formulas")
    return tuple(BoundFormula(item, formula.scope) for item in formula.tree.items)


@lru_cache(maxsize=CACHED_FORMULAS)
def _get_cached_formula(tree: Node, sample: PointSample) -> BoundFormula:
    """Return the cached formula of a key that is the same in all variants.

    The cache keeps its values at *sample*, which is only part of the cache key.
    """
    del sample
    return BoundFormula(tree)
