"""The total below a column of numbers, which is their sum."""

import re
from fractions import Fraction
from typing import Final

from grader.values import Number, simplify_number

_NUMBER: Final = r"[-+]?[0-9][0-9,']*(?:\.[0-9]+)?"
LINE: Final = re.compile(
    rf"[^0-9\n]*(?:[^\W\d_]\w*[^0-9\n]*)?(?<=[\s:=|+])\s*[+]?\s*(?P<number>{_NUMBER})\s*[|]?\s*"
    rf"|\s*(?P<alone>{_NUMBER})\s*"
)
"""A line with a label, or without one, and one number at its end."""
RULE: Final = re.compile(r"[\s=_+|:-]*")
MIN_LINES: Final = 3


def find_column_total(text: str) -> str:
    r"""Return the last number of *text* if each line has one and it is their sum; else "".

    >>> find_column_total("conv1  896\nconv2  18496\n------\nboth   19392")
    '19392'
    """
    if text.count("\n") + 1 < MIN_LINES:
        return ""
    lines = [line for line in text.splitlines() if not RULE.fullmatch(line)]
    matches = [LINE.fullmatch(line) for line in lines]
    if len(lines) < MIN_LINES or not all(matches):
        return ""
    numbers = [match["number"] or match["alone"] for match in matches if match]
    *summands, total = map(_to_number, numbers)
    return numbers[-1] if sum(summands) == total else ""


def _to_number(digits: str) -> Number:
    return simplify_number(Fraction(digits.replace(",", "").replace("'", "")))
