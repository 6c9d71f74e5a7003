"""Values given twice: in brackets after the value, or rounded, as in ``13,107,400 ≈ 13.1M``."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.computing import computed
from grader.reading.grammar.equation_chains import CHAIN_NOTE, Found
from grader.reading.grammar.errors import quoted
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, ends_operand
from grader.reading.places import BRACES, SUMS, decimal_step, last_unit
from grader.reading.units.percents import is_in_percent
from grader.values import Number, Tensor, magnitude

__all__ = [
    "TIMES",
    "in_full",
    "refuse_check",
    "refuse_repeated_ratio",
    "refuse_repeating",
    "rounding_unit",
    "rounds_off",
    "rounds_off_cells",
    "without_check",
]

FARTHEST: Final = 50
"""Of how many parts of a value one may be lost where a single figure is left."""
FULL_NOTE: Final = "Given twice; the value with all its figures counts."
TIMES: Final = r"(?:\s?(?:[x×倍]|\\times|(?<=\s)times)|[- ]?(?:fold|fach))"
"""A cross, or a word such as times or fold, behind a number."""
RATIO: Final = re.compile(rf"(?<![0-9.])([0-9]+\.[0-9]+){TIMES}\s+\(([0-9]+\.[0-9]+)\)[\s$.]*\Z")
"""A decimal with a cross behind it, and at the end another one in brackets."""


def rounds_off(short: Number, unit: Number | None, full: Number) -> bool:
    """Return whether *short* is *full* rounded to *unit*, one unit of its last place.

    If *short* has a single figure and they differ by more than a fiftieth, they are two answers.

    >>> rounds_off(13_100_000, 100_000, 13_107_400), rounds_off(13_107_400, 1, 13_107_400)
    (True, False)
    >>> rounds_off(1, 1, 0.5)
    False
    """
    if unit is None or short == full:
        return False
    lost = magnitude(short - full)
    is_near = 10 * unit <= magnitude(short) or FARTHEST * lost <= magnitude(full)
    return is_near and 2 * lost <= unit


def rounds_off_cells(short: Tensor, full: Tensor) -> bool:
    """Return whether each cell of *short* equals that of *full*, or has fewer decimals of it."""
    if short.shape != full.shape or short.cells == full.cells:
        return False
    cells = zip(short.cells, full.cells, strict=True)
    return all(one == two or rounds_off(one, _decimal_unit(one), two) for one, two in cells)


def _decimal_unit(cell: Number) -> Number | None:
    step = decimal_step(cell)
    return None if step == 1 else step


def in_full(notes: Sequence[str]) -> tuple[str, ...]:
    """Return the *notes* on a rounded value, adapted to the full value that is read instead."""
    return (*(note for note in notes if note != CHAIN_NOTE), FULL_NOTE)


def rounding_unit(value: Number, step: Number | None, *, rough: bool) -> Number | None:
    """Return the unit to which *value* may have been rounded, or None.

    *step* is one unit of the last typed place. A whole number after a fraction, as in
    ``63.5 → 63``, is a separate result, unless the sign before it says that it is rounded
    (*rough*); then its trailing zeros may be rounded too.
    """
    if step != 1:
        return step
    digits = str(value)
    zeros = len(digits) - len(digits.rstrip("0")) if value else 0
    return 10**zeros if rough else None


def without_check(found: Found, text: str) -> Found:
    """Return the value without brackets that only repeat it: ``10860 (3640 + 7220)``.

    In ``13.1M (13,107,400)`` the value may round the number in brackets.
    """
    value, check = _with_check(found.tokens)
    if not check:
        return found
    repeated = quoted(text, check[0].start, check[-1].end)
    remark = (*found.notes, f"{repeated} was taken as a remark.")
    first, second = (computed(tokens, text) for tokens in (value, check))
    if first == second:
        in_percent = is_in_percent(check) and not is_in_percent(value)
        return replace(found, tokens=check if in_percent else value, notes=remark)
    shorter = rounds_off(second, _unit(second, check), first)
    longer = rounds_off(first, _unit(first, value), second)
    summed = any(token.text in SUMS for token in check)
    if not summed and shorter:
        return replace(found, tokens=value, notes=remark)
    if not summed and longer:
        return Found(value, found.notes, (tuple(check),))
    if not summed or shorter or longer:
        raise _factor_or_remark(check, text)
    return found


def refuse_check(tokens: list[Token], text: str) -> None:
    """Raise `AnswerError` for a cell such as ``48 (6*8)``, a factor or a remark.

    Only brackets that contain a sum of another value are read as a factor.
    """
    value, check = _with_check(tokens)
    if not check:
        return
    sums = any(token.text in SUMS for token in check)
    if not sums or computed(value, text) == computed(check, text):
        raise _factor_or_remark(check, text)


def refuse_repeating(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``0.(6)`` and ``0.1(6)``: repeating decimals or products."""
    for at, (number, bracket) in enumerate(pairwise(tokens)):
        if number.end != bracket.start or "." not in number.text:
            continue
        if bracket.text not in BRACES or bracket.text not in OPENERS:
            continue
        inside = tokens[at + 2 : at + 4]
        digits = [one.text.isdecimal() for one in inside] == [True, False]
        if number.text.endswith(".") or (digits and inside[1].text == OPENERS[bracket.text]):
            found = quoted(text, number.start, bracket.end)
            raise AnswerError(
                f"{found} may begin a repeating decimal or a product.",
                expected="a fraction such as 2/3, or a multiplication sign",
                position=number.start,
            )


def refuse_repeated_ratio(text: str) -> None:
    """Raise `AnswerError` for ``8.1x (8.08)``: a ratio given twice, or a product."""
    found = RATIO.search(text)
    if found is None:
        return
    short, full = sorted(found.groups(), key=lambda one: len(one.partition(".")[2]))
    unit = Fraction(1, 10 ** len(short.partition(".")[2]))
    if 2 * abs(Fraction(short) - Fraction(full)) <= unit:
        raise AnswerError(
            f"{quoted(text, *found.span())} may be a ratio that is given twice, or a product.",
            expected="one number",
            position=found.start(),
        )


def _unit(value: Number, tokens: Sequence[Token]) -> Number | None:
    return rounding_unit(value, last_unit(tokens), rough=False)


def _with_check(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return the value, and the brackets after it that may repeat it; [] if there are none."""
    at = next((at for at in range(len(tokens)) if _opens_check(tokens, at)), 0)
    if not at or tokens[-1].text != OPENERS[tokens[at].text]:
        return tokens, []
    return (tokens[:at], tokens[at:]) if _are_one(tokens[at:]) else (tokens, [])


def _are_one(group: Sequence[Token]) -> bool:
    """Return whether the last bracket of *group* closes its first."""
    depth = 0
    for token in group[:-1]:
        depth += (token.text in OPENERS) - (token.text in CLOSERS)
        if not depth:
            return False
    return True


def _factor_or_remark(check: Sequence[Token], text: str) -> AnswerError:
    return AnswerError(
        f"{quoted(text, check[0].start, check[-1].end)} can be read as a factor or as a remark.",
        expected="a multiplication sign before it, or the number alone",
        position=check[0].start,
    )


def _opens_check(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a bracket opens at *at* after a value, itself unbracketed, and a space."""
    before, token = tokens[max(0, at - 1) : at], tokens[at]
    if token.text not in BRACES or token.text not in OPENERS or not ends_operand(before):
        return False
    above = before[0].text == "}" or (at > 1 and tokens[at - 2].text == "frac")
    below = token.text == "{" and above  # a second argument of \frac
    return before[0].end < token.start and not below and tokens[0].text not in OPENERS
