"""Text or JSON to a number with a unit: ``574 KiB``, ``3.2 GMACs``, ``60.95 MB``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from grader.errors import AnswerError
from grader.reading.characters import clean
from grader.reading.computing import bounded
from grader.reading.links import last_link
from grader.reading.magnitudes import is_scale, scaled
from grader.reading.numbers import (
    MAX_TEXT,
    WORDS,
    given_number,
    grouping_note,
    value_and_step,
)
from grader.reading.places import decimal_step
from grader.reading.refusals import quoted
from grader.reading.repeats import in_full, rounds_off
from grader.reading.result import Reading, Typed
from grader.reading.tokens import OPENERS, Token, ends_operand, tokenize
from grader.reading.unit_names import (
    AMBIGUOUS,
    COUNTED,
    DECIMAL_BYTES,
    DIMENSIONS,
    RATE,
    Unit,
    unit_named,
)
from grader.reading.wording import without_words
from grader.show import show
from grader.values import Number, magnitude, simplest

__all__ = ["DIMENSIONS", "Quantity", "read_quantity"]

MOST_NAMED: Final = 9
"""How many units of a dimension a refusal names."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit.

    *value* is in the first unit of the dimension, *unit* is the unit that was typed, in the
    spelling of `DIMENSIONS`. *step* is one unit of the last place that was given, in the first unit
    of the dimension too; None for a number that was computed.
    """

    value: Number
    unit: str
    step: Number | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for: a dimension, and the unit of a number without one, if that may be."""

    dimension: str
    default: str | None

    @property
    def expected(self) -> str:
        """What to write, for a refusal."""
        units = list(DIMENSIONS[self.dimension])[:MOST_NAMED]
        return f"the number and its unit: {', '.join(units[:-1])} or {units[-1]}"

    def is_unit(self, token: Token) -> bool:
        """Tell whether *token* is a unit that `_marked` found."""
        return token.kind == "symbol" and token.text in DIMENSIONS[self.dimension]

    def bare(self, end: int | None, *, scaled: bool) -> str:
        """Return the unit of a number without one; ``3.2G`` counts in the first of all."""
        if self.default is None:
            raise AnswerError(
                "The unit is missing or not known.", expected=self.expected, position=end
            )
        return next(iter(DIMENSIONS[self.dimension])) if scaled else self.default


def read_quantity(typed: Typed, *, dimension: str, default: str | None = None) -> Reading[Quantity]:
    """Return the quantity that *typed* spells, or raise `AnswerError`.

    *dimension* is one of `DIMENSIONS`. A number without a unit is in the unit *default*, which is
    one of the dimension; where there is none it is refused.

    >>> read_quantity("574 KiB", dimension="bytes").value
    Quantity(value=587776, unit='KiB', step=1024)
    """
    asked = _Asked(dimension, default)
    if not isinstance(typed, str):
        number = given_number(typed)
        return _reading(number, decimal_step(number), asked.bare(None, scaled=False), asked, ())
    text = clean(typed, limit=MAX_TEXT)
    tokens = tokenize(text)
    link = last_link(tokens, text)
    _refuse_definition(tokens, link.tokens, asked)
    value, remark = _split(_marked(link.tokens, asked), asked)
    if not any(asked.is_unit(token) for token in value) and (name := _labelled(tokens, asked)):
        asked = _Asked(dimension, name)
    reading = _read(value, text, typed, asked)
    notes = (*link.notes, *reading.notes)
    if remark:
        _check_repeated(reading.value, _read(remark[1:-1], text, typed, asked).value, remark, text)
        found = quoted(text, remark[0].start, remark[-1].end)
        notes = (*notes, f"{found} was taken as a remark.")
    reading = replace(reading, notes=notes)
    return _in_full(link.before, reading, text, typed, dimension) or reading


def _in_full(
    before: Sequence[Token], last: Reading[Quantity], text: str, typed: str, dimension: str
) -> Reading[Quantity] | None:
    """Return the quantity before *last*, with its unit, if *last* only rounds it."""
    asked = _Asked(dimension, None)
    try:
        full = _read(_marked(before, asked), text, typed, asked)
    except AnswerError:
        return None
    if not rounds_off(last.value.value, last.value.step, full.value.value):
        return None
    notes = (*(note for note in full.notes if note not in last.notes), *in_full(last.notes))
    return replace(full, notes=notes, rounded=last)


def _refuse_definition(tokens: Sequence[Token], last: Sequence[Token], asked: _Asked) -> None:
    """Refuse ``588 KB, with 1 KB = 1024 B``: the last link is no value of the first quantity."""
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


def _read(tokens: list[Token], text: str, typed: str, asked: _Asked) -> Reading[Quantity]:
    """Return the quantity in *tokens*, in which units are marked."""
    numbers, scales = scaled(tokens)
    found = without_words(numbers, text, words=WORDS)
    body = [token for token in found.tokens if not asked.is_unit(token)]
    units = [token for token in found.tokens if asked.is_unit(token)]
    if not body:
        raise AnswerError("No number was found.", expected=asked.expected, position=0)
    if len(units) > 1 or (units and found.tokens[-1] != units[0]):
        raise AnswerError(
            f"The unit {units[0].text} does not stand at the end of one number.",
            expected="one number, and then its unit",
            position=units[0].start,
        )
    name = units[0].text if units else asked.bare(body[-1].end, scaled=numbers != tokens)
    bare = [] if units else [f"A number without a unit is in {name}."]
    value, step = value_and_step(body, text, typed)
    notes = (*grouping_note(body), *scales, *found.notes, *bare)
    return _reading(value, step, name, asked, notes)


