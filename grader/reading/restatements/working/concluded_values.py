"""A value behind a word or sign of conclusion: ``three boxes → 360``, ``conv: 4, fc: 6; sum: 10``.

The words before it are the way to the value. They are not evaluated, so a text that weighs or takes
back a value anywhere is refused.
"""

import re
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    describe_dropped,
    find_plain_numbers,
    parse_plain,
)
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.screening.qualifiers import refuse_qualifiers

_INTRODUCTION: Final = (
    r"[\s,:=]*(?:(?:it(?:'s|\s+is)|that(?:'s|\s+is)|this\s+is|we\s+(?:get|have)|there\s+are|one\s+gets"
    r"|i\s+get|makes|gives)\s+)?"
)
CONCLUSION: Final = lazy_regex(
    r"(?:(?:(?<=[0-9)\]%]\s)|(?=(?:=>|->|\S)\s*[-+(\[{$.0-9]))(?:→|⇒|∴|=>|->)|(?<![^\W_])(?:so|hence|thus|therefore|consequently)(?![^\W_])"
    r"|(?<![^\W_])(?:which|that|this)\s+makes(?![^\W_])"
    r"|(?:^|(?<=[,;.:]\s))(?:the\s+)?(?:result|answer|peak)\s*(?:is|=|:|of)?(?=\s))"
    rf"{_INTRODUCTION}",
    re.IGNORECASE | re.MULTILINE,
)
"""Words and signs that lead to a result."""
SUM: Final = lazy_regex(
    r"(?:^|(?<=[,;.:]\s))(?:in\s+total|in\s+all|altogether|overall|(?:the\s+)?(?:total|sum))\s*(?:is|=|:|of)?\s"
    rf"{_INTRODUCTION}(?=[^0-9]*(?P<sum>{NUMBER})[^0-9]*\Z)",
    re.IGNORECASE | re.MULTILINE,
)
"""Words that lead to the sum of the numbers before them, at the end of a text."""
ITEM: Final = lazy_regex(rf"({NUMBER})[^0-9,;\n]*(?:[;\n]|,\s|\Z)")
"""The last number of a clause or line."""
NEGATION: Final = lazy_regex(
    r"(?<![^\W_])(?:not|never|cannot|[^\W\d_]+n't|or|maybe|possibly|thought|tried|guess\w*|other(?!\s+(?:one|two|three|four|five|half)s?\b))(?![^\W_])",
    re.IGNORECASE,
)
FIRST_VALUE: Final = lazy_regex(
    rf"\W*{NUMBER}(?:/[0-9]+)?\s?(?:%|[^\W\d_]+)?(?:\s[^\W\d_]+){{0,4}}[,;]\s"
)
"""A value that a text begins with, so that another one behind it contradicts it."""
NAMED_VALUE: Final = lazy_regex(rf"\W*(?P<name>[^\W\d_]{{3,}})\s*[=:]?\s*{NUMBER}\s?%?[,;]\s")
VERB: Final = lazy_regex(
    r"(?<![^\W_])(?:is|are|gets?|becomes?|gives?|means?|comes?|goes|go|stays?|has|have|contains?|adds?|takes?|makes?|together|sum|result)(?![^\W_])",
    re.IGNORECASE,
)
ARRAY_CONCLUSION: Final = lazy_regex(
    r"(?:(?<=[^\W\d_]):|(?<=[.!)])|(?<=[^\W\d_]))\s*\n\s*(?=[-\[(0-9])|(?<=[^\W\d_]):\s+(?=\[)"
)

EXPLAINED: Final = lazy_regex(
    r"(?P<head>[^=]*[^\W\d_])[:,]\s+(?P<equation>[-0-9(][^:;,=\n]*[-+*/×·^][^:;,=\n]*=\s*[-0-9.,]+\s?%?)[\s.]*",
)
"""A sentence and the equation that it explains: ``17 of 24 are right: 17/24 = 0.708``."""
SEPARATOR: Final = lazy_regex(r"[,;:]\s+(?:and\s+)?|\.\s+|\s+and\s+", re.IGNORECASE)
LAST_CLAUSE: Final = lazy_regex(
    r"(?!(?:that|which|this)\s+is)[^,;:=\n]*(?<![^\W_])(?:is|are|becomes?)\s+(?P<value>[-0-9][^,;:=\n]*)",
    re.IGNORECASE,
)
"""The clause at the end that states a value: ``9 < k ≤ 13, the smallest is 10``."""
STATED: Final = lazy_regex(rf"(?:(?<!\w)(?:is|are)|[=:])\s*({NUMBER})\s*(?:[.,;]|\Z)")
OPERATOR: Final = lazy_regex(r"[<>≤≥+*/×·^−-]")
COMPUTED: Final = lazy_regex(r"[=+*/×·^²³]")
NUMBER_WORD: Final = lazy_regex(
    r"[0-9]+(?:[.,][0-9]+)*|(?<!\w)(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve)(?!\w)",
    re.IGNORECASE,
)
BEHIND_COLON: Final = lazy_regex(
    rf"(?P<head>[^:]*[^\W_][^:]*):\s+(?P<value>[-−]?(?:{NUMBER}|\.[0-9]+)(?:/[0-9]+)?\s?(?:%|[^\W\d_]{{1,12}})?(?:\s[^\W\d_]{{3,}})?)[\s.]*"
)
"""Text with one colon, and a number behind it."""
TWO_LABELS: Final = lazy_regex(r"[^\W\d_]\s*=\s*[0-9][0-9.,]*\s*[,;]\s*[^\W\d_]")
INDEX_LABEL: Final = lazy_regex(r"(?:^|\s)[^\W\d_]+\s?[0-9]{1,2}\s*\Z")
MIN_NUMBERS: Final = 2


