"""Long numbers made brief, where people look at them and nothing is judged."""

from typing import Final

from grader.display.text import show
from grader.values import Number, Tensor, Value, is_number, rounded_to

__all__ = ["brief", "brief_number"]

LONG_DECIMAL: Final = 12
LONG_FRACTION: Final = 7
FIGURES: Final = 6


def brief_number(number: Number) -> Number:
    """Return *number*, a long one rounded to six figures, or to the point if that is later."""
    text = show(number)
    if isinstance(number, int) or len(text) <= (LONG_FRACTION if "/" in text else LONG_DECIMAL):
        return number
    return rounded_to(number, FIGURES)


def brief(value: Value) -> Value:
    """Return *value* with long numbers rounded to six figures, or to the point if that is later."""
    if is_number(value):
        return brief_number(value)
    if isinstance(value, Tensor):
        return value.map(brief_number)
    return tuple(map(brief, value)) if type(value) is tuple else value
