"""One unit of the last place of a number typed as a single number: 1/100 for 3.14."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from grader.display.text import to_exact_text
from grader.reading.grammar.parser import PERCENTS
from grader.reading.grammar.tokens import Token
from grader.values import Number, is_number

SUMS: Final = frozenset({"+", "-"})
BRACES: Final = frozenset({"(", ")", "[", "]", "{", "}"})
CROSSES: Final = frozenset({"×", "*", "·"})


def unit_in_last_place(tokens: Sequence[Token]) -> Number | None:
    """Return one unit of the last place if *tokens* are a single number, else None."""
    body = tokens[1:] if tokens[0].text in SUMS else tokens
    inner = body[1:-1]
    enclosed = bool(inner) and body[0].text in BRACES and body[-1].text in BRACES
    if enclosed and not any(token.text in BRACES for token in inner):
        body = inner
    if not body or body[0].last_place is None:
        return None
    last_place = body[0].last_place
    match [token.text for token in body[1:]]:
        case []:
            return _power_of_ten(last_place)
        case [sign] if sign in PERCENTS:
            return _power_of_ten(last_place - 2)
        case [cross, "10", *_] if cross in CROSSES:
            power = _parse_exponent(body[3:])
            return None if power is None else _power_of_ten(last_place + power)
        case _:
            return None


def _parse_exponent(tokens: Sequence[Token]) -> int | None:
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


def _power_of_ten(exponent: int) -> Number:
    return 10**exponent if exponent >= 0 else Fraction(1, 10**-exponent)


def last_decimal_unit(typed: object) -> Number | None:
    """Return one unit of the last place of a JSON number; None for a nonterminating fraction."""
    text = to_exact_text(typed) if is_number(typed) else ""
    if "/" in text or not text:
        return None
    digits, _, exponent = text.partition("e")
    return _power_of_ten(int(exponent or 0) - len(digits.partition(".")[2]))
