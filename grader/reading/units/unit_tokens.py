"""Units of an answer: found among its tokens and moved directly after their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.tokens import Token, ends_with_operand
from grader.reading.numbers import WORD_KINDS
from grader.reading.units.magnitudes import is_scale_word
from grader.reading.units.unit_names import (
    AMBIGUOUS,
    COUNT_NOUNS,
    DIMENSIONS,
    RATE,
    Unit,
    parse_unit,
)

UNKNOWN_UNIT: Final = "The unit is missing or not known."
MAX_NAMED_UNITS: Final = 9
"""Maximum number of units that an error message lists."""
PLAIN_COUNT_DIMENSION: Final = "parameters"
"""Dimension of a plain count, where a number with a magnitude suffices: ``47.2B``."""


@dataclass(frozen=True, slots=True)
class ExpectedUnit:
    """Dimension asked for, and the default unit of a number without one; None if it needs one."""

    dimension: str
    default: str | None

    @property
    def expected_form(self) -> str:
        """Expected form of the answer, for error messages."""
        units = list(DIMENSIONS[self.dimension])[:MAX_NAMED_UNITS]
        return f"the number and its unit: {', '.join(units[:-1])} or {units[-1]}"

    def is_unit(self, token: Token) -> bool:
        """Return whether *token* is a unit that `attach_units` found."""
        return token.kind == "symbol" and token.text in DIMENSIONS[self.dimension]

    def resolve_default_unit(self, end: int | None, *, scaled: bool) -> str:
        """Return the unit of a number without one; ``3.2G`` is in the first unit of the dimension.

        Raises `AnswerError` if there is no default; scaled numbers of parameters need none.
        """
        if self.default is None and not (scaled and self.dimension == PLAIN_COUNT_DIMENSION):
            raise AnswerError(UNKNOWN_UNIT, expected=self.expected_form, position=end)
        first = next(iter(DIMENSIONS[self.dimension]))
        return first if scaled or self.default is None else self.default


def attach_units(tokens: Sequence[Token], expected_unit: ExpectedUnit) -> list[Token]:
    """Return the tokens with each unit as a symbol directly after its number.

    Words between the two come after the unit: ``138.4M trainable parameters``.
    """
    result: list[Token] = []
    behind: int | None = None
    for index, token in enumerate(tokens):
        word = token.kind in WORD_KINDS
        if (
            word
            and behind is not None
            and (unit := _parse_unit_word(token, tokens[index + 1 : index + 3], expected_unit))
        ):
            result.insert(behind, token._replace(kind="symbol", text=unit.name))
            behind = None
        elif word and behind == len(result) and is_scale_word(token):
            result.append(_normalize_scale_word(token, expected_unit))
            behind = len(result)
        else:
            result.append(token)
            if not word:
                behind = len(result) if ends_with_operand(result) else None
    return result


def _parse_unit_word(
    word: Token, after: Sequence[Token], expected_unit: ExpectedUnit
) -> Unit | None:
    """Return the unit that *word* spells, or None; raise `AnswerError` for another dimension."""
    if word.text == "B" and expected_unit.dimension != "bytes":
        return None
    unit = parse_unit(word.text)
    if RATE.fullmatch(word.text) or (unit and _makes_unit_a_rate(after)):
        raise AnswerError(
            f"The unit at '{word.text}' is a rate.",
            expected=expected_unit.expected_form,
            position=word.start,
        )
    if (
        unit is None
        and expected_unit.dimension == "bytes"
        and (match := AMBIGUOUS.fullmatch(word.text))
    ):
        raise ambiguous_unit_error(word, match["prefix"])
    if unit and unit.dimension != expected_unit.dimension:
        raise AnswerError(
            f"'{word.text}' is a unit of {_describe_dimension(unit.dimension)}, but the "
            f"question asks for a number of {_describe_dimension(expected_unit.dimension)}.",
            expected=expected_unit.expected_form,
            position=word.start,
        )
    return unit


def _describe_dimension(dimension: str) -> str:
    return COUNT_NOUNS.get(dimension, dimension)


def _makes_unit_a_rate(after: Sequence[Token]) -> bool:
    """Return whether a slash, or ``per`` and a unit of time, follows a unit."""
    first, second = (*(token.text for token in after), "", "")[:2]
    unit = parse_unit(second)
    return first == "/" or (first == "per" and unit is not None and unit.dimension == "seconds")


def ambiguous_unit_error(word: Token, prefix: str) -> AnswerError:
    """Return the error for ``mb``, megabytes or megabits, and for ``MBs``, which may be a rate."""
    units = [parse_unit(f"{prefix}{noun}") for noun in ("byte", "bit")]
    names = " or ".join(unit.name for unit in units if unit)
    rate = ", or a rate" if word.text.endswith("s") else ""
    return AnswerError(
        f"'{word.text}' can be read as {names}{rate}.", expected=names, position=word.start
    )


def _normalize_scale_word(word: Token, expected_unit: ExpectedUnit) -> Token:
    """Return the word of a magnitude; ``B`` means billion here, not byte.

    Raises `AnswerError` for ``64 K`` in bytes, which may mean KB or KiB.
    """
    if expected_unit.dimension == "bytes" and len(word.text) == 1:
        units = f"{word.text.upper()}B or {word.text.upper()}iB"
        raise AnswerError(
            f"'{word.text}' can be read in two ways.", expected=units, position=word.start
        )
    return word._replace(text="billion") if word.text == "B" else word
