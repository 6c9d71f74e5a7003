"""Text or JSON to a number with a unit: ``574 KiB``, ``3.2 GMACs``, ``60.95 MB``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.reading.arithmetic import evaluate_with_step
from grader.reading.decimal_places import last_decimal_unit
from grader.reading.grammar.characters import clean_text, join_digits
from grader.reading.grammar.equation_chains import extract_last_link
from grader.reading.grammar.errors import quote_span, truncate_line
from grader.reading.grammar.evaluation import require_within_bounds
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, tokenize
from grader.reading.numbers import MAX_TEXT, WORD_KINDS, describe_thousands_grouping, require_number
from grader.reading.result import RawAnswer, Reading
from grader.reading.units.magnitudes import apply_scale_words
from grader.reading.units.unit_names import (
    AMBIGUOUS,
    DECIMAL_BYTES,
    DIMENSIONS,
    parse_unit,
)
from grader.reading.units.unit_remarks import blank_unit_remarks
from grader.reading.units.unit_tokens import ExpectedUnit, ambiguous_unit_error, attach_units
from grader.reading.wording.meaning_checks import refuse_meaning_changing_words
from grader.reading.wording.repeated_values import adapt_notes_to_full_value, is_rounding_of
from grader.reading.wording.surrounding_words import strip_surrounding_words
from grader.values import Number, absolute_value, simplify_number

__all__ = ["DIMENSIONS", "Quantity", "read_quantity"]

BARE_NOTE: Final = "A number without a unit is in"
GIVES_TWO_VALUES: Final = "gives two values."
PREFIX_TOLERANCE: Final = Fraction(11, 100)
"""Relative difference between two sides that confused prefixes do not explain."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Number with its unit.

    *value* is in the first unit of the dimension; *unit* is the typed unit, spelled as in
    `DIMENSIONS`. *step* is one unit of the last typed place, also in the first unit of the
    dimension; None for a number that was computed.
    """

    value: Number
    unit: str
    step: Number | None


def read_quantity(
    typed: RawAnswer, *, dimension: str, default: str | None = None
) -> Reading[Quantity]:
    """Return the quantity that *typed* spells, or raise `AnswerError`.

    *dimension* is one of `DIMENSIONS`. A number without a unit is in the unit *default*, one of the
    units of the dimension; without a default it is refused.

    >>> read_quantity("574 KiB", dimension="bytes").value
    Quantity(value=587776, unit='KiB', step=1024)
    """
    expected_unit = ExpectedUnit(dimension, default)
    if not isinstance(typed, str):
        number = require_number(typed)
        return _build_reading(
            number,
            last_decimal_unit(number),
            expected_unit.resolve_default_unit(None, scaled=False),
            expected_unit,
            (),
        )
    text = blank_unit_remarks(join_digits(clean_text(typed, limit=MAX_TEXT)))
    tokens = tokenize(text)
    link = extract_last_link(tokens, text)
    _refuse_unit_definition(tokens, link.tokens, expected_unit)
    value, remark = _split_repeated_quantity(
        attach_units(_strip_brackets(link.tokens), expected_unit), expected_unit
    )
    if not any(expected_unit.is_unit(token) for token in value) and (
        name := _find_label_unit(tokens, expected_unit)
    ):
        expected_unit = ExpectedUnit(dimension, name)
    reading = _read_tokens(value, text, typed, expected_unit)
    full = [_try_read_tokens(tokens, text, typed, dimension) for tokens in link.unrounded]
    _refuse_other_quantity(reading.value, full, text)
    notes = (*link.notes, *reading.notes)
    if remark:
        repeated = _read_tokens(remark[1:-1], text, typed, expected_unit)
        _check_repeated_quantity(reading.value, repeated.value, remark, text)
        quote = quote_span(text, remark[0].start, remark[-1].end)
        notes = (*notes, f"{quote} was taken as a remark.")
        full.append(repeated)
    reading = replace(reading, notes=notes)
    rounded = (one for one in full if one and _is_rounded_quantity(reading.value, one.value))
    return next((_combine_full_and_rounded(one, reading) for one in rounded), reading)


def _strip_brackets(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens without one pair of brackets around all, as in ``[588 KiB]``."""
    inner = tokens[1:-1]
    around = bool(inner) and tokens[-1].text == OPENERS.get(tokens[0].text)
    nested = any(token.text in OPENERS or token.text in CLOSERS for token in inner)
    return inner if around and not nested else tokens


