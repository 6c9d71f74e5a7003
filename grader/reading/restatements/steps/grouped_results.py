"""Points between the thousands of a result that its computation proves: ``9*4672 = 42.048``."""

import re
from fractions import Fraction
from math import prod
from typing import Final

from grader.reading.restatements.rewriting import compute_value, find_plain_numbers
from grader.reading.units.magnitudes import PERCENT, SCALE_WORDS
from grader.reading.units.unit_names import DIMENSIONS, parse_unit

RESULT: Final = re.compile(
    r"(?P<working>[^=≈→⇒>]*[0-9)])(?P<words>(?:\s+[^\W\d_]+)*)\s*(?:=|→|⇒|[-=]>)\s*"
    r"(?P<result>[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?![0-9.,]|\s*[-+*/×·^=≈%])(?=\s*(?P<noun>[^\W\d_]*))"
)
"""A computation, or numbers in words, and a result whose points may group thousands."""
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
    whole = match["result"].replace(".", "")
    working = match["working"]
    factors = find_plain_numbers(working)
    if _scales(match["noun"]):
        return match[0]
    is_product = len(factors) >= MIN_FACTORS and prod(factors) == Fraction(whole)
    if not is_product and compute_value(working) != Fraction(whole):
        return match[0]
    return f"{match[0][: match.start('result') - match.start()]}{whole}"


def _scales(noun: str) -> bool:
    """Return whether *noun* multiplies the number before it: ``thousand``, ``k``, ``KB``."""
    unit = parse_unit(noun)
    if unit is not None:
        return DIMENSIONS[unit.dimension][unit.name] != 1
    word = noun.lower()
    return word in SCALE_WORDS or word in PERCENT or 0 < len(word) < MIN_NOUN_LETTERS
