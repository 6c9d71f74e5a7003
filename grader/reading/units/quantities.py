"""Text or JSON to a number with a unit: ``574 KiB``, ``3.2 GMACs``, ``60.95 MB``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from grader.display.text import show
from grader.errors import AnswerError
from grader.reading.grammar.characters import clean
from grader.reading.grammar.computing import bounded
from grader.reading.grammar.equation_chains import last_link
from grader.reading.grammar.errors import quoted
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, tokenize
from grader.reading.numbers import (
    MAX_TEXT,
    WORDS,
    given_number,
    grouping_note,
    value_and_step,
)
from grader.reading.places import decimal_step
from grader.reading.result import Reading, Typed
from grader.reading.units.magnitudes import scaled
from grader.reading.units.unit_marks import Asked, ambiguous, marked
from grader.reading.units.unit_names import (
    AMBIGUOUS,
    DECIMAL_BYTES,
    DIMENSIONS,
    unit_named,
)
from grader.reading.wording.changed_meaning import refuse_changing
from grader.reading.wording.repeated_values import in_full, rounds_off
from grader.reading.wording.words import without_words
from grader.values import Number, magnitude, simplest

__all__ = ["DIMENSIONS", "Quantity", "read_quantity"]


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


def read_quantity(typed: Typed, *, dimension: str, default: str | None = None) -> Reading[Quantity]:
    """Return the quantity that *typed* spells, or raise `AnswerError`.

    *dimension* is one of `DIMENSIONS`. A number without a unit is in the unit *default*, one of the
    units of the dimension; without a default it is refused.

    >>> read_quantity("574 KiB", dimension="bytes").value
    Quantity(value=587776, unit='KiB', step=1024)
    """
    asked = Asked(dimension, default)
    if not isinstance(typed, str):
        number = given_number(typed)
        return _reading(number, decimal_step(number), asked.bare(None, scaled=False), asked, ())
    text = clean(typed, limit=MAX_TEXT)
    tokens = tokenize(text)
    link = last_link(tokens, text)
    _refuse_definition(tokens, link.tokens, asked)
    value, remark = _split(marked(_enclosed(link.tokens), asked), asked)
    if not any(asked.is_unit(token) for token in value) and (name := _labelled(tokens, asked)):
        asked = Asked(dimension, name)
    reading = _read(value, text, typed, asked)
    full = [_spelled(tokens, text, typed, dimension) for tokens in link.full]
    notes = (*link.notes, *reading.notes)
    if remark:
        again = _read(remark[1:-1], text, typed, asked)
        _check_repeated(reading.value, again.value, remark, text)
        found = quoted(text, remark[0].start, remark[-1].end)
        notes = (*notes, f"{found} was taken as a remark.")
        full.append(again)
    reading = replace(reading, notes=notes)
    rounded = (one for one in full if one and _rounds_off(reading.value, one.value))
    return next((_in_full(one, reading) for one in rounded), reading)


def _enclosed(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens without one pair of brackets around all, as in ``[588 KiB]``."""
    inner = tokens[1:-1]
    around = bool(inner) and tokens[-1].text == OPENERS.get(tokens[0].text)
    nested = any(token.text in OPENERS or token.text in CLOSERS for token in inner)
    return inner if around and not nested else tokens


def _without_note(
    tokens: list[Token], text: str, asked: Asked
) -> tuple[list[Token], tuple[str, ...]]:
    """Return the tokens without words in brackets after the unit, ``588 KiB (float32)``."""
    unit = next((at for at, token in enumerate(tokens) if asked.is_unit(token)), len(tokens))
    note = tokens[unit + 1 :]
    words = note[1:-1]
    if not words or note[-1].text != OPENERS.get(note[0].text):
        return tokens, ()
    if any(word.kind not in WORDS for word in words):
        return tokens, ()
    for word in words:
        refuse_changing(word.text, word.start)
    said = f"{quoted(text, note[0].start, note[-1].end)} was ignored."
    return tokens[: unit + 1], (said,)


def _spelled(
    tokens: Sequence[Token], text: str, typed: str, dimension: str
) -> Reading[Quantity] | None:
    """Return the quantity that *tokens* spell, with its unit, or None."""
    asked = Asked(dimension, None)
    try:
        return _read(marked(tokens, asked), text, typed, asked)
    except AnswerError:
        return None


def _rounds_off(short: Quantity, full: Quantity) -> bool:
    """Return whether *short* is *full* with fewer figures."""
    finer = full.step is None or (short.step is not None and full.step < short.step)
    return finer and rounds_off(short.value, short.step, full.value)


