"""Kinds whose answer is one number: `integer`, `number` and `percent`."""

from functools import partial
from typing import Annotated, ClassVar, Final, Literal, Self, TypeVar

from pydantic import Field, model_validator

from grader.definitions.field_types import ExactNumber
from grader.definitions.parts import KeyedPart
from grader.display.text import to_text
from grader.errors import AnswerError, SolverError
from grader.expressions.evaluate import Scope
from grader.grading.rounding import equals_up_to_noise, is_precise_rounding, is_rounded_as_typed
from grader.grading.tolerance import (
    EXACT_TOLERANCE,
    Tolerance,
    describe_accepted_numbers,
    find_accepting_rule,
)
from grader.kinds.base import (
    RIGHT_BY_RULE,
    WRONG,
    WRONG_BY_RULE,
    AnswerKind,
    Judgement,
    RoundingMatcher,
    SampleAnswers,
)
from grader.kinds.text_reading import Refusal
from grader.reading import (
    RawAnswer,
    Reading,
    find_ambiguous_thousands,
    read_number,
)
from grader.reading.grammar.errors import truncate_line
from grader.reading.restatements.pipelines import SCALAR_REWRITERS
from grader.reading.screening.approximations import (
    refuse_approximate_count,
    refuse_coarse_estimate,
    refuse_comma_before_three_digits,
    refuse_other_form_of_count,
    refuse_other_form_of_decimal,
)
from grader.reading.screening.doubts import refuse_alternatives
from grader.reading.square_sides import read_square_side
from grader.reading.units.out_of_totals import read_out_of_total
from grader.values import Number, Value, absolute_value, has_same_form_and_sign, is_number

# It costs an attempt: else a student could try all round numbers free of charge.
WRONG_ROUNDED: Final = Judgement(
    WRONG.credit, remark="The question asks for the exact number, with all its digits."
)


class ScalarPart(KeyedPart):
    """Part whose answer is one number."""

    tolerance: Tolerance = EXACT_TOLERANCE


S = TypeVar("S", bound=ScalarPart)


class ScalarKind(AnswerKind[S, Number]):
    """Kind of one number that is compared with a key by a tolerance."""

    refusals: ClassVar[tuple[Refusal, ...]] = (refuse_alternatives,)
    drops_comments = True
    drops_own_label = True
    rewriters = SCALAR_REWRITERS

    def is_plain(self, text: str) -> bool:
        """Return whether *text* is a number of ASCII digits, with or without decimals."""
        whole, point, decimals = text.partition(".")
        return text.isascii() and whole.isdecimal() and (not point or decimals.isdecimal())

    def solve(self, part: S, scope: Scope) -> Value | None:
        """Return the key, a number, or None if the part has limits instead."""
        return require_number_key(super().solve(part, scope))

    def judge(
        self, reading: Reading[Number], key: Value | None, part: S, scope: Scope
    ) -> Judgement:
        """Return full or no credit, by the part's tolerance."""
        del scope
        if not is_number(key):
            return WRONG
        rule = find_accepting_rule(reading.value, key, part.tolerance, step=reading.step)
        if rule is None and reading.inexact and equals_up_to_noise(reading.value, key, step=None):
            rule = "exact"
        if rule is not None:
            return RIGHT_BY_RULE[rule]
        widest = part.tolerance.widest_rule
        if widest == "exact" and reading.step is not None and reading.step > 1:
            return WRONG_ROUNDED
        return WRONG_BY_RULE[widest]

    def describe_accepted(self, part: S, key: Value | None) -> str:
        """Return in words which answers are right for *key*."""
        if not is_number(key) or part.tolerance.widest_rule == "exact":
            return super().describe_accepted(part, key)
        return describe_accepted_numbers(part.tolerance, key)

    def matches_mistake(
        self, reading: Reading[Number], value: Value, part: S, scope: Scope
    ) -> bool:
        """Return whether the answer is *value*, the result of a known mistake."""
        del part, scope
        return is_number(value) and equals_up_to_noise(reading.value, value, step=reading.step)

    def rounding_matcher(self, reading: Reading[Number]) -> RoundingMatcher | None:
        """Return a predicate: whether the answer is a value rounded to three figures or more."""
        number, step = reading.value, reading.step
        if not step:
            return None
        return lambda value: is_number(value) and is_precise_rounding(number, value, step=step)

    def may_be_rounding(self, reading: Reading[Number], value: Value | None) -> bool:
        """Return whether the answer is *value* rounded to any digits."""
        return is_number(value) and is_rounded_as_typed(reading.value, value, step=reading.step)

    def build_samples(self, part: S, key: Value | None) -> SampleAnswers:
        """Return answers near and far from the key."""
        if not is_number(key):
            return SampleAnswers((), (), ("abc",))
        beyond = key + 2 * part.tolerance.radius(key) + max(absolute_value(key), 1)
        return SampleAnswers(
            (to_text(key), key), (to_text(beyond), beyond), ("abc", "", "1/0", "nan", [1, 2])
        )


def require_number_key(key: Value | None) -> Number | None:
    """Return *key* if it is a number or None, else raise `SolverError`."""
    if key is None or is_number(key):
        return key
    raise SolverError("the key is not a number")


class IntegerPart(ScalarPart):
    """A count or a size: exact unless the author allows rounding.

    With `square` the answer is the side of a square, and n×n means n.
    """

    kind: Literal["integer"]
    square: bool = False


