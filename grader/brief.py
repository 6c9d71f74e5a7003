"""Long numbers made brief, where people look at them and nothing is judged."""

from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

from grader.show import show
from grader.values import Number, Tensor, Value, is_number, simplest

__all__ = ["brief", "brief_number"]

LONG_DECIMAL: Final = 12
LONG_FRACTION: Final = 7
FIGURES: Final = 6


def brief_number(number: Number) -> Number:
    """Return *number*, a long one rounded to six figures, or to the point if that is later."""
    text = show(number)
    if isinstance(number, int) or len(text) <= (LONG_FRACTION if "/" in text else LONG_DECIMAL):
        return number
    figures = max(FIGURES, len(str(abs(number.numerator) // number.denominator)))
    top, bottom = Decimal(number.numerator), Decimal(number.denominator)
    return simplest(Fraction(Context(prec=figures).divide(top, bottom)))


def brief(value: Value) -> Value:
    """Return *value* with long numbers rounded to six figures, or to the point if that is later."""
    if is_number(value):
        return brief_number(value)
    if isinstance(value, Tensor):
        return value.map(brief_number)
    return tuple(map(brief, value)) if isinstance(value, tuple) else value
