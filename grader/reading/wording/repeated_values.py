"""Values given twice: in brackets after the value, or rounded, as in ``13,107,400 ≈ 13.1M``."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.decimal_places import BRACES, SUMS, last_decimal_unit, unit_in_last_place
from grader.reading.grammar.equation_chains import CHAIN_NOTE, ValueTokens
from grader.reading.grammar.errors import quote_span
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, ends_with_operand
from grader.reading.units.percents import detect_percent_sign
from grader.values import Number, Tensor, absolute_value

MAX_LOSS_DIVISOR: Final = 50
"""Divisor of a value; a rounding to a single figure may differ by a 50th of it."""
FULL_NOTE: Final = "Given twice; the value with all its figures counts."
TIMES_PATTERN: Final = r"(?:\s?(?:[x×倍]|\\times|(?<=\s)times)|[- ]?(?:fold|fach))"
"""A cross, or a word such as times or fold, after a number."""
REPEATED_RATIO: Final = lazy_regex(
    rf"(?<![0-9.])([0-9]+\.[0-9]+){TIMES_PATTERN}\s+\(([0-9]+\.[0-9]+)\)[\s$.]*\Z"
)
"""A decimal with a cross after it, and another decimal in brackets at the end."""


def is_rounding_of(short: Number, unit: Number | None, full: Number) -> bool:
    """Return whether *short* is *full* rounded to *unit*, one unit of its last place.

    If *short* has a single figure and they differ by more than a fiftieth, they are two answers.

    >>> is_rounding_of(13_100_000, 100_000, 13_107_400), is_rounding_of(13_107_400, 1, 13_107_400)
    (True, False)
    >>> is_rounding_of(1, 1, 0.5)
    False
    """
    if unit is None or short == full:
        return False
    lost = absolute_value(short - full)
    is_near = 10 * unit <= absolute_value(short) or MAX_LOSS_DIVISOR * lost <= absolute_value(full)
    return is_near and 2 * lost <= unit


def is_cellwise_rounding_of(short: Tensor, full: Tensor) -> bool:
    """Return whether each cell of *short* equals that of *full*, or has fewer decimals of it."""
    if short.shape != full.shape or short.cells == full.cells:
        return False
    cells = zip(short.cells, full.cells, strict=True)
    return all(
        cell == two or is_rounding_of(cell, _rounding_step(cell), two) for cell, two in cells
    )


def _rounding_step(cell: Number) -> Number | None:
    step = last_decimal_unit(cell)
    return None if step == 1 else step


def adapt_notes_to_full_value(notes: Sequence[str]) -> tuple[str, ...]:
    """Return the *notes* on a rounded value, adapted to the full value that is read instead."""
    return (*(note for note in notes if note != CHAIN_NOTE), FULL_NOTE)


def rounding_unit(value: Number, step: Number | None, *, approximate: bool) -> Number | None:
    """Return the unit to which *value* may have been rounded, or None.

    *step* is one unit of the last typed place. A whole number after a fraction, as in
    ``63.5 → 63``, is a separate result, unless the sign before it says that it is rounded
    (*approximate*); then its trailing zeros may be rounded too.
    """
    if step != 1:
        return step
    digits = str(value)
    zeros = len(digits) - len(digits.rstrip("0")) if value else 0
    return 10**zeros if approximate else None


def strip_repeated_value(value_tokens: ValueTokens, text: str) -> ValueTokens:
    """Return the value without brackets that only repeat it: ``10860 (3640 + 7220)``.

    In ``13.1M (13,107,400)`` the value may round the number in brackets.
    """
    value, check = _split_repeated_value(value_tokens.tokens)
    if not check:
        return value_tokens
    if check[1].text in SUMS:
        raise _factor_or_remark_error(check, text)
    repeated = quote_span(text, check[0].start, check[-1].end)
    remark = (*value_tokens.notes, f"{repeated} was taken as a remark.")
    first, second = (evaluate_tokens(tokens, text) for tokens in (value, check))
    if first == second:
        in_percent = detect_percent_sign(check) and not detect_percent_sign(value)
        return replace(value_tokens, tokens=check if in_percent else value, notes=remark)
    shorter = is_rounding_of(second, _infer_rounding_unit(second, check), first)
    longer = is_rounding_of(first, _infer_rounding_unit(first, value), second)
    summed = any(token.text in SUMS for token in check)
    if not summed and shorter:
        return replace(value_tokens, tokens=value, notes=remark)
    if not summed and longer:
        return ValueTokens(value, value_tokens.notes, (tuple(check),))
    if not summed or shorter or longer:
        raise _factor_or_remark_error(check, text)
    return value_tokens


def refuse_repeated_value(tokens: list[Token], text: str) -> None:
    """Raise `AnswerError` for a cell such as ``48 (6*8)``, a factor or a remark.

    Only brackets that contain a sum of another value are read as a factor.
    """
    value, check = _split_repeated_value(tokens)
    if not check:
        return
    sums = any(token.text in SUMS for token in check)
    if not sums or evaluate_tokens(value, text) == evaluate_tokens(check, text):
        raise _factor_or_remark_error(check, text)


def refuse_repeating_decimal(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``0.(6)`` and ``0.1(6)``: repeating decimals or products."""
    for index, (number, bracket) in enumerate(pairwise(tokens)):
        if number.end != bracket.start or "." not in number.text:
            continue
        if bracket.text not in BRACES or bracket.text not in OPENERS:
            continue
        inside = tokens[index + 2 : index + 4]
        digits = [one.text.isdecimal() for one in inside] == [True, False]
        if number.text.endswith(".") or (digits and inside[1].text == OPENERS[bracket.text]):
            quote = quote_span(text, number.start, bracket.end)
            raise AnswerError(
                f"{quote} may begin a repeating decimal or a product.",
                expected="a fraction such as 2/3, or a multiplication sign",
                position=number.start,
            )


