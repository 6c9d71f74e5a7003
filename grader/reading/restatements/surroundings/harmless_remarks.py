"""Remarks that name no other value: a comparison, the same value again, the items of a count."""

import re
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.numbers import read_number
from grader.reading.restatements.rewriting import NUMBER as PLAIN
from grader.reading.restatements.rewriting import (
    PLAIN_NUMBER,
    Rewriting,
    describe_dropped,
    parse_plain,
)
from grader.reading.restatements.spelled_numbers import WORDS
from grader.reading.restatements.working.final_values import weighs_or_retracts_value

SAME: Final = lazy_regex(
    r"(?P<value>.*[0-9\]})][^,;(]*?)[\s,;(]+(?:(?:which|this|it|that)\s+is\s+)?(?:exactly\s+|also\s+|just\s+)?"
    r"the\s+same\s+(?:value\s+|number\s+|result\s+|size\s+|shape\s+)?(?:as|like)\s[^0-9=]*",
    re.DOTALL | re.IGNORECASE,
)
"""A value, and that it is the same as another one, which is not given."""
CHANGED: Final = lazy_regex(
    r"(?<![^\W_])(?:plus|minus|but|except|without|with|times|half|twice|not|only|less|more|and\s+also)(?![^\W_])",
    re.IGNORECASE,
)
"""Words that make the compared value another one."""
EXCLUDED: Final = lazy_regex(
    rf"(?P<value>.*[0-9][^0-9]*?)[,;(\s]\s*\(?(?:and\s+|but\s+)?not\s+(?:the\s+)?(?P<number>{PLAIN})\s?(?:%|[^\W\d_]*)\s*\)?[\s.!]*",
    re.DOTALL | re.IGNORECASE,
)
"""A value, and ``not`` with another number at the end."""
ONE_FOR_EACH: Final = lazy_regex(
    r"[,;(]\s*(?:(?:that\s+is|i\.\s?e\.|namely),?\s+)?(?:exactly\s+)?one\s+(?:[^\W\d_]+\s+)?(?:per|for\s+(?:each|every))"
    r"(?:\s+[^\W\d_]+){1,3}\)?[\s.]*\Z",
    re.IGNORECASE,
)
"""A clause that distributes one thing, and not the value."""
AGAIN: Final = lazy_regex(
    r"(?P<value>[^,;=()]*[0-9][^,;=()]*?)\s*(?:,\s*(?:which\s+is|i\.\s?e\.,?|that\s+is,?|or)|\(\s*(?:=|≈|~|i\.\s?e\.,?|about|approx\.?))\s*"
    r"(?P<other>[-−]?[0-9][0-9.,]*(?:\s?[*×·]\s?10\^?-?[0-9]+|e-?[0-9]+|/[0-9]+|\s?(?:k|M|million|thousand))?\s?%?)\s*\)?[\s.]*",
    re.IGNORECASE,
)
"""A value, and the same one in another notation."""
ITEMS: Final = lazy_regex(
    r"(?P<count>[^0-9,:()]*[0-9]{1,3}|[^0-9,:()]*?[^\W\d_]{3,5})(?P<noun>(?:\s+[^\W\d_]+)?)(?:,\s*namely|\s*:|\s*\(|,\s*i\.\s?e\.,?|\s+-)\s+"
    r"(?:the\s+)?(?:[^\W\d_]+\s+)?(?P<items>[0-9]{1,4}(?:\s*(?:,|and|,\s*and|&)\s*[0-9]{1,4})+)\s*\)?[\s.]*",
    re.IGNORECASE,
)
"""A count, and the numbers of the things counted."""
DECIMALS: Final = lazy_regex(
    r"(?P<value>[^0-9()]*[0-9]{1,9}[^0-9()]*?)\s*\((?P<remark>[^()]*[^\W\d_]{2}[^()]*)\)[\s.]*"
)
"""An integer, and a remark in brackets."""
NUMBER: Final = lazy_regex(r"[0-9]+(?:[.,/][0-9]+)*")
FRACTIONS: Final = lazy_regex(r"0?\.[0-9]+|[1-9][0-9]{0,3}/[1-9][0-9]{0,5}")
COUNTS: Final = lazy_regex(r"(?<!\w)(?:how\s+many|which)(?!\w)", re.IGNORECASE)
"""Words of a question that is answered by an integer."""
RETRACTED: Final = lazy_regex(
    r"(?<![^\W_])(?:real|right|true|correct|exact|total|better|would|should)(?![^\W_])|\?",
    re.IGNORECASE,
)


