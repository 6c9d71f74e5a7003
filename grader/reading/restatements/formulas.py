"""Several formulas where one is asked for: a list, parts with their total, or a derivation."""

import re
from collections.abc import Collection
from functools import partial
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriter, Rewriting, describe_dropped
from grader.reading.wording.meaning_words import CHANGING, SCALING, TIMES_BEFORE

LABEL: Final = lazy_regex(r"(?:\A|[,;\n])[ \t]*(?P<name>[^\W\d_][\w -]{0,20})(?::|=>|⇒)\s")
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
    r"|wrong|either|maybe|perhaps|instead|vs|versus|only|just|unless|when|while|until|assuming"
    r"|suppose|provided|given|where|whereas|reciprocal|opposite|share|ratio)(?!\w)",
    re.IGNORECASE,
)
"""Words with which a derivation limits, weighs or takes back its result."""
OPERATOR: Final = lazy_regex(r"[\w)]\s?[-+*/^·×−]\s?[\w(]|=")
WORD: Final = lazy_regex(r"[^\W\d_]+")
SIGN: Final = lazy_regex(r"[-*/^·×−=<>≤≥≈%√()\[\]{}]")
ENDS_IN_NOUN: Final = lazy_regex(
    r"(?<!\w)(?!(?:the|and|plus|over|times|with|that|then|than|for|from|into|per|of|by|each|every|is|are|was|has|have)\W*\Z)"
    r"[^\W\d_]{3,}[\s,;.]*\Z",
    re.IGNORECASE,
)
PER: Final = lazy_regex(r"(?<!\w)(?:per|for\s+(?:each|every))(?!\w)", re.IGNORECASE)
ENDS_IN_OPERATION: Final = lazy_regex(
    r"(?:[-+*/^·×−√]|(?<!\w)(?:(?:[0-9]+\s+)?times|over|minus|plus|than|(?:sqrt|root|negative|half)(?:\s+of)?"
    r"|twice|unless\s[^:=]*)|\A[0-9]+\s+times\s[^:=]*)\s*(?:=>|⇒|:\s)",
    re.IGNORECASE,
)
"""An operation or a condition, and the sign before the formula to which it applies."""
MIN_PARTS: Final = 2


def refuse_several_formulas(text: str) -> None:
    """Raise `AnswerError` for formulas with labels, ``a: K, b: K + 1``, or one in each line.

    >>> refuse_several_formulas("parts: K, C; total: K + C")
    """
    if ENDS_IN_OPERATION.search(text):
        raise AnswerError("The words before the formula change it.", expected="one formula")
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
    """Return the formula at the end of a derivation that names its parts.

    The derivation has one sign or word for a conclusion, and every number, every formula and each
    sum that it mentions occurs in the result.

    >>> keep_concluded_formula("a filter: K weights; C filters => C*K", "", variables="KC").text
    'C*K'
    >>> keep_concluded_formula("C*K, or with biases: C*K + C", "", variables="KC")
    >>> keep_concluded_formula("2*K per filter => C*K", "", variables="KC")
    """
    del question
    ends = list(CONCLUSION.finditer(text))
    if not ends or DOUBT.search(text):
        return None
    head, value = text[: ends[-1].start()], text[ends[-1].end() :].strip(" .$")
    if not OPERATOR.search(value) or not any(name in value for name in variables):
        return None
    by_colon = ends[-1][0].startswith(":")
    if any(by_colon or not end[0].startswith(":") for end in ends[:-1]):
        return None
    if (by_colon and PER.search(head)) or not _leads_to(head, value, variables):
        return None
    return Rewriting(value, describe_dropped(head), "")


def _leads_to(head: str, value: str, variables: Collection[str]) -> bool:
    """Return whether *head* explains parts of the formula *value* and nothing else."""
    name = "|".join(sorted(map(re.escape, variables), key=len, reverse=True))
    operand = rf"(?<!\w)(?:{name}|[0-9]+)(?!\w)"
    parts = re.compile(rf"{operand}(?:\s?[-+*/^·×−]\s?{operand})*")
    formulas, words = parts.findall(head), parts.sub(" ", head)
    if not ENDS_IN_NOUN.search(head) or not re.search(rf"(?<!\w)(?:{name})(?!\w)", head):
        return False
    sums = "+" in value
    if SIGN.search(words) or ("+" in words and not sums):
        return False
    if any(_changes(word) for word in WORD.findall(words.lower()) if word != "plus" or not sums):
        return False
    whole = _normalize(value)
    return all(
        re.search(rf"(?<!\w){re.escape(_normalize(formula))}(?!\w)", whole) for formula in formulas
    )


def _changes(word: str) -> bool:
    """Return whether *word* scales or changes what follows it."""
    return bool(CHANGING.fullmatch(word) or SCALING.fullmatch(word) or word in TIMES_BEFORE)


def _normalize(formula: str) -> str:
    """Return *formula* without spaces, with ``*`` for products and ``^2`` for squares."""
    plain = re.sub(r"\s", "", formula).replace("**", "^")
    return re.sub(r"(?<![\w^])([^\W\d]\w*)\*\1(?![\w^])", r"\1^2", re.sub("[·×]", "*", plain))