def keep_last_conclusion(text: str, question: str) -> Rewriting | None:
    """Return what follows the last conclusion of *text*.

    >>> keep_last_conclusion("each box has 120 numbers, three boxes → 360", "").text
    '360'
    """
    plain = strip_marks_unless_doubtful(text)
    if FIRST_VALUE.match(plain) or _begins_with_asked_value(plain, question):
        return None
    matches = [*CONCLUSION.finditer(plain), *filter(_is_sum_of_clauses, SUM.finditer(plain))]
    head = plain[: matches[-1].start()] if matches else ""
    value = plain[matches[-1].end() :].strip() if matches else ""
    if not head.strip() or not value:
        return None
    # Two numbers or an operator are working. Other words are screened like those beside a value.
    is_working = len(NUMBER_WORD.findall(head)) >= MIN_NUMBERS or COMPUTED.search(head)
    screened = value if is_working else f"{head.strip()} {value}"
    return Rewriting(value, describe_dropped(head), screened)


def keep_value_behind_colon(text: str, question: str) -> Rewriting | None:
    """Return the number behind working and a colon; the clause before it remains to be judged.

    >>> keep_value_behind_colon("it has 4 weights, 3 slices, plus the bias makes: 13", "").text
    '13'
    >>> keep_value_behind_colon("conv: 4, fc: 6", "")
    """
    del question
    plain = strip_marks_unless_doubtful(text)
    match = BEHIND_COLON.fullmatch(plain)
    if match is None or FIRST_VALUE.match(plain) or TWO_LABELS.search(match["head"]):
        return None
    head = match["head"]
    clause = re.split(r"[,;]\s|\.\s|\n", head)[-1]
    if not (VERB.search(clause) or COMPUTED.search(clause)) or INDEX_LABEL.search(clause):
        return None
    if len(NUMBER_WORD.findall(head)) < MIN_NUMBERS and not COMPUTED.search(head):
        return None
    return Rewriting(match["value"], describe_dropped(head), f"{clause} {match['value']}")


def strip_marks_unless_doubtful(text: str) -> str:
    """Return *text* without the marks around it; "" if it weighs or takes back a value."""
    plain = text.replace("**", "").strip(" \t\n$")
    return "" if weighs_or_retracts_value(plain) or NEGATION.search(plain) else plain


def _begins_with_asked_value(text: str, question: str) -> bool:
    """Return whether *text* begins with a value for a name in *question*: ``recall 0.4, …``."""
    match = NAMED_VALUE.match(text)
    return match is not None and match["name"].lower()[:STEM_LETTERS] in question.lower()


def _is_sum_of_clauses(match: re.Match[str]) -> bool:
    """Return whether the last numbers of the clauses before *match* have its sum."""
    items = ITEM.findall(match.string[: match.start()])
    total = Fraction(parse_plain(match["sum"]))
    return sum(Fraction(parse_plain(item)) for item in items) == total


def keep_explained_equation(text: str, question: str) -> Rewriting | None:
    """Return the equation at the end of *text* if it computes with all numbers before it.

    >>> keep_explained_equation("17 of 24 are right: 17/24 = 0.708", "").text
    '17/24 = 0.708'
    >>> keep_explained_equation("18 of 24 are right: 17/24 = 0.708", "")
    """
    del question
    match = EXPLAINED.fullmatch(strip_marks_unless_doubtful(text))
    if match is None:
        return None
    numbers = find_plain_numbers(match["head"])
    if not numbers or not {*numbers} <= {*find_plain_numbers(match["equation"])}:
        return None
    return Rewriting(match["equation"], describe_dropped(match["head"]), match["equation"])


def keep_last_clause(text: str, question: str) -> Rewriting | None:
    """Return the value of the last clause of *text*, whose words must fit the question.

    >>> keep_last_clause("9 < k ≤ 13, the smallest is 10", "").text
    '10'
    """
    del question
    plain = strip_marks_unless_doubtful(text).rstrip(".")
    ends = [match.end() for match in SEPARATOR.finditer(plain)]
    head = plain[: ends[-1]] if ends else ""
    match = LAST_CLAUSE.fullmatch(plain, len(head))
    if match is None or not NUMBER_WORD.search(head):
        return None
    if FIRST_VALUE.match(plain):
        return None
    if STATED.search(head) and not OPERATOR.search(head):
        return None  # another value is stated
    return Rewriting(match["value"], describe_dropped(head), match[0])


def keep_concluded_array(text: str, question: str) -> Rewriting | None:
    r"""Return the array behind a sentence that ends with a colon, or on the lines behind one.

    >>> keep_concluded_array("dividing by 0.5 means doubling: [[1.2, 0.8]]", "").text
    '[[1.2, 0.8]]'
    >>> keep_concluded_array("without the mask: [[1.2, 0.8]]", "")
    """
    plain = strip_marks_unless_doubtful(text)
    matches = list(ARRAY_CONCLUSION.finditer(plain))
    if not matches:
        return None
    head = plain[: matches[-1].start()]
    value = plain[matches[-1].end() :].strip()
    if "[" in head:
        return None  # another array is given
    if not VERB.search(re.split(r"[.;,]\s", head)[-1]) and not head.endswith("."):
        return None
    try:
        refuse_qualifiers(head, question=question)
    except AnswerError:
        return None
    return Rewriting(value, describe_dropped(head), value)
