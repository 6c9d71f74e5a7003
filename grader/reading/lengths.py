"""Limits on the length of a whole answer, which bound the work of reading it.

Reading arithmetic takes about 4 µs per character. With only a limit per cell, 400 cells of 500
characters would take most of a second.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError
from grader.reading.result import RawAnswer

MAX_ARITHMETIC_CELLS: Final = 400
MAX_ARITHMETIC_CHARACTERS: Final = 10_000
"""Maximum length of the arithmetic in one array: about 40 ms of reading."""


PLAIN_DIGITS: Final = 40
"""Digits above which a JSON number counts as a text of that many characters."""
DIGITS_PER_BIT: Final = 0.30103


def check_text_length(typed: RawAnswer, limit: int) -> None:
    """Raise `AnswerError` if a text, or all texts of a list together, exceed *limit* characters.

    This check comes first, because the work of the other checks grows with the length.
    """
    if isinstance(typed, str):
        length, subject = len(typed), "The answer has"
    elif isinstance(typed, list):
        length = total_length_of_texts_and_long_numbers(typed)
        subject = "The texts of the list have"
    else:
        return
    if length > limit:
        raise AnswerError(
            f"{subject} {length:,} characters.", expected=f"at most {limit:,} characters"
        )


def total_length_of_texts_and_long_numbers(items: Iterable[RawAnswer]) -> int:
    """Return the number of characters of all texts and long numbers in nested lists."""
    length = 0
    pending = [*items]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            length += len(item)
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, int | Fraction):  # a list may also hold null or an object
            digits = max(_estimate_digits(item.numerator), _estimate_digits(item.denominator))
            length += digits if digits > PLAIN_DIGITS else 0
    return length


def _estimate_digits(number: int) -> int:
    """Return the approximate number of digits of *number*, without converting it to text."""
    return int(number.bit_length() * DIGITS_PER_BIT)


def check_arithmetic_cells(lengths: Sequence[int]) -> None:
    """Raise `AnswerError` if an array holds more arithmetic than people compute by hand.

    *lengths* are the numbers of characters of the cells that may hold arithmetic.
    """
    if len(lengths) > MAX_ARITHMETIC_CELLS:
        raise AnswerError(
            f"{len(lengths):,} cells hold more than a plain number.",
            expected=f"arithmetic in at most {MAX_ARITHMETIC_CELLS} cells",
        )
    check_arithmetic_length(lengths)


def check_arithmetic_length(lengths: Iterable[int]) -> None:
    """Raise `AnswerError` if cells of these *lengths* together hold too much arithmetic."""
    if (characters := sum(lengths)) > MAX_ARITHMETIC_CHARACTERS:
        raise AnswerError(
            f"The arithmetic in the cells has {characters:,} characters.",
            expected=f"at most {MAX_ARITHMETIC_CHARACTERS:,} characters, or the results alone",
        )
