"""Tolerance of a number to the key: closed intervals in exact arithmetic.

Exact is the default. The limits belong to the interval, and have no rounding noise. Fractions are
compared by their numerators and denominators, because arithmetic on them is ten times slower.
"""

import math
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from grader.definitions.fields import Model, Positive
from grader.display.abbreviate import brief_number
from grader.display.text import show
from grader.reading.places import decimal_step
from grader.values import Number, magnitude, simplest

__all__ = [
    "EXACT",
    "FLOAT_FIGURES",
    "TELLING_FIGURES",
    "Rule",
    "Tolerance",
    "Tolerances",
    "accepted",
    "accepted_by",
    "cell_accepted_by",
    "decimal_place",
    "has_figures",
    "in_words",
    "is_rounding",
    "last_figure",
    "may_round",
    "recognised",
    "resembles",
    "rounds",
]

TELLING_FIGURES: Final = 3
NOISE: Final = 10**9
"""The ratio of a computed float to its noise."""
FLOAT_FIGURES: Final = 15
"""The reliable figures of a float; programs print up to two more."""

SAID_KEPT: Final = 2048

Steps: TypeAlias = tuple[Number | None, Number | None]
Rule: TypeAlias = Literal["exact", "tolerance", "rounding"]
"""The rules that accept a number, the narrowest first."""


class Tolerance(Model):
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
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(
                "give one of abs, rel, sigfigs, decimals, rounded; exact is the default"
            )
        return self

    @cached_property
    def widest(self) -> Rule:
        """The widest rule of the tolerance, which an answer has failed if it is not right."""
        if self.rounded is not None:
            return "rounding"
        wide = self.abs or self.rel or self.sigfigs or self.decimals is not None
        return "tolerance" if wide else "exact"

    @cached_property
    def ratios(self) -> tuple[int, int, int, int]:
        """The distance that is the same for every key, and the share of the key, as fractions."""
        half = Fraction(0) if self.decimals is None else Fraction(1, 2 * 10**self.decimals)
        fixed, share = max(Fraction(self.abs or 0), half), Fraction(self.rel or 0)
        return *fixed.as_integer_ratio(), *share.as_integer_ratio()

    def radius(self, key: Number) -> Number:
        """Return the accepted distance from *key*, disregarding `rounded`."""
        fixed, fixed_by, share, share_by = self.ratios
        found = [Fraction(fixed, fixed_by), Fraction(share, share_by) * magnitude(key)]
        if self.sigfigs is not None and key:
            found.append(Fraction(10) ** (decimal_place(key) - self.sigfigs + 1) / 2)
        return simplest(max(found))

    def interval(self, key: Number) -> tuple[Number, Number]:
        """Return the smallest and the largest accepted answer, disregarding `rounded`."""
        radius = self.radius(key)
        return simplest(Fraction(key - radius)), simplest(Fraction(key + radius))


EXACT: Final = Tolerance(abs=0)


def _one_or_each(given: object) -> str:
    return "each" if isinstance(given, (list, tuple)) else "one"


Tolerances: TypeAlias = Annotated[
    Annotated[Tolerance, Tag("one")]
    | Annotated[tuple[Tolerance, ...], Tag("each"), Field(min_length=1, max_length=1000)],
    Discriminator(_one_or_each),
]
"""One tolerance for all components of a vector, or a list with one for each."""


def decimal_place(number: Number) -> int:
    """Return the power of ten of the leading figure: 2 for 345, -3 for 0.004; undefined for 0.

    >>> decimal_place(345), decimal_place(Fraction(4, 1000)), decimal_place(1000)
    (2, -3, 3)
    """
    top, bottom = abs(number.numerator), number.denominator
    guess = math.floor((top.bit_length() - bottom.bit_length()) * 0.30103)
    while not _reaches(top, bottom, guess):
        guess -= 1
    while _reaches(top, bottom, guess + 1):
        guess += 1
    return guess


def _reaches(top: int, bottom: int, place: int) -> bool:
    """Return whether the fraction is at least ten to the *place*."""
    return bool(top >= bottom * 10**place if place >= 0 else top * 10**-place >= bottom)


def accepted_by(
    answer: Number, key: Number, tolerance: Tolerance, *, step: Number | None
) -> Rule | None:
    """Return the rule by which *answer*, typed with *step* as its last unit, is right, or None."""
    rule = _close(answer, key, tolerance)
    if rule is not None or tolerance.rounded is None:
        return rule
    steps = step, last_figure(answer, step)
    return "rounding" if rounds(answer, key, steps=steps, figures=tolerance.rounded) else None


def cell_accepted_by(cell: Number, key: Number, tolerance: Tolerance) -> Rule | None:
    """Return the rule by which one cell of an array is right, or None.

    Programs pad columns with zeros or omit them. A cell is therefore the key rounded if it is so
    with any number of trailing zeros: ``0.3`` is ``0.300``.
    """
    rule = _close(cell, key, tolerance)
    if rule is not None or tolerance.rounded is None or not cell or not key:
        return rule
    place = min(decimal_place(cell), decimal_place(key)) - tolerance.rounded + 1
    if not _within_half(*_apart(cell, key), place):
        return None
    if (cell / Fraction(10) ** place).denominator == 1:
        return "rounding"
    step = last_figure(cell, decimal_step(cell))
    return "rounding" if may_round(cell, key, step=step) else None


