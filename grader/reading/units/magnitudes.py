"""Words after a number that scale it: ``6.7 million``, ``138.4M``, ``3.2 GMACs``, ``86 pct``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.tokens import Token
from grader.reading.units.unit_names import AMBIGUOUS, DIMENSIONS, RATE, unit_named
from grader.values import Number, simplest

__all__ = ["is_scale", "scaled"]

WORDS: Final = {
    "thousand": 3,
    "thousands": 3,
    "tsd": 3,
    "tausend": 3,
    "kilo": 3,
    "lakh": 5,
    "lakhs": 5,
    "lac": 5,
    "lacs": 5,
    "million": 6,
    "millions": 6,
    "millionen": 6,
    "mln": 6,
    "mega": 6,
    "mio": 6,
    "mrd": 9,
    "milliard": 9,
    "milliards": 9,
    "milliarde": 9,
    "milliarden": 9,
    "crore": 7,
    "crores": 7,
    "billion": 9,
    "billions": 9,
    "bn": 9,
    "giga": 9,
    "trillion": 12,
    "trillions": 12,
    "tera": 12,
}
LETTERS: Final = {"k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12}
MEANINGS: Final = {
    3: "thousand",
    6: "million",
    9: "billion",
    12: "trillion",
    15: "quadrillion",
}
POWERS: Final[Mapping[Number, int]] = {10**power: power for power in (3, 6, 9, 12, 15)}
PERCENT: Final = frozenset(
    {"percent", "pct", "prozent", "procent", "процент", "процента", "процентов"}
    | {"pourcent", "pourcents", "porcento", "percento", "prosent", "prosenttia", "persen"}
    | {"procenta", "procentů", "procentów", "százalék"}
)
PER_CENT: Final = frozenset({"per cent", "pour cent", "por ciento", "por cento", "per cento"})
OPERATIONS: Final = re.compile(r"([kKMGT]|kilo|mega|giga|tera)[Oo][Pp][Ss]")
PREFIXED: Final = re.compile(
    r"[kKMGT](?i:mul|add|val|neuron|conn|elem|pix|px|tok|sampl|image)[A-Za-z]*"
)
"""What is counted, with a letter before it that may scale it: ``1.5 Mmul``."""
COUNTS: Final = frozenset({"macs", "flops", "parameters"})
"""Dimensions in which a prefix scales a count; any other unit is asked for in the question."""


def scaled(tokens: Sequence[Token]) -> tuple[list[Token], tuple[str, ...]]:
    """Return the tokens with scale words multiplied into their numbers, and notes on letters.

    The last place is scaled too: ``6.7 million`` is given to the nearest hundred thousand.
    """
    found: list[Token] = []
    notes: list[str] = []
    for token in _whole_words(tokens):
        if token.kind not in {"word", "text"} or not found or found[-1].kind != "number":
            found.append(token)
        elif token.text.lower() in PERCENT:
            found.append(token._replace(kind="symbol", text="percent"))
        elif (power := _power(found[-1], token)) is None:
            found.append(token)
        elif len(found) > 1 and found[-2].text == "/":
            raise _scaled_fraction(token)
        else:
            found[-1] = _times(found[-1], token, power)
            notes.extend(_note(token, power))
    return found, tuple(dict.fromkeys(notes))


def _whole_words(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens, with the two words of ``5 per cent`` merged."""
    at = 0
    while at < len(tokens):
        yield tokens[at]
        words = tokens[at + 1 : at + 3]
        if tokens[at].kind == "number" and _in_lower_case(words) in PER_CENT:
            yield words[0]._replace(text="percent", end=words[1].end)
            at += 2
        at += 1


def _in_lower_case(words: Sequence[Token]) -> str:
    return " ".join(word.text.lower() for word in words)


def is_scale(word: Token) -> bool:
    """Return whether *word* scales the number before it: ``million``, ``M``."""
    return word.text in LETTERS or word.text.lower() in WORDS


def _power(number: Token, word: Token) -> int | None:
    """Return the power of ten that *word* means after *number*; None for an ordinary word."""
    text = word.text
    unit = unit_named(text)
    size = DIMENSIONS[unit.dimension][unit.name] if unit else 1
    if unit and unit.dimension in COUNTS:
        return POWERS.get(size)
    other = AMBIGUOUS.fullmatch(text) if unit is None else None
    if (
        (unit and size != 1 and unit.name != "bit")
        or RATE.fullmatch(text)
        or (other and other["prefix"])
    ):
        raise AnswerError(
            f"'{text}' is a unit, and a plain number is asked for.",
            expected="the number alone, in the unit that the question names",
            position=word.start,
        )
    if PREFIXED.fullmatch(text) and not number.text[-1].isalpha():
        raise AnswerError(
            f"The '{text[0]}' of '{text}' may scale the number.",
            expected=f"the number alone, or the '{text[0]}' directly behind it",
            position=word.start,
        )
    if text == "B" and word.start > number.end:
        raise AnswerError(
            "'B' can mean billion or bytes.",
            expected="'billion' in full, or the number alone",
            position=word.start,
        )
    if counted := OPERATIONS.fullmatch(text):
        text = counted[1]
    return LETTERS.get(text, WORDS.get(text.lower()))


def _scaled_fraction(word: Token) -> AnswerError:
    return AnswerError(
        f"'{word.text}' behind a fraction can be read in two ways.",
        expected="brackets, such as (1/2) * 10^6",
        position=word.start,
    )


def _times(number: Token, word: Token, power: int) -> Token:
    return number._replace(
        text=f"{number.text} {word.text}",
        end=word.end,
        value=simplest(Fraction(number.value * 10**power)),
        place=None if number.place is None else number.place + power,
    )


def _note(word: Token, power: int) -> Iterator[str]:
    if not word.text.lower().startswith(tuple(WORDS)):
        yield f"'{word.text[0]}' means {MEANINGS[power]}."
