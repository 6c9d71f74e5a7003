"""Tolerance of a number to the key: closed intervals in exact arithmetic.

Exact is the default. The limits belong to the interval, and have no rounding noise. Fractions are
compared by their numerators and denominators, because arithmetic on them is ten times slower.
"""

from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from grader.definitions.field_types import Positive, StrictModel
from grader.display.abbreviate import abbreviate_number
from grader.display.text import to_text
from grader.grading.rounding import (
    compute_leading_exponent,
    distance_as_ratio,
    equals_to_significant_figures,
    is_rounded_as_typed,
    is_rounding_of_key,
    is_within_half_power_of_ten,
    last_figure_unit,
)
from grader.reading.decimal_places import last_decimal_unit
from grader.values import Number, absolute_value, simplify_number

CACHED_DESCRIPTIONS: Final = 2048

ToleranceRule: TypeAlias = Literal["exact", "tolerance", "rounding"]
"""Rules that accept a number, the narrowest first."""


class Tolerance(StrictModel):
    """The accepted distance from the key; of several, the widest counts.

    `abs` and `rel` are distances (``0.5``, ``5%``), `sigfigs` and `decimals` half a unit of the
    last of that many figures of the key, `rounded` accepts the key rounded to the digits that the
    student gave, if they have at least that many significant figures.
    """

    abs: Positive | None = None
    rel: Positive | None = None
    sigfigs: Annotated[int, Field(ge=1, le=15)] | None = None
    decimals: Annotated[int, Field(ge=0, le=15)] | None = None
    rounded: Annotated[int, Field(ge=1, le=15)] | None = None

    @model_validator(mode="after")
    def _check_not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(
                "give one of abs, rel, sigfigs, decimals, rounded; exact is the default"
            )
        return self

    @cached_property
    def widest_rule(self) -> ToleranceRule:
        """The widest rule of the tolerance, which an answer has failed if it is not right."""
        if self.rounded is not None:
            return "rounding"
        wide = self.abs or self.rel or self.sigfigs or self.decimals is not None
        return "tolerance" if wide else "exact"

    @cached_property
    def absolute_and_relative_ratios(self) -> tuple[int, int, int, int]:
        """The distance that is the same for every key, and the share of the key, as fractions."""
        half = Fraction(0) if self.decimals is None else Fraction(1, 2 * 10**self.decimals)
        fixed, share = max(Fraction(self.abs or 0), half), Fraction(self.rel or 0)
        return *fixed.as_integer_ratio(), *share.as_integer_ratio()

    def radius(self, key: Number) -> Number:
        """Return the accepted distance from *key*, disregarding `rounded`."""
        fixed, fixed_by, share, share_by = self.absolute_and_relative_ratios
        distances = [Fraction(fixed, fixed_by), Fraction(share, share_by) * absolute_value(key)]
        if self.sigfigs is not None and key:
            distances.append(Fraction(10) ** (compute_leading_exponent(key) - self.sigfigs + 1) / 2)
        return simplify_number(max(distances))

    def is_met_by_digits(self, value: Number, step: Number) -> bool:
        """Return whether a value with *step* as its last unit has the digits that are asked for."""
        if self.rounded is not None and value:
            return (
                compute_leading_exponent(value) - compute_leading_exponent(step) + 1 >= self.rounded
            )
        return step <= 2 * self.radius(value)

    def interval(self, key: Number) -> tuple[Number, Number]:
        """Return the smallest and the largest accepted answer, disregarding `rounded`."""
        radius = self.radius(key)
        return simplify_number(Fraction(key - radius)), simplify_number(Fraction(key + radius))


EXACT_TOLERANCE: Final = Tolerance(abs=0)


def _discriminate_tolerances(raw: object) -> str:
    return "each" if isinstance(raw, (list, tuple)) else "one"


Tolerances: TypeAlias = Annotated[
    Annotated[Tolerance, Tag("one")]
    | Annotated[tuple[Tolerance, ...], Tag("each"), Field(min_length=1, max_length=1000)],
    Discriminator(_discriminate_tolerances),
]
"""One tolerance for all components of a vector, or a list with one for each."""


def find_accepting_rule(
    answer: Number, key: Number, tolerance: Tolerance, *, step: Number | None
) -> ToleranceRule | None:
    """Return the rule by which *answer*, typed with *step* as its last unit, is right, or None."""
    rule = find_unrounded_rule(answer, key, tolerance)
    return rule or find_rounding_rule(answer, key, tolerance, step=step)