def _strip_bracketed_words(
    tokens: list[Token], text: str, expected_unit: ExpectedUnit
) -> tuple[list[Token], tuple[str, ...]]:
    """Return the tokens without words in brackets after the unit, ``588 KiB (float32)``."""
    unit = next(
        (index for index, token in enumerate(tokens) if expected_unit.is_unit(token)), len(tokens)
    )
    note = tokens[unit + 1 :]
    words = note[1:-1]
    if not words or note[-1].text != OPENERS.get(note[0].text):
        return tokens, ()
    if any(word.kind not in WORD_KINDS for word in words):
        return tokens, ()
    for word in words:
        refuse_meaning_changing_words(word.text, word.start)
    message = f"{quote_span(text, note[0].start, note[-1].end)} was ignored."
    return tokens[: unit + 1], (message,)


def _refuse_other_quantity(
    last: Quantity, links: Sequence[Reading[Quantity] | None], text: str
) -> None:
    """Raise `AnswerError` for ``527.8 MiB = 553.4 MiB``: two values in the same unit."""
    for link in links:
        if link is None or link.value.value == last.value:
            continue
        if link.value.unit != last.unit and not _is_far(link.value, last):
            continue
        rounded = _is_rounded_quantity(last, link.value) or _is_rounded_quantity(link.value, last)
        if not rounded and link.value.step is not None:
            raise AnswerError(
                f"{truncate_line(text.strip())!r} {GIVES_TWO_VALUES}", expected="one quantity"
            )


def _is_far(quantity: Quantity, other: Quantity) -> bool:
    """Return whether two quantities differ by more than prefixes and rounding explain."""
    slack = max(PREFIX_TOLERANCE * absolute_value(other.value), quantity.step or 0, other.step or 0)
    return absolute_value(quantity.value - other.value) > slack


def _try_read_tokens(
    tokens: Sequence[Token], text: str, typed: str, dimension: str
) -> Reading[Quantity] | None:
    """Return the quantity that *tokens* spell, with its unit, or None."""
    expected_unit = ExpectedUnit(dimension, None)
    try:
        return _read_tokens(attach_units(tokens, expected_unit), text, typed, expected_unit)
    except AnswerError:
        return None


def _is_rounded_quantity(short: Quantity, full: Quantity) -> bool:
    """Return whether *short* is *full* with fewer figures."""
    finer = full.step is None or (short.step is not None and full.step < short.step)
    return finer and is_rounding_of(short.value, short.step, full.value)


def _combine_full_and_rounded(
    full: Reading[Quantity], last: Reading[Quantity]
) -> Reading[Quantity]:
    notes = (
        *(note for note in full.notes if note not in last.notes),
        *adapt_notes_to_full_value(last.notes),
    )
    return replace(full, notes=notes, rounded=last)


def _refuse_unit_definition(
    tokens: Sequence[Token], last: Sequence[Token], expected_unit: ExpectedUnit
) -> None:
    """Raise `AnswerError` for ``588 KB, with 1 KB = 1024 B``, whose last link is not the value."""
    before = [token for token in tokens if last and token.start < last[0].start]
    units = [
        token.start
        for number, token in pairwise(before)
        if number.kind == "number"
        and token.kind in WORD_KINDS
        and (unit := parse_unit(token.text))
        and unit.dimension == expected_unit.dimension
    ]
    for comma in before:
        if units and comma.text in {",", ";"} and units[0] < comma.start < units[-1]:
            raise AnswerError(
                "Several quantities are given.", expected="one quantity", position=comma.start
            )