class IntegerKind(ScalarKind[IntegerPart]):
    """Kind of a whole number. A fraction is readable but wrong, because it is a known mistake."""

    part: ClassVar[type[IntegerPart]] = IntegerPart
    hint = "A whole number; you can type a calculation."
    example = "2^10 - 24"

    def can_carry_forward(self, value: Value, key: Value) -> bool:
        """Return whether *value* is a whole number, and positive if *key* is."""
        return has_same_form_and_sign(value, key, whole=True)

    def read(self, typed: RawAnswer, part: IntegerPart, scope: Scope) -> Reading[Number]:
        """Return the number, or the side of a square typed as n×n."""
        del scope
        side = read_square_side(typed) if part.square and isinstance(typed, str) else None
        if part.tolerance.widest_rule == "exact" and isinstance(typed, str):
            refuse_approximate_count(typed)
        return side or read_count(typed)

    def get_refusals(self, part: IntegerPart) -> tuple[Refusal, ...]:
        """Return the functions that refuse texts with two meanings; a square may be n×n."""
        return self.refusals if part.square else (*self.refusals, refuse_other_form_of_count)


def read_count(typed: RawAnswer) -> Reading[Number]:
    """Return the number if a count is asked for; refuse ``65.536``, which could mean 65536."""
    if digits := find_ambiguous_thousands(typed):
        raise AnswerError(
            f"{digits} can be read as a decimal number and as a whole number with a point "
            "between the thousands.",
            expected=f"{digits.replace('.', '')}, or the decimal with another number of digits",
        )
    reading = read_number(typed)
    return reading.rounded or reading  # a count is never a fraction: 63.5 was rounded on purpose


class NumberPart(ScalarPart):
    """A number, against a key or against limits (`at_least`, `at_most`, `between`).

    With `share` it lies between 0 and 1, so that 75 may be 75%.
    """

    kind: Literal["number"]
    share: bool = False
    at_least: ExactNumber | None = None
    at_most: ExactNumber | None = None
    between: Annotated[
        tuple[ExactNumber, ExactNumber] | None, Field(description="both limits count")
    ] = None

    def needs_key(self) -> bool:
        """Return whether the part is incomplete without a key; limits replace a key."""
        return self.at_least is None and self.at_most is None and self.between is None

    @property
    def limits(self) -> tuple[Number | None, Number | None]:
        """Smallest and largest accepted number; None for no limit."""
        return self.between if self.between is not None else (self.at_least, self.at_most)

    @model_validator(mode="after")
    def _check_key_or_limits(self) -> Self:
        if self.key is not None and not self.needs_key():
            raise ValueError("give a key or limits (at_least, at_most, between), not both")
        if self.between is not None and (self.at_least, self.at_most) != (None, None):
            raise ValueError("`between` has both limits; leave at_least and at_most out")
        low, high = self.limits
        if low is not None and high is not None and low > high:
            raise ValueError(f"there is no number between {low} and {high}")
        return self


class NumberKind(ScalarKind[NumberPart]):
    """Kind of a number, exact or decimal; ``86%`` is read as 0.86, ``8.08x`` as a ratio."""

    part: ClassVar[type[NumberPart]] = NumberPart
    has_decimals = True
    hint = "A number: a decimal, a fraction or arithmetic."
    example = "3/4"

    def get_refusals(self, part: NumberPart) -> tuple[Refusal, ...]:
        """Return the functions that refuse texts with two meanings."""
        refusals = (*self.refusals, refuse_other_form_of_decimal)
        if part.tolerance.widest_rule == "exact":
            return refusals
        refuse_coarse = partial(refuse_coarse_estimate, suffices=part.tolerance.is_met_by_digits)
        return (*refusals, refuse_comma_before_three_digits, refuse_coarse)

    def read(self, typed: RawAnswer, part: NumberPart, scope: Scope) -> Reading[Number]:
        """Return the number; refuse one above 1 if a share is asked for."""
        del scope
        reading = (part.share and read_out_of_total(typed)) or read_number(typed, ratio=True)
        if part.share and reading.value > 1:
            raise AnswerError(
                f"{truncate_line(reading.text)} is more than 1, but the question asks for a share.",
                expected="a number from 0 to 1, or a percent sign after a percentage",
            )
        return reading

    def judge(
        self, reading: Reading[Number], key: Value | None, part: NumberPart, scope: Scope
    ) -> Judgement:
        """Return full or no credit, by the limits if there are any, else by the tolerance."""
        if part.needs_key():
            return super().judge(reading, key, part, scope)
        low, high = part.limits
        fits = (low is None or reading.value >= low) and (high is None or reading.value <= high)
        return RIGHT_BY_RULE["limits"] if fits else WRONG_BY_RULE["limits"]

    def describe_accepted(self, part: NumberPart, key: Value | None) -> str:
        """Return the limits in words, or the answers that the tolerance accepts."""
        low, high = part.limits
        if low is not None and high is not None:
            return f"from {to_text(low)} to {to_text(high)}"
        if low is not None or high is not None:
            return (
                f"at least {to_text(low)}" if low is not None else f"at most {to_text(high or 0)}"
            )
        return super().describe_accepted(part, key)

    def build_samples(self, part: NumberPart, key: Value | None) -> SampleAnswers:
        """Return answers near and far from the key, or inside and outside the limits."""
        if part.share and is_number(key):
            return _build_share_samples(part, key)
        if part.needs_key():
            return super().build_samples(part, key)
        low, high = part.limits
        inside = low if low is not None else high
        outside = [] if low is None else [low - 1]
        outside += [] if high is None else [high + 1]
        return SampleAnswers(
            (to_text(inside or 0),), tuple(to_text(value) for value in outside), ("abc", "nan")
        )


def _build_share_samples(part: NumberPart, key: Number) -> SampleAnswers:
    """Return the key, and those of 0 and 1 that the tolerance rejects."""
    ends = (
        end for end in (0, 1) if find_accepting_rule(end, key, part.tolerance, step=None) is None
    )
    return SampleAnswers((to_text(key), key), tuple(map(to_text, ends)), ("abc", "1.5", "nan"))
