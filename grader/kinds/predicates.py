"""Kind whose answer is any value that satisfies a condition: `predicate`."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from grader.definitions.field_types import ConstantValue, Expr
from grader.definitions.parts import Part
from grader.display.mathml import list_element
from grader.display.text import pluralize, to_text
from grader.errors import AnswerError, SolverError
from grader.expressions.evaluate import Scope, evaluate, require_boolean
from grader.expressions.parser import Expression
from grader.kinds.base import (
    RIGHT_BY_RULE,
    WRONG_BY_RULE,
    AnswerKind,
    Judgement,
    NamesOfNumbers,
    SampleAnswers,
)
from grader.kinds.numbers import read_count
from grader.reading import RawAnswer, Reading, read_labeled_numbers, read_number
from grader.reading.restatements.question_echo import strip_echo
from grader.reading.restatements.steps.listed_items import keep_named_numbers
from grader.reading.restatements.surroundings.examples import drop_verifying_equation
from grader.values import Number, Tensor, Value


class PredicatePart(Part):
    """A part that any answer solves for which `accept_if` holds; `answer` is the tuple typed.

    With `names` each of several numbers may stand beside its name, in any order.
    """

    kind: Literal["predicate"]
    as_: Annotated[
        tuple[Literal["integer", "number"], ...], Field(alias="as", min_length=1, max_length=10)
    ]
    accept_if: Expr
    sample: ConstantValue
    names: NamesOfNumbers = ()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        if self.names and not 1 < len(self.as_) == len(self.names):
            raise ValueError("`names` needs one name for each number, and several numbers")
        return self

    @property
    def expressions(self) -> tuple[tuple[str, Expression], ...]:
        """Expressions of the part with their fields, for checking their names."""
        return (*super().expressions, ("accept_if", self.accept_if))

    @property
    def key_variables(self) -> frozenset[str]:
        """Names that the condition may use besides parameters and parts: ``answer``."""
        return frozenset({"answer"})


class PredicateKind(AnswerKind[PredicatePart, tuple[Number, ...]]):
    """Kind of a tuple of numbers that a condition accepts; there is no single key."""

    part: ClassVar[type[PredicatePart]] = PredicatePart
    hint = "Numbers separated by commas."
    example = "1"
    reads_alone = False
    rewriters = (drop_verifying_equation, keep_named_numbers, strip_echo)

    def read(
        self, typed: RawAnswer, part: PredicatePart, scope: Scope
    ) -> Reading[tuple[Number, ...]]:
        """Return the numbers; there must be as many as the part asks for."""
        del scope
        numbers, notes = _read_numbers(typed, part)
        expected = pluralize(len(part.as_), "number")
        if len(numbers) != len(part.as_):
            raise AnswerError(f"{pluralize(len(numbers), 'number')} given.", expected=expected)
        for number, kind in zip(numbers, part.as_, strict=True):
            if kind == "integer" and not isinstance(number, int):
                raise AnswerError(f"{to_text(number)} is not a whole number.", expected=expected)
        return Reading(numbers, text=", ".join(to_text(number) for number in numbers), notes=notes)

    def judge(
        self,
        reading: Reading[tuple[Number, ...]],
        key: Value | None,
        part: PredicatePart,
        scope: Scope,
    ) -> Judgement:
        """Return full credit if the condition holds; it fails if it cannot be computed."""
        del key
        names = {**scope.names, "answer": reading.value}
        try:
            holds = require_boolean(evaluate(part.accept_if.tree, Scope(names, scope.functions)))
        except SolverError:
            return WRONG_BY_RULE["condition"]
        return RIGHT_BY_RULE["condition"] if holds else WRONG_BY_RULE["condition"]

    def to_mathml(self, value: tuple[Number, ...], part: PredicatePart, scope: Scope) -> str:
        """Return the numbers separated by commas."""
        del part, scope
        return list_element(value)

    def build_samples(self, part: PredicatePart, key: Value | None) -> SampleAnswers:
        """Return the author's sample and broken text."""
        del key
        values = _sample_values(part)
        text = ", ".join(to_text(value) for value in values)
        return SampleAnswers((text, f"({text})"), (), ("abc", text + ", 1", ""))


def _read_numbers(
    typed: RawAnswer, part: PredicatePart
) -> tuple[tuple[Number, ...], tuple[str, ...]]:
    if len(part.as_) == 1:
        reading = read_count(typed) if part.as_[0] == "integer" else read_number(typed)
        return (reading.value,), reading.notes
    several = read_labeled_numbers(typed, part.names)
    return several.value.cells, several.notes


def _sample_values(part: PredicatePart) -> tuple[Value, ...]:
    sample: Value = part.sample  # type: ignore[assignment]
    if isinstance(sample, Tensor):
        return sample.cells
    return sample if isinstance(sample, tuple) else (sample,)
