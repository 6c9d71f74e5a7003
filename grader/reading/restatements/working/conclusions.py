"""The working before a conclusion, and signs beside a value that the question explains."""

import re
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import NUMBER, Rewriting, describe_dropped
from grader.reading.screening.known_words import KNOWN

CONCLUSION: Final = lazy_regex(
    r"(?P<working>.*(?:=|→|⇒|->|≈|//).*?)[\s,;.]+(?:and\s+)?(?:(?:so|hence|thus|therefore|rounded\s+(?:up|down|off)|rounded)"
    r"(?![\w-])|∴|→|⇒|=>|->)[\s,:]*(?:it(?:'s|\s+is)\s+|we\s+(?:get|have)\s+|by\s+|is\s+|to\s+)?(?P<value>[^,;→⇒≈]*[0-9][^;→⇒≈]*)\Z",
    re.DOTALL | re.IGNORECASE,
)
ROUNDED: Final = lazy_regex(
    r"(?P<working>[0-9.]+)[\s,;]+rounded(?:\s+(?:up|down|off|to))?[\s,:]*(?P<value>[0-9.]+)\s*\Z"
)
COMPARISON: Final = lazy_regex(
    rf"(?P<value>(?:.*=)?\s*(?P<left>-?{NUMBER}))\s*(?P<sign>[<>≤≥])\s*(?P<right>-?{NUMBER})[\s.]*\Z",
    re.DOTALL,
)
BYTES: Final = lazy_regex(r"(?<=[0-9])\s?B(?!\w)")
ORDINAL: Final = lazy_regex(
    r"\s*(?:(?:it\s+is\s+|it's\s+)?the\s+)?(?P<number>[0-9]{1,3})(?:st|nd|rd|th)(?:\s+one)?[\s.]*"
)
MINUS: Final = lazy_regex(
    rf"\s*(?:(?:it\s+is|=)\s+)?(?:minus|negative)\s+(?P<number>{NUMBER})[\s.]*", re.IGNORECASE
)
CROSS: Final = lazy_regex(r"\s*[x×]\s?(?=[0-9.]+\s*\Z)")
LAST_CROSS: Final = lazy_regex(r"(?<=[0-9])\s?[x×](?=\s*(?:\Z|\([^0-9()]*rounded))")
LABEL: Final = lazy_regex(
    r"\s*\$*(?P<label>[^=≈\n]{1,60}?)\s*(?:=|≈|:)\s*(?P<value>\S.*)\Z", re.DOTALL
)
MIN_ITEMS: Final = 2
SPACING: Final = lazy_regex(
    r"[\s$*·.?]|\\(?:cdot|times|,|;|left|right|mathrm|text|operatorname)|[{}]"
)
MATHEMATICS: Final = lazy_regex(r"\$([^$]+)\$")
TWO_VALUES: Final = lazy_regex(
    r"(?<![\w])(?:or|not|but|maybe|edit|sorry|wait|actually)(?![\w])|\?", re.IGNORECASE
)
SEPARATOR: Final = lazy_regex(r"[,;\n](?=\s*[^\W\d_]+\w*\s*[=:])")
EQUATION: Final = lazy_regex(r"([^\W\d_]+)\s*[=:]\s*\S")


def keep_conclusion_after_computation(text: str, question: str) -> Rewriting | None:
    """Return what follows ``so`` behind a computation; None without either.

    >>> keep_conclusion_after_computation("117 - 110 = 7, so 3 and 4", "").text
    '3 and 4'
    """
    del question
    match = CONCLUSION.match(text) or ROUNDED.match(text)
    if match is None or TWO_VALUES.search(text):
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(text[: match.start("value")]), value)


def drop_true_comparison(text: str, question: str) -> Rewriting | None:
    """Return *text* without a true comparison of the value behind it: ``… = 0.36 < 0.5``."""
    del question
    match = COMPARISON.match(text)
    if match is None:
        return None
    left, right = (
        Fraction(match[side].replace(",", "").replace(" ", "")) for side in ("left", "right")
    )
    holds = left < right if match["sign"] in "<≤" else left > right
    if not holds:
        return None
    value = match["value"]
    return Rewriting(value, describe_dropped(text[match.end("value") :]), value)


def drop_byte_or_cross_sign(text: str, question: str) -> Rewriting | None:
    """Return *text* without ``B`` where bytes are asked for, and without a cross before a ratio."""
    lowered = question.lower()
    if "byte" in lowered and BYTES.search(text):
        plain = BYTES.sub("", text)
        return Rewriting(plain, ("'B' was read as bytes.",), plain)
    if ordinal := ORDINAL.fullmatch(text):
        number = ordinal["number"]
        return Rewriting(number, (f"'{ordinal[0].strip()}' was read as {number}.",), text)
    if minus := MINUS.fullmatch(text):
        negative = f"-{minus['number']}"
        return Rewriting(negative, (f"'{text.strip()}' was read as {negative}.",), negative)
    cross = CROSS.match(text) or LAST_CROSS.search(text)
    if cross and ("factor" in lowered or "how many times" in lowered):
        plain = text[: cross.start()] + text[cross.end() :]
        return Rewriting(plain, describe_dropped(cross[0]), plain)
    return None


def drop_copied_label(text: str, question: str) -> Rewriting | None:
    """Return *text* without the expression before its sign if the question has the same."""
    match = LABEL.match(text)
    if match is None:
        return None
    label = SPACING.sub("", match["label"]).lower()
    formulas = {SPACING.sub("", formula).lower() for formula in MATHEMATICS.findall(question)}
    if label not in formulas:
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(text[: match.start("value")]), value)


def keep_asked_equation(text: str, question: str) -> Rewriting | None:
    """Return the equation of *text* that the question names, if it names none of the others.

    >>> keep_asked_equation("I = 88, U = 146, IoU = 88/146", "What is the IoU?").text
    'IoU = 88/146'
    """
    items = [item.strip() for item in SEPARATOR.split(text) if item.strip()]
    names = [EQUATION.match(item) for item in items]
    if len(items) < MIN_ITEMS or not all(names) or TWO_VALUES.search(text):
        return None
    question_words = set(re.findall(r"[^\W_]+", f"{question} {question.lower()}"))
    named = [
        item for item, name in zip(items, names, strict=True) if name and name[1] in question_words
    ]
    unasked = [name[1].lower() for name in names if name and name[1] not in question_words]
    if len(named) != 1 or not KNOWN.isdisjoint(unasked):
        return None
    others = text.replace(named[0], "", 1).strip(" ,;\n")
    return Rewriting(named[0], describe_dropped(others), named[0])
