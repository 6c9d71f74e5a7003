"""Kind whose answer is a number with a unit: `quantity`, such as 60.95 MB or 3.6 GMACs."""

import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Final, Literal, Self

from pydantic import ValidationInfo, field_validator, model_validator

from grader.display.mathml import quantity_element
from grader.display.text import to_text
from grader.expressions.evaluate import Scope
from grader.grading.rounding import (
    MIN_PRECISE_FIGURES,
    equals_up_to_noise,
    is_rounded_as_typed,
    is_rounding_to_figures,
)
from grader.grading.tolerance import (
    describe_accepted_numbers,
    find_accepting_rule,
    find_rounding_rule,
    find_unrounded_rule,
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
from grader.kinds.numbers import ScalarPart, require_number_key
from grader.lazy_regex import lazy_regex
from grader.reading import RawAnswer, Reading
from grader.reading.restatements.pipelines import QUANTITY_REWRITERS
from grader.reading.screening.doubts import refuse_alternatives
from grader.reading.units.quantities import BARE_NOTE, Quantity, read_quantity
from grader.reading.units.unit_names import DECIMAL_BYTES, DIMENSIONS, parse_unit
from grader.values import Number, Value, absolute_value, is_number, simplify_number

LOST_UNIT: Final = "The number has no unit, and it fits a unit other than that of the question."
MIN_LOST_FACTOR: Final = 1000
"""Factor between two units from which on a number without its unit is not just wrong."""
DECIMAL_PREFIX: Final = lazy_regex(
    r"(?<![A-Za-z\\])(?:(?P<letter>[kKMGT])B(?![A-Za-z])"
    r"|(?P<word>(?i:kilo|mega|giga|tera))(?=(?i:bytes?)(?![A-Za-z])))"
    r"|\\(?P<command>kilo|mega|giga|tera)(?=\s*\\byte)"
)
"""Decimal prefix of a number of bytes: ``MB``, ``megabytes``, ``\\mega\\byte``."""
BINARY_NOTE: Final = "KB, MB, GB and TB count in steps of 1,024 here."
OTHER_DIMENSION_SAMPLES: Final = {"macs": "5 FLOPs", "flops": "5 MACs"}
"""Sample answers of another dimension; all other dimensions use MACs."""


@dataclass(frozen=True, slots=True)
class ConvertedQuantity:
    """Quantity in the part's unit, and the *typed_number* in the typed *unit*."""

    number: Number
    typed_number: Number
    unit: str

    def __str__(self) -> str:
        return to_text(self.number)


class QuantityPart(ScalarPart):
    """A number with a unit of `dimension`; the key, and a distance in the tolerance, are in `unit`.

    With ``bare: unit`` a number without a unit is in the part's; otherwise it is refused. With
    ``prefixes: binary`` 1 KB is 1,024 bytes, as in a question that says so.
    """

    kind: Literal["quantity"]
    dimension: Literal["bytes", "macs", "flops", "parameters", "pixels", "seconds"]
    unit: str
    bare: Literal["refused", "unit"] = "refused"
    prefixes: Literal["decimal", "binary"] = "decimal"

    @field_validator("unit")
    @classmethod
    def _normalize_unit(cls, spelling: str, others: ValidationInfo) -> str:
        """Return the unit in its displayed spelling."""
        dimension = others.data.get("dimension")
        unit = parse_unit(spelling)
        if dimension and (unit is None or unit.dimension != dimension):
            units = ", ".join(DIMENSIONS[dimension])
            raise ValueError(f"{spelling!r} is not a unit of {dimension}; there are {units}")
        return unit.name if unit else spelling

    @model_validator(mode="after")
    def _check_prefixes(self) -> Self:
        if self.prefixes == "binary" and self.dimension != "bytes":
            raise ValueError("`prefixes: binary` is for a number of bytes")
        if self.prefixes == "binary" and self.unit in DECIMAL_BYTES:
            raise ValueError(
                f"with `prefixes: binary` write the unit as {DECIMAL_BYTES[self.unit][0]}; "
                f"students may write {self.unit}"
            )
        return self

    @property
    def unit_size(self) -> Number:
        """Size of the part's unit, in the first unit of the dimension."""
        return DIMENSIONS[self.dimension][self.unit]


class QuantityKind(AnswerKind[QuantityPart, ConvertedQuantity]):
    """Kind of a number with a unit, converted exactly to the unit of the key."""

    part: ClassVar[type[QuantityPart]] = QuantityPart
    has_decimals = True
    hint = "A number with its unit."
    example = "5 MB"

    refusals = (refuse_alternatives,)
    drops_comments = True
    drops_own_label = True
    rewriters = QUANTITY_REWRITERS

    def read(
        self, typed: RawAnswer, part: QuantityPart, scope: Scope
    ) -> Reading[ConvertedQuantity]:
        """Return the quantity in the part's unit; refuse a unit of another dimension."""
        del scope
        default = part.unit if part.bare == "unit" else None
        binary = part.prefixes == "binary" and isinstance(typed, str)
        text = _to_binary_prefixes(typed) if binary else typed  # type: ignore[arg-type]
        reading = read_quantity(text, dimension=part.dimension, default=default)
        if text != typed:
            reading = replace(reading, notes=(*reading.notes, BINARY_NOTE))
        rounded = None if reading.rounded is None else _convert_to_part_unit(reading.rounded, part)
        return replace(_convert_to_part_unit(reading, part), rounded=rounded)

    def solve(self, part: QuantityPart, scope: Scope) -> Value | None:
        """Return the key, a number in the part's unit."""
        return require_number_key(super().solve(part, scope))

    def judge(
        self,
        reading: Reading[ConvertedQuantity],
        key: Value | None,
        part: QuantityPart,
        scope: Scope,
    ) -> Judgement:
        """Return full or no credit; rounding counts the figures given in the typed unit."""
        del scope
        if not is_number(key):
            return WRONG
        amount, tolerance = reading.value, part.tolerance
        rule = find_unrounded_rule(amount.number, key, tolerance)
        if rule is None:
            # Figures count in the typed unit: 12.3 KiB has three, 0.01230 in MiB.
            factor = Fraction(part.unit_size) / DIMENSIONS[part.dimension][amount.unit]
            step = None if reading.step is None else reading.step * factor
            rule = find_rounding_rule(amount.typed_number, key * factor, tolerance, step=step)
        if rule is not None:
            return RIGHT_BY_RULE[rule]
        if _is_key_in_other_unit(reading, key, part):
            return Judgement(WRONG.credit, form_mismatch=LOST_UNIT)
        return WRONG_BY_RULE[tolerance.widest_rule]

    def describe_accepted(self, part: QuantityPart, key: Value | None) -> str:
        """Return in words which answers are right for *key*."""
        if not is_number(key) or part.tolerance.widest_rule == "exact":
            return super().describe_accepted(part, key)
        return describe_accepted_numbers(part.tolerance, key, unit=part.unit)

    def lookup_key(self, value: ConvertedQuantity | Value, part: QuantityPart) -> Hashable | None:
        """Return the number in the part's unit."""
        return super().lookup_key(
            value.number if isinstance(value, ConvertedQuantity) else value, part
        )

    def matches_mistake(
        self, reading: Reading[ConvertedQuantity], value: Value, part: QuantityPart, scope: Scope
    ) -> bool:
        """Return whether the answer is *value*, the result of a known mistake."""
        del part, scope
        return is_number(value) and equals_up_to_noise(
            reading.value.number, value, step=reading.step
        )

    def rounding_matcher(self, reading: Reading[ConvertedQuantity]) -> RoundingMatcher | None:
        """Return a predicate: whether the answer is a value rounded to three figures or more."""
        number, step = reading.value.number, reading.step
        if not step:
            return None
        return lambda value: (
            is_number(value)
            and is_rounding_to_figures(number, value, step=step, figures=MIN_PRECISE_FIGURES)
        )

    def may_be_rounding(self, reading: Reading[ConvertedQuantity], value: Value | None) -> bool:
        """Return whether the answer is *value* rounded to any digits."""
        return is_number(value) and is_rounded_as_typed(
            reading.value.number, value, step=reading.step
        )

    def carried_value(self, reading: Reading[ConvertedQuantity]) -> Value | None:
        """Return the number in the part's unit."""
        return reading.value.number

    def to_mathml(self, value: ConvertedQuantity, part: QuantityPart, scope: Scope) -> str:
        """Return the number in the typed unit, as MathML."""
        del part, scope
        return quantity_element(value.typed_number, value.unit)

    def format_key(self, value: Value | None, part: QuantityPart | None = None) -> str:
        """Return a key with the unit of its part."""
        return (
            super().format_key(value)
            if part is None
            else f"{super().format_key(value)} {part.unit}"
        )

    def build_samples(self, part: QuantityPart, key: Value | None) -> SampleAnswers:
        """Return the key in the part's and the first unit, a larger value, and broken text."""
        if not is_number(key):
            return SampleAnswers((), (), ("abc",))
        first = next(iter(DIMENSIONS[part.dimension]))
        beyond = key + 2 * part.tolerance.radius(key) + max(absolute_value(key), 1)
        right = (
            self.format_key(key, part),
            f"{to_text(simplify_number(Fraction(key * part.unit_size)))} {first}",
        )
        bare = () if part.bare == "unit" else (to_text(key),)
        broken = (
            "abc",
            f"5 {part.unit}/s",
            OTHER_DIMENSION_SAMPLES.get(part.dimension, "5 MACs"),
            *bare,
        )
        return SampleAnswers(right, (self.format_key(beyond, part),), broken)


def _to_binary_prefixes(text: str) -> str:
    """Return *text* with the decimal prefixes of bytes as binary ones.

    >>> _to_binary_prefixes("588 KB, 0.57 megabytes")
    '588 KiB, 0.57 mebibytes'
    """

    def to_binary(match: re.Match[str]) -> str:
        if letter := match["letter"]:
            return f"{letter.upper()}iB"
        slash = "\\" if match["command"] else ""
        return f"{slash}{(match['word'] or match['command'])[:2].lower()}bi"

    return DECIMAL_PREFIX.sub(to_binary, text)


def _is_key_in_other_unit(
    reading: Reading[ConvertedQuantity], key: Number, part: QuantityPart
) -> bool:
    """Return whether a bare number is the key in another unit: 115605504 for 115.6 MMACs."""
    if part.bare != "unit" or not any(note.startswith(BARE_NOTE) for note in reading.notes):
        return False
    return any(
        find_accepting_rule(
            Fraction(reading.value.number * size) / part.unit_size, key, part.tolerance, step=None
        )
        is not None
        for size in DIMENSIONS[part.dimension].values()
        if part.unit_size >= MIN_LOST_FACTOR * size
    )


def _convert_to_part_unit(
    reading: Reading[Quantity], part: QuantityPart
) -> Reading[ConvertedQuantity]:
    """Return the reading converted to the part's unit, with the value as typed."""
    value, step = reading.value.value, reading.value.step
    amount = ConvertedQuantity(
        simplify_number(Fraction(value) / part.unit_size),
        simplify_number(value / Fraction(DIMENSIONS[part.dimension][reading.value.unit])),
        reading.value.unit,
    )
    step = None if step is None else Fraction(step) / part.unit_size
    return Reading(amount, reading.text, reading.notes, step)
