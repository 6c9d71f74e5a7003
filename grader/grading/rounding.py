"""Rounding and float noise: tests whether a typed number is another one rounded.

Fractions are compared by their numerators and denominators, because arithmetic on them is ten times
slower.
"""

import math
from fractions import Fraction
from typing import Final, TypeAlias

from grader.values import Number, absolute_value

MIN_PRECISE_FIGURES: Final = 3
FLOAT_NOISE_RATIO: Final = 10**9
"""Ratio of a computed float to its noise."""
FLOAT_FIGURES: Final = 15
"""Number of reliable figures of a float; programs print up to two more."""

Steps: TypeAlias = tuple[Number | None, Number | None]


def compute_leading_exponent(number: Number) -> int:
    """Return the power of ten of the leading figure: 2 for 345, -3 for 0.004; undefined for 0.

    >>> [compute_leading_exponent(number) for number in (345, Fraction(4, 1000), 1000)]
    [2, -3, 3]
    """
    top, bottom = abs(number.numerator), number.denominator
    guess = math.floor((top.bit_length() - bottom.bit_length()) * 0.30103)
    while not _reaches_power_of_ten(top, bottom, guess):
        guess -= 1
    while _reaches_power_of_ten(top, bottom, guess + 1):
        guess += 1
    return guess


def _reaches_power_of_ten(top: int, bottom: int, exponent: int) -> bool:
    """Return whether the fraction is at least ten to the *exponent*."""
    return bool(top >= bottom * 10**exponent if exponent >= 0 else top * 10**-exponent >= bottom)


def is_within_half_power_of_ten(distance: int, unit: int, exponent: int) -> bool:
    """Return whether the distance is at most half of ten to the *exponent*."""
    return bool(
        2 * distance <= 10**exponent * unit
        if exponent >= 0
        else 2 * distance * 10**-exponent <= unit
    )


def distance_as_ratio(left: Number, right: Number) -> tuple[int, int]:
    """Return the distance of two numbers as a numerator and a denominator, not reduced."""
    bottom, other = left.denominator, right.denominator
    return abs(left.numerator * other - right.numerator * bottom), bottom * other


def equals_up_to_noise(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Return whether *answer* equals *value*; a computed one may differ by float noise.

    Mistakes are recognized by this rule, regardless of the tolerance of the part: a wrong cause is
    worse than none.
    """
    if answer == value:
        return True
    if step is not None:
        return False
    distance, unit = distance_as_ratio(answer, value)
    return distance * FLOAT_NOISE_RATIO * value.denominator <= abs(value.numerator) * unit


def equals_to_significant_figures(answer: Number, key: Number, figures: int) -> bool:
    """Return whether *answer* lies within half a unit of the last of *figures* figures of *key*."""
    if not key:
        return not answer
    exponent = compute_leading_exponent(key) - figures + 1
    return is_within_half_power_of_ten(*distance_as_ratio(answer, key), exponent)


def is_precise_rounding(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Return whether *answer* is *value* rounded to three or more figures.

    An integer does not count as a rounding of a fraction: 112 may not mean 111.5.
    """
    if step == 1 and not isinstance(value, int):
        return False
    return is_rounding_to_figures(answer, value, step=step, figures=MIN_PRECISE_FIGURES)


def is_rounding_of_key(answer: Number, key: Number, *, steps: Steps, figures: int) -> bool:
    """Return whether *answer* is *key* rounded to *figures* or more.

    *steps* are one unit of the last typed place, and of the last that need not be a zero:
    138,000,000 may have 3 to 9 figures. The figures of the key count: 9.996 is 10.0, but not 9.96.
    An answer that equals the key rounded to *figures* is right with fewer digits too: 78 for 77.98
    is 78.0.
    """
    step, figure = steps
    if step is None or figure is None or not key:
        return False
    power_of_ten = Fraction(10) ** (compute_leading_exponent(key) - figures + 1)
    if not answer % power_of_ten and absolute_value(answer - key) <= power_of_ten / 2:
        return True
    last = max(step, min(figure, power_of_ten))
    return has_significant_figures(answer, last, figures) and is_rounded_as_typed(
        answer, key, step=min(last, power_of_ten)
    )


def is_rounded_as_typed(answer: Number, value: Number, *, step: Number | None) -> bool:
    """Return whether *answer* is *value* rounded to the digits that were typed.

    The last figures of a float printed in full are noise: ``0.5064935064935064`` is 39/77.
    """
    if step is None:
        return False
    distance, unit = distance_as_ratio(answer, value)
    if 2 * distance * step.denominator <= step.numerator * unit:
        return True
    if not has_significant_figures(answer, step, FLOAT_FIGURES + 1):
        return False
    return is_within_half_power_of_ten(
        distance, unit, compute_leading_exponent(answer) - FLOAT_FIGURES + 1
    )


def is_rounding_to_figures(
    answer: Number, value: Number, *, step: Number | None, figures: int
) -> bool:
    """Return whether *answer* is *value* rounded to *step*, with *figures* or more."""
    if not step:
        return False
    return has_significant_figures(answer, step, figures) and is_rounded_as_typed(
        answer, value, step=step
    )


def has_significant_figures(answer: Number, step: Number, figures: int) -> bool:
    """Return whether *answer* has *figures* significant figures down to *step*; False for 0."""
    size = abs(answer.numerator) * step.denominator
    return bool(answer) and size >= step.numerator * 10 ** (figures - 1) * answer.denominator


def last_figure_unit(answer: Number, step: Number | None) -> Number | None:
    """Return one unit of the last figure that need not be a zero: 100,000 in 138,400,000."""
    if step != 1 or not isinstance(answer, int) or not answer:
        return step
    digits = str(answer)
    return int(10 ** (len(digits) - len(digits.rstrip("0"))))
