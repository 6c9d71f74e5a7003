"""The numbers and computations of a text, in order, as steps of its working."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, NamedTuple

from grader.reading.restatements.rewriting import (
    NUMBER,
    compute_value,
    find_plain_numbers,
    parse_plain,
)
from grader.reading.restatements.spelled_numbers import WORDS

TEX: Final = (
    (re.compile(r"\\(?:text|mathrm|textrm)\s?\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\[dt]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\cdot(?![a-z])"), "·"),
    (re.compile(r"\\times(?![a-z])"), "×"),
    (re.compile(r"\\(?:Rightarrow|rightarrow|implies|to)(?![a-z])"), "→"),
    (re.compile(r"\\approx(?![a-z])"), "≈"),
    (re.compile(r"\\(?:left|right|quad|qquad)(?![a-z])|\\[ ,;:!]|\$|\*\*(?!\s?[0-9(])"), " "),
)
"""Commands of TeX and marks of Markdown, and what they mean in working."""
_FUNCTION: Final = r"(?:(?:sin|cos|tanh?|ln|log2|log|exp|sqrt)\s?(?=\()|√)?"
_OPERAND: Final = (
    rf"[-−]?{_FUNCTION}[(\[]{{0,4}}[-−]?{_FUNCTION}[(\[]{{0,4}}{NUMBER}[)\]]{{0,4}}(?:[²³]|\s?%)?"
)
_NOUNS: Final = r"(?:\s[^\W\d_x][^\W\d_]{1,20}){0,3}"
_OPERATOR: Final = r"\s{0,3}(?:\*\*|//|[-−+*/×·^]|x(?=[\s0-9(]))\s{0,3}"
COMPUTATION: Final = re.compile(
    rf"(?<![\w.,])(?P<first>{_FUNCTION}[(\[]{{0,4}}{_OPERAND})(?P<rest>(?:{_NOUNS}{_OPERATOR}{_OPERAND}){{1,20}})(?![\w.]*[0-9])"
    rf"|(?<![\w.])(?:(?:sin|cos|tanh?|ln|log2|exp|sqrt)\s?\([-−]?{NUMBER}\)|√{NUMBER})"
)
"""Numbers that operators join, perhaps with nouns: ``2 boxes × 5 + 51 classes``."""
NOUN: Final = re.compile(r"(?<=[0-9)\]])\s[^\W\d_][^\W\d_]+(?:\s[^\W\d_]+)*")
SPELLED: Final = "|".join(word for word in WORDS if len(word) > len("on") and WORDS[word].isdigit())
LONE_NUMBER: Final = re.compile(
    rf"(?<![\w.,])(?P<number>{NUMBER})(?![.,]?[0-9])(?P<percent>\s?%)?"
    rf"|(?<![\w-])(?P<word>{SPELLED})(?![\w-])",
    re.IGNORECASE,
)
ASSIGNED: Final = re.compile(r"[0-9)²³%](?:\s?[^\W\d_]{1,20}){0,4}\s{0,3}[=≈]\s{0,3}\Z")
"""A number, perhaps with its unit, and a sign of equality before the number that it equals."""


class Step(NamedTuple):
    """A number or the result of a computation, and where it stands.

    *operands* are the numbers that the computation uses, none for a number alone. *restates* means
    that the number follows a sign of equality, *spelled* that it is written in letters. *unit* is
    one unit of the last decimal place, 0 for a whole number.
    """

    value: Fraction
    start: int
    end: int
    operands: tuple[Fraction, ...] = ()
    restates: bool = False
    spelled: bool = False
    unit: Fraction = Fraction(0)
    percent: bool = False


def flatten_markup(text: str) -> str:
    r"""Return *text* with plain signs in place of TeX and without marks of bold type.

    >>> flatten_markup(r"2\cdot 3 = 6 \Rightarrow \text{six}").split()
    ['2·', '3', '=', '6', '→', 'six']
    """
    for pattern, replacement in TEX:
        text = pattern.sub(replacement, text)
    return text


def find_steps(text: str) -> list[Step]:
    """Return the numbers and computations of *text*, in order.

    >>> [int(step.value) for step in find_steps("two layers: 3 filters * 5 + 1 = 16")]
    [2, 16, 16]
    """
    return sorted(_iterate_steps(text), key=lambda step: step.start)


def _iterate_steps(text: str) -> Iterator[Step]:
    blanked = text
    for match in COMPUTATION.finditer(text):
        written = NOUN.sub(" ", match[0])
        value = compute_value(written)
        if value is None:
            continue
        start, end = match.span()
        blanked = f"{blanked[:start]}{' ' * (end - start)}{blanked[end:]}"
        operands = tuple(find_plain_numbers(re.sub(r"[^0-9.,]+", " ", written)))
        restates = ASSIGNED.search(text, max(0, start - 120), start) is not None
        yield Step(value, start, end, operands, restates=restates)
    for match in LONE_NUMBER.finditer(blanked):
        restates = ASSIGNED.search(text, max(0, match.start() - 120), match.start()) is not None
        if match["word"]:
            number = Fraction(WORDS[match["word"].lower()])
            yield Step(number, match.start(), match.end(), restates=restates, spelled=True)
            continue
        plain = parse_plain(match["number"])
        decimals = len(plain.partition(".")[2])
        unit = Fraction(1, 10**decimals) if decimals else Fraction(0)
        percent = match["percent"] is not None
        yield Step(Fraction(plain), *match.span(), restates=restates, unit=unit, percent=percent)