def _reading(
    number: Number, step: Number | None, name: str, asked: _Asked, notes: tuple[str, ...]
) -> Reading[Quantity]:
    size = DIMENSIONS[asked.dimension][name]
    value = bounded(simplest(Fraction(number * size)))
    step = None if step is None else simplest(Fraction(step * size))
    if decimal := DECIMAL_BYTES.get(name):
        other, larger = decimal
        notes = (*notes, f"{name} was read as {size:,} bytes; write {other} for {larger:,}.")
    return Reading(Quantity(value, name, step), f"{show(number)} {name}", notes, step)


def _marked(tokens: Sequence[Token], asked: _Asked) -> list[Token]:
    """Return the tokens with each unit as a symbol directly behind its number.

    Words between the two stand behind the unit then: ``138.4M trainable parameters``.
    """
    found: list[Token] = []
    behind: int | None = None
    for at, token in enumerate(tokens):
        word = token.kind in WORDS
        if word and behind is not None and (unit := _unit(token, tokens[at + 1 : at + 3], asked)):
            found.insert(behind, token._replace(kind="symbol", text=unit.name))
            behind = None
        elif word and behind == len(found) and is_scale(token):
            found.append(_scale(token, asked))
            behind = len(found)
        else:
            found.append(token)
            if not word:
                behind = len(found) if ends_operand(found) else None
    return found


def _unit(word: Token, after: Sequence[Token], asked: _Asked) -> Unit | None:
    """Return the unit that *word* is, None for another word; refuse one that is not asked for."""
    if word.text == "B" and asked.dimension != "bytes":
        return None
    unit = unit_named(word.text)
    if RATE.fullmatch(word.text) or (unit and _makes_rate(after)):
        raise AnswerError(
            f"What stands at '{word.text}' is a rate.",
            expected=asked.expected,
            position=word.start,
        )
    if unit is None and asked.dimension == "bytes" and (found := AMBIGUOUS.fullmatch(word.text)):
        raise _ambiguous(word, found["prefix"])
    if unit and unit.dimension != asked.dimension:
        raise AnswerError(
            f"'{word.text}' is a unit of {_counted(unit.dimension)}, and a number of "
            f"{_counted(asked.dimension)} is asked for.",
            expected=asked.expected,
            position=word.start,
        )
    return unit


def _counted(dimension: str) -> str:
    return COUNTED.get(dimension, dimension)


def _makes_rate(after: Sequence[Token]) -> bool:
    """Tell whether a slash, or ``per`` and a unit of time, stands behind a unit."""
    first, second = (*(token.text for token in after), "", "")[:2]
    unit = unit_named(second)
    return first == "/" or (first == "per" and unit is not None and unit.dimension == "seconds")


def _ambiguous(word: Token, prefix: str) -> AnswerError:
    """Return the refusal of ``mb``, megabytes or megabits, and of ``MBs``, perhaps a rate."""
    units = [unit_named(f"{prefix}{noun}") for noun in ("byte", "bit")]
    names = " or ".join(unit.name for unit in units if unit)
    rate = ", or a rate" if word.text.endswith("s") else ""
    return AnswerError(
        f"'{word.text}' can be read as {names}{rate}.", expected=names, position=word.start
    )


def _scale(word: Token, asked: _Asked) -> Token:
    """Return the word of a magnitude: ``B`` is no byte here, ``64 K`` bytes would be two things."""
    if asked.dimension == "bytes" and len(word.text) == 1:
        units = f"{word.text.upper()}B or {word.text.upper()}iB"
        raise AnswerError(
            f"'{word.text}' can be read in two ways.", expected=units, position=word.start
        )
    return word._replace(text="billion") if word.text == "B" else word


def _split(tokens: list[Token], asked: _Asked) -> tuple[list[Token], list[Token]]:
    """Return the value and the bracket behind its unit that gives it again, in another unit."""
    units = [at for at, token in enumerate(tokens) if asked.is_unit(token)]
    if len(units) <= 1:
        return tokens, []
    end = len(tokens) - (tokens[-1].text == ".")
    value, remark = tokens[: units[0] + 1], tokens[units[0] + 1 : end]
    closed = remark[-1].text == OPENERS.get(remark[0].text)
    return (value, remark) if closed else (tokens, [])


def _check_repeated(value: Quantity, again: Quantity, remark: Sequence[Token], text: str) -> None:
    """Refuse two quantities that differ by more than their rounding."""
    steps = [step for step in (value.step, again.step) if step is not None]
    if magnitude(value.value - again.value) > Fraction(max(steps, default=0)) / 2:
        found = quoted(text, remark[0].start, remark[-1].end)
        raise AnswerError(
            f"{found} gives another value.", expected="one quantity", position=remark[0].start
        )


def _labelled(tokens: Sequence[Token], asked: _Asked) -> str | None:
    """Return the unit in the label of a number without one: ``size in KiB = 574``.

    A unit of an earlier link, ``574 KiB = 587776``, says nothing certain of the last.
    """
    units = []
    for token in tokens:
        if token.kind not in WORDS or (token.text == "B" and asked.dimension != "bytes"):
            continue
        unit = unit_named(token.text)
        if unit and unit.dimension == asked.dimension:
            units.append((token, unit.name))
        elif asked.dimension == "bytes" and (found := AMBIGUOUS.fullmatch(token.text)):
            raise _ambiguous(token, found["prefix"])
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
