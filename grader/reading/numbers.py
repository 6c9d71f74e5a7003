"""Text or JSON to one exact number; arithmetic in the answer is evaluated."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Final

from grader.display.text import show
from grader.errors import AnswerError
from grader.reading.arrays.printing import printed_number
from grader.reading.grammar.characters import clean, fold
from grader.reading.grammar.computing import bounded, computed
from grader.reading.grammar.constants import CONSTANTS
from grader.reading.grammar.equation_chains import NAMED, Found, last_link
from grader.reading.grammar.errors import (
    NUMBER_FORMS,
    percent_or_share,
    quoted,
    refuse_range,
)
from grader.reading.grammar.parser import MAX_LENGTH
from grader.reading.grammar.powers_of_ten import refuse_lost_power
from grader.reading.grammar.signs import refuse_margin
from grader.reading.grammar.tokens import Token, tokenize
from grader.reading.places import CROSSES, decimal_step, last_unit
from grader.reading.result import Reading, Styled, Typed
from grader.reading.units.magnitudes import scaled
from grader.reading.units.percents import is_in_percent
from grader.reading.wording.repeated_values import (
    TIMES,
    in_full,
    refuse_check,
    refuse_repeated_ratio,
    refuse_repeating,
    rounding_unit,
    rounds_off,
    without_check,
)
from grader.reading.wording.words import without_words
from grader.values import Number, is_number, magnitude, simplest

__all__ = [
    "MAX_TEXT",
    "WORDS",
    "given_number",
    "grouped_by_points",
    "grouping_note",
    "is_plain_number",
    "read_cell",
    "read_number",
    "value_and_step",
]

MAX_TEXT: Final = 2_000
"""The longest answer in which one value is looked for."""
WORDS: Final = frozenset({"word", "text"})

PLAIN: Final = re.compile(
    rf"\s*(?:{NAMED}|= ?|\$)([+-]?[0-9]{{1,300}})"
    r"(?:\.([0-9]{0,100})|/([1-9][0-9]{0,99}))?\$?\s*"
)
POINTED: Final = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
RATIO: Final = re.compile(rf"(?<=[0-9]){TIMES}(?=[\s$.]*\Z)")
"""A cross or the word times behind a number, with nothing behind it."""
ITEM: Final = re.compile(r"\s*+\(?[a-h]\)\s++(?=\S)")
"""The letter of a question, copied with the answer: ``(a) 63``."""
ROUNDING: Final = frozenset({"⌊", "⌈"})
TENS: Final = ("10", "1e", "1E")


def read_number(typed: Typed, *, percent: bool = False, ratio: bool = False) -> Reading[Number]:
    """Return the number that *typed* spells, or raise `AnswerError`.

    With *percent* the value is in percent, with or without the sign, and a share such as ``0.86``
    without the sign is refused; otherwise ``86%`` is 43/50. With *ratio* it may be a ratio,
    ``8.08x``.

    >>> read_number("(3 × 3 × 10 + 1) × 40 = 3,640 weights").value
    3640
    """
    if not isinstance(typed, str):
        return _reading(given_number(typed), decimal_step(typed), (), percent=percent)
    if len(typed) <= MAX_TEXT and (plain := PLAIN.fullmatch(typed)):
        whole, decimals, below = plain.groups()
        if below:
            return _reading(simplest(Fraction(int(whole), int(below))), None, (), percent=percent)
        if not decimals:
            return _reading(int(whole), 1, (), percent=percent)
        step = _decimal_unit(len(decimals))
        value = simplest(Fraction(int(whole + decimals), step.denominator))
        return _reading(value, step, (), percent=percent)
    text = clean(typed, limit=MAX_TEXT)
    return (_ratio(text, typed) if ratio else None) or _worded(text, typed, percent=percent)


def is_plain_number(typed: str) -> bool:
    """Return whether *typed* is one plain number, which needs no parser."""
    return PLAIN.fullmatch(typed) is not None


@lru_cache(maxsize=512)
def _decimal_unit(places: int) -> Fraction:
    """Return one unit of the last of *places* decimals."""
    return Fraction(1, 10**places)


def grouped_by_points(typed: Typed) -> str:
    """Return the last number whose points could group thousands; "" if there is none.

    In text of a declared style (`in_style`) a point groups nothing.

    >>> grouped_by_points("about 65.536"), grouped_by_points("0.125"), grouped_by_points(7)
    ('65.536', '', '')
    """
    if not isinstance(typed, str) or isinstance(typed, Styled):
        return ""
    text = fold(typed)
    if "." not in text or not POINTED.search(text[:MAX_TEXT]):
        return ""
    value = _value_tokens(clean(text, limit=MAX_TEXT)).tokens
    if any(token.kind == "function" or token.text in ROUNDING for token in value):
        return ""  # a rounded number is a decimal
    grouped = [
        token.text
        for at, token in enumerate(value)
        if POINTED.fullmatch(token.text) and not _is_mantissa(value[at + 1 : at + 3])
    ]
    return grouped[-1] if grouped else ""


def _is_mantissa(behind: Sequence[Token]) -> bool:
    """Return whether a power of ten is a factor *behind* a number: ``× 10`` or ``* 1e3``."""
    return bool(behind) and behind[0].text in CROSSES and behind[-1].text.startswith(TENS)


def given_number(typed: object) -> Number:
    """Return a number from JSON, or raise `AnswerError` if it is not a number."""
    if not is_number(typed):
        found = {bool: "true or false", list: "a list", dict: "an object"}.get(
            type(typed), "nothing"
        )
        raise AnswerError(f"This is {found}, not a number.", expected="one number")
    return bounded(simplest(typed) if isinstance(typed, Fraction) else typed)


def read_cell(text: str, start: int, end: int) -> Number:
    """Return the number in the cell ``text[start:end]``: arithmetic, but no words and no chain."""
    if end - start > MAX_LENGTH:
        raise AnswerError("A cell is too long.", expected="a number", position=start)
    tokens = tokenize(text, start, end, names=CONSTANTS)
    if not tokens:
        raise AnswerError("A cell is empty.", expected="a number", position=start)
    refuse_check(tokens, text)
    refuse_repeating(tokens, text)
    refuse_lost_power(tokens, text, grouping=True)
    return computed(tokens, text)


def value_and_step(tokens: Sequence[Token], text: str, typed: str) -> tuple[Number, Number | None]:
    """Return the number that *tokens* spell, and one unit of its last place or None."""
    if len(tokens) > 1:
        refuse_range(tokens, text, typed)
        refuse_margin(tokens, text)
        refuse_repeating(tokens, text)
    refuse_lost_power(tokens, text, grouping=isinstance(typed, Styled))
    return computed(tokens, text), last_unit(tokens)


def _worded(text: str, typed: str, *, percent: bool) -> Reading[Number]:
    found = without_check(_value_tokens(text), text)
    last = _valued(found, text, typed, percent=percent)
    _refuse_thousands(found, text, typed)
    return _in_full(found, last, text, typed, percent=percent) or last


def _valued(found: Found, text: str, typed: str, *, percent: bool) -> Reading[Number]:
    """Return the number that the tokens of *found* spell."""
    value, step = value_and_step(found.tokens, text, typed)
    signed = percent and is_in_percent(found.tokens)
    if signed:
        value, step = simplest(Fraction(value * 100)), None if step is None else step * 100
    return _reading(value, step, found.notes, percent=percent, signed=signed)


def _in_full(
    found: Found, last: Reading[Number], text: str, typed: str, *, percent: bool
) -> Reading[Number] | None:
    """Return the number that *last* rounds, or None: for ``2/3 = 0.67`` return 2/3.

    If the full number is whole, only it is accepted: ``606 ≈ 600`` does not answer both.
    """
    unit = rounding_unit(last.value, last.step, rough=found.rough)
    if unit is None:
        return None
    for tokens in found.full:
        full = _spelled(tokens, text, typed, percent=percent)
        if full is not None and rounds_off(last.value, unit, full.value):
            rounded = None if full.value.denominator == 1 else last
            return replace(full, notes=in_full(last.notes), rounded=rounded)
    return None


def _refuse_thousands(found: Found, text: str, typed: str) -> None:
    """Raise `AnswerError` for ``10^5 = 100.000``, where the first link shows grouped thousands."""
    token = found.tokens[0]
    if len(found.tokens) > 1 or isinstance(typed, Styled) or not POINTED.fullmatch(token.text):
        return
    grouped = int(token.text.replace(".", ""))
    links = (_spelled(tokens, text, typed, percent=False) for tokens in found.full)
    if any(link is not None and link.value == grouped for link in links):
        raise AnswerError(
            f"The point in {token.text} can be read in two ways.",
            expected=f"{grouped}, or the decimal with another number of digits",
            position=token.start,
        )


def _spelled(
    tokens: Sequence[Token], text: str, typed: str, *, percent: bool
) -> Reading[Number] | None:
    """Return the number that *tokens*, including words, spell; None if they spell none."""
    try:
        value = without_words(scaled(tokens)[0], text, words=WORDS)
        value = without_check(value, text)
        return _valued(value, text, typed, percent=percent) if value.tokens else None
    except AnswerError:
        return None


def _ratio(text: str, typed: str) -> Reading[Number] | None:
    """Return the plain number before a final cross, or None, as for ``2 × 3 ×``."""
    refuse_repeated_ratio(text)
    times = RATIO.search(text)
    found = _worded(text[: times.start()], typed, percent=False) if times else None
    if times is None or found is None or (found.rounded or found).step is None:
        return None
    said = f"'{times[0].strip()}' was read as 'times as much'."
    return replace(found, notes=(*found.notes, said))


def _value_tokens(text: str) -> Found:
    """Return the tokens of the value alone, with its numbers scaled by the words after them."""
    text = printed_number(text)
    label = ITEM.match(text)
    link = last_link(tokenize(text, label.end() if label else 0, names=CONSTANTS), text)
    tokens, scales = scaled(link.tokens)
    value = without_words(tokens, text, words=WORDS)
    if not value.tokens:
        found = quoted(text, 0, len(text))
        message = f"No number was found in {found}." if text.strip() else "Nothing was given."
        raise AnswerError(message, expected=NUMBER_FORMS, position=0)
    commas = grouping_note(value.tokens)
    item = (f"'{label[0].strip()}' was ignored.",) if label else ()
    notes = (*item, *link.notes, *commas, *scales, *value.notes)
    full = (*link.full, *_remarked(tokens, value.tokens[-1].end))
    return Found(value.tokens, notes, full, link.rough)


def _remarked(tokens: Sequence[Token], end: int) -> tuple[tuple[Token, ...], ...]:
    """Return the whole number in a remark after a value: ``13.1M (exactly 13,107,400)``."""
    if tokens[-1].end <= end:
        return ()
    behind = [token for token in tokens if token.kind == "number" and token.start >= end]
    whole = len(behind) == 1 and isinstance(behind[0].value, int)
    return ((behind[0],),) if whole else ()


def grouping_note(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return a note that the comma groups thousands, if one does."""
    grouped = any(token.kind == "number" and "," in token.text for token in tokens)
    return ("The comma groups thousands.",) if grouped else ()


def _reading(
    value: Number,
    step: Number | None,
    notes: tuple[str, ...],
    *,
    percent: bool,
    signed: bool = False,
) -> Reading[Number]:
    """Return the reading; refuse a percentage below 1 without a sign, which could be a share."""
    if not percent:
        return Reading(value, show(value), notes, step)
    if not signed and 0 < magnitude(value) < 1:
        raise percent_or_share(_percent(value), _percent(value * 100))
    return Reading(value, _percent(value), notes, step)


def _percent(value: Number) -> str:
    shown = show(value)
    return f"({shown})%" if "/" in shown else f"{shown}%"
