"""Text that repeats a value in another way: an example, a check, its count or its rounded form."""

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
from grader.reading.units.magnitudes import SCALE_LETTERS, SCALE_WORDS
from grader.reading.wording.meaning_words import HEDGE

_ASSIGNED: Final = r"[^\W\d_]\w{0,9}\s*=\s*-?[0-9][0-9.,]*"
EXAMPLE: Final = lazy_regex(
    rf"[\s,;.(]+(?:(?:e\.\s?g\.|for\s+(?:example|instance))[\s,:]"
    rf"|(?:(?:so|thus|hence|i\.e\.|that\s+is),?\s+)?(?:for|with|at|if)\s+(?={_ASSIGNED}\s*(?::|(?:gives?|we\s+get|it\s+is|is|→|⇒|=>)\s)))"
    r".*\Z",
    re.IGNORECASE | re.DOTALL,
)
"""A clause that inserts numbers into a formula, with the result."""
_SCALE: Final = r"(?:\s?(?P<scale>k|M|G|B|K|thousand|million|billion)(?!\w))?"
EXACT: Final = lazy_regex(
    rf"\s*(?:it(?:'s|\s+is)\s+)?(?:about|approx(?:imately|\.)?|around|roughly|circa|ca\.|nearly|≈|~)\s*(?P<short>{NUMBER}){_SCALE}"
    rf"(?P<unit>[^\W\d_]{{0,12}}|\s[^\W\d_]{{1,12}})?[\s,;(]+(?:(?:or\s+)?(?:more\s+)?(?:exactly|precisely|exact)|to\s+be\s+(?:exact|precise))[\s:,]+"
    r"(?P<value>[^()]*[0-9][^()]*)\)?[\s.]*",
    re.IGNORECASE,
)
"""A rounded value, followed by the exact one."""
ROUNDED_SUM: Final = lazy_regex(
    r"(?P<short>[^,;()=]*[0-9][^,;()=]*?)[\s,;(]+(?:(?:or\s+)?(?:more\s+)?(?:exactly|precisely)|to\s+be\s+exact)[\s:,]+"
    r"(?P<value>[^()=]*[0-9][^()=]*)\)?[\s.]*",
    re.IGNORECASE,
)
"""A rounded number or a sum of some, followed by the exact value."""
EXACTLY: Final = lazy_regex(r"exact|precise", re.IGNORECASE)
SCALED_NUMBER: Final = lazy_regex(
    rf"(?P<number>{NUMBER})\s?(?P<scale>k|M|G|B|K|thousand|million|billion)(?!\w)"
)
VERIFIED: Final = lazy_regex(
    r"(?P<value>[^→⇒;:]*?[0-9])[\s,.]*(?:→|⇒|=>|->|;|:|\n|(?<!\w)(?:check|so|then|gives?|because|since|as)(?!\w))"
    r"(?P<check>.*=.*)",
    re.IGNORECASE | re.DOTALL,
)
ASSIGNMENT: Final = lazy_regex(r"(?<![\w)])[^\W\d_]\w{0,9}\s*[=:]")
"""A name that gets a value."""
OUT_OF: Final = lazy_regex(
    r"(?P<head>[^0-9]*(?P<part>[0-9]{1,9})\s+(?:out\s+)?of\s+(?:the\s+)?(?P<whole>[1-9][0-9]{0,8})(?:\s+[^\W\d_]+){0,4}"
    r"[\s,;]*(?::|=|≈|→|⇒|so|i\.e\.|is|are|which\s+is))\s*(?P<value>[0-9]+(?:\.(?P<decimals>[0-9]+))?\s?(?P<percent>%)?)[\s.]*",
    re.IGNORECASE,
)
"""A count out of a total, followed by its share."""


def drop_example(text: str, question: str) -> Rewriting | None:
    """Return a formula without the example that follows it.

    >>> drop_example("2*k + 1, e.g. 7 for k = 3", "").text
    '2*k + 1'
    """
    del question
    example = EXAMPLE.search(text)
    if example is None or not example.start() or HEDGE.search(text.lower()):
        return None
    value = text[: example.start()].strip()
    return Rewriting(value, describe_dropped(text[len(value) :].strip(" ,;.")), value)


