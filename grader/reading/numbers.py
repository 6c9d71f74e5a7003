"""Text or JSON to one exact number, with arithmetic left standing computed."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from grader.arithmetic import FUNCTIONS
from grader.errors import AnswerError, SolverError
from grader.evaluate import Scope, evaluate
from grader.reading.characters import clean
from grader.reading.links import Found, last_link
from grader.reading.magnitudes import scaled
from grader.reading.parser import MAX_LENGTH, parse
from grader.reading.refusals import NUMBER_FORMS, quoted, refuse_range
from grader.reading.result import Reading, Typed
from grader.reading.tokens import OPENERS, Token, ends_operand, tokenize
from grader.reading.wording import without_words
from grader.show import show
from grader.tree import Node
from grader.values import Number, is_number, simplest

__all__ = [
    "LARGEST",
    "MAX_TEXT",
    "WORDS",
    "compute",
    "given_number",
    "looks_like_thousands",
    "read_cell",
    "read_number",
]

MAX_TEXT: Final = 2_000
"""The longest answer in which one value is looked for."""
WORDS: Final = frozenset({"word", "text"})

LARGEST: Final = 10**309
"""The bound of every number, a little beyond the doubles."""
MOST_DIGITS: Final = 10**400
"""The bound of numerators and denominators: what is shown has to be readable again."""
PLAIN: Final = re.compile(r"\s*([+-]?[0-9]{1,300})(?:\.([0-9]{0,100}))?\s*")
POINTED: Final = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
EXACT_SCOPE: Final = Scope({}, FUNCTIONS)
PERCENT_SIGNS: Final = frozenset({"%", "percent"})
SUMS: Final = frozenset({"+", "-"})
BRACES: Final = frozenset({"(", ")", "[", "]", "{", "}"})
CROSSES: Final = frozenset({"×", "*", "·"})


def read_number(typed: Typed, *, percent: bool = False) -> Reading[Number]:
    """Return the number that *typed* spells, or raise `AnswerError`.

    With *percent* the value is in percent, with or without the sign; without it ``86%`` is 43/50.

    >>> read_number("(3 × 3 × 10 + 1) × 40 = 3,640 weights").value
    3640
    """
    if not isinstance(typed, str):
        return _reading(given_number(typed), _decimal_step(typed), (), percent=percent)
    if len(typed) <= MAX_TEXT and (plain := PLAIN.fullmatch(typed)):
        whole, decimals = plain.groups()
        if not decimals:
            return _reading(int(whole), 1, (), percent=percent)
        step = Fraction(1, 10 ** len(decimals))
        return _reading(simplest(int(whole + decimals) * step), step, (), percent=percent)
    return _worded(clean(typed, limit=MAX_TEXT), typed, percent=percent)


def looks_like_thousands(typed: Typed) -> bool:
    """Tell whether the number has a point before three digits, so that it could group thousands.

    >>> looks_like_thousands("65.536"), looks_like_thousands("0.125"), looks_like_thousands(7)
    (True, False, False)
    """
    if not isinstance(typed, str) or not POINTED.search(typed[:MAX_TEXT]):
        return False
    value = _value_tokens(clean(typed, limit=MAX_TEXT)).tokens
    if value and value[0].text in SUMS:
        value = value[1:]
    return bool(value) and all(
        token.kind == "number" and POINTED.fullmatch(token.text if at == 0 else f"1{token.text}")
        for at, token in enumerate(value)
    )


def given_number(typed: object) -> Number:
    """Return a number that JSON gave, or raise `AnswerError` if it is none."""
    if not is_number(typed):
        found = {bool: "true or false", list: "a list", dict: "an object"}.get(
            type(typed), "nothing"
        )
        raise AnswerError(f"This is {found}, not a number.", expected="one number")
    return _bounded(simplest(typed) if isinstance(typed, Fraction) else typed)


def read_cell(text: str, start: int, end: int) -> Number:
    """Return the number in one cell, ``text[start:end]``: arithmetic, but no words and no chain."""
    if end - start > MAX_LENGTH:
        raise AnswerError("A cell is too long.", expected="a number", position=start)
    tokens = tokenize(text, start, end)
    if not tokens:
        raise AnswerError("A cell is empty.", expected="a number", position=start)
    return compute(parse(tokens, text), tokens)


def compute(tree: Node, tokens: Sequence[Token]) -> Number:
    """Return the exact value of *tree*, which was read from *tokens*, or raise `AnswerError`."""
    try:
        value = evaluate(tree, EXACT_SCOPE)
    except SolverError as error:
        raise AnswerError(
            f"This cannot be computed: {error}.", expected="a number", position=tokens[0].start
        ) from error
    if not is_number(value):
        raise AnswerError("This is not one number.", expected="a number")
    return _bounded(value)


def _worded(text: str, typed: str, *, percent: bool) -> Reading[Number]:
    tokens, notes = _without_check(_value_tokens(text), text)
    refuse_range(tokens, text, typed)
    value = compute(parse(tokens, text), tokens)
    step = _step(tokens)
    if percent and tokens[-1].text in PERCENT_SIGNS:
        value, step = simplest(Fraction(value * 100)), None if step is None else step * 100
    return _reading(value, step, notes, percent=percent)


def _value_tokens(text: str) -> Found:
    """Return the tokens of the value alone, numbers scaled by the words behind them."""
    link = last_link(tokenize(text), text)
    tokens, scales = scaled(link.tokens)
    value = without_words(tokens, text, words=WORDS)
    if not value.tokens:
        found = quoted(text, 0, len(text))
        message = f"No number was found in {found}." if text.strip() else "Nothing was given."
        raise AnswerError(message, expected=NUMBER_FORMS, position=0)
    grouped = any(token.kind == "number" and "," in token.text for token in value.tokens)
    commas = ("The comma groups thousands.",) if grouped else ()
    return Found(value.tokens, (*link.notes, *commas, *scales, *value.notes))


def _reading(
    value: Number, step: Number | None, notes: tuple[str, ...], *, percent: bool
) -> Reading[Number]:
    shown = show(value)
    if percent:
        shown = f"({shown})%" if "/" in shown else f"{shown}%"
    return Reading(value, shown, notes, step)


def _bounded(value: Number) -> Number:
    if not -LARGEST < value < LARGEST:
        raise AnswerError("The number is too large.", expected="a number below 10^309")
    if max(abs(value.numerator), value.denominator) > MOST_DIGITS:
        raise AnswerError("The number has too many digits.", expected="at most 400 digits")
    return value


def _without_check(found: Found, text: str) -> tuple[list[Token], tuple[str, ...]]:
    """Return the tokens without brackets that only repeat the value: ``10860 (3640 + 7220)``."""
    tokens = found.tokens
    at = next((at for at in range(len(tokens)) if _opens_check(tokens, at)), 0)
    if not at or tokens[-1].text != OPENERS[tokens[at].text]:
        return tokens, found.notes
    value, check = tokens[:at], tokens[at:]
    if any(token.text in BRACES for token in check[1:-1]):
        return tokens, found.notes
    repeated = quoted(text, check[0].start, check[-1].end)
    if compute(parse(value, text), value) == compute(parse(check, text), check):
        return value, (*found.notes, f"{repeated} was taken as a remark.")
    if not any(token.text in SUMS for token in check):
        raise AnswerError(
            f"{repeated} can be read as a factor or as a remark.",
            expected="a multiplication sign before it, or the number alone",
            position=check[0].start,
        )
    return tokens, found.notes


def _opens_check(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a bracket opens at *at* behind a blank and a value that is no bracket itself."""
    before, token = tokens[max(0, at - 1) : at], tokens[at]
    if token.text not in BRACES or token.text not in OPENERS or not ends_operand(before):
        return False
    below = token.text == "{" and before[0].text == "}"  # a second argument of \frac
    return before[0].end < token.start and not below and tokens[0].text not in OPENERS


def _step(tokens: Sequence[Token]) -> Number | None:
    """Return one unit of the last place of a number that was given as one, else None."""
    body = tokens[1:] if tokens[0].text in SUMS else tokens
    if len(body) - 2 == 1 and body[0].text in BRACES and body[-1].text in BRACES:
        body = body[1:-1]
    if not body or body[0].place is None:
        return None
    place = body[0].place
    match [token.text for token in body[1:]]:
        case []:
            return _ten_to(place)
        case [sign] if sign in PERCENT_SIGNS:
            return _ten_to(place - 2)
        case [cross, "10", *_] if cross in CROSSES:
            power = _power_of_ten(body[3:])
            return None if power is None else _ten_to(place + power)
        case _:
            return None


def _power_of_ten(tokens: Sequence[Token]) -> int | None:
    """Return the exponent behind ``10``: ``^6``, ``^{-6}`` or ``⁶``; None for anything else."""
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


def _decimal_step(typed: Typed) -> Number | None:
    """Return one unit of the last place of a JSON number, None for a fraction that never ends."""
    text = show(typed) if is_number(typed) else ""
    if "/" in text or not text:
        return None
    digits, _, exponent = text.partition("e")
    return _ten_to(int(exponent or 0) - len(digits.partition(".")[2]))
