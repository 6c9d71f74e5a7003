"""Points between the thousands of a result that its computation proves: ``9*4672 = 42.048``."""

import re
from fractions import Fraction
from math import prod
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import compute_value, find_plain_numbers
from grader.reading.units.magnitudes import PERCENT, SCALE_WORDS
from grader.reading.units.unit_names import DIMENSIONS, parse_unit

RESULT: Final = lazy_regex(
    r"(?:=|→|⇒|[-=]>)\s*"
    r"(?P<result>[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?![0-9.,]|\s*[-+*/×·^=≈%])(?=\s*(?P<noun>[^\W\d_]*))"
)
"""A result whose points may group thousands."""
RELATIONS: Final = "=≈→⇒>"
WORDS: Final = lazy_regex(r"(?:\s+[^\W\d_]+)*\s*")
MAX_WORKING_CHARACTERS: Final = 300
MIN_FACTORS: Final = 2
MIN_NOUN_LETTERS: Final = 3


def remove_points_of_results(text: str) -> str:
    """Return *text* without the points in a result that is right only as a whole number.

    >>> remove_points_of_results("9*4672 = 42.048")
    '9*4672 = 42048'
    >>> remove_points_of_results("20 epochs with 131 updates → 2.620 updates")
    '20 epochs with 131 updates → 2620 updates'
    >>> remove_points_of_results("9*4.672 = 42.048")
    '9*4.672 = 42.048'
    >>> remove_points_of_results("2*512 bytes = 1.024 KB")
    '2*512 bytes = 1.024 KB'
    """
    if "." not in text:
        return text
    return RESULT.sub(_remove_proven_points, text)


def _remove_proven_points(match: re.Match[str]) -> str:
    """Return *match* without the points of its result if the numbers before it give that."""
    working = _find_working(match.string[: match.start()])
    if not working or _scales(match["noun"]):
        return match[0]
    whole = match["result"].replace(".", "")
    factors = find_plain_numbers(working)
    is_product = len(factors) >= MIN_FACTORS and prod(factors) == Fraction(whole)
    if not is_product and compute_value(working) != Fraction(whole):
        return match[0]
    return f"{match[0].removesuffix(match['result'])}{whole}"


def _find_working(text: str) -> str:
    """Return the numbers at the end of *text*, without the words behind them; "" without any.

    They begin after the last sign of a relation. If they are longer than the limit, "" is returned,
    so that many results take linear time.
    """
    near = text[-MAX_WORKING_CHARACTERS:]
    start = max(near.rfind(sign) for sign in RELATIONS) + 1
    if not start and len(near) < len(text):
        return ""
    text = near[start:]
    end = max(text.rfind(character) for character in "0123456789)") + 1
    return text[:end] if WORDS.fullmatch(text, end) else ""


def _scales(noun: str) -> bool:
    """Return whether *noun* multiplies the number before it: ``thousand``, ``k``, ``KB``."""
    unit = parse_unit(noun)
    if unit is not None:
        return DIMENSIONS[unit.dimension][unit.name] != 1
    word = noun.lower()
    return word in SCALE_WORDS or word in PERCENT or 0 < len(word) < MIN_NOUN_LETTERS
