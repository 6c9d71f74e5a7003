"""Words after a number that scale it: ``6.7 million``, ``138.4M``, ``3.2 GMACs``, ``86 pct``."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.tokens import Token
from grader.reading.units.unit_names import AMBIGUOUS, DIMENSIONS, RATE, parse_unit
from grader.values import Number, simplify_number

SCALE_WORDS: Final = {
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
SCALE_LETTERS: Final = {"k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12}
SCALE_NAMES: Final = {
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
OPERATIONS: Final = lazy_regex(r"([kKMGT]|kilo|mega|giga|tera)[Oo][Pp][Ss]")
PREFIXED: Final = lazy_regex(
    r"[kKMGT](?i:mul|add|val|neuron|conn|elem|pix|px|tok|sampl|image)[A-Za-z]*"
)
"""A counted thing after a letter that may scale the number: ``1.5 Mmul``."""
COUNT_DIMENSIONS: Final = frozenset({"macs", "flops", "parameters"})
"""Dimensions in which a prefix scales a count.

The question must ask for any other unit.
"""


def apply_scale_words(tokens: Sequence[Token]) -> tuple[list[Token], tuple[str, ...]]:
    """Return the tokens with scale words multiplied into their numbers, and notes on letters.

    The last place is scaled too: ``6.7 million`` is given to the nearest hundred thousand.
    """
    scaled_tokens: list[Token] = []
    notes: list[str] = []
    for token in _merge_per_cent(tokens):
        if (
            token.kind not in {"word", "text"}
            or not scaled_tokens
            or scaled_tokens[-1].kind != "number"
        ):
            scaled_tokens.append(token)
        elif token.text.lower() in PERCENT:
            scaled_tokens.append(token._replace(kind="symbol", text="percent"))
        elif (power := _parse_scale_power(scaled_tokens[-1], token)) is None:
            scaled_tokens.append(token)
        elif len(scaled_tokens) > 1 and scaled_tokens[-2].text == "/":
            raise _scaled_fraction_error(token)
        else:
            scaled_tokens[-1] = _scale_number(scaled_tokens[-1], token, power)
            notes.extend(_describe_scale(token, power))
    return scaled_tokens, tuple(dict.fromkeys(notes))


def _merge_per_cent(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens, with the two words of ``5 per cent`` merged."""
    index = 0
    while index < len(tokens):
        yield tokens[index]
        words = tokens[index + 1 : index + 3]
        if tokens[index].kind == "number" and _join_lowercase(words) in PER_CENT:
            yield words[0]._replace(text="percent", end=words[1].end)
            index += 2
        index += 1


def _join_lowercase(words: Sequence[Token]) -> str:
    return " ".join(word.text.lower() for word in words)


def is_scale_word(word: Token) -> bool:
    """Return whether *word* scales the number before it: ``million``, ``M``."""
    return word.text in SCALE_LETTERS or word.text.lower() in SCALE_WORDS


def _parse_scale_power(number: Token, word: Token) -> int | None:
    """Return the power of ten that *word* means after *number*; None for an ordinary word."""
    text = word.text
    unit = parse_unit(text)
    size = DIMENSIONS[unit.dimension][unit.name] if unit else 1
    if unit and unit.dimension in COUNT_DIMENSIONS:
        return POWERS.get(size)
    other = AMBIGUOUS.fullmatch(text) if unit is None else None
    if (
        (unit and size != 1 and unit.name != "bit")
        or RATE.fullmatch(text)
        or (other and other["prefix"])
    ):
        raise AnswerError(
            f"'{text}' is a unit, but the question asks for a plain number.",
            expected="the number alone, in the unit that the question names",
            position=word.start,
        )
    if PREFIXED.fullmatch(text) and not number.text[-1].isalpha():
        raise AnswerError(
            f"The '{text[0]}' of '{text}' may scale the number.",
            expected=f"the number alone, or the '{text[0]}' directly after it",
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
    return SCALE_LETTERS.get(text, SCALE_WORDS.get(text.lower()))


def _scaled_fraction_error(word: Token) -> AnswerError:
    return AnswerError(
        f"'{word.text}' after a fraction can be read in two ways.",
        expected="brackets, such as (1/2) * 10^6",
        position=word.start,
    )


def _scale_number(number: Token, word: Token, power: int) -> Token:
    return number._replace(
        text=f"{number.text} {word.text}",
        end=word.end,
        value=simplify_number(Fraction(number.value * 10**power)),
        last_place=None if number.last_place is None else number.last_place + power,
    )


def _describe_scale(word: Token, power: int) -> Iterator[str]:
    if not word.text.lower().startswith(tuple(SCALE_WORDS)):
        yield f"'{word.text[0]}' means {SCALE_NAMES[power]}."
