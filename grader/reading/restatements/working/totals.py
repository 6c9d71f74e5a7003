"""A list of named summands and their sum: ``conv: 64, fc: 10; total: 74``, checked by addition."""

import re
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    describe_dropped,
    parse_plain,
)

_TOTAL: Final = (
    r"(?:(?:in\s+)?total|sum|together|altogether|overall|all|insgesamt|gesamt|zusammen|Σ)"
)
_UNIT: Final = r"(?:[ \t]?[^\W\d_]{1,12}|[ \t]?%)?"
ITEM: Final = lazy_regex(
    rf"\s*(?P<name>[^\W\d_][\w .-]{{0,30}}?)\s{{0,16}}(?:=|:|\s)\s{{0,16}}"
    rf"(?P<value>{NUMBER})(?P<unit>{_UNIT})\s*"
)
LAST: Final = lazy_regex(
    rf"[,;\n→⇒.]{{0,16}}\s{{0,16}}(?:so|=>|->|→|⇒|and|a)?\s{{0,16}}"
    rf"(?:(?:the\s{{1,16}})?{_TOTAL}\s{{0,16}}(?:is|=|:|of)?\s{{0,16}}|(?:=>|->|→|⇒)\s{{0,16}})"
    rf"(?P<value>{NUMBER})(?P<unit>{_UNIT})[\s.]*\Z",
    re.IGNORECASE,
)
ARROW: Final = lazy_regex(
    rf"\s{{0,16}}(?:=>|->|→|⇒)\s{{0,16}}(?P<value>{NUMBER})(?P<unit>{_UNIT})[\s.]*\Z"
)
MIN_SUMMANDS: Final = 2


def keep_sum_of_summands(text: str, question: str) -> Rewriting | None:
    """Return the sum at the end of a list of summands, if it is their sum.

    >>> keep_sum_of_summands("conv: 64, fc: 10; total: 74", "").text
    '74'
    >>> keep_sum_of_summands("conv: 64, fc: 10; total: 75", "")
    """
    del question
    last = LAST.search(text) or ARROW.search(text)
    if last is None:
        return None
    items = re.split(r",(?![0-9]{3}(?![0-9]))|[;\n]", text[: last.start()])
    summands = [ITEM.fullmatch(item) for item in items if item.strip()]
    if len(summands) < MIN_SUMMANDS or not all(summands):
        return None
    units = {summand["unit"].strip() for summand in summands if summand}
    if len(units | {last["unit"].strip()}) > 1 and units != {""}:
        return None
    total = sum(Fraction(parse_plain(summand["value"])) for summand in summands if summand)
    if total != Fraction(parse_plain(last["value"])):
        return None
    value = f"{last['value']}{last['unit']}"
    return Rewriting(value, describe_dropped(text[: last.start("value")]), value)
