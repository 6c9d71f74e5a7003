"""Values of a sentence, with the words beside each, and which of them are its results."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from grader.lazy_regex import lazy_regex
from grader.reports.extraction.clauses import (
    LISTED,
    NUMBER_LIST,
    RELATION,
    find_spans,
    find_unit_words,
    get_text_before_value,
)
from grader.reports.extraction.patterns import CONCLUDES, CONJUNCTION
from grader.reports.words import find_words

NEARBY: Final = 120
"""Number of characters before and after a value whose words belong to it."""
ASIDE: Final = lazy_regex(r"\((?=[^()]{0,100}[A-Za-z]{3})[^()]{1,120}\)")
APPROXIMATELY: Final = lazy_regex(
    r"\b(?:approximately|approx\.?|about|roughly|around|circa|nearly|almost)\s?\$?$", re.IGNORECASE
)
"""Words before a rounded value, which repeats the exact one before it."""
ARROWS: Final = ("→", "->", "=>", "⇒")
NAMED_CHAIN: Final = lazy_regex(r"\$\s*[^\d\s=$][^=$]*=[^=$]+=")
"""Formula with a name and a calculation, ``$H = -\\ln 0.5 = 0.69$``, which is a result."""
COUNTED_NAME: Final = lazy_regex(
    r"\b(?:class|layer|channel|box|step|stage|block|head|map|part|image|equation|figure|table"
    r"|token|anchor|prediction|truth|example|position|query|key|row|column|unit|level|question)"
    r"\s?#?\s?$",
    re.IGNORECASE,
)
"""Word whose number is a name: ``class 0``."""
WORDED: Final = (
    rf"{LISTED}\s(?:(?:at|on|to|from)\s(?:the\s)?[a-z]{{1,12}}"
    r"|top|bottom|left|right|above|below|before|after)"
)
WORDED_LIST: Final = lazy_regex(
    rf"(?<![\w.,=*/+^-])(?<![=*/+^-]\s){WORDED}(?:(?:,|;|\s/|,?\sand)\s{WORDED}){{1,6}}(?=\s*\.?$)"
)
"""Numbers with words between them at the end of a sentence: ``6 at the top and 6 below``."""
NAMED_LIST: Final = lazy_regex(
    rf"\$?(?P<name>[A-Za-z])_?\{{?\d\}}?\s?=\s?{LISTED}\$?"
    rf"(?:(?:\s?[,;]|,?\sand)\s\$?(?P=name)_?\{{?\d\}}?\s?=\s?{LISTED}\$?(?![\w.]*\d)){{1,20}}"
)
"""Values with numbered names, ``$L_0 = 3$, $L_1 = 0$``, which may be one list."""
STEPS: Final = frozenset({"weight", "bias"})
"""Words of the terms of a sum, which do not describe its result."""


@dataclass(frozen=True, slots=True)
class SentenceValue:
    """A value of a sentence, with the words *beside* it and *unit_words* after it.

    *is_cut* says that the sentence has other values, *is_conclusion* that it is its result,
    *ends_sentence* that it is the last of several values.
    """

    text: str
    beside: frozenset[str]
    unit_words: frozenset[str]
    is_cut: bool
    is_conclusion: bool
    ends_sentence: bool


def split_sentence(clause: str, label: str = "") -> Iterator[SentenceValue]:
    """Yield the formulas and numbers of a sentence; *label* are the words before its colon.

    >>> [value.text for value in split_sentence("It has 3 layers and 5 heads") if value.is_cut]
    ['3', '5']
    """
    spans = find_spans(clause)
    equations = [span for span in spans if "=" in clause[slice(*span)].replace("$", "")]
    concludes = find_conclusions(clause, spans)
    for index, (start, end) in enumerate(spans):
        is_last = index + 1 == len(spans)
        after = clause[end : len(clause) if is_last else spans[index + 1][0]]
        after = after if is_last else CONJUNCTION.split(after)[0]
        before = clause[spans[index - 1][1] if index else 0 : start]
        if index:  # the words between two numbers belong to the first, if any can
            before = "" if find_words(after) else CONJUNCTION.split(before)[-1]
        beside = find_words(f"{before[-NEARBY:]} ; {after[:NEARBY]}")
        if len(spans) == 1:  # else the label belongs to one value; which one is open
            beside = find_words(f"{label} ; {before[-NEARBY:]} ; {after[:NEARBY]}")
        if concludes[index] and index and not any(concludes[:index]):
            beside |= find_words(clause[: spans[0][0]][-NEARBY:]) - STEPS
        is_only_equation = equations == [(start, end)] and clause[start] != "$"
        is_named_chain = NAMED_CHAIN.match(clause[start:end]) is not None
        if is_named_chain:
            beside |= find_words(get_text_before_value(clause[start:end]))
        yield SentenceValue(
            clause[start:end],
            beside,
            find_unit_words(after),
            is_cut=len(spans) > 1,
            is_conclusion=concludes[index]
            or is_named_chain
            or (is_only_equation and not any(concludes[index:])),
            ends_sentence=is_last and len(spans) > 1,
        )


def find_conclusions(clause: str, spans: Sequence[tuple[int, int]]) -> list[bool]:
    """Return for each value of a sentence whether the words before it say that it is a result.

    A colon or an arrow before the last value says so too, unless words do. A value in parentheses
    is no result. Neither is the number of a class or layer if another value is one.

    >>> find_conclusions("first: 2 and 3, so 5", [(7, 8), (13, 14), (19, 20)])
    [False, False, True]
    """
    asides = [match.span() for match in ASIDE.finditer(clause)]
    befores: list[str | None] = []
    last = 0
    for start, end in spans:
        if any(low < start and end <= high for low, high in asides):
            befores.append(None)
            continue
        befores.append(ASIDE.sub("", clause[last:start]))
        last = end
    concludes = [before is not None and CONCLUDES.search(before) is not None for before in befores]
    results = [
        is_result and not COUNTED_NAME.search(before or "")
        for is_result, before in zip(concludes, befores, strict=True)
    ]
    if any(results) or concludes[-1:] != [True]:  # "so token 2 attends with weight 0.9"
        concludes = results
    for index in range(1, len(spans)):  # ``= 47245688832, thus approximately 47.2 billion``
        is_rounded = concludes[index] and APPROXIMATELY.search(befores[index] or "")
        if is_rounded and RELATION.search(clause[slice(*spans[index - 1])]):
            concludes[index - 1 : index + 1] = [True, False]
    if any(concludes):
        return concludes
    last_before = (befores[-1] if befores else None) or ""
    is_chain = sum(clause.count(arrow) for arrow in ARROWS) > 1  # such as 3 → 16 → 32
    is_result = last_before.rstrip().endswith((":", *(() if is_chain else ARROWS)))
    return [is_result and index + 1 == len(spans) for index in range(len(spans))]


class NumberList(NamedTuple):
    """A list of numbers in a sentence, the words *beside* it, and whether it ends the sentence."""

    text: str
    beside: frozenset[str]
    ends_sentence: bool


def find_lists(clause: str) -> Iterator[NumberList]:
    """Yield each list of numbers in a sentence.

    >>> [found.text for found in find_lists("12 rows, so 6 at the top and 6 at the bottom")]
    ['6 at the top and 6 at the bottom']
    """
    for pattern in (NUMBER_LIST, WORDED_LIST):
        for match in pattern.finditer(clause):
            before, after = clause[: match.start()][-NEARBY:], clause[match.end() :][:NEARBY]
            text, beside = match[0].replace(" / ", ", "), find_words(f"{before} ; {after}")
            yield NumberList(text, beside, ends_sentence=not after.strip(" ."))
    for match in NAMED_LIST.finditer(clause):
        before = clause[: match.start()][-NEARBY:]
        text, beside = match[0].replace("$", ""), find_words(before)
        yield NumberList(text, beside, ends_sentence=True)
