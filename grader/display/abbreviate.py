"""Abbreviation of long numbers for display; values for grading stay exact."""

from typing import Final

from grader.display.text import to_text
from grader.values import Number, Tensor, Value, is_number, round_to_figures

MAX_DECIMAL_LENGTH: Final = 12
MAX_FRACTION_LENGTH: Final = 7
ABBREVIATED_FIGURES: Final = 6


def abbreviate_number(number: Number) -> Number:
    """Return *number*, rounded if long: to six figures, but integer digits always stay."""
    text = to_text(number)
    if isinstance(number, int) or len(text) <= (
        MAX_FRACTION_LENGTH if "/" in text else MAX_DECIMAL_LENGTH
    ):
        return number
    return round_to_figures(number, ABBREVIATED_FIGURES)


def abbreviate_value(value: Value) -> Value:
    """Return *value* with long numbers rounded to six figures; integer digits always stay."""
    if is_number(value):
        return abbreviate_number(value)
    if isinstance(value, Tensor):
        return value.map(abbreviate_number)
    return tuple(map(abbreviate_value, value)) if type(value) is tuple else value
