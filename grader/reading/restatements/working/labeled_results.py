"""Several values with a label each, of which the question asks for one: ``SGD: 1, Adam: 2``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    describe_dropped,
    find_plain_numbers,
)
from grader.reading.restatements.working.final_values import weighs_or_retracts_value

_VALUE: Final = (
    rf"[-−]?(?:{NUMBER}|\.[0-9]+)(?:/[0-9]+)?(?:[eE]-?[0-9]+)?\s?(?:%|[^\W\d_]{{1,12}}(?![\w]))?"
)
_LABEL: Final = r"(?P<label>[^\W\d][\w@.'()|-]*(?:[ \t]+[\w@.'()|-]+){0,4}?)"
BEFORE: Final = lazy_regex(
    rf"{_LABEL}(?:\s*(?:=|:|≈)|\s+(?:is|are|has|gives|takes|needs)|(?<=[A-Z]{{2}})(?=\s+[0-9]))\s*(?P<working>[0-9(][^=:]*=\s*)?(?P<value>{_VALUE})[\s.]*"
)
"""A label, a sign and a number, perhaps with its computation; an acronym needs no sign."""
BEHIND: Final = lazy_regex(
    rf"(?P<working>[0-9(][^=:]*=\s*)?(?P<value>{_VALUE})\s+(?:for|in|with|on)\s+(?P<label>[^\W\d].*?)[\s.]*"
)
SEPARATOR: Final = lazy_regex(
    r"[;\n]\s*(?:and\s+)?|,\s+(?:and\s+)?|\.\s+(?=[^\W\d_])|\s+and\s+(?=[^\d])"
    r"|\s+[/|]\s+(?=[^\W\d_]{2})"
)
HEADING: Final = lazy_regex(r"\s*[^\W\d_][^=:0-9]*:\s+(?=[^\W\d_][^,;\n]*[=:])")
TOKEN: Final = lazy_regex(r"[^\W_](?:[\w@.-]*[^\W_])?")
EMPTY: Final = frozenset(
    {"the", "a", "an", "of", "for", "in", "is", "are", "at", "on", "its", "it", "we", "get", "then"}
)
"""Words of a label that distinguish nothing."""
SYMBOLS: Final = lazy_regex(r"\$([^$]*)\$|`([^`]*)`")
NUMBERED: Final = frozenset({"firs", "seco", "thir", "last"})
REDUCTIONS: Final = frozenset(
    ["sum", "mean", "aver", "tota", "half", "doub", "medi", "max", "min", "twic", "resu", "answ"]
)
"""Beginnings of labels for another value of the same thing."""
MAX_SYMBOL: Final = 2
MIN_ITEMS: Final = 2


def keep_value_with_asked_label(text: str, question: str) -> Rewriting | None:
    """Return the value whose label alone names what the question asks for.

    >>> question = "How much memory does it take with Adam?"
    >>> keep_value_with_asked_label("SGD: 1 GB, Adam: 2 GB", question).text
    '2 GB'
    >>> keep_value_with_asked_label("SGD: 1 GB, Adam: 2 GB", "How much memory does it take?")
    """
    if weighs_or_retracts_value(text):
        return None
    plain = HEADING.sub("", text.strip(" \t\n$"), count=1)
    items = [item.strip(" $") for item in SEPARATOR.split(plain) if item.strip(" $.")]
    matches = [BEFORE.fullmatch(item) or BEHIND.fullmatch(item) for item in items]
    named = [match for match in matches if match is not None]
    if len(items) < MIN_ITEMS or len(named) < len(items):
        return None
    labels = _distinguish([match["label"] for match in named])
    question_words = _find_question_words(question)
    if not all(labels):
        return None
    matching = [
        match for match, label in zip(named, labels, strict=True) if label <= question_words
    ]
    if len(matching) != 1 or (len(items) == MIN_ITEMS and _are_numbered(labels)):
        return None
    others = [pair for pair in zip(named, labels, strict=True) if pair[0] != matching[0]]
    reduced = [match for match, label in others if not label.isdisjoint(REDUCTIONS)]
    if reduced and not _is_total(reduced, named):
        return None
    value = matching[0]["value"].strip()
    dropped = ", ".join(
        item for match, item in zip(named, items, strict=True) if match != matching[0]
    )
    return Rewriting(value, describe_dropped(dropped), matching[0][0])


def _is_total(reduced: Sequence[re.Match[str]], named: Sequence[re.Match[str]]) -> bool:
    """Return whether the only label of *reduced* has the sum of the other numbers of *named*."""
    values = [find_plain_numbers(match["value"]) for match in named]
    if len(reduced) != 1 or not all(len(numbers) == 1 for numbers in values):
        return False
    total = find_plain_numbers(reduced[0]["value"])[0]
    return 2 * total == sum(numbers[0] for numbers in values)


def _distinguish(labels: Sequence[str]) -> list[frozenset[str]]:
    """Return the words that only one label has, for each label.

    Return one empty set if two labels are equal.
    """
    words = [
        frozenset(_shorten_word(word) for word in TOKEN.findall(label) if word.lower() not in EMPTY)
        for label in labels
    ]
    if len(set(words)) < len(words):
        return [frozenset()]
    shared = frozenset[str]().union(*words[:1]).intersection(*words)
    return [group - shared for group in words]


def _are_numbered(labels: Sequence[frozenset[str]]) -> bool:
    """Return whether only numbers tell the labels apart, ``F1`` and ``F2``."""
    return all(word in NUMBERED or word[-1:].isdecimal() for label in labels for word in label)


def _shorten_word(word: str) -> str:
    """Return the beginning of a word in lower case; symbols and names with digits stay."""
    flat = word.replace("_", "").replace("{", "").replace("}", "")
    if len(flat) <= MAX_SYMBOL or not flat.isalpha():
        return flat if len(flat) <= MAX_SYMBOL else flat.lower()
    return flat.lower()[:STEM_LETTERS]


def _find_question_words(question: str) -> frozenset[str]:
    """Return the words of *question*, shortened, and the symbols in its mathematics."""
    plain = re.sub(r"\{\{[^{}]*\}\}", " ", question)
    symbols = " ".join(first or second for first, second in SYMBOLS.findall(plain))
    names = re.findall(r"[^\W_]+(?:_\{?[^\W_]+\}?)?", re.sub(r"\\[a-z]+", " ", symbols))
    short = {_shorten_word(name) for name in names} | {
        _shorten_word(name.split("_")[0]) for name in names
    }
    words = [_shorten_word(word) for word in TOKEN.findall(SYMBOLS.sub(" ", plain))]
    return frozenset({word for word in words if len(word) > MAX_SYMBOL or word.isdecimal()} | short)
