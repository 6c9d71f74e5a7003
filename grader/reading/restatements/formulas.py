"""Several formulas where one is asked for: a list, or parts with their total."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting, describe_dropped

LABEL: Final = lazy_regex(r"(?:\A|[,;\n])[ \t]*(?P<name>[^\W\d_][\w -]{0,20}):\s")
TOTAL: Final = lazy_regex(
    r"(?:in\s+)?(?:total|sum|together|altogether|overall)|(?:final\s+)?(?:answer|result)",
    re.IGNORECASE,
)
NEXT_LINE: Final = lazy_regex(r"[\w)\]}²³][ \t]*\n\s*(?=[\w(\\[\\])")
"""The end of a line after which another formula may begin."""
WORDS: Final = lazy_regex(r"[^\W\d_]{4,}")
MIN_PARTS: Final = 2


def refuse_several_formulas(text: str) -> None:
    """Raise `AnswerError` for formulas with labels, ``a: K, b: K + 1``, or one in each line.

    >>> refuse_several_formulas("parts: K, C; total: K + C")
    """
    labels = list(LABEL.finditer(text))
    several = len(labels) >= MIN_PARTS and not TOTAL.fullmatch(labels[-1]["name"].strip())
    lines = NEXT_LINE.search(text)
    if several or (lines and not WORDS.search(text) and "=" not in text):
        raise AnswerError("Several formulas are given.", expected="one formula")


def keep_formula_labeled_as_total(text: str, question: str) -> Rewriting | None:
    """Return the formula behind the last label if this says that it is the total.

    >>> keep_formula_labeled_as_total("first: K; second: C; total: K + C", "").text
    'K + C'
    """
    del question
    labels = list(LABEL.finditer(text))
    if len(labels) < MIN_PARTS or not TOTAL.fullmatch(labels[-1]["name"].strip()):
        return None
    value = text[labels[-1].end() :].strip()
    return Rewriting(value, describe_dropped(text[: labels[-1].end()]), value)