def _read_tokens(
    tokens: list[Token], text: str, typed: str, expected_unit: ExpectedUnit
) -> Reading[Quantity]:
    """Return the quantity in *tokens*, whose units `attach_units` has found."""
    numbers, scales = apply_scale_words(tokens)
    value_tokens = strip_surrounding_words(numbers, text, word_kinds=WORD_KINDS)
    remaining, ignored_notes = _strip_bracketed_words(value_tokens.tokens, text, expected_unit)
    body = [token for token in remaining if not expected_unit.is_unit(token)]
    units = [token for token in remaining if expected_unit.is_unit(token)]
    if not body:
        raise AnswerError("No number was found.", expected=expected_unit.expected_form, position=0)
    if len(units) > 1 or (units and remaining[-1] != units[0]):
        raise AnswerError(
            f"The unit {units[0].text} is not at the end of one number.",
            expected="one number, and then its unit",
            position=units[0].start,
        )
    name = (
        units[0].text
        if units
        else expected_unit.resolve_default_unit(body[-1].end, scaled=numbers != tokens)
    )
    bare = [] if units else [f"{BARE_NOTE} {name}."]
    value, step = evaluate_with_step(body, text, typed)
    notes = (
        *describe_thousands_grouping(body),
        *scales,
        *value_tokens.notes,
        *ignored_notes,
        *bare,
    )
    return _build_reading(value, step, name, expected_unit, notes)


def _build_reading(
    number: Number,
    step: Number | None,
    name: str,
    expected_unit: ExpectedUnit,
    notes: tuple[str, ...],
) -> Reading[Quantity]:
    size = DIMENSIONS[expected_unit.dimension][name]
    value = require_within_bounds(simplify_number(Fraction(number * size)))
    step = None if step is None else simplify_number(Fraction(step * size))
    if decimal := DECIMAL_BYTES.get(name):
        other, larger = decimal
        notes = (*notes, f"{name} was read as {size:,} bytes; write {other} for {larger:,}.")
    return Reading(Quantity(value, name, step), f"{to_text(number)} {name}", notes, step)


def _split_repeated_quantity(
    tokens: list[Token], expected_unit: ExpectedUnit
) -> tuple[list[Token], list[Token]]:
    """Return the value, and the bracket after its unit that repeats it in another unit."""
    units = [index for index, token in enumerate(tokens) if expected_unit.is_unit(token)]
    if len(units) <= 1:
        return tokens, []
    end = len(tokens) - (tokens[-1].text == ".")
    value, remark = tokens[: units[0] + 1], tokens[units[0] + 1 : end]
    closed = remark[-1].text == OPENERS.get(remark[0].text)
    return (value, remark) if closed else (tokens, [])


def _check_repeated_quantity(
    value: Quantity, repeated: Quantity, remark: Sequence[Token], text: str
) -> None:
    """Raise `AnswerError` if two quantities differ by more than their rounding."""
    steps = [step for step in (value.step, repeated.step) if step is not None]
    if absolute_value(value.value - repeated.value) > Fraction(max(steps, default=0)) / 2:
        quote = quote_span(text, remark[0].start, remark[-1].end)
        raise AnswerError(
            f"{quote} gives another value.", expected="one quantity", position=remark[0].start
        )


def _find_label_unit(tokens: Sequence[Token], expected_unit: ExpectedUnit) -> str | None:
    """Return the unit in the label of a number without one: ``size in KiB = 574``.

    Raises `AnswerError` for the unit of an earlier link, ``574 KiB = 587776``, because the last
    link may be in another unit.
    """
    units = []
    for token in tokens:
        if token.kind not in WORD_KINDS or (
            token.text == "B" and expected_unit.dimension != "bytes"
        ):
            continue
        unit = parse_unit(token.text)
        if unit and unit.dimension == expected_unit.dimension:
            units.append((token, unit.name))
        elif expected_unit.dimension == "bytes" and (match := AMBIGUOUS.fullmatch(token.text)):
            raise ambiguous_unit_error(token, match["prefix"])
    if not units:
        return None
    (token, name), *others = units
    if others or any(before.kind == "number" and before.start < token.start for before in tokens):
        raise AnswerError(
            f"The unit '{token.text}' does not follow the number.",
            expected=expected_unit.expected_form,
            position=token.start,
        )
    return name
