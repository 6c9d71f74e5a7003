"""Several formulas where one is asked for: a list, parts with their total, or a derivation."""

import re
from collections.abc import Collection
from functools import partial
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriter, Rewriting, describe_dropped

LABEL: Final = lazy_regex(r"(?:\A|[,;\n])[ \t]*(?P<name>[^\W\d_][\w -]{0,20}):\s")
TOTAL: Final = lazy_regex(
    r"(?:in\s+)?(?:total|sum|together|altogether|overall)|(?:final\s+)?(?:answer|result)",
    re.IGNORECASE,
)
NEXT_LINE: Final = lazy_regex(r"[\w)\]}²³][ \t]*\n\s*(?=[\w(\\[\\])")
"""The end of a line after which another formula may begin."""
WORDS: Final = lazy_regex(r"[^\W\d_]{4,}")
CONCLUSION: Final = lazy_regex(
    r"=>|->|→|⇒|:\s|(?<!\w)(?:so|hence|thus|therefore|i\.e\.|that\s+is)(?!\w),?", re.IGNORECASE
)
DOUBT: Final = lazy_regex(
    r"\?|(?<!\w)(?:or|if|but|not|no|without|except|excluding|ignoring|wait|sorry|actually|rather"
    r"|wrong|either|maybe|perhaps|instead|vs|versus|only|just)(?!\w)",
    re.IGNORECASE,
)
"""Words with which a derivation limits, weighs or takes back its result."""
OPERATOR: Final = lazy_regex(r"[\w)]\s?[-+*/^·×−]\s?[\w(]|=")
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


def build_conclusion_keeper(variables: Collection[str]) -> Rewriter:
    """Return the rewriting that keeps the formula at the end of a derivation."""
    return partial(keep_concluded_formula, variables=variables)


def keep_concluded_formula(
    text: str, question: str, *, variables: Collection[str] = ()
) -> Rewriting | None:
    """Return the formula behind the last sign or word for a conclusion.

    The words before a colon remain to be judged unless they contain a formula themselves.

    >>> keep_concluded_formula("a filter: K weights; C filters => C*K", "", variables="KC").text
    'C*K'
    >>> keep_concluded_formula("C*K, or with biases: C*K + C", "", variables="KC")
    """
    del question
    ends = list(CONCLUSION.finditer(text))
    if not ends or DOUBT.search(text):
        return None
    head, value = text[: ends[-1].start()], text[ends[-1].end() :].strip(" .$")
    if not OPERATOR.search(value) or not any(name in value for name in variables):
        return None
    is_label = ends[-1][0].startswith(":") and not OPERATOR.search(head)
    return Rewriting(value, describe_dropped(head), f"{head}: 1" if is_label else "")
