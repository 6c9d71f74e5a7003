"""Abbreviation of long numbers for display; values for grading stay exact."""

from typing import Final

from grader.display.text import show
from grader.values import Number, Tensor, Value, is_number, rounded_to

__all__ = ["brief", "brief_number"]

LONG_DECIMAL: Final = 12
LONG_FRACTION: Final = 7
FIGURES: Final = 6


def brief_number(number: Number) -> Number:
    """Return *number*, rounded if long: to six figures, but integer digits always stay."""
    text = show(number)
    if isinstance(number, int) or len(text) <= (LONG_FRACTION if "/" in text else LONG_DECIMAL):
        return number
    return rounded_to(number, FIGURES)


def brief(value: Value) -> Value:
    """Return *value* with long numbers rounded to six figures; integer digits always stay."""
    if is_number(value):
        return brief_number(value)
    if isinstance(value, Tensor):
        return value.map(brief_number)
    return tuple(map(brief, value)) if type(value) is tuple else value
