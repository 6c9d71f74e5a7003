"""Clauses behind a value that confirm it or say nothing about it: ``…, check: 2 + 3 = 5``."""

import re
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    describe_dropped,
    find_plain_numbers,
    parse_plain,
)
from grader.reading.restatements.steps.functions import compute_function_value
from grader.reading.restatements.working.comparisons import DIFFERENCE
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.screening.counted_things import COUNT
from grader.reading.screening.qualifiers import HARMLESS

CHECK: Final = lazy_regex(
    r"(?P<value>.*[0-9\])])[\s,;.]*\(?(?:check|test|proof|probe)\s*:?\s+(?P<left>[^=]{1,120})=\s*(?P<right>[^=]{1,60}?)"
    r"(?:\s*(?:✓|✔|ok|OK|correct))?[\s.)]*",
    re.DOTALL,
)
"""A value and an equation that checks it."""
MAX_CHARACTERS: Final = 1_000
"""Length of a text above which no check is looked for."""
CLAUSE: Final = lazy_regex(
    r"(?P<value>[^,;()\n]*[0-9][^,;()\n]*?)\s*[,;(]\s*(?P<clause>[^\W\d_][^0-9()=,;]*)\)?[\s.]*"
)
"""A value and a clause without numbers."""
RATIO: Final = lazy_regex(
    rf"(?P<value>[^,;()=]*[0-9][^,;()=]*?)\s*[,(]\s*(?:which\s+is\s+|i\.e\.\s+)?(?:about\s+)?{NUMBER}\s*(?:times|x|×)\s+"
    r"(?:less|fewer|smaller|cheaper|more|larger|bigger)(?:\s+memory|\s+of\s+them)?\)?[\s.]*"
)
"""A value and how many times it is smaller than another one."""
COMPARED: Final = lazy_regex(
    rf"(?P<value>[^()]*[0-9][^()]*?)\s*\(\s*(?P<left>{NUMBER})\s*(?P<sign>[<>])\s*(?P<right>{NUMBER})\s*\)[\s.]*"
)
"""A value and a comparison of two numbers in brackets."""
NUMBERED_NOUN: Final = lazy_regex(r"(?:the\s+)?[^\W\d_]{3,}\s+[0-9]{1,3}", re.IGNORECASE)
"""A numbered thing, which a comparison of its score with another one explains."""
NUMBER_SIGN: Final = lazy_regex(
    r"\s*(?P<noun>(?:[^\W\d_]+\s+){0,2})(?:#|no\.|nr\.?|№)\s?(?P<number>[0-9]{1,3})[\s.]*"
)
SETTLED: Final = lazy_regex(r"(?:do(?:es)?\s+not|doesn't|don't)\s+(?:matter|change)", re.IGNORECASE)


def strip_check(text: str) -> tuple[str, tuple[str, ...]]:
    """Return *text* without a check of its value, ``check: 12 + 1 = 13``, and a note on it.

    Raises `AnswerError` if the equation does not give the value, or does not hold.

    >>> strip_check("(1, 3), check: 1 + 3 = 4 ✓")
    ('(1, 3)', ("'check: 1 + 3 = 4 ✓' was ignored.",))
    >>> strip_check("13, check: 13 - 12 = 1")
    Traceback (most recent call last):
    grader.errors.AnswerError: '13 - 12 = 1' does not give '13'. Expected the value, or a check \
that gives it.
    """
    match = CHECK.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    if match is None or compute_function_value(match["left"]) is None:
        return text, ()
    value = match["value"].strip()
    if _confirms(match):
        return value, describe_dropped(text[match.end("value") :].strip(" ,;.()"))
    equation = text[match.start("left") : match.end("right")]
    raise AnswerError(
        f"'{truncate_line(equation)}' does not give '{truncate_line(value)}'.",
        expected="the value, or a check that gives it",
        position=match.start("left"),
    )


def _confirms(check: re.Match[str]) -> bool:
    """Return whether the equation of *check* holds and uses all values before it, or gives one."""
    left, right = compute_function_value(check["left"]), compute_function_value(check["right"])
    if left is None or left != right:
        return False
    numbers = find_plain_numbers(check["value"])
    if len(numbers) > 1 and "=" not in check["value"]:
        return sorted(find_plain_numbers(check["left"])) == sorted(numbers)
    return numbers[-1:] == [right]


def drop_clause_about_irrelevance(text: str, question: str) -> Rewriting | None:
    """Return a value without the clause that something else does not matter.

    >>> drop_clause_about_irrelevance("48, the number of groups does not matter", "").text
    '48'
    """
    del question
    match = CLAUSE.fullmatch(text)
    if match is None or not SETTLED.search(match["clause"]):
        return None
    rest = HARMLESS.sub(" ", match["clause"])
    if weighs_or_retracts_value(rest):
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(match["clause"]), f"{value} {rest}")


def drop_ratio_remark(text: str, question: str) -> Rewriting | None:
    """Return a value without the remark how many times smaller or larger than another it is.

    >>> drop_ratio_remark("4.19 MB, 512 times less", "How much memory do the weights take?").text
    '4.19 MB'
    >>> drop_ratio_remark("4.19, 512 times less", "How many times less is it?")
    """
    match = None if DIFFERENCE.search(question) else RATIO.fullmatch(text)
    if match is None or weighs_or_retracts_value(text):
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(text[len(value) :].strip(" ,")), value)


def drop_hash_or_true_comparison(text: str, question: str) -> Rewriting | None:
    """Return *text* without ``#`` before a number, or a true comparison in brackets behind it.

    The comparison must begin with the value, or explain the choice of a numbered thing.

    >>> drop_hash_or_true_comparison("box #1", "").text
    'box 1'
    >>> drop_hash_or_true_comparison("box 1 (0.7 > 0.2)", "").text
    'box 1'
    >>> drop_hash_or_true_comparison("0.5 (0.7 > 0.5)", "")
    """
    if sign := NUMBER_SIGN.fullmatch(text):
        plain = f"{sign['noun']}{sign['number']}"
        return Rewriting(plain, (), plain)
    match = COMPARED.fullmatch(text)
    if match is None:
        return None
    left, right = (Fraction(parse_plain(match[side])) for side in ("left", "right"))
    if not (left > right if match["sign"] == ">" else left < right):
        return None
    value = match["value"].strip()
    chosen = NUMBERED_NOUN.fullmatch(value) and not COUNT.search(question)
    if not chosen and compute_function_value(value) != left:
        return None
    return Rewriting(value, describe_dropped(text[match.end("value") :]), value)