def keep_exact_value_after_rounding(text: str, question: str) -> Rewriting | None:
    """Return the exact value that follows its rounded form.

    >>> keep_exact_value_after_rounding("about 118 million, exactly 117,964,800", "").text
    '117,964,800'
    >>> keep_exact_value_after_rounding("about 118 million, exactly 119", "")
    """
    del question
    match = EXACT.fullmatch(text) or _match_rounded_sum(text)
    exact = match and re.search(NUMBER, match["value"])
    if match is None or exact is None or HEDGE.search(text.lower()):
        return None
    if "scale" not in match.re.groupindex:
        value = match["value"].strip()
        return Rewriting(value, describe_dropped(match["short"]), value)
    scale = 10 ** _find_power(match["scale"])
    short = parse_plain(match["short"])
    unit = Fraction(scale, 10 ** len(short.partition(".")[2]))
    if "." not in short and not match["scale"]:
        unit *= 10 ** (len(short) - len(short.rstrip("0")))
    if 2 * abs(Fraction(short) * scale - Fraction(parse_plain(exact[0]))) > unit:
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(text[: match.start("value")].strip()), value)


def _match_rounded_sum(text: str) -> re.Match[str] | None:
    """Return the match of ``1.5k + 2.5k, exactly 4,012`` if the exact value rounds to the sum."""
    match = ROUNDED_SUM.fullmatch(text) if EXACTLY.search(text) else None
    exact = match and re.search(NUMBER, match["value"])
    if match is None or exact is None:
        return None
    terms = list(SCALED_NUMBER.finditer(match["short"]))
    if SCALED_NUMBER.sub("", match["short"]).strip(" +~≈") or not terms:
        return None
    total = slack = Fraction(0)
    for term in terms:
        digits, scale = parse_plain(term["number"]), 10 ** _find_power(term["scale"])
        total += Fraction(digits) * scale
        slack += Fraction(scale, 2 * 10 ** len(digits.partition(".")[2]))
    holds = abs(total - Fraction(parse_plain(exact[0]))) <= slack
    return match if holds else None


def _find_power(scale: str | None) -> int:
    """Return the power of ten that *scale*, a letter or a word, means."""
    if scale is None:
        return 0
    return SCALE_LETTERS[scale] if scale in SCALE_LETTERS else SCALE_WORDS[scale.lower()]


def drop_verifying_equation(text: str, question: str) -> Rewriting | None:
    """Return named numbers without the equation after them that verifies them.

    >>> drop_verifying_equation("k=5, s=2 → (9 - 5)/2 + 1 = 3", "").text
    'k=5, s=2'
    >>> drop_verifying_equation("k=5, s=2 → k = 6", "")
    """
    del question
    match = VERIFIED.fullmatch(text)
    if match is None or ASSIGNMENT.search(match["check"]) or HEDGE.search(text.lower()):
        return None
    value = match["value"].strip(" ,;.")
    return Rewriting(value, describe_dropped(match["check"]), value)


def keep_share_after_count(text: str, question: str) -> Rewriting | None:
    """Return the share that follows its count: ``1 of 5 images: 20 %``.

    >>> keep_share_after_count("1 of 5 images: 20 %", "").text
    '20 %'
    >>> keep_share_after_count("1 of 5 images: 25 %", "")
    """
    del question
    match = OUT_OF.fullmatch(text)
    if match is None or HEDGE.search(text.lower()):
        return None
    share = Fraction(int(match["part"]), int(match["whole"])) * (100 if match["percent"] else 1)
    unit = Fraction(1, 10 ** len(match["decimals"] or ""))
    value = match["value"]
    if 2 * abs(share - Fraction(value.strip(" %"))) > unit:
        return None
    return Rewriting(value, describe_dropped(match["head"]), value)
