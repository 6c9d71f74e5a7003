"""Interface of all kinds of answer: read, solve, judge, recognize, show, give samples."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, ClassVar, Final, Literal, TypeAlias, get_args

from pydantic import AfterValidator, Field, StringConstraints

from grader.definitions.parts import Part
from grader.display.mathml import math_element, to_mathml
from grader.display.render import Rendering
from grader.display.text import to_text
from grader.expressions.evaluate import Scope, evaluate
from grader.kinds.text_reading import A, P, TextReader
from grader.reading import RawAnswer, Reading
from grader.reading.wording.labeled_numbers import have_distinct_spellings
from grader.values import Tensor, Value, has_same_form_and_sign


def _require_distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if not have_distinct_spellings(names):
        raise ValueError("these names cannot be told apart")
    return names


NameOfNumber: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*( \| [A-Za-z][A-Za-z0-9_]*)*$")
]
NamesOfNumbers: TypeAlias = Annotated[
    tuple[NameOfNumber, ...], Field(max_length=10), AfterValidator(_require_distinct)
]
"""Names that a student may use for several numbers; ``k | kernel`` has two spellings."""


def get_first_spelling(name: str) -> str:
    """Return the first of the spellings of a number's name: ``k`` of ``k | kernel``."""
    return name.partition(" | ")[0]


CARRIED_TYPES: Final = frozenset({bool, int, tuple, Tensor, Fraction})
KindRule: TypeAlias = Literal[
    "exact", "tolerance", "rounding", "limits", "condition", "points", "cells", "person"
]
"""Rule of a kind that decides whether an answer is right."""
RoundingMatcher: TypeAlias = Callable[[Value | None], bool]
"""Predicate: whether an answer is a value rounded to distinctive digits."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Result of comparing an answer with a key.

    *credit* is exact. *remark* may be shown to the student; it reveals nothing about the key.
    *form_mismatch* says that the answer has another form than the one asked for. *cells* says for
    each cell, for staff, whether it is right. *rule* names the rule of the kind that decided,
    *first_wrong* the first place that is not right.
    """

    credit: Fraction
    remark: str = ""
    form_mismatch: str = ""
    cells: tuple[bool, ...] = ()
    rule: KindRule = "exact"
    first_wrong: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the answer has full credit."""
        return self.credit.numerator == self.credit.denominator


RULES: Final[tuple[KindRule, ...]] = get_args(KindRule)
RIGHT = Judgement(Fraction(1))
WRONG = Judgement(Fraction(0))
RIGHT_BY_RULE: Final[Mapping[str, Judgement]] = {by: replace(RIGHT, rule=by) for by in RULES}
WRONG_BY_RULE: Final[Mapping[str, Judgement]] = {by: replace(WRONG, rule=by) for by in RULES}
"""Judgements without credit by deciding rule, built once because they are frequent."""


@dataclass(frozen=True, slots=True)
class SampleAnswers:
    """Answers as students type them, for the test that every kind must pass."""

    right: tuple[RawAnswer, ...]
    wrong: tuple[RawAnswer, ...]
    unreadable: tuple[RawAnswer, ...]


class AnswerKind(TextReader[P, A]):
    """Kind of answer. Its methods depend on their arguments alone.

    *hint* tells students how to type an answer; *example* is an answer that every part can read,
    unless the part makes its own. *reads_by_numbers* means that the reading depends on the numbers
    of the student's variant, and *reads_alone* that `grader read` can read an answer without a
    problem, because the kind has no options, rows or condition.
    """

    part: ClassVar[type[Part]]
    hint: ClassVar[str]
    example: ClassVar[str] = ""
    reads_alone: ClassVar[bool] = True
    reads_by_numbers: ClassVar[bool] = False

    @abstractmethod
    def judge(self, reading: Reading[A], key: Value | None, part: P, scope: Scope) -> Judgement:
        """Return how the answer compares with *key*, which is None if the part has none."""

    @abstractmethod
    def build_samples(self, part: P, key: Value | None) -> SampleAnswers:
        """Return right, wrong and unreadable answers to *part*."""

    def solve(self, part: P, scope: Scope) -> Value | None:
        """Return the key in *scope*, or None if the part has none.

        Raise `SolverError` if the key is not of this kind; every answer then needs review.
        """
        expression = part.key_expression
        return None if expression is None else evaluate(expression.tree, scope)

    def describe_accepted(self, part: P, key: Value | None) -> str:
        """Return in words which answers are right for *key*; "" if it is None."""
        return "" if key is None else f"exactly {self.format_key(key, part)}"

    def lookup_key(self, value: A | Value, part: P) -> Hashable | None:
        """Return the lookup key of an answer or of a mistake's value, or None if it has none.

        An answer is recognized as a mistake if the two are equal; numbers and tensors also match
        within float noise. Without a lookup key, `matches_mistake` decides.
        """
        del part
        if isinstance(value, tuple):
            return value if all(isinstance(one, (int, str, Fraction)) for one in value) else None
        return value if isinstance(value, (int, str, Tensor, Fraction)) else None

    def matches_mistake(self, reading: Reading[A], value: Value, part: P, scope: Scope) -> bool:
        """Return whether the answer is *value*, the result of a known mistake."""
        return self.judge(reading, value, part, scope).is_right

    def rounding_matcher(self, reading: Reading[A]) -> RoundingMatcher | None:
        """Return a predicate: whether the answer is a value rounded to distinctive digits.

        Return None if it is clear without a value that the answer is no such rounding.
        """
        del reading
        return None

    def is_precise_rounding(self, reading: Reading[A], value: Value | None) -> bool:
        """Return whether the answer is *value* rounded to distinctive digits."""
        matches_rounding = self.rounding_matcher(reading)
        return matches_rounding is not None and matches_rounding(value)

    def may_be_rounding(self, reading: Reading[A], value: Value | None) -> bool:
        """Return whether the answer is *value* rounded to any digits."""
        del reading, value
        return False

    def can_carry_forward(self, value: Value, key: Value) -> bool:
        """Return whether later keys can use *value*, a student's answer, in place of *key*."""
        return has_same_form_and_sign(value, key)

    def describe_errors(self, reading: Reading[A], cells: tuple[bool, ...], part: P) -> str:
        """Return a sentence that lists the wrong cells, for parts that show them."""
        del reading, part
        return f"Incorrect: {', '.join(str(at) for at, right in enumerate(cells, 1) if not right)}."

    def carried_value(self, reading: Reading[A]) -> Value | None:
        """Return the answer as a value that later keys can use and JSON can hold, or None.

        A kind whose values have a type of their own returns a plain value here.
        """
        value = reading.value
        return value if type(value) in CARRIED_TYPES else None  # type: ignore[return-value]

    def render(self, reading: Reading[A], part: P, scope: Scope) -> Rendering:
        """Return the reading as text and as MathML: the value that is graded."""
        return Rendering(reading.text, math_element(self.to_mathml(reading.value, part, scope)))

    def to_mathml(self, value: A, part: P, scope: Scope) -> str:
        """Return the value as one MathML element."""
        del part, scope
        return to_mathml(value)  # type: ignore[arg-type]  # kinds of other values override this

    def format_key(self, value: Value | None, part: P | None = None) -> str:
        """Return a key in plain text, as a student may type it; *part* may give the unit."""
        del part
        return "" if value is None else to_text(value)
