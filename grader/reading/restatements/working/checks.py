"""A remark whose numbers compute the value, ``192 (96 scales + 96 shifts)``: a check of it.

It is dropped whatever its words are, because it confirms the value. Other remarks are refused by
the readers if they hold a number.
"""

import re
from fractions import Fraction
from math import prod
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    describe_dropped,
    parse_plain,
)
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.screening.known_words import KNOWN
from grader.reading.screening.qualifiers import QUALIFIER
from grader.reading.wording.meaning_words import CHANGING

REMARK: Final = lazy_regex(
    r"\A(?P<value>[^()\n]*?[0-9][^()\n]*?)"
    r"(?:\s*\((?P<bracket>[^()\n]*)\)|,\s+(?P<clause>[^()\n=]*[0-9][^()\n=]*))(?P<rest>[\s.]*)\Z"
)
LAST_NUMBER: Final = lazy_regex(
    rf"[^0-9]*(?<![\w.])(?P<number>{NUMBER})(?P<percent>\s?%)?(?![\w.]*[0-9])[^0-9]*"
)
NUMBERS: Final = lazy_regex(rf"(?<![\w.]){NUMBER}(?![\w.]*[0-9])")
LETTER: Final = lazy_regex(r"[^\W\d_]")
SHARE: Final = lazy_regex(
    rf"(?P<number>{NUMBER})\s+(?:[^\W\d_]+\s+){{0,3}}?(?:per|each|every)\s+(?P<object>[^\W\d_]+)"
    r"|(?P<other>[0-9]+)\s+each",
    re.IGNORECASE,
)
SHARE_REMARK: Final = lazy_regex(
    r"(?P<value>[^()%]*[0-9][^()%]*)\s*\((?P<remark>[^()0-9]*[0-9]+(?:\.[0-9]+)?\s?%[^()0-9]*)\)[\s.]*"
)
ASKED_SHARE: Final = lazy_regex(r"percent|share|fraction|accuracy|%", re.IGNORECASE)
RETRACTION: Final = lazy_regex(
    r"(?<![^\W_])(?:or|not|no|edit|sorry|wait|correct|wrong|actually|instead|maybe|total)(?![^\W_])"
    r"|[?=→⇒≈]",
    re.IGNORECASE,
)
COUNTED: Final = lazy_regex(
    rf"{NUMBER}\s+(?:(?!(?:with|without|of|in|for|per|at|from|if|when|including|plus|minus|after|before|or|and)\b)[^\W\d_]+\s+)?([^\W\d_]{{3,}}s)(?!\w)"
)
PERCENTAGE: Final = lazy_regex(r"(?:about|approx\.?|around|ca\.?)?\s*([0-9]+(?:\.[0-9]+)?)\s?%")
WORD: Final = lazy_regex(r"[^\W\d_]{3,}")
NAMED: Final = lazy_regex(rf"([^\W\d_]{{2,20}})\s*(?:=|:|of|is)?\s*{NUMBER}")
ADJECTIVES: Final = frozenset({"new", "old", "true", "better", "rather", "exact", "corrected"})
SO: Final = lazy_regex(
    rf"(?P<working>[^=\n]*[0-9][^=\n]*?)[\s,;]+so\s+(?P<value>{NUMBER})(?P<unit>[^0-9=]*)\Z"
)
NOT_COUNTED: Final = frozenset(
    ["times", "is", "was", "its", "this", "less", "plus", "minus", "units", "values"]
)
CONTINUED: Final = lazy_regex(
    r"(?:and|then|plus|minus|with|without|times|divided|multiplied|or)(?!\w)|.*(?:gives?|makes?|leaves?)(?!\w)",
    re.IGNORECASE | re.DOTALL,
)
"""A clause that goes on to another value."""
TERMS: Final = 2
MAX_NUMBERS: Final = 8


OPERATION: Final = lazy_regex(
    r"\A\s*(?:minus|times|plus|then|add|subtract|remove|per|each)(?![^\W_])"
    r"|(?<![^\W_])(?:twice|doubled|halved)(?![^\W_])",
    re.IGNORECASE,
)
"""Words with which a remark continues the computation of the value."""


