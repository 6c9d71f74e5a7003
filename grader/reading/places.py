"""One unit of the last place of a number typed as a single number: 1/100 for 3.14."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from grader.display.text import show_exactly
from grader.reading.grammar.parser import PERCENTS
from grader.reading.grammar.tokens import Token
from grader.values import Number, is_number

__all__ = ["BRACES", "CROSSES", "SUMS", "decimal_step", "last_unit"]

SUMS: Final = frozenset({"+", "-"})
BRACES: Final = frozenset({"(", ")", "[", "]", "{", "}"})
CROSSES: Final = frozenset({"×", "*", "·"})


def last_unit(tokens: Sequence[Token]) -> Number | None:
    """Return one unit of the last place if *tokens* are a single number, else None."""
    body = tokens[1:] if tokens[0].text in SUMS else tokens
    inner = body[1:-1]
    enclosed = bool(inner) and body[0].text in BRACES and body[-1].text in BRACES
    if enclosed and not any(token.text in BRACES for token in inner):
        body = inner
    if not body or body[0].place is None:
        return None
    place = body[0].place
    match [token.text for token in body[1:]]:
        case []:
            return _ten_to(place)
        case [sign] if sign in PERCENTS:
            return _ten_to(place - 2)
        case [cross, "10", *_] if cross in CROSSES:
            power = _power_of_ten(body[3:])
            return None if power is None else _ten_to(place + power)
        case _:
            return None


def _power_of_ten(tokens: Sequence[Token]) -> int | None:
    """Return the exponent after ``10``: ``^6``, ``^{-6}`` or ``⁶``; None for anything else."""
    if len(tokens) == 1 and tokens[0].kind == "power":
        return int(tokens[0].value)
    inner = [token for token in tokens if token.text not in BRACES]
    match [token.text for token in inner]:
        case ["**", "-", _]:
            sign = -1
        case ["**", _]:
            sign = 1
        case _:
            return None
    exponent = inner[-1]
    whole = exponent.kind == "number" and isinstance(exponent.value, int)
    return sign * int(exponent.value) if whole else None


def _ten_to(place: int) -> Number:
    return 10**place if place >= 0 else Fraction(1, 10**-place)


def decimal_step(typed: object) -> Number | None:
    """Return one unit of the last place of a JSON number; None for a nonterminating fraction."""
    text = show_exactly(typed) if is_number(typed) else ""
    if "/" in text or not text:
        return None
    digits, _, exponent = text.partition("e")
    return _ten_to(int(exponent or 0) - len(digits.partition(".")[2]))
