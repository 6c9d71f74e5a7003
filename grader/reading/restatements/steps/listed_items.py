"""Items of a set or named numbers behind a sentence, or in a call: ``the rest stays: 1, 3``."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.references.selections import (
    KEEPING_WORD,
    REMOVING_WORD,
    blank_agreement,
    contradicts_question,
    denies,
    find_asking_sentence,
    speaks_of_kept,
)
from grader.reading.restatements.rewriting import (
    Rewriter,
    Rewriting,
    describe_dropped,
    find_plain_numbers,
)
from grader.reading.restatements.working.final_values import weighs_or_retracts_value

LISTED: Final = lazy_regex(
    r"(?P<head>.*[^\W\d_][^:]*):\s+(?P<items>[0-9]{1,6}(?:(?:\s*,\s*|\s+and\s+|,\s+and\s+)[0-9]{1,6})+)[\s.]*",
    re.DOTALL,
)
"""A sentence with a colon, and numbers."""
CALL: Final = lazy_regex(r"\s*[A-Za-z_][\w.]*\((?P<arguments>[^()]*)\)[\s.]*")
KEYWORD: Final = lazy_regex(r"\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>[0-9]{1,6})\s*")
NAMED_LAST: Final = lazy_regex(
    r"(?P<head>[^:=]*):\s+(?P<values>[^\W\d_]\w*\s*=\s*[0-9]+(?:\s*(?:,|and|,\s*and)\s*[^\W\d_]\w*\s*=\s*[0-9]+)+)[\s.]*"
)
_COPULA: Final = r"(?:has|have|had|is|are|was|were|gets?|does|do|[^\W\d_]+n't)(?!\w)"
_VERB: Final = rf"(?:{_COPULA}|(?:no|none|nothing|not|never|without)(?!\w))"
OTHERS: Final = lazy_regex(
    r"(?P<items>[^.;(]*?[0-9a-z])(?:\s*[,;.(]\s*|\s+(?:-\s+)?)(?:(?:and|but|while)\s+)?(?:all\s+)?(?:the\s+)?"
    rf"(?:(?:others|rest)(?:\s+of\s+(?:them|the\s+[^\W\d_]+))?|(?:other|remaining)(?:\s+[0-9.]+(?:\s?%)?)?(?:\s+(?!{_VERB})[^\W\d_]+){{0,2}})"
    rf"\s+(?P<state>(?:{_VERB}|[^\W\d_]+)(?:\s[^,;.0-9()]*)?)[\s.)]*",
    re.IGNORECASE,
)
"""A set, and a clause about all others."""
COUNT_OF_OTHERS: Final = lazy_regex(
    r"(?P<items>[^,;.()=]*[0-9](?![^,;.()=]*[0-9])[^,;.()=]*?[^\W\d_])\s*[,;(]\s*(?:(?:and|but|while)\s+)?"
    rf"[0-9]+\s+(?:(?!{_COPULA})[^\W\d_]+\s+)?"
    rf"(?P<state>{_COPULA}\s[^,;.0-9()]*|{KEEPING_WORD.pattern}|{REMOVING_WORD.pattern})[\s.)]*",
    re.IGNORECASE,
)
"""A count with words, and a clause about a count of others: ``9 remain, 11 are removed``."""
AGENT: Final = lazy_regex(r"(?<!\w)by\s.*", re.DOTALL)
"""What removes or keeps the things of a clause."""
ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth")
ORDINAL: Final = lazy_regex(rf"(?<!\w)(?:{'|'.join(ORDINALS)})(?!\w)", re.IGNORECASE)
NUMBERED_OPTIONS: Final = lazy_regex(
    rf"\W*(?:(?:the|and|only|options?|kernels?|{'|'.join(ORDINALS)})[\s,]+)*(?:[^\W\d_]+)?\s*:\s*(?P<items>[^:;.]+)[\s.]*",
    re.IGNORECASE,
)
"""Ordinals of options, a colon, and the names of the options."""
MIN_KEYWORDS: Final = 2


def keep_items_behind_sentence(text: str, question: str) -> Rewriting | None:
    """Return the numbers behind a sentence that says which things stay, if these are asked for.

    >>> asked = "Which boxes are kept?"
    >>> keep_items_behind_sentence("Box 2 is removed, everything else stays: 1, 3", asked).text
    '1, 3'
    >>> keep_items_behind_sentence("The removed boxes are: 1, 3", asked)
    >>> keep_items_behind_sentence("0 and 2 stay. Also kept: 1, 3", asked)
    """
    match = LISTED.fullmatch(text.strip())
    asked_kept = speaks_of_kept(find_asking_sentence(question))
    if match is None or weighs_or_retracts_value(text.replace("else", "")) or asked_kept is None:
        return None
    clauses = re.split(r"[,;.]\s", match["head"])
    if speaks_of_kept(clauses[-1]) is not asked_kept:
        return None
    items = {*find_plain_numbers(match["items"])}
    for clause in clauses:
        numbers = {*find_plain_numbers(AGENT.sub("", clause))}
        agrees = speaks_of_kept(clause) in {asked_kept, None}
        if not (numbers <= items if agrees else numbers.isdisjoint(items)):
            return None
    return Rewriting(match["items"], describe_dropped(match["head"]), match["items"])


def drop_clause_about_others(text: str, question: str) -> Rewriting | None:
    """Return a set or count without the clause that the other things do not belong to it.

    >>> drop_clause_about_others("conv1 and fc have weights, the other six none", "").text
    'conv1 and fc have weights'
    >>> drop_clause_about_others("1, 3; all others are removed", "Which boxes are removed?")
    """
    match = OTHERS.fullmatch(text.strip()) or COUNT_OF_OTHERS.fullmatch(text.strip())
    if match is None or weighs_or_retracts_value(blank_agreement(match["items"], question)):
        return None
    if contradicts_question(match["items"], question) or not denies(match["state"], question):
        return None
    value = match["items"].strip()
    return Rewriting(value, describe_dropped(text.strip()[len(value) :]), value)


def build_ordinal_reader(options: Sequence[str]) -> Rewriter:
    """Return the rewriter of names of *options* behind their ordinals."""
    return partial(_keep_numbered_options, options=options)


def _keep_numbered_options(text: str, question: str, *, options: Sequence[str]) -> Rewriting | None:
    """Return the options behind their ordinals: ``the first and the third: blur, edge``."""
    del question
    match = NUMBERED_OPTIONS.fullmatch(text)
    if match is None:
        return None
    numbers = [
        ORDINALS.index(word.lower()) for word in ORDINAL.findall(text[: match.start("items")])
    ]
    items = re.split(r"\s*(?:,|\band\b)\s*", match["items"].strip())
    named = [options[number] for number in numbers if number < len(options)]
    if not numbers or [item.lower() for item in items] != [name.lower() for name in named]:
        return None
    return Rewriting(match["items"], describe_dropped(text[: match.start("items")]), "")


def keep_named_numbers(text: str, question: str) -> Rewriting | None:
    """Return the named numbers of a call, or those behind a sentence that names the same numbers.

    >>> keep_named_numbers("nn.Conv2d(c, c, kernel_size=3, stride=2)", "").text
    'kernel=3, stride=2'
    >>> keep_named_numbers("Take 3 cells and stride 2: k = 3, s = 2", "").text
    'k = 3, s = 2'
    >>> keep_named_numbers("Take 5 cells and stride 2: k = 3, s = 2", "")
    """
    del question
    if call := CALL.fullmatch(text):
        pieces = call["arguments"].split(",")
        keywords = [match for match in map(KEYWORD.fullmatch, pieces) if match]
        plain = [piece for piece in pieces if "=" not in piece]
        if len(keywords) < MIN_KEYWORDS or any(piece.strip().isdecimal() for piece in plain):
            return None
        names = (match["name"].removesuffix("_size") for match in keywords)
        value = ", ".join(
            f"{name}={match['value']}" for name, match in zip(names, keywords, strict=True)
        )
        return Rewriting(value, describe_dropped(text.partition("(")[0]), "")
    match = NAMED_LAST.fullmatch(text)
    if match is None or weighs_or_retracts_value(text):
        return None
    if not {*find_plain_numbers(match["head"].replace("-", " "))} <= {
        *find_plain_numbers(match["values"])
    }:
        return None
    return Rewriting(match["values"], describe_dropped(match["head"]), match["values"])
