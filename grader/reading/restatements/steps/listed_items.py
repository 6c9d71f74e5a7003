"""Items of a set or named numbers behind a sentence, or in a call: ``the rest stays: 1, 3``."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.lists.set_sentences import KEEPING_WORD, REMOVING_WORD
from grader.reading.restatements.rewriting import (
    Rewriter,
    Rewriting,
    describe_dropped,
    find_plain_numbers,
)
from grader.reading.restatements.working.final_values import is_doubtful
from grader.reading.screening.known_words import find_long_stems, is_echo

LISTED: Final = re.compile(
    r"(?P<head>.*[^\W\d_][^:]*):\s+(?P<items>[0-9]{1,6}(?:(?:\s*,\s*|\s+and\s+|,\s+and\s+)[0-9]{1,6})+)[\s.]*",
    re.DOTALL,
)
"""A sentence with a colon, and numbers."""
CALL: Final = re.compile(r"\s*[A-Za-z_][\w.]*\((?P<arguments>[^()]*)\)[\s.]*")
KEYWORD: Final = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>[0-9]{1,6})\s*")
NAMED_LAST: Final = re.compile(
    r"(?P<head>[^:=]*):\s+(?P<values>[^\W\d_]\w*\s*=\s*[0-9]+(?:\s*(?:,|and|,\s*and)\s*[^\W\d_]\w*\s*=\s*[0-9]+)+)[\s.]*"
)
OTHERS: Final = re.compile(
    r"(?P<items>[^.;]*[0-9a-z])[,;.]\s+(?:and\s+|but\s+)?(?:the\s+|all\s+)?(?:other|rest|remaining)(?:s|\s[^,;.]*?)?"
    r"\s(?:has\s+|have\s+|are\s+|is\s+|get\s+|learns?\s+)*(?P<state>(?:no|none|nothing|not|removed|suppressed|gone|dropped)(?:\s[^,;.0-9]*)?)[\s.]*",
    re.IGNORECASE,
)
"""A set, and a clause that all others do not belong to it."""
ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth")
ORDINAL: Final = re.compile(rf"(?<!\w)(?:{'|'.join(ORDINALS)})(?!\w)", re.IGNORECASE)
NUMBERED_OPTIONS: Final = re.compile(
    rf"\W*(?:(?:the|and|only|options?|kernels?|{'|'.join(ORDINALS)})[\s,]+)*(?:[^\W\d_]+)?\s*:\s*(?P<items>[^:;.]+)[\s.]*",
    re.IGNORECASE,
)
"""Ordinals of options, a colon, and the names of the options."""
NEGATIONS: Final = frozenset({"no", "none", "nothing", "not", "never", "without", "neither"})
MIN_KEYWORDS: Final = 2


def keep_listed_items(text: str, question: str) -> Rewriting | None:
    """Return the numbers behind a sentence that says which things stay, if these are asked for.

    >>> asked = "Which boxes are kept?"
    >>> keep_listed_items("Box 2 is removed, everything else stays: 1, 3", asked).text
    '1, 3'
    >>> keep_listed_items("The removed boxes are: 1, 3", asked)
    >>> keep_listed_items("0 and 2 stay. Also kept: 1, 3", asked)
    """
    match = LISTED.fullmatch(text.strip())
    if match is None or is_doubtful(text.replace("else", "")) or not KEEPING_WORD.search(question):
        return None
    clauses = re.split(r"[,;.]\s", match["head"])
    if not KEEPING_WORD.search(clauses[-1]) or REMOVING_WORD.search(clauses[-1]):
        return None
    items = {*find_plain_numbers(match["items"])}
    keeping_clauses = [clause for clause in clauses if len(REMOVING_WORD.findall(clause)) != 1]
    if any(not items.issuperset(find_plain_numbers(clause)) for clause in keeping_clauses):
        return None
    return Rewriting(match["items"], describe_dropped(match["head"]), match["items"])


def drop_others(text: str, question: str) -> Rewriting | None:
    """Return a set without the clause that the other things do not belong to it.

    >>> drop_others("conv1 and fc have weights, the other six none", "").text
    'conv1 and fc have weights'
    >>> drop_others("1, 3; all others are removed", "Which boxes are removed?")
    """
    match = OTHERS.fullmatch(text.strip())
    if match is None or is_doubtful(match["items"]) or REMOVING_WORD.search(match["items"]):
        return None
    if not _excludes(match["state"].lower(), question):
        return None
    value = match["items"].strip()
    return Rewriting(value, describe_dropped(text.strip()[len(value) :]), value)


def _excludes(state: str, question: str) -> bool:
    """Return whether things in *state* are none of those that *question* asks for."""
    words = [word for word in re.findall(r"[^\W\d_]+", state) if word not in NEGATIONS]
    negations = len(re.findall(r"[^\W\d_]+", state)) - len(words)
    asks_for_removed = REMOVING_WORD.search(question) is not None
    if negations == 0:
        return not asks_for_removed
    stems = find_long_stems(question)
    return negations == 1 and all(
        len(word) < STEM_LETTERS
        or (KEEPING_WORD.fullmatch(word) and not asks_for_removed)
        or (is_echo(word, stems) and not (asks_for_removed and KEEPING_WORD.fullmatch(word)))
        for word in words
    )


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


def keep_keywords(text: str, question: str) -> Rewriting | None:
    """Return the named numbers of a call, or those behind a sentence that names the same numbers.

    >>> keep_keywords("nn.Conv2d(c, c, kernel_size=3, stride=2)", "").text
    'kernel=3, stride=2'
    >>> keep_keywords("Take 3 cells and stride 2: k = 3, s = 2", "").text
    'k = 3, s = 2'
    >>> keep_keywords("Take 5 cells and stride 2: k = 3, s = 2", "")
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
    if match is None or is_doubtful(text):
        return None
    if not {*find_plain_numbers(match["head"].replace("-", " "))} <= {
        *find_plain_numbers(match["values"])
    }:
        return None
    return Rewriting(match["values"], describe_dropped(match["head"]), match["values"])