def find_rounding_rule(
    answer: Number, key: Number, tolerance: Tolerance, *, step: Number | None
) -> ToleranceRule | None:
    """Return the rule by which *answer* is *key* up to rounding, or None.

    A *step* of None means a computed answer, which has no typed digits: `rounded` compares it with
    the key to as many figures as it asks for.
    """
    if tolerance.rounded is None:
        return None
    if step is None:
        return "rounding" if equals_to_significant_figures(answer, key, tolerance.rounded) else None
    steps = step, last_figure_unit(answer, step)
    return (
        "rounding"
        if is_rounding_of_key(answer, key, steps=steps, figures=tolerance.rounded)
        else None
    )


def find_cell_rule(cell: Number, key: Number, tolerance: Tolerance) -> ToleranceRule | None:
    """Return the rule by which one cell of an array is right, or None.

    Programs pad columns with zeros or omit them. A cell is therefore the key rounded if it is so
    with any number of trailing zeros: ``0.3`` is ``0.300``.
    """
    rule = find_unrounded_rule(cell, key, tolerance)
    if rule is not None or tolerance.rounded is None or not cell or not key:
        return rule
    exponent = (
        min(compute_leading_exponent(cell), compute_leading_exponent(key)) - tolerance.rounded + 1
    )
    if not is_within_half_power_of_ten(*distance_as_ratio(cell, key), exponent):
        return None
    if (cell / Fraction(10) ** exponent).denominator == 1:
        return "rounding"
    step = last_figure_unit(cell, last_decimal_unit(cell))
    if step is None:
        return "rounding"  # a computed fraction, such as 7/3, has no typed digits
    return "rounding" if is_rounded_as_typed(cell, key, step=step) else None


def find_unrounded_rule(answer: Number, key: Number, tolerance: Tolerance) -> ToleranceRule | None:
    """Return the rule by which *answer* is right, disregarding rounding."""
    if answer == key:
        return "exact"
    if tolerance.widest_rule == "exact":
        return None
    distance, unit = distance_as_ratio(answer, key)
    fixed, fixed_by, share, share_by = tolerance.absolute_and_relative_ratios
    if distance * fixed_by <= fixed * unit:
        return "tolerance"
    if share and distance * share_by * key.denominator <= share * abs(key.numerator) * unit:
        return "tolerance"
    if tolerance.sigfigs is None or not key:
        return None
    exponent = compute_leading_exponent(key) - tolerance.sigfigs + 1
    return "tolerance" if is_within_half_power_of_ten(distance, unit, exponent) else None


@lru_cache(maxsize=CACHED_DESCRIPTIONS, typed=True)
def describe_accepted_numbers(tolerance: Tolerance, key: Number, *, unit: str = "") -> str:
    """Return in words which answers are right for *key*.

    >>> describe_accepted_numbers(Tolerance(abs=Fraction(1, 2)), 64)
    'from 63.5 to 64.5'
    >>> describe_accepted_numbers(Tolerance(rounded=4), 138357544)
    '138,357,544, or rounded to 4 or more figures'
    """
    low, high = (_format_number_with_unit(limit, unit) for limit in tolerance.interval(key))
    exactly = _format_number_with_unit(key, unit)
    if tolerance.rounded is None:
        return f"exactly {exactly}" if low == high else f"from {low} to {high}"
    figures = f"rounded to {tolerance.rounded} or more figures"
    return f"{exactly}, or {figures}" if low == high else f"from {low} to {high}, or {figures}"


def describe_tolerance(tolerance: Tolerance) -> str:
    """Return in words how close a cell has to be to its key.

    >>> describe_tolerance(Tolerance(abs=Fraction(1, 2), rounded=3))
    'within 0.5 or rounded to 3 or more figures'
    >>> describe_tolerance(EXACT_TOLERANCE)
    'exactly'
    """
    values_by_phrase = {
        "within {}": to_text(tolerance.abs) if tolerance.abs else None,
        "within {}% of the key": to_text(100 * tolerance.rel) if tolerance.rel else None,
        "to {} figures": tolerance.sigfigs,
        "to {} decimals": tolerance.decimals,
        "rounded to {} or more figures": tolerance.rounded,
    }
    phrases = [
        words.format(given) for words, given in values_by_phrase.items() if given is not None
    ]
    return " or ".join(phrases) or "exactly"


def _format_number_with_unit(number: Number, unit: str) -> str:
    short = abbreviate_number(number)
    digits = f"{number:,}" if isinstance(number, int) else to_text(short)
    return f"{'' if short == number else 'about '}{digits} {unit}".rstrip()
