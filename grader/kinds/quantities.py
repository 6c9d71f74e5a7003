"""Kind whose answer is a number with a unit: `quantity`, such as 60.95 MB or 3.6 GMACs."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Final, Literal

from pydantic import ValidationInfo, field_validator

from grader.display.mathml import measured
from grader.display.text import show
from grader.expressions.evaluate import Scope
from grader.grading.tolerance import (
    TELLING_FIGURES,
    accepted,
    accepted_by,
    is_rounding,
    last_figure,
    may_round,
    recognised,
    rounds,
)
from grader.kinds.base import NOT, NOT_BY, RIGHT_BY, Judgement, Kind, Likeness, Samples
from grader.kinds.numbers import ScalarPart, as_number
from grader.reading import Reading, Typed
from grader.reading.units.quantities import Quantity, read_quantity
from grader.reading.units.unit_names import DIMENSIONS, unit_named
from grader.values import Number, Value, is_number, magnitude, simplest

__all__ = ["Amount", "QuantityKind", "QuantityPart"]

OTHER: Final = {"macs": "5 FLOPs", "flops": "5 MACs"}
"""An answer of another dimension; of all the others, bytes."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Quantity in the part's unit, and as it was *given* in the typed *unit*.

    *figure* is one unit, in the part's unit, of the last typed figure that need not be a zero: in
    61,000 kB that is 1000 kB, so 1 if the part's unit is MB.
    """

    number: Number
    figure: Number | None
    given: Number
    unit: str

    def __str__(self) -> str:
        return show(self.number)


class QuantityPart(ScalarPart):
    """A number with a unit of `dimension`; the key, and a distance in the tolerance, are in `unit`.

    With ``bare: unit`` a number without a unit is in the part's; otherwise it is refused.
    """

    kind: Literal["quantity"]
    dimension: Literal["bytes", "macs", "flops", "parameters", "pixels", "seconds"]
    unit: str
    bare: Literal["refused", "unit"] = "refused"

    @field_validator("unit")
    @classmethod
    def _unit_is_of_the_dimension(cls, spelling: str, others: ValidationInfo) -> str:
        """Return the unit in its displayed spelling."""
        dimension = others.data.get("dimension")
        unit = unit_named(spelling)
        if dimension and (unit is None or unit.dimension != dimension):
            units = ", ".join(DIMENSIONS[dimension])
            raise ValueError(f"{spelling!r} is no unit of {dimension}; there are {units}")
        return unit.name if unit else spelling

    @property
    def size(self) -> Number:
        """Size of the part's unit, in the first unit of the dimension."""
        return DIMENSIONS[self.dimension][self.unit]


class QuantityKind(Kind[QuantityPart, Amount]):
    """Kind of a number with a unit, converted exactly to the unit of the key."""

    part: ClassVar[type[QuantityPart]] = QuantityPart
    hint = "A number with its unit."
    example = "5 MB"

    def read(self, typed: Typed, part: QuantityPart, scope: Scope) -> Reading[Amount]:
        """Return the quantity in the part's unit; refuse a unit of another dimension."""
        del scope
        default = part.unit if part.bare == "unit" else None
        found = read_quantity(typed, dimension=part.dimension, default=default)
        rounded = None if found.rounded is None else _amount(found.rounded, part)
        return replace(_amount(found, part), rounded=rounded)

    def solve(self, part: QuantityPart, scope: Scope) -> Value | None:
        """Return the key, a number in the part's unit."""
        return as_number(super().solve(part, scope))

    def judge(
        self, reading: Reading[Amount], key: Value | None, part: QuantityPart, scope: Scope
    ) -> Judgement:
        """Return full or no credit; rounding counts the figures given in the typed unit."""
        del scope
        if not is_number(key):
            return NOT
        amount, tolerance = reading.value, part.tolerance
        rule = accepted_by(amount.number, key, tolerance, step=None)
        if rule is not None:
            return RIGHT_BY[rule]
        figures = tolerance.rounded
        steps = (reading.step, amount.figure)
        if figures and rounds(amount.number, key, steps=steps, figures=figures):
            return RIGHT_BY["rounding"]
        return NOT_BY[tolerance.widest]

    def accepted(self, part: QuantityPart, key: Value | None) -> str:
        """Return in words which answers are right for *key*."""
        if not is_number(key) or part.tolerance.widest == "exact":
            return super().accepted(part, key)
        return accepted(part.tolerance, key, unit=part.unit)

    def identity(self, value: Amount | Value, part: QuantityPart) -> Hashable | None:
        """Return the number in the part's unit."""
        return super().identity(value.number if isinstance(value, Amount) else value, part)

    def recognise(
        self, reading: Reading[Amount], value: Value, part: QuantityPart, scope: Scope
    ) -> bool:
        """Return whether the answer is *value*, the result of a known mistake."""
        del part, scope
        return is_number(value) and recognised(reading.value.number, value, step=reading.step)

    def likeness(self, reading: Reading[Amount]) -> Likeness | None:
        """Return a predicate: whether the answer is a value rounded to three figures or more."""
        number, step = reading.value.number, reading.step
        if not step:
            return None
        return lambda value: (
            is_number(value) and is_rounding(number, value, step=step, figures=TELLING_FIGURES)
        )

    def may_round(self, reading: Reading[Amount], value: Value | None) -> bool:
        """Return whether the answer is *value* rounded to any digits."""
        return is_number(value) and may_round(reading.value.number, value, step=reading.step)

    def carried(self, reading: Reading[Amount]) -> Value | None:
        """Return the number in the part's unit."""
        return reading.value.number

    def draw(self, value: Amount, part: QuantityPart, scope: Scope) -> str:
        """Return the number in the typed unit, as MathML."""
        del part, scope
        return measured(value.given, value.unit)

    def show(self, value: Value | None, part: QuantityPart | None = None) -> str:
        """Return a key with the unit of its part."""
        return super().show(value) if part is None else f"{super().show(value)} {part.unit}"

    def samples(self, part: QuantityPart, key: Value | None) -> Samples:
        """Return the key in the part's and the first unit, a larger value, and broken text."""
        if not is_number(key):
            return Samples((), (), ("abc",))
        first = next(iter(DIMENSIONS[part.dimension]))
        beyond = key + 2 * part.tolerance.radius(key) + max(magnitude(key), 1)
        right = (self.show(key, part), f"{show(simplest(Fraction(key * part.size)))} {first}")
        bare = () if part.bare == "unit" else (show(key),)
        broken = ("abc", f"5 {part.unit}/s", OTHER.get(part.dimension, "5 MACs"), *bare)
        return Samples(right, (self.show(beyond, part),), broken)


def _amount(found: Reading[Quantity], part: QuantityPart) -> Reading[Amount]:
    """Return the reading converted to the part's unit, with the value as typed."""
    value, step = found.value.value, found.value.step
    unit = Fraction(DIMENSIONS[part.dimension][found.value.unit])
    given = simplest(value / unit)
    figure = last_figure(given, None if step is None else step / unit)
    amount = Amount(
        simplest(Fraction(value) / part.size),
        None if figure is None else figure * unit / part.size,
        given,
        found.value.unit,
    )
    step = None if step is None else Fraction(step) / part.size
    return Reading(amount, found.shown, found.notes, step)