def refuse_repeated_ratio(text: str) -> None:
    """Raise `AnswerError` for ``8.1x (8.08)``: a ratio given twice, or a product."""
    match = REPEATED_RATIO.search(text)
    if match is None:
        return
    short, full = sorted(match.groups(), key=lambda item: len(item.partition(".")[2]))
    unit = Fraction(1, 10 ** len(short.partition(".")[2]))
    if 2 * abs(Fraction(short) - Fraction(full)) <= unit:
        raise AnswerError(
            f"{quote_span(text, *match.span())} may be a ratio that is given twice, or a product.",
            expected="one number",
            position=match.start(),
        )


def _infer_rounding_unit(value: Number, tokens: Sequence[Token]) -> Number | None:
    return rounding_unit(value, unit_in_last_place(tokens), approximate=False)


def _split_repeated_value(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return the value, and the brackets after it that may repeat it; [] if there are none."""
    index = next((index for index in range(len(tokens)) if _opens_repeated_value(tokens, index)), 0)
    if not index or tokens[-1].text != OPENERS[tokens[index].text]:
        return tokens, []
    return (tokens[:index], tokens[index:]) if _is_single_group(tokens[index:]) else (tokens, [])


def _is_single_group(group: Sequence[Token]) -> bool:
    """Return whether the last bracket of *group* closes its first."""
    depth = 0
    for token in group[:-1]:
        depth += (token.text in OPENERS) - (token.text in CLOSERS)
        if not depth:
            return False
    return True


def _factor_or_remark_error(check: Sequence[Token], text: str) -> AnswerError:
    return AnswerError(
        f"{quote_span(text, check[0].start, check[-1].end)} can be read as a factor or as a "
        "remark.",
        expected="a multiplication sign before it, or the number alone",
        position=check[0].start,
    )


def _opens_repeated_value(tokens: Sequence[Token], index: int) -> bool:
    """Return whether a bracket opens at *index* after a value, itself unbracketed, and a space."""
    before, token = tokens[max(0, index - 1) : index], tokens[index]
    if token.text not in BRACES or token.text not in OPENERS or not ends_with_operand(before):
        return False
    above = before[0].text == "}" or (index > 1 and tokens[index - 2].text == "frac")
    below = token.text == "{" and above  # a second argument of \frac
    return before[0].end < token.start and not below and tokens[0].text not in OPENERS