def _close(answer: Number, key: Number, tolerance: Tolerance) -> Rule | None:
    """Return the rule by which *answer* is right, disregarding rounding."""
    if answer == key:
        return "exact"
    if tolerance.widest == "exact":
        return None
    off, unit = _apart(answer, key)
    fixed, fixed_by, share, share_by = tolerance.ratios
    if off * fixed_by <= fixed * unit:
        return "tolerance"
    if share and off * share_by * key.denominator <= share * abs(key.numerator) * unit:
        return "tolerance"
    if tolerance.sigfigs is None or not key:
        return None
    place = decimal_place(key) - tolerance.sigfigs + 1
    return "tolerance" if _within_half(off, unit, place) else None


def _within_half(off: int, unit: int, place: int) -> bool:
    """Return whether the distance is at most half of ten to the *place*."""
    return bool(2 * off <= 10**place * unit if place >= 0 else 2 * off * 10**-place <= unit)


def _apart(one: Number, two: Number) -> tuple[int, int]:
    """Return the distance of two numbers as a numerator and a denominator, not reduced."""
    bottom, other = one.denominator, two.denominator
    return abs(one.numerator * other - two.numerator * bottom), bottom * other


def recognised(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Return whether *answer* equals *value*; a computed one may differ by float noise.

    Mistakes are recognized by this rule, regardless of the tolerance of the part: a wrong cause is
    worse than none.
    """
    if answer == value:
        return True
    if step is not None:
        return False
    off, unit = _apart(answer, value)
    return off * NOISE * value.denominator <= abs(value.numerator) * unit


def resembles(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Return whether *answer* is *value* rounded to three or more figures.

    An integer does not count as a rounding of a fraction: 112 is no evidence of 111.5.
    """
    if step == 1 and not isinstance(value, int):
        return False
    return is_rounding(answer, value, step=step, figures=TELLING_FIGURES)


def rounds(answer: Number, key: Number, *, steps: Steps, figures: int) -> bool:
    """Return whether *answer* is *key* rounded to *figures* or more.

    *steps* are one unit of the last typed place, and of the last that need not be a zero:
    138,000,000 may have 3 to 9 figures. The figures of the key count: 9.996 is 10.0, but not 9.96.
    An answer that equals the key rounded to *figures* is right with fewer digits too: 78 for 77.98
    is 78.0.
    """
    step, figure = steps
    if step is None or figure is None or not key:
        return False
    place = Fraction(10) ** (decimal_place(key) - figures + 1)
    if not answer % place and magnitude(answer - key) <= place / 2:
        return True
    last = max(step, min(figure, place))
    return has_figures(answer, last, figures) and may_round(answer, key, step=min(last, place))


def may_round(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Return whether *answer* is *value* rounded to the digits that were typed.

    The last figures of a float printed in full are noise: ``0.5064935064935064`` is 39/77.
    """
    if step is None:
        return False
    off, unit = _apart(answer, value)
    if 2 * off * step.denominator <= step.numerator * unit:
        return True
    if not has_figures(answer, step, FLOAT_FIGURES + 1):
        return False
    return _within_half(off, unit, decimal_place(answer) - FLOAT_FIGURES + 1)


def is_rounding(answer: Number, value: Number, *, step: Number | None, figures: int) -> bool:
    """Return whether *answer* is *value* rounded to *step*, with *figures* or more."""
    if not step:
        return False
    return has_figures(answer, step, figures) and may_round(answer, value, step=step)


def has_figures(answer: Number, step: Number, figures: int) -> bool:
    """Return whether *answer* has *figures* significant figures down to *step*; False for 0."""
    size = abs(answer.numerator) * step.denominator
    return bool(answer) and size >= step.numerator * 10 ** (figures - 1) * answer.denominator


def last_figure(answer: Number, step: Number | None) -> Number | None:
    """Return one unit of the last figure that need not be a zero: 100,000 in 138,400,000."""
    if step != 1 or not isinstance(answer, int) or not answer:
        return step
    digits = str(answer)
    return int(10 ** (len(digits) - len(digits.rstrip("0"))))


@lru_cache(maxsize=SAID_KEPT, typed=True)
def accepted(tolerance: Tolerance, key: Number, *, unit: str = "") -> str:
    """Return in words which answers are right for *key*.

    >>> accepted(Tolerance(abs=Fraction(1, 2)), 64), accepted(Tolerance(rounded=4), 138357544)
    ('from 63.5 to 64.5', '138,357,544, or rounded to 4 or more figures')
    """
    low, high = (_grouped(limit, unit) for limit in tolerance.interval(key))
    exactly = _grouped(key, unit)
    if tolerance.rounded is None:
        return f"exactly {exactly}" if low == high else f"from {low} to {high}"
    figures = f"rounded to {tolerance.rounded} or more figures"
    return f"{exactly}, or {figures}" if low == high else f"from {low} to {high}, or {figures}"


def in_words(tolerance: Tolerance) -> str:
    """Return in words how close a cell has to be to its key.

    >>> in_words(Tolerance(abs=Fraction(1, 2), rounded=3)), in_words(EXACT)
    ('within 0.5 or rounded to 3 or more figures', 'exactly')
    """
    said = {
        "within {}": show(tolerance.abs) if tolerance.abs else None,
        "within {}% of the key": show(100 * tolerance.rel) if tolerance.rel else None,
        "to {} figures": tolerance.sigfigs,
        "to {} decimals": tolerance.decimals,
        "rounded to {} or more figures": tolerance.rounded,
    }
    found = [words.format(given) for words, given in said.items() if given is not None]
    return " or ".join(found) or "exactly"


def _grouped(number: Number, unit: str) -> str:
    short = brief_number(number)
    digits = f"{number:,}" if isinstance(number, int) else show(short)
    return f"{'' if short == number else 'about '}{digits} {unit}".rstrip()
