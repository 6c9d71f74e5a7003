"""The total below a column of numbers, which is their sum."""

from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.values import Number, simplify_number

NUMBER: Final = lazy_regex(r"[-+]?[0-9][0-9,']{0,40}(?:\.[0-9]{1,40})?")
OTHER_NUMBER: Final = lazy_regex(r"(?<![\w.])[0-9]")
"""A number that is no part of a name such as ``conv1``."""
RULE: Final = lazy_regex(r"[\s=_+|:-]*+")
MARKS: Final = " \t\r|"
MIN_LINES: Final = 3
MAX_CHARACTERS: Final = 2_000


def find_column_total(text: str) -> str:
    r"""Return the last number of *text* if each line has one and it is their sum; else "".

    >>> find_column_total("conv1  896\nconv2  18496\n------\nboth   19392")
    '19392'
    """
    if text.count("\n") + 1 < MIN_LINES or len(text) > MAX_CHARACTERS:
        return ""
    lines = [line for line in text.splitlines() if not RULE.fullmatch(line)]
    numbers = [_find_number(line) for line in lines]
    if len(lines) < MIN_LINES or not all(numbers):
        return ""
    *summands, total = map(_to_number, numbers)
    return numbers[-1] if sum(summands) == total else ""


def _find_number(line: str) -> str:
    """Return the number at the end of *line*; "" if there is none, or another one before it."""
    words = line.strip(MARKS).split()
    number = words[-1].lstrip("=:") if words else ""
    if not NUMBER.fullmatch(number) or OTHER_NUMBER.search(" ".join(words[:-1])):
        return ""
    return number


def _to_number(digits: str) -> Number:
    return simplify_number(Fraction(digits.replace(",", "").replace("'", "")))
