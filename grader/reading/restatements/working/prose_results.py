"""The last number of a sentence, if the numbers before it give it: ``4 and 11 make 15 numbers``."""

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    compute_value,
    describe_dropped,
    find_plain_numbers,
    parse_plain,
)
from grader.reading.restatements.working.final_values import FOR_ALL, weighs_or_retracts_value

LAST: Final = lazy_regex(
    rf"(?P<head>.*(?<![\w.,/*^×·+-]))(?P<sign>[-−](?=[0-9]))?(?P<number>{NUMBER})(?P<unit>\s?(?:%|[^\W\d_]{{1,12}}))?"
    r"(?P<rest>[^0-9]*)",
    re.DOTALL,
)
"""The last number, its unit, and the words behind it."""
MARKER: Final = lazy_regex(
    r"(?:[=≈:→⇒]|->|(?<!\w)(?:is|are|makes?|gives?|equals?|leaves?|yields?|total(?:s|ling)?|sum|so|hence|thus"
    r"|therefore|together|altogether|to))\s*(?:(?:about|exactly|the|a|only|in|all|[^\W\d_]\s*=)\s+)*\$?\s*\Z"
)
"""A sign or word that leads to the result."""
EXPRESSION: Final = lazy_regex(r"[0-9(][0-9().\s]*(?:[-+*/×·^²³−]+[0-9().\s]*)+")
CLAUSE: Final = lazy_regex(r"[;\n:]|[.,]\s")
MEAN: Final = lazy_regex(r"(?<!\w)(?:mean|average)(?!\w)", re.IGNORECASE)
LABEL: Final = lazy_regex(r"(?<![^\W_])(?P<name>[^\W\d_][\w @.-]{0,30}?)\s*[:=]\s*\$?[-−0-9.]")
"""A name with a sign before a number."""
RESULT_NAME: Final = lazy_regex(
    r"(?:.*\s)?(?:total|sum|all|both|together|mean|average|result|answer|final|whole)(?:\s[^\W\d_]+)?",
    re.IGNORECASE,
)
INDEX: Final = lazy_regex(
    r"(?<!\w)(?:layer|step|epoch|level|stage|block|row|column|anchor|box|scale|stride|threshold|[^\W\d_])\s*\Z",
    re.IGNORECASE,
)
"""A noun or symbol before the number of a thing."""
EQUATION: Final = lazy_regex(r"[0-9)²³%]\s*(?:[=≈]|\\approx)\s*\$?\Z")
"""The sign of an equation of numbers."""
OPERATOR: Final = lazy_regex(r"(?:[/*^×·+−-]|(?<=[0-9]\s)x)\s*\Z")
"""A sign or cross that joins the number to the one before it."""
MIN_PLAIN: Final = 20
"""Least number that arithmetic alone, without a word that leads to it, marks as the result."""
MIN_NUMBERS: Final = 2
MAX_NUMBERS: Final = 12


def keep_prose_result(text: str, question: str) -> Rewriting | None:
    """Return the last number of *text* if one operation on those before it gives it.

    >>> keep_prose_result("10 scores, 4 distances and 1 centerness make 15 numbers", "").text
    '15 numbers'
    >>> keep_prose_result("10 scores, 4 distances and 1 centerness make 16 numbers", "")
    """
    del question
    plain = text.strip(" \t\n$")
    match = LAST.fullmatch(plain)
    if (
        match is None
        or weighs_or_retracts_value(plain)
        or any(sign in match["rest"] for sign in "=≈→⇒")
    ):
        return None
    head = match["head"]
    marked = MARKER.search(head)
    value = Fraction(parse_plain(match["number"]))
    if (
        EQUATION.search(head)
        or INDEX.search(head)
        or OPERATOR.search(head)
        or _is_one_of_several(plain)
    ):
        return None
    if not marked and value < MIN_PLAIN:
        return None
    digits = len(match["number"].partition(".")[2])
    step = Fraction(1, 10**digits) if digits else Fraction(0)
    results = _find_results(head)
    percent = "%" in (match["unit"] or "")
    if not any(
        2 * abs(factor * result - value) <= step
        for result in results
        for factor in ((1, 100) if percent else (1,))
    ):
        return None
    rest = FOR_ALL.sub(" ", match["rest"])
    value_text = f"{match['sign'] or ''}{match['number']}{match['unit'] or ''}{rest}".strip(" ,;.$")
    cuts = [cut.end() for cut in CLAUSE.finditer(head)]
    before = head[marked.start() :] if marked else head[cuts[-1] if cuts else 0 :]
    return Rewriting(value_text, describe_dropped(head), f"{before}{value_text}")


def _is_one_of_several(text: str) -> bool:
    """Return whether the last of several labels names no result of the others."""
    names = [label["name"].strip() for label in LABEL.finditer(text)]
    return len(names) >= MIN_NUMBERS and not RESULT_NAME.fullmatch(names[-1])


def _find_results(head: str) -> list[Fraction]:
    """Return what the numbers and computations of *head* give by one operation."""
    values = (compute_value(expression.strip(" .,")) for expression in EXPRESSION.findall(head))
    computed = [value for value in values if value is not None]
    numbers = find_plain_numbers(head)
    results = list(computed)
    for group in (numbers, [*computed, *numbers[-1:]]):
        nearest = group[-MAX_NUMBERS:]
        for first, second in pairwise(nearest):
            results += _compute_all_operations(first, second)
        for size in range(MIN_NUMBERS, len(nearest) + 1):
            results.append(sum(nearest[-size:], Fraction(0)))
            results.append(Fraction(prod(nearest[-size:])))
    if MEAN.search(head):
        results += [sum(numbers[-n:]) / Fraction(n) for n in range(MIN_NUMBERS, len(numbers) + 1)]
    return [result for result in results if result not in numbers]


def _compute_all_operations(first: Fraction, second: Fraction) -> Sequence[Fraction]:
    quotients = [first / second] if second > 1 else []
    return [first + second, abs(first - second), first * second, *quotients]
