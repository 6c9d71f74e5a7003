"""Text or JSON to one exact number; arithmetic in the answer is evaluated."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arithmetic import evaluate_with_step
from grader.reading.arrays.surrounding_text import unwrap_printed_number
from grader.reading.decimal_places import CROSSES, last_decimal_unit
from grader.reading.grammar.ambiguous_signs import (
    refuse_size,
)
from grader.reading.grammar.characters import clean_text, fold_lookalikes, join_digits
from grader.reading.grammar.constants import CONSTANTS
from grader.reading.grammar.equation_chains import OPTIONAL_NAME, ValueTokens, extract_last_link
from grader.reading.grammar.errors import (
    NUMBER_FORMS,
    percent_or_share_error,
    quote_span,
)
from grader.reading.grammar.evaluation import may_be_inexact, require_within_bounds
from grader.reading.grammar.tokens import Token, tokenize
from grader.reading.lists.column_totals import find_column_total
from grader.reading.result import RawAnswer, Reading, StyledText
from grader.reading.units.magnitudes import apply_scale_words
from grader.reading.units.percents import detect_percent_sign
from grader.reading.wording.repeated_values import (
    TIMES_PATTERN,
    adapt_notes_to_full_value,
    is_rounding_of,
    refuse_repeated_ratio,
    rounding_unit,
    strip_repeated_value,
)
from grader.reading.wording.surrounding_words import strip_surrounding_words
from grader.values import Number, absolute_value, is_number, simplify_number

COMMA_NOTE: Final = "The comma groups thousands."
MAX_TEXT: Final = 2_000
"""Maximum length of an answer with one value."""
WORD_KINDS: Final = frozenset({"word", "text"})

PLAIN_NUMBER: Final = lazy_regex(
    rf"\s*(?:{OPTIONAL_NAME}|= ?|\$)([+-]?(?:0|[1-9][0-9]{{0,299}}))"
    r"(?:\.([0-9]{0,100})|/([1-9][0-9]{0,99}))?\$?\s*"
)
POINT_GROUPED: Final = lazy_regex(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
RATIO: Final = lazy_regex(
    rf"(?<=[0-9])(?:{TIMES_PATTERN}(?:\s+(?:fewer|less|smaller|faster|cheaper|lower"
    r"|as\s+(?:many|much|large|small|few|fast|big))(?:\s+[^\W\d_]+){0,3})?|\s?:\s?1)(?=[\s$.]*\Z)"
)
"""A cross or the word "times" after a number, with nothing after it."""
ITEM_LETTER: Final = lazy_regex(r"\s*+\(?[a-h]\)\s++(?=\S)")
"""The letter of a question, copied with the answer: ``(a) 63``."""
ROUNDING: Final = frozenset({"⌊", "⌈"})
TENS: Final = ("10", "1e", "1E")


def read_number(typed: RawAnswer, *, percent: bool = False, ratio: bool = False) -> Reading[Number]:
    """Return the number that *typed* spells, or raise `AnswerError`.

    With *percent* the value is in percent, with or without the sign, and a share such as ``0.86``
    without the sign is refused; otherwise ``86%`` is 43/50. With *ratio* it may be a ratio,
    ``8.08x``.

    >>> read_number("(3 × 3 × 10 + 1) × 40 = 3,640 weights").value
    3640
    """
    if not isinstance(typed, str):
        return _build_reading(require_number(typed), last_decimal_unit(typed), (), percent=percent)
    if len(typed) <= MAX_TEXT and (plain := PLAIN_NUMBER.fullmatch(typed)):
        whole, decimals, below = plain.groups()
        if below:
            return _build_reading(
                simplify_number(Fraction(int(whole), int(below))), None, (), percent=percent
            )
        if not decimals:
            return _build_reading(int(whole), 1, (), percent=percent)
        step = _unit_of_decimals(len(decimals))
        value = simplify_number(Fraction(int(whole + decimals), step.denominator))
        return _build_reading(value, step, (), percent=percent)
    text = clean_text(typed, limit=MAX_TEXT)
    if total := find_column_total(text):
        reading = _read_text(total, total, percent=percent)
        return replace(reading, notes=(*reading.notes, "The last line is the sum of the others."))
    return (_read_ratio(text, typed) if ratio else None) or _read_text(text, typed, percent=percent)


def is_plain_number(typed: str) -> bool:
    """Return whether *typed* is one plain number, which needs no parser."""
    return PLAIN_NUMBER.fullmatch(typed) is not None


@lru_cache(maxsize=512)
def _unit_of_decimals(places: int) -> Fraction:
    """Return one unit of the last of *places* decimals."""
    return Fraction(1, 10**places)


def find_ambiguous_thousands(typed: RawAnswer) -> str:
    """Return the last number whose points could group thousands; "" if there is none.

    In text of a declared style (`normalize_number_style`) a point groups nothing.

    >>> find_ambiguous_thousands("about 65.536")
    '65.536'
    >>> find_ambiguous_thousands("0.125"), find_ambiguous_thousands(7)
    ('', '')
    """
    if not isinstance(typed, str) or isinstance(typed, StyledText):
        return ""
    text = fold_lookalikes(typed)
    if "." not in text or not POINT_GROUPED.search(text[:MAX_TEXT]):
        return ""
    value = _extract_value_tokens(clean_text(text, limit=MAX_TEXT)).tokens
    if any(token.kind == "function" or token.text in ROUNDING for token in value):
        return ""  # a rounded number is a decimal
    grouped = [
        token.text
        for index, token in enumerate(value)
        if POINT_GROUPED.fullmatch(token.text)
        and not _starts_with_power_of_ten(value[index + 1 : index + 3])
    ]
    return grouped[-1] if grouped else ""


def _starts_with_power_of_ten(tokens: Sequence[Token]) -> bool:
    """Return whether the *tokens* after a number multiply it by a power of ten: ``× 10``."""
    return bool(tokens) and tokens[0].text in CROSSES and tokens[-1].text.startswith(TENS)


def require_number(typed: object) -> Number:
    """Return a number from JSON, or raise `AnswerError` if it is not a number."""
    if not is_number(typed):
        description = {bool: "true or false", list: "a list", dict: "an object"}.get(
            type(typed), "nothing"
        )
        raise AnswerError(f"This is {description}, not a number.", expected="one number")
    return require_within_bounds(simplify_number(typed) if isinstance(typed, Fraction) else typed)


def _read_text(text: str, typed: str, *, percent: bool) -> Reading[Number]:
    value_tokens = strip_repeated_value(_extract_value_tokens(text), text)
    last = _read_tokens(value_tokens, text, typed, percent=percent)
    _refuse_point_thousands(value_tokens, text, typed)
    return _read_unrounded(value_tokens, last, text, typed, percent=percent) or last


def _read_tokens(
    value_tokens: ValueTokens, text: str, typed: str, *, percent: bool
) -> Reading[Number]:
    """Return the number that *value_tokens* spell."""
    refuse_size(value_tokens.tokens, text)
    value, step = evaluate_with_step(value_tokens.tokens, text, typed)
    signed = percent and detect_percent_sign(value_tokens.tokens)
    if signed:
        value, step = simplify_number(Fraction(value * 100)), None if step is None else step * 100
    reading = _build_reading(value, step, value_tokens.notes, percent=percent, signed=signed)
    # An integer is exact: 10^12 + 1 is not 10^12.
    is_inexact = value.denominator != 1 and may_be_inexact(value_tokens.tokens)
    return replace(reading, inexact=True) if is_inexact else reading


def _read_unrounded(
    value_tokens: ValueTokens, last: Reading[Number], text: str, typed: str, *, percent: bool
) -> Reading[Number] | None:
    """Return the number that *last* rounds, or None: for ``2/3 = 0.67`` return 2/3.

    If the full number is whole, only it is accepted: ``606 ≈ 600`` does not answer both.
    """
    unit = rounding_unit(last.value, last.step, approximate=value_tokens.approximate)
    if unit is None:
        return None
    for tokens in value_tokens.unrounded:
        full = _try_read_tokens(tokens, text, typed, percent=percent)
        if full is not None and is_rounding_of(last.value, unit, full.value):
            rounded = None if full.value.denominator == 1 else last
            return replace(full, notes=adapt_notes_to_full_value(last.notes), rounded=rounded)
    return None


def _refuse_point_thousands(value_tokens: ValueTokens, text: str, typed: str) -> None:
    """Raise `AnswerError` for ``10^5 = 100.000``, where the first link shows grouped thousands."""
    token = value_tokens.tokens[0]
    if (
        len(value_tokens.tokens) > 1
        or isinstance(typed, StyledText)
        or not POINT_GROUPED.fullmatch(token.text)
    ):
        return
    grouped = int(token.text.replace(".", ""))
    links = (
        _try_read_tokens(tokens, text, typed, percent=False) for tokens in value_tokens.unrounded
    )
    if any(link is not None and link.value == grouped for link in links):
        raise AnswerError(
            f"The point in {token.text} can be read in two ways.",
            expected=f"{grouped}, or the decimal with another number of digits",
            position=token.start,
        )


def _try_read_tokens(
    tokens: Sequence[Token], text: str, typed: str, *, percent: bool
) -> Reading[Number] | None:
    """Return the number that *tokens*, including words, spell; None if they spell none."""
    try:
        value = strip_surrounding_words(apply_scale_words(tokens)[0], text, word_kinds=WORD_KINDS)
        value = strip_repeated_value(value, text)
        return _read_tokens(value, text, typed, percent=percent) if value.tokens else None
    except AnswerError:
        return None


def _read_ratio(text: str, typed: str) -> Reading[Number] | None:
    """Return the plain number before a final cross, or None, as for ``2 × 3 ×``."""
    refuse_repeated_ratio(text)
    times = RATIO.search(text)
    reading = _read_text(text[: times.start()], typed, percent=False) if times else None
    if times is None or reading is None or (reading.rounded or reading).step is None:
        return None
    note = f"'{times[0].strip()}' was read as 'times as much'."
    return replace(reading, notes=(*reading.notes, note))


def _extract_value_tokens(text: str) -> ValueTokens:
    """Return the tokens of the value alone, with its numbers scaled by the words after them."""
    text = join_digits(unwrap_printed_number(text))
    label = ITEM_LETTER.match(text)
    link = extract_last_link(tokenize(text, label.end() if label else 0, names=CONSTANTS), text)
    tokens, scales = apply_scale_words(link.tokens)
    value = strip_surrounding_words(tokens, text, word_kinds=WORD_KINDS)
    if not value.tokens:
        quote = quote_span(text, 0, len(text))
        message = f"No number was found in {quote}." if text.strip() else "Nothing was given."
        raise AnswerError(message, expected=NUMBER_FORMS, position=0)
    commas = describe_thousands_grouping(value.tokens)
    item = (f"'{label[0].strip()}' was ignored.",) if label else ()
    notes = (*item, *link.notes, *commas, *scales, *value.notes)
    full = (*link.unrounded, *_find_remark_number(tokens, value.tokens[-1].end))
    return ValueTokens(value.tokens, notes, full, link.approximate)


def _find_remark_number(tokens: Sequence[Token], end: int) -> tuple[tuple[Token, ...], ...]:
    """Return the whole number in a remark after a value: ``13.1M (exactly 13,107,400)``."""
    if tokens[-1].end <= end:
        return ()
    behind = [token for token in tokens if token.kind == "number" and token.start >= end]
    whole = len(behind) == 1 and isinstance(behind[0].value, int)
    return ((behind[0],),) if whole else ()


def describe_thousands_grouping(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return a note that the comma groups thousands, if one does."""
    grouped = any(token.kind == "number" and "," in token.text for token in tokens)
    return (COMMA_NOTE,) if grouped else ()


def _build_reading(
    value: Number,
    step: Number | None,
    notes: tuple[str, ...],
    *,
    percent: bool,
    signed: bool = False,
) -> Reading[Number]:
    """Return the reading; refuse a percentage below 1 without a sign, which could be a share."""
    if not percent:
        return Reading(value, to_text(value), notes, step)
    if not signed and 0 < absolute_value(value) < 1:
        raise percent_or_share_error(_format_percent(value), _format_percent(value * 100))
    return Reading(value, _format_percent(value), notes, step)


def _format_percent(value: Number) -> str:
    text = to_text(value)
    return f"({text})%" if "/" in text else f"{text}%"