def _in_full(full: Reading[Quantity], last: Reading[Quantity]) -> Reading[Quantity]:
    notes = (*(note for note in full.notes if note not in last.notes), *in_full(last.notes))
    return replace(full, notes=notes, rounded=last)


def _refuse_definition(tokens: Sequence[Token], last: Sequence[Token], asked: Asked) -> None:
    """Raise `AnswerError` for ``588 KB, with 1 KB = 1024 B``, whose last link is not the value."""
    before = [token for token in tokens if last and token.start < last[0].start]
    units = [
        token.start
        for number, token in pairwise(before)
        if number.kind == "number"
        and token.kind in WORDS
        and (unit := unit_named(token.text))
        and unit.dimension == asked.dimension
    ]
    for comma in before:
        if units and comma.text in {",", ";"} and units[0] < comma.start < units[-1]:
            raise AnswerError(
                "Several quantities are given.", expected="one quantity", position=comma.start
            )


def _read(tokens: list[Token], text: str, typed: str, asked: Asked) -> Reading[Quantity]:
    """Return the quantity in *tokens*, whose units `marked` has found."""
    numbers, scales = scaled(tokens)
    found = without_words(numbers, text, words=WORDS)
    kept, said = _without_note(found.tokens, text, asked)
    body = [token for token in kept if not asked.is_unit(token)]
    units = [token for token in kept if asked.is_unit(token)]
    if not body:
        raise AnswerError("No number was found.", expected=asked.expected, position=0)
    if len(units) > 1 or (units and kept[-1] != units[0]):
        raise AnswerError(
            f"The unit {units[0].text} does not stand at the end of one number.",
            expected="one number, and then its unit",
            position=units[0].start,
        )
    name = units[0].text if units else asked.bare(body[-1].end, scaled=numbers != tokens)
    bare = [] if units else [f"A number without a unit is in {name}."]
    value, step = value_and_step(body, text, typed)
    notes = (*grouping_note(body), *scales, *found.notes, *said, *bare)
    return _reading(value, step, name, asked, notes)


def _reading(
    number: Number, step: Number | None, name: str, asked: Asked, notes: tuple[str, ...]
) -> Reading[Quantity]:
    size = DIMENSIONS[asked.dimension][name]
    value = bounded(simplest(Fraction(number * size)))
    step = None if step is None else simplest(Fraction(step * size))
    if decimal := DECIMAL_BYTES.get(name):
        other, larger = decimal
        notes = (*notes, f"{name} was read as {size:,} bytes; write {other} for {larger:,}.")
    return Reading(Quantity(value, name, step), f"{show(number)} {name}", notes, step)


def _split(tokens: list[Token], asked: Asked) -> tuple[list[Token], list[Token]]:
    """Return the value, and the bracket after its unit that repeats it in another unit."""
    units = [at for at, token in enumerate(tokens) if asked.is_unit(token)]
    if len(units) <= 1:
        return tokens, []
    end = len(tokens) - (tokens[-1].text == ".")
    value, remark = tokens[: units[0] + 1], tokens[units[0] + 1 : end]
    closed = remark[-1].text == OPENERS.get(remark[0].text)
    return (value, remark) if closed else (tokens, [])


def _check_repeated(value: Quantity, again: Quantity, remark: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` if two quantities differ by more than their rounding."""
    steps = [step for step in (value.step, again.step) if step is not None]
    if magnitude(value.value - again.value) > Fraction(max(steps, default=0)) / 2:
        found = quoted(text, remark[0].start, remark[-1].end)
        raise AnswerError(
            f"{found} gives another value.", expected="one quantity", position=remark[0].start
        )


def _labelled(tokens: Sequence[Token], asked: Asked) -> str | None:
    """Return the unit in the label of a number without one: ``size in KiB = 574``.

    Raises `AnswerError` for the unit of an earlier link, ``574 KiB = 587776``, because the last
    link may be in another unit.
    """
    units = []
    for token in tokens:
        if token.kind not in WORDS or (token.text == "B" and asked.dimension != "bytes"):
            continue
        unit = unit_named(token.text)
        if unit and unit.dimension == asked.dimension:
            units.append((token, unit.name))
        elif asked.dimension == "bytes" and (found := AMBIGUOUS.fullmatch(token.text)):
            raise ambiguous(token, found["prefix"])
    if not units:
        return None
    (token, name), *others = units
    if others or any(before.kind == "number" and before.start < token.start for before in tokens):
        raise AnswerError(
            f"The unit '{token.text}' does not stand behind the number.",
            expected=asked.expected,
            position=token.start,
        )
    return name
