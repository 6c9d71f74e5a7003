"""Units of an answer: found among its tokens and moved directly after their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.tokens import Token, ends_operand
from grader.reading.numbers import WORDS
from grader.reading.units.magnitudes import is_scale
from grader.reading.units.unit_names import AMBIGUOUS, COUNTED, DIMENSIONS, RATE, Unit, unit_named

__all__ = ["Asked", "ambiguous", "marked"]

MOST_NAMED: Final = 9
"""How many units of a dimension a refusal names."""
PLAIN: Final = "parameters"
"""What is just counted, so that a number with a magnitude says it all: ``47.2B``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Dimension asked for, and the default unit of a number without one; None if it needs one."""

    dimension: str
    default: str | None

    @property
    def expected(self) -> str:
        """Expected form of the answer, for error messages."""
        units = list(DIMENSIONS[self.dimension])[:MOST_NAMED]
        return f"the number and its unit: {', '.join(units[:-1])} or {units[-1]}"

    def is_unit(self, token: Token) -> bool:
        """Return whether *token* is a unit that `marked` found."""
        return token.kind == "symbol" and token.text in DIMENSIONS[self.dimension]

    def bare(self, end: int | None, *, scaled: bool) -> str:
        """Return the unit of a number without one; ``3.2G`` is in the first unit of the dimension.

        Raises `AnswerError` if there is no default; scaled numbers of parameters need none.
        """
        if self.default is None and not (scaled and self.dimension == PLAIN):
            raise AnswerError(
                "The unit is missing or not known.", expected=self.expected, position=end
            )
        first = next(iter(DIMENSIONS[self.dimension]))
        return first if scaled or self.default is None else self.default


def marked(tokens: Sequence[Token], asked: Asked) -> list[Token]:
    """Return the tokens with each unit as a symbol directly after its number.

    Words between the two come after the unit: ``138.4M trainable parameters``.
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


def _unit(word: Token, after: Sequence[Token], asked: Asked) -> Unit | None:
    """Return the unit that *word* spells, or None; raise `AnswerError` for another dimension."""
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
        raise ambiguous(word, found["prefix"])
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
    """Return whether a slash, or ``per`` and a unit of time, follows a unit."""
    first, second = (*(token.text for token in after), "", "")[:2]
    unit = unit_named(second)
    return first == "/" or (first == "per" and unit is not None and unit.dimension == "seconds")


def ambiguous(word: Token, prefix: str) -> AnswerError:
    """Return the error for ``mb``, megabytes or megabits, and for ``MBs``, which may be a rate."""
    units = [unit_named(f"{prefix}{noun}") for noun in ("byte", "bit")]
    names = " or ".join(unit.name for unit in units if unit)
    rate = ", or a rate" if word.text.endswith("s") else ""
    return AnswerError(
        f"'{word.text}' can be read as {names}{rate}.", expected=names, position=word.start
    )


def _scale(word: Token, asked: Asked) -> Token:
    """Return the word of a magnitude; ``B`` means billion here, not byte.

    Raises `AnswerError` for ``64 K`` in bytes, which may mean KB or KiB.
    """
    if asked.dimension == "bytes" and len(word.text) == 1:
        units = f"{word.text.upper()}B or {word.text.upper()}iB"
        raise AnswerError(
            f"'{word.text}' can be read in two ways.", expected=units, position=word.start
        )
    return word._replace(text="billion") if word.text == "B" else word
