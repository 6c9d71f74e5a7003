"""Interface of rewritings: a text and its question in, a plainer text and notes out."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.numbers import read_number

NUMBER: Final = r"(?:[0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
"""A plain number, with groups of three digits or none."""
PLAIN_NUMBER: Final = lazy_regex(rf"(?<![\w.,]){NUMBER}(?![.,]?[0-9])")
"""A plain number that is no part of a longer number or word."""


class Rewriting(NamedTuple):
    """A plainer text, the notes on it, and the *screened* text, whose words remain to be judged."""

    text: str
    notes: tuple[str, ...]
    screened: str


Rewriter: TypeAlias = Callable[[str, str], Rewriting | None]
"""Function of a text and its question; it returns None where it has nothing to do."""


def describe_dropped(words: str) -> tuple[str, ...]:
    """Return the note that *words* were ignored."""
    return (f"'{truncate_line(' '.join(words.split()))}' was ignored.",)


def parse_plain(number: str) -> str:
    """Return *number* without the signs that group its digits."""
    return re.sub(r"[, ](?=[0-9]{3})", "", number)


def find_plain_numbers(text: str) -> list[Fraction]:
    """Return the values of the plain numbers in *text*.

    >>> [int(number) for number in find_plain_numbers("1,024 of 2 x3")]
    [1024, 2]
    """
    return [Fraction(parse_plain(number)) for number in PLAIN_NUMBER.findall(text)]


def compute_value(computation: str) -> Fraction | None:
    """Return the value of a computation, None if it cannot be read as a number.

    >>> compute_value("272 - 72"), compute_value("two layers")
    (Fraction(200, 1), None)
    """
    try:
        return Fraction(read_number(computation).value)
    except AnswerError:
        return None