def drop_computation_behind_value(text: str, question: str) -> Rewriting | None:
    """Return *text* without a remark at its end that computes the value, or None.

    >>> drop_computation_behind_value("192 (96 gamma + 96 beta)", "").text
    '192'
    >>> drop_computation_behind_value("192 (96 gamma + 95 beta)", "")
    """
    match = REMARK.match(text)
    remark = match and (match["bracket"] or match["clause"])
    if match is None or not remark or not LETTER.search(remark) or RETRACTION.search(remark):
        return None
    last = LAST_NUMBER.fullmatch(match["value"].rpartition("=")[2])
    if last is None:
        return None
    value = Fraction(parse_plain(last["number"])) / (100 if last["percent"] else 1)
    numbers = [Fraction(parse_plain(number)) for number in NUMBERS.findall(remark)]
    clause = match["clause"] or ""
    worded = bool(clause) and not clause[0].isdecimal()
    if worded and not _is_sum_or_difference(clause, numbers, value):
        return None
    computed = _compute(numbers, value)
    if OPERATION.search(remark) and not computed:
        return None
    explained = (
        worded
        or computed
        or _divides_evenly(remark, value, question)
        or _counts_other_things(remark, match["value"], question)
        or _is_percentage(remark, value)
        or _names_other_quantity(remark, question)
    )
    if not explained:
        return None
    plain = match["value"].strip()
    return Rewriting(plain, describe_dropped(remark), plain)


def _counts_other_things(remark: str, text: str, question: str) -> bool:
    """Return whether each number of *remark* counts things that the *question* does not name.

    The value before it must stand alone, or before a thing that the question names.
    """
    lowered = question.lower()
    counted = COUNTED.findall(remark)
    if not counted or len(counted) != len(NUMBERS.findall(remark)):
        return False
    value_words = [word.lower() for word in WORD.findall(text)]
    known = all(word[:STEM_LETTERS] in lowered or word in KNOWN for word in value_words)
    return known and not any(
        noun.lower()[:STEM_LETTERS] in lowered or noun.lower() in NOT_COUNTED for noun in counted
    )


def _names_other_quantity(remark: str, question: str) -> bool:
    """Return whether *remark* is one number with the name of what the *question* does not ask."""
    match = NAMED.fullmatch(remark)
    if match is None:
        return False
    name = match[1].lower()
    ordinary = name in KNOWN or CHANGING.fullmatch(name) or QUALIFIER.search(remark)
    return not ordinary and name not in ADJECTIVES and name[:STEM_LETTERS] not in question.lower()


def drop_bracketed_percentage(text: str, question: str) -> Rewriting | None:
    """Return *text* without a percentage in brackets behind it, where no share is asked for.

    >>> drop_bracketed_percentage("75 MB (75 % of it)", "How much memory is saved?").text
    '75 MB'
    """
    match = SHARE_REMARK.fullmatch(text)
    if match is None or RETRACTION.search(match["remark"]) or ASKED_SHARE.search(question):
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(match["remark"]), value)


def keep_result_of_one_operation(text: str, question: str) -> Rewriting | None:
    """Return what follows ``so`` if the numbers before it give it by one operation.

    >>> keep_result_of_one_operation("32 gammas and 32 betas, so 64", "").text
    '64'
    """
    del question
    match = SO.match(text)
    if match is None or RETRACTION.search(match["working"]):
        return None
    numbers = [Fraction(parse_plain(number)) for number in NUMBERS.findall(match["working"])]
    if not _compute(numbers, Fraction(parse_plain(match["value"]))):
        return None
    value = match["value"] + match["unit"]
    return Rewriting(value, describe_dropped(text[: match.start("value")]), value)


def _is_sum_or_difference(clause: str, numbers: list[Fraction], value: Fraction) -> bool:
    """Return whether *clause* explains *value* as the sum or difference of its two numbers."""
    if len(numbers) != TERMS or weighs_or_retracts_value(clause) or CONTINUED.match(clause):
        return False
    first, second = numbers
    return value in {first + second, first - second, second - first}


def _is_percentage(remark: str, value: Fraction) -> bool:
    """Return whether *remark* is the value in percent, perhaps rounded."""
    match = PERCENTAGE.fullmatch(remark)
    if match is None:
        return False
    decimals = len(match[1].partition(".")[2])
    return 2 * abs(Fraction(match[1]) - 100 * value) <= Fraction(1, 10**decimals)


def _compute(numbers: list[Fraction], value: Fraction) -> bool:
    """Return whether one operation on all of *numbers* gives *value*."""
    if not 1 < len(numbers) <= MAX_NUMBERS:
        return False
    first, *others = numbers
    results = [sum(numbers), prod(numbers), first - sum(others)]
    if all(others):
        results.append(first / prod(others))
    return value in results


def _divides_evenly(remark: str, value: Fraction, question: str) -> bool:
    """Return whether *remark* divides *value* evenly: ``6 zeros, 3 on each side``."""
    share = SHARE.search(remark)
    if share is None or len(NUMBERS.findall(remark)) != 1:
        return False
    if share["object"] and share["object"][:STEM_LETTERS].lower() in question.lower():
        return False
    part = Fraction(parse_plain(share["number"] or share["other"]))
    return bool(part) and (value / part).denominator == 1 and value != part
