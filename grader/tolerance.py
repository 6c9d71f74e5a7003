"""How close a number must be to the key: closed intervals in exact arithmetic.

Exact is the default. A limit itself passes, and there is no rounding noise at it.
"""

import math
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, model_validator

from grader.fields import Model, Positive
from grader.values import Number, magnitude, simplest

__all__ = [
    "EXACT",
    "Tolerance",
    "decimal_place",
    "may_round",
    "recognised",
    "resembles",
    "within",
]

MIN_FIGURES_TO_RECOGNISE = 3
FLOAT_NOISE = Fraction(1, 10**9)


class Tolerance(Model):
    """The accepted distance from the key; of several, the widest counts.

    `abs` and `rel` are distances (``0.5``, ``5%``), `sigfigs` and `decimals` half a unit of the
    last of so many figures of the key, `rounded` accepts the key rounded to the digits that the
    student gave, if those are at least so many significant figures.
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

    def radius(self, key: Number) -> Number:
        """Return the accepted distance from *key*, leaving `rounded` aside."""
        found: list[Number] = [0]
        if self.abs is not None:
            found.append(self.abs)
        if self.rel is not None:
            found.append(self.rel * magnitude(key))
        if self.sigfigs is not None and key:
            found.append(Fraction(10) ** (decimal_place(key) - self.sigfigs + 1) / 2)
        if self.decimals is not None:
            found.append(Fraction(1, 2 * 10**self.decimals))
        return max(found)

    def interval(self, key: Number) -> tuple[Number, Number]:
        """Return the smallest and the largest accepted answer."""
        radius = self.radius(key)
        return simplest(Fraction(key - radius)), simplest(Fraction(key + radius))


EXACT = Tolerance(abs=0)


def decimal_place(number: Number) -> int:
    """Return the power of ten of the leading figure: 2 for 345, -3 for 0.004.

    >>> decimal_place(345), decimal_place(Fraction(4, 1000)), decimal_place(1000)
    (2, -3, 3)
    """
    value = magnitude(Fraction(number))
    guess = math.floor((value.numerator.bit_length() - value.denominator.bit_length()) * 0.30103)
    while Fraction(10) ** guess > value:
        guess -= 1
    while Fraction(10) ** (guess + 1) <= value:
        guess += 1
    return guess


def within(answer: Number, key: Number, tolerance: Tolerance, *, step: Number | None) -> bool:
    """Tell whether *answer*, typed with *step* as its last unit, is accepted for *key*."""
    if answer == key or magnitude(answer - key) <= tolerance.radius(key):
        return True
    if tolerance.rounded is None:
        return False
    return _is_rounding(answer, key, _last_figure(answer, step), tolerance.rounded)


def recognised(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Tell whether *answer* is *value*: equal, or, where it was computed, but for float noise.

    Mistakes are recognised by this, whatever the part tolerates: a wrong cause is worse than none.
    """
    if answer == value:
        return True
    return step is None and magnitude(answer - value) <= FLOAT_NOISE * magnitude(value)


def resembles(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Tell whether *answer* is *value* rounded to three figures or more.

    A whole number is no rounding of a fraction here: 112 does not show that 111.5 was found.
    """
    if step == 1 and not isinstance(value, int):
        return False
    return _is_rounding(answer, value, step, MIN_FIGURES_TO_RECOGNISE)


def may_round(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Tell whether *answer* is *value* rounded to whatever digits were typed."""
    return step is not None and magnitude(answer - value) <= Fraction(step) / 2


def _last_figure(answer: Number, step: Number | None) -> Number | None:
    """Return one unit of the last figure that need not be a zero: 100,000 in 138,400,000."""
    if step != 1 or not isinstance(answer, int) or not answer:
        return step
    zeros = len(str(answer)) - len(str(answer).rstrip("0"))
    return int(10**zeros)


def _is_rounding(answer: Number, value: Number, step: Number | None, figures: int) -> bool:
    if not step or not answer:
        return False
    if magnitude(answer) < step * 10 ** (figures - 1):
        return False
    return magnitude(answer - value) <= Fraction(step) / 2
