"""A value that its noun, or a computation that holds, tells apart from the other numbers.

In ``176 channels of 28×28`` only one number counts what the question asks for. In
``61 numbers: 2 × 5 + 51`` and ``16 + 20 = 36 (the 20 come from the skip)`` the computation proves
the value, so that the rest explains it.
"""

import re
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.references.counted_nouns import find_counted_stems
from grader.reading.restatements.rewriting import (
    NUMBER,
    PLAIN_NUMBER,
    Rewriting,
    compute_value,
    describe_dropped,
    find_plain_numbers,
    parse_plain,
)
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.screening.qualifiers import QUALIFIER
from grader.reading.wording.meaning_words import CHANGING, SCALING, TIMES_BEFORE

_CROSS: Final = r"\s*[×x]\s*"
ASKED_THINGS: Final = lazy_regex(
    rf"(?P<value>[^0-9=]*(?<![\w.]){NUMBER}\s+(?P<noun>[^\W\d_]{{3,}}))\s+(?:of|with|,\s)\s*(?:size\s+|shape\s+)?"
    rf"(?:{NUMBER}(?:{_CROSS}{NUMBER})+|{NUMBER}\s+(?P<other>[^\W\d_]{{3,}}s)(?:\s+each)?)[\s.]*",
    re.IGNORECASE,
)
"""A number of things, and the size of each, or the number of other things that each has."""
BEFORE_COMPUTATION: Final = lazy_regex(
    rf"(?P<value>[^0-9=]*(?P<number>{NUMBER})(?:\s+[^\W\d_]+){{0,3}}):\s+(?P<working>[^:=]*[0-9][^:=]*)"
)
PROVEN: Final = lazy_regex(
    rf"(?P<left>[^=≈]*)=\s*(?P<value>(?P<number>{NUMBER})(?:\s[^\W\d_]+)?)\s*\((?P<remark>[^()=≈?*/×→]*)\)[\s.]*"
)
"""A computation, its result, and a remark in brackets."""
OPERATION: Final = lazy_regex(
    r"(?<![^\W_])(?:add|subtract|deduct|remov|multipl|divid|halv|doubl|tripl|scal|squar|per|thousand)[^\W\d_]*"
    r"|(?<![^\W_])(?:each|every|again|extra|another|additional|also|then|unless|if|thrice|once)(?![^\W_])"
    r"|\A\s*(?:in|as|to|at|with|and)(?![^\W_])|[-−+]\s?[0-9]|[%^√<>~·]",
    re.IGNORECASE,
)
"""Words and signs of a remark that continue the computation, or scale or distribute its result."""
SIGN: Final = lazy_regex(r"[-−+*/^√<>~·×]\s*\Z")
LETTERS: Final = lazy_regex(r"[^\W\d_]+")
MIN_NOUN_LETTERS: Final = 3
COMPUTING: Final = lazy_regex(r"[0-9)]\s*[-+*/×·^]\s*[0-9(]")
NOUN_BEHIND: Final = lazy_regex(r"(?<=[0-9)])\s+(?:[^\W\d_]{2,}\s*){1,3}(?=[-+*/×·]|\Z)")
CROSS: Final = lazy_regex(r"(?<=[\s0-9])x(?=[\s0-9])")


def keep_value_with_asked_noun(text: str, question: str) -> Rewriting | None:
    """Return the number of the things that *question* counts, of which others tell the size.

    >>> keep_value_with_asked_noun("6 filters with 96 weights each", "How many filters?").text
    '6 filters'
    >>> keep_value_with_asked_noun("6 filters with 96 weights each", "How many weights?")
    """
    match = ASKED_THINGS.fullmatch(text)
    if match is None or weighs_or_retracts_value(text):
        return None
    stems = find_counted_stems(question)
    if match["noun"].lower()[:STEM_LETTERS] not in stems:
        return None
    if match["other"] and match["other"].lower()[:STEM_LETTERS] in stems:
        return None
    value = match["value"]
    return Rewriting(value, describe_dropped(text[match.end("value") :]), value)


def keep_value_before_computation(text: str, question: str) -> Rewriting | None:
    """Return the value before a colon if the computation behind the colon gives it.

    >>> keep_value_before_computation("61 numbers: 2 boxes × 5 + 51 classes", "").text
    '61 numbers'
    >>> keep_value_before_computation("62 numbers: 2 boxes × 5 + 51 classes", "")
    """
    del question
    match = BEFORE_COMPUTATION.fullmatch(text)
    if match is None or weighs_or_retracts_value(text) or QUALIFIER.search(match["working"]):
        return None
    if _compute(match["working"]) != Fraction(parse_plain(match["number"])):
        return None
    before = text[: match.start("number")]
    noun = text[match.end("number") : match.end("value")]
    if SIGN.search(before) or _changes_value(before) or _changes_value(noun):
        return None
    value = match["value"]
    return Rewriting(value, describe_dropped(match["working"]), value)


def drop_remark_on_proven_value(text: str, question: str) -> Rewriting | None:
    """Return a computation and its result without a remark whose numbers the computation has.

    >>> drop_remark_on_proven_value("16 + 20 = 36 (the skip keeps its 20 maps)", "").text
    '16 + 20 = 36'
    >>> drop_remark_on_proven_value("16 + 20 = 36 (the skip keeps its 18 maps)", "")
    >>> drop_remark_on_proven_value("16 + 20 = 36 (the 16 counts twice)", "")
    """
    del question
    match = PROVEN.fullmatch(text)
    if match is None or _compute(match["left"]) != Fraction(parse_plain(match["number"])):
        return None
    remark = match["remark"]
    noun = text[match.end("number") : match.end("value")]
    if weighs_or_retracts_value(remark) or QUALIFIER.search(remark) or OPERATION.search(remark):
        return None
    if _changes_value(remark) or _changes_value(noun):
        return None
    if not {*find_plain_numbers(remark)} <= {*find_plain_numbers(match["left"])}:
        return None
    value = text[: match.end("value")].strip()
    return Rewriting(value, describe_dropped(remark), value)


def _changes_value(words: str) -> bool:
    """Return whether one of *words* may scale or change a value: ``thousand``, ``k``, ``minus``."""
    terms = [word.lower() for word in LETTERS.findall(words)]
    return any(
        CHANGING.fullmatch(word) or SCALING.fullmatch(word) or word in TIMES_BEFORE
        for word in terms
    ) or (bool(terms) and max(map(len, terms)) < MIN_NOUN_LETTERS)


def _compute(working: str) -> Fraction | None:
    """Return the value of a computation with nouns behind its numbers; None for other text."""
    plain = NOUN_BEHIND.sub(" ", CROSS.sub("×", working).strip(" ."))
    if not COMPUTING.search(plain) or not PLAIN_NUMBER.search(plain):
        return None
    return compute_value(plain)
