"""The items of a set in a sentence, ``Boxes 1 and 3 survive``, or with those that are not in it."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.references.selections import (
    agrees_with_selection,
    blank_agreement,
    contradicts_question,
    denies,
)
from grader.reading.restatements.rewriting import Rewriter, Rewriting, describe_dropped
from grader.reading.restatements.working.final_values import DOUBT, weighs_or_retracts_value
from grader.reading.screening.known_words import find_long_stems, repeats_question_word

INTEGER: Final = "[0-9]{1,6}"
FILLING: Final = frozenset(
    {"the", "are", "is", "have", "has", "and", "these", "with", "of", "in", "that", "only"}
)
OUTSIDE: Final = lazy_regex(r"(?P<items>[^()]*)\((?P<rest>[^()]*)\)[\s.]*", re.DOTALL)
CLAUSE_OUTSIDE: Final = lazy_regex(
    rf"(?P<items>[^();.0-9]*[0-9][^();.]*?)(?:[,;.]\s+(?:and\s+)?|\s+and\s+)(?P<rest>(?:(?:box(?:es)?|numbers?|the)\s+)*{INTEGER}(?:(?:\s*,\s*|\s+and\s+){INTEGER})*\s+(?:is|are|were|get)\s+[^();0-9]*?)[\s.]*"
)
"""A set, and a clause about what is not in it."""
PREDICATE: Final = lazy_regex(
    r"\A\s*not(?!\w)|(?<!\w)(?:has|have|is|are|was|were|gets?|does|do|[^\W\d_]+n't|learns?|nothing)(?!\w).*",
    re.IGNORECASE | re.DOTALL,
)
"""What a clause says of its things: ``not`` before them, or all from the verb on."""
WORD: Final = lazy_regex(r"[^\W\d_]+")
_JOIN: Final = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*|\s*;\s*|\s+)"
MIN_STEM: Final = 2


def build_sentence_reader(names: Sequence[str] = ()) -> Rewriter:
    """Return the rewriter of sentences with integers or, if given, *names*."""
    item = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) if names else INTEGER
    items = re.compile(
        rf"(?P<before>(?:[^\W\d_]|[\s,.'])*?)(?<!\w)(?P<items>(?:{item})(?:{_JOIN}(?:{item})(?!\w))*)(?P<after>(?:[^\W\d_]|[\s,.'])*)",
        re.IGNORECASE,
    )
    return partial(_keep_items, items=items)


def _keep_items(text: str, question: str, *, items: re.Pattern[str]) -> Rewriting | None:
    """Return the items of *text* if all other words are those of the *question*."""
    match = items.fullmatch(text.strip())
    agreement = blank_agreement(text.strip(), question)
    if match is None or weighs_or_retracts_value(agreement):
        return None
    words = WORD.findall(f"{match['before']} {match['after']}")
    stems = find_long_stems(question)
    before, after = agreement[: match.start("items")], agreement[match.end("items") :]
    known = all(
        word in FILLING or repeats_question_word(word, stems)
        for word in WORD.findall(f"{before} {after}".lower())
    )
    if not words or not known or contradicts_question(text, question):
        return None
    value = match["items"].strip()
    return Rewriting(value, describe_dropped(" ".join(words)), value)


def drop_clause_about_nonmembers(text: str, question: str) -> Rewriting | None:
    """Return a set without the bracket or clause that names only what is not in it.

    >>> drop_clause_about_nonmembers("1, 3 (2 and 4 are removed)", "Which boxes are kept?").text
    '1, 3'
    >>> drop_clause_about_nonmembers("1, 3 (3 and 4 are removed)", "Which boxes are kept?")
    """
    clause = CLAUSE_OUTSIDE.fullmatch(text)
    match = OUTSIDE.fullmatch(text) or (
        clause if clause and agrees_with_selection(clause["items"], question) else None
    )
    if match is None or DOUBT.search(match["items"]):
        return None
    predicate = PREDICATE.search(match["rest"])
    if not denies(predicate[0] if predicate else match["rest"], question):
        return None
    inside, rest = match["items"].lower(), match["rest"].lower()
    shared = set(re.findall(INTEGER, inside)) & set(re.findall(INTEGER, rest))
    stems = [stem for stem in WORD.findall(inside) if len(stem) >= MIN_STEM and stem != "and"]
    if shared or any(stem in rest for stem in stems):
        return None
    value = match["items"].strip()
    return Rewriting(value, describe_dropped(match["rest"]), value)
