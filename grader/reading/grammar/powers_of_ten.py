"""Powers of ten that lost a superscript, a sign or a decimal comma in copying."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.decimal_places import CROSSES
from grader.reading.grammar.errors import quote_span
from grader.reading.grammar.tokens import Token

BASES: Final = frozenset({"10", "e"})
MANTISSA: Final = lazy_regex(r"[1-9][0-9]{0,2}\.[0-9]+")
LEADING_SIGNS: Final = frozenset({"-", "+", "("})
TIMES_TEN: Final = lazy_regex(r"10[eE]([+-]?[0-9]{1,3})")
"""A ten that repeats the ``e`` after it.

``2 * 10e3`` means 2e3 to some people and 2e4 to Python.
"""
POINT_TEN: Final = lazy_regex(r"([1-9][0-9]*)\.10")
"""A number and a ten with a point between them, which multiplies in France and India."""
BRACKETED_MINUS: Final = ["(", "-"]
FLATTENED_POWER: Final = lazy_regex(r"10([1-9]|1[0-5])")
"""10⁶ copied without superscripts: ``106``."""
COMMA_GROUP: Final = lazy_regex(r"([1-9][0-9]{0,2}),([0-9]{3})(?:[eE].*)?")
"""One comma before three digits; before a power of ten it may be a decimal comma."""


def refuse_ambiguous_power_of_ten(tokens: Sequence[Token], text: str, *, grouping: bool) -> None:
    """Raise `AnswerError` for a product or a number whose author may mean a power of ten.

    Examples are ``1.2 × 10-3``, ``1.2·e-3`` and ``1.2 × 106``, copied from a page, ``1.2 × 10e3``,
    ``3.10^4``, and ``1,792 × 10^3`` unless *grouping* says that commas group thousands.
    """
    for index, token in enumerate(tokens):
        if token.text in CROSSES:
            _refuse_lost_minus(tokens[index : index + 5], text)
            _refuse_times_ten(tokens[index : index + 2], text)
        elif token.text.endswith(".10") and (not index or tokens[index - 1].text != ","):
            _refuse_point_ten(tokens[index : index + 2], text)
    _refuse_flattened_power(tokens, text)
    for index, token in enumerate(() if grouping else tokens):
        _refuse_comma_before_power(token, tokens[index + 1 : index + 5], text)


def _refuse_lost_minus(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` if *tokens* start with ``× 10-3``, ``× 10 -3`` or ``× 10(-3)``."""
    match tokens:
        case [cross, ten, sign, digits, *_] if sign.text == "-":
            pass
        case [cross, ten, opener, sign, digits] if [opener.text, sign.text] == BRACKETED_MINUS:
            pass
        case _:
            return
    if ten.text not in BASES or cross.text not in CROSSES or digits.kind != "number":
        return
    if sign.end == digits.start:
        raise AnswerError(
            f"{quote_span(text, ten.start, digits.end)} can be read as a power or as a "
            "subtraction.",
            expected=f"10^-{digits.text} for the power, spaces around a minus sign",
            position=ten.start,
        )


def _refuse_times_ten(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` if *tokens* are ``× 10e3``."""
    match tokens:
        case [cross, ten] if cross.text in CROSSES and (power := TIMES_TEN.fullmatch(ten.text)):
            raise AnswerError(
                f"{quote_span(text, cross.start, ten.end)} can be read as 10^{power[1]} or as ten "
                "times that.",
                expected=f"10^{power[1]}, or 1e{power[1]}, for the power of ten",
                position=ten.start,
            )


def _refuse_point_ten(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` if *tokens* are ``3.10^`` or ``3.10`` and a superscript digit."""
    match tokens:
        case [base, power] if power.text == "**" or power.kind == "power":
            if base.kind == "number" and (point := POINT_TEN.fullmatch(base.text)):
                raise AnswerError(
                    f"The point in {quote_span(text, base.start, power.end)} can be read in "
                    "two ways.",
                    expected=f"{point[1]} * 10^... for the product, ({base.text})^... for the "
                    "power of a decimal",
                    position=base.start,
                )


def _refuse_flattened_power(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` if ``2.4 × 106``, in brackets or not, is the whole answer."""
    value = [*tokens]
    while value and value[0].text in LEADING_SIGNS:
        value = value[1:]
    while value and value[-1].text == ")":
        value = value[:-1]
    if [token.kind for token in value] != ["number", "symbol", "number"]:
        return
    mantissa, cross, ten = value
    raised = FLATTENED_POWER.fullmatch(ten.text)
    if raised and cross.text in CROSSES and MANTISSA.fullmatch(mantissa.text):
        raise AnswerError(
            f"{quote_span(text, mantissa.start, ten.end)} can be read as a product or as a power "
            "of ten.",
            expected=f"{mantissa.text} * 10^{raised[1]} for the power, or the product itself",
            position=mantissa.start,
        )


def _refuse_comma_before_power(token: Token, behind: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` if *token* contains a comma and a power of ten follows in *behind*."""
    group = COMMA_GROUP.fullmatch(token.text) if token.kind == "number" else None
    if group is None:
        return
    end = (
        token.end
        if token.end > token.start + len(group[1] + group[2]) + 1
        else _find_power_end(behind)
    )
    if end:
        raise AnswerError(
            f"The comma in {quote_span(text, token.start, end)} can be read in two ways.",
            expected=f"{group[1]}.{group[2]} for the decimal, {group[1]}{group[2]} for the whole "
            "number",
            position=token.start,
        )


def _find_power_end(tokens: Sequence[Token]) -> int:
    """Return the earliest end of a factor ``× 10^3``; 0 if *tokens* do not start with one."""
    match tokens:
        case [cross, ten, power, *behind] if cross.text in CROSSES and ten.text == "10":
            if power.text == "**":
                return behind[0].end if behind else power.end
            return power.end if power.kind == "power" else 0
        case [cross, ten, *_] if cross.text in CROSSES and ten.text.lower().startswith("1e"):
            return ten.end
        case _:
            return 0