def drop_comparison_of_equals(text: str, question: str) -> Rewriting | None:
    """Return *text* without the remark that its value is the same as another one.

    >>> drop_comparison_of_equals("64 * 10 = 640, the same as in the other layer", "").text
    '64 * 10 = 640'
    >>> drop_comparison_of_equals("640, the same as before plus biases", "")
    """
    del question
    match = SAME.fullmatch(text.strip())
    if (
        match is None
        or weighs_or_retracts_value(text)
        or CHANGED.search(text[match.end("value") :])
    ):
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(text.strip()[len(match["value"]) :]), value)


def drop_same_value_in_other_notation(text: str, question: str) -> Rewriting | None:
    """Return a value without the same value behind it in another notation.

    >>> drop_same_value_in_other_notation("2.16e-3, which is 0.216 %", "").text
    '2.16e-3'
    >>> drop_same_value_in_other_notation("2.16e-3, which is 2.16 %", "")
    """
    del question
    match = AGAIN.fullmatch(text.strip())
    if match is None:
        return None
    try:
        value, other = read_number(match["value"]), read_number(match["other"])
    except AnswerError:
        return None
    steps = [Fraction(reading.step or 0) for reading in (value, other)]
    difference = abs(Fraction(value.value) - Fraction(other.value))
    percent = match["value"].rstrip().endswith("%") and difference > max(steps)
    if percent:
        difference = abs(100 * Fraction(value.value) - Fraction(other.value))
    if 2 * difference > max(steps) * (100 if percent else 1):
        return None
    return Rewriting(match["value"].strip(), ("The value is given twice.",), match["value"])


def drop_enumeration_behind_count(text: str, question: str) -> Rewriting | None:
    """Return a count without the numbers of the things that it counts.

    >>> drop_enumeration_behind_count("three, namely anchors 1, 4 and 5", "").text
    '3'
    >>> drop_enumeration_behind_count("two, namely anchors 1, 4 and 5", "")
    """
    del question
    match = ITEMS.fullmatch(text.strip())
    if match is None or weighs_or_retracts_value(text):
        return None
    last = match["count"].split()[-1].lower()
    count = int(last if last.isdecimal() else WORDS.get(last, -1))
    items = NUMBER.findall(match["items"].replace(",", " "))
    if count != len(items) or len(set(items)) != count:
        return None
    words = f"{match['count'][: -len(last)]}{count}{match['noun']}"
    return Rewriting(str(count), describe_dropped(text[match.end("noun") :].strip(" ,")), words)


def drop_excluded_value(text: str, question: str) -> Rewriting | None:
    """Return *text* without another number behind the value, which ``not`` rules out.

    >>> drop_excluded_value("2 * 48 = 96, not 192", "").text
    '2 * 48 = 96'
    >>> drop_excluded_value("96, not 96", "")
    """
    del question
    match = EXCLUDED.fullmatch(text.strip())
    if match is None or weighs_or_retracts_value(match["value"]):
        return None
    value = match["value"].rstrip(" ,;(")
    numbers = PLAIN_NUMBER.findall(value)
    if not numbers or parse_plain(numbers[-1]) == parse_plain(match["number"]):
        return None
    return Rewriting(value, describe_dropped(text.strip()[len(value) :].strip(" ,;()")), value)


def drop_one_for_each(text: str, question: str) -> Rewriting | None:
    """Return *text* without the reason behind it that each of several things counts one.

    >>> drop_one_for_each("6, one per output channel", "").text
    '6'
    >>> drop_one_for_each("6 per output channel", "")
    """
    del question
    match = ONE_FOR_EACH.search(text)
    if match is None or not PLAIN_NUMBER.search(text, 0, match.start()):
        return None
    value = text[: match.start()]
    return Rewriting(value, describe_dropped(match[0].strip(" ,;()")), value)


def drop_decimal_remark(text: str, question: str) -> Rewriting | None:
    """Return an integer without a remark whose numbers are all fractions.

    >>> drop_decimal_remark("anchor 3 (IoU 0.65 is the largest)", "Which anchor fits?").text
    'anchor 3'
    >>> drop_decimal_remark("anchor 3 (IoU 2 is the largest)", "Which anchor fits?")
    """
    match = DECIMALS.fullmatch(text.strip())
    if match is None or not COUNTS.search(question) or weighs_or_retracts_value(text):
        return None
    numbers = NUMBER.findall(match["remark"])
    if not numbers or RETRACTED.search(match["remark"]):
        return None
    if not all(FRACTIONS.fullmatch(number) for number in numbers):
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(match["remark"]), value)
