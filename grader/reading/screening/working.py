"""The computation before a value, ``9 classes × 4 boxes = 36``: harmless if it gives the value."""

import re
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.characters import fold_lookalikes
from grader.reading.screening.qualifiers import EXCLUSIONS
from grader.reading.wording.meaning_words import HEDGE

LINK: Final = lazy_regex(r"=+>?|→|⇒|->")
NUMBER: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:\.[0-9]{1,15})?"
WORDS: Final = lazy_regex(r"(?:[^\W\d_]{2,}[.'-]?\s*|[\[\]()]\s*)+")
SUM: Final = lazy_regex(rf"\s*({NUMBER})((?:\s*[-+*/×·]\s*{NUMBER})+)\s*")
STEP: Final = lazy_regex(rf"\s*([-+*/×·])\s*({NUMBER})")
VALUE: Final = lazy_regex(rf"\s*({NUMBER})(?!\s*[-+*/×·^0-9.])")
QUALIFIED_LABEL: Final = lazy_regex(rf"[^0-9]*?(?<!\w)(?:{EXCLUSIONS}|per)\s[^0-9]*", re.IGNORECASE)
"""Words before the first number of a computation which say that it is not the whole value."""
MAX_CHARACTERS: Final = 300


def drop_working(text: str) -> str:
    """Return *text* without the computation before its last sign if it gives the value, else all.

    >>> drop_working("9 classes × 4 boxes = 36 scores")
    ' 36 scores'
    >>> drop_working("without the bias 9 × 4 = 36")
    'without the bias  36'
    >>> drop_working("9 classes × 5 boxes = 36 scores")
    '9 classes × 5 boxes = 36 scores'
    """
    links = list(LINK.finditer(text))
    if not links:
        return text
    value = VALUE.match(fold_lookalikes(text[links[-1].end() :]))
    start = links[-2].end() if len(links) > 1 else 0
    working = fold_lookalikes(text[start : links[-1].start()])
    if HEDGE.search(text.lower()):
        return text
    if value is None or not re.search(r"[^\W\d_]{2,}", working) or len(working) > MAX_CHARACTERS:
        return text
    # Brackets would need precedence, so only sums of products without any are evaluated.
    result = None if "(" in working else _evaluate_sum_of_products(WORDS.sub(" ", working))
    if result != _to_fraction(value[1]):
        return text
    label = QUALIFIED_LABEL.match(working)
    return f"{label[0] if label else ''}{text[links[-1].end() :]}"


def _evaluate_sum_of_products(computation: str) -> Fraction | None:
    """Return the value of a sum of products; None for any other text."""
    match = SUM.fullmatch(computation)
    if match is None:
        return None
    terms = [_to_fraction(match[1])]
    for sign, number in STEP.findall(match[2]):
        value = _to_fraction(number)
        if sign in "+-":
            terms.append(value if sign == "+" else -value)
        elif sign == "/":
            if not value:
                return None
            terms[-1] /= value
        else:
            terms[-1] *= value
    return sum(terms, Fraction(0))


def _to_fraction(number: str) -> Fraction:
    return Fraction(number.replace(",", ""))
