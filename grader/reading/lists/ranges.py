"""Whole numbers of a set given by their ends: ``3..6``, ``3 to 6`` and ``3 ≤ k < 7``."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting

_END: Final = r"(?P<{}>-?[0-9]{{1,6}})"
_LABEL: Final = (
    r"(?:(?:[^\W\d_]\w{0,20}\s*(?:=|:|∈|in|is)\s*)"
    r"|(?:all\s+)?(?:[^\W\d_]{1,12}\s+)?(?:from|between)\s+)?"
)
BETWEEN: Final = lazy_regex(
    rf"\s*{_LABEL}{_END.format('low')}\s*(?:\.\.\.?|…|\s(?:to|through)\s)\s*{_END.format('high')}[\s.]*",
    re.IGNORECASE,
)
INEQUALITY: Final = lazy_regex(
    rf"[\s$]*{_END.format('low')}\s*(?P<left><=?|≤|\\leq?)\s*[^\W\d_]\w{{0,20}}\s*(?P<right><=?|≤|\\leq?)\s*"
    rf"{_END.format('high')}[\s.$]*"
)
MAX_ITEMS: Final = 64


def expand_range_to_items(text: str, question: str) -> Rewriting | None:
    """Return all whole numbers between two ends; None for anything else.

    >>> expand_range_to_items("3 ≤ k < 6", "").text, expand_range_to_items("from 2 to 4", "").text
    ('3, 4, 5', '2, 3, 4')
    """
    del question
    match = BETWEEN.fullmatch(text) or INEQUALITY.fullmatch(text)
    if match is None:
        return None
    low, high = int(match["low"]), int(match["high"])
    if "left" in match.groupdict():
        low, high = low + (match["left"] == "<"), high - (match["right"] == "<")
    if not low < high < low + MAX_ITEMS:
        return None
    value = ", ".join(map(str, range(low, high + 1)))
    return Rewriting(value, (f"This was read as all whole numbers from {low} to {high}.",), value)
