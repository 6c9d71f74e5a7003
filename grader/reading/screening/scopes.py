"""Phrases after a value that say what it belongs to: ``82.1 % for the second layer``.

Such a phrase is harmless if the question itself names its object; otherwise the value may be one
of something else than the question asks for.
"""

import re
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.screening.qualifiers import HARMLESS, ONE_FOR_EACH, PRONOUN

PREPOSITIONS: Final = (
    r"for|of|in|with|at|on|from|per|over|across|within|during|including|incl\.?|by"
    r"|if|unless|when|assuming"
)
_OBJECT: Final = r"[^,;:()=≈→\n\[\]{}|]*"
SCOPE: Final = lazy_regex(
    r"(?<=[\w)\]}%*.,;])[\s,;(]+"
    rf"(?P<phrase>(?:[^\W\d_]+\s+){{0,3}}?(?P<preposition>{PREPOSITIONS})\s+"
    rf"(?P<object>{_OBJECT}[^\W\d_]{_OBJECT}))",
    re.IGNORECASE,
)
LINK: Final = lazy_regex(r"=|≈|→|⇒|->|:(?=\s)|\\approx")
BESIDE: Final = lazy_regex(
    rf"^[ \t]*(?:>>>|\.\.\.|In \[[0-9]*\]:)[^\n]*\n|(?<=\(){ONE_FOR_EACH}(?=\))",
    re.MULTILINE | re.IGNORECASE,
)
"""A line of a program, before the line that it printed, or ``(one bias per filter)``."""
INCLUDED_BEHIND: Final = lazy_regex(
    r"(?<=[0-9)\s(])(?:the\s+)?(?P<noun>[^\W\d_]{3,})\s+(?:(?:is|are)\s+)?included(?!\w)",
    re.IGNORECASE,
)
"""A noun and that it is included, which means the same as ``including`` before it."""
WORD: Final = lazy_regex(r"[^\W_]+")
DIGIT: Final = lazy_regex(r"[0-9]")
INCLUDING: Final = frozenset({"with", "including", "incl"})
INCLUDED: Final = lazy_regex(
    r"(?<!\w)(?:with|have|has|having|includ\w+|contains?)\s+(?:(?:an?|its|one|all|the|both)\s+)?"
    r"(?:[^\W\d_]+\s+)??([^\W\d_]{4,})",
    re.IGNORECASE,
)
"""What a layer of the statement has: ``each filter has a bias``."""
ORDINAL: Final = lazy_regex(r"(?<![\w-])(?:first|second|third|fourth|last)(?![\w-])")
GENERIC: Final = frozenset(
    [
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "its",
        "our",
        "my",
        "any",
        "such",
        "it",
        "both",
        "all",
        "total",
        "sum",
        "whole",
        "entire",
        "full",
        "one",
        "single",
        "image",
        "images",
        "sample",
        "example",
        "input",
        "inference",
        "forward",
        "pass",
        "python",
        "numpy",
        "torch",
        "pytorch",
        "keras",
        "tensorflow",
        "excel",
        "matlab",
        "general",
        *("lecture", "lectures", "slides", "slide", "book", "script", "notes", "textbook"),
        *("calculation", "computation", "derivation", "definition", "rule", "above", "course"),
        "fact",
        "other",
        "words",
        "order",
        "short",
        "decimal",
        "decimals",
        "figure",
        "figures",
        "digit",
        "digits",
        "place",
        "places",
        "form",
        "fraction",
        "fractions",
        "percent",
        "cent",
        "rounding",
        "per",
        "scientific",
        "notation",
        "pixel",
        "pixels",
        "px",
        "and",
        "or",
        "of",
        "in",
        "for",
        "with",
        "at",
        "on",
        "from",
        "to",
        "by",
        "network",
        "model",
        "formula",
        "question",
        "task",
        "exercise",
        "part",
        "hand",
        "calculator",
        "code",
        "script",
        "bytes",
        "units",
        "unit",
        "is",
        "are",
        "was",
        "be",
        "been",
        "have",
        "has",
        "which",
        "where",
        "we",
        "you",
        "get",
        "as",
        "well",
    ]
)
"""Words that single nothing out: the whole, one image, or the way in which a value is written."""


def refuse_other_scope(text: str, question: str, context: str = "") -> None:
    """Raise `AnswerError` if words after the value in *text* limit it to what is not asked for.

    Parts that *context*, the statement of the problem, includes may be named: ``with biases``.

    >>> refuse_other_scope("82.1 % of the MACs", "What share of the MACs is that?")
    >>> refuse_other_scope("82.1 % for cars", "What share of the MACs is that?")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'for cars' says what the value belongs to, and the question names \
something else. Expected the value that the question asks for, without this remark.
    """
    original = text
    text = _blank_harmless(_move_inclusions(text, question))
    links = [link.end() for link in LINK.finditer(text)]
    start = links[-1] if links else 0
    _refuse_other_ordinal(text, start, question)
    stems = _find_stems(question)
    for match in SCOPE.finditer(text, start):
        if not DIGIT.search(text, start, match.start("phrase")):
            continue
        if match["preposition"].lower() == "of" and PRONOUN.search(question):
            continue  # "the share of them": the whole is named elsewhere
        words_of_object = WORD.findall(match["object"].lower())
        heads = [word for word in words_of_object if word not in GENERIC]
        counts_head = bool(heads) and _is_asked_to_count(heads[-1], question)
        for word in words_of_object:
            stem = word if DIGIT.search(word) else word[:STEM_LETTERS]
            if word in GENERIC or stem in stems or word.isdecimal():
                continue
            if len(word) == 1:
                continue
            including = match["preposition"].lower().rstrip(".") in INCLUDING
            if including and "param" in question.lower() and stem in _find_included(context):
                continue
            if including and counts_head and stem in _find_stems(context):
                continue  # "tokens with the class token", if the statement has this token
            words = original[match.start("preposition") : match.end()].strip()
            raise AnswerError(
                f"'{truncate_line(words)}' says what the value belongs to, and the question names"
                " something else.",
                expected="the value that the question asks for, without this remark",
                position=match.start("preposition"),
            )


def _move_inclusions(text: str, question: str) -> str:
    """Return *text* with ``with biases`` for ``biases included``, in the same length.

    If the *question* uses this word itself, the text stays: both can be compared as they are.
    """
    if "includ" in question.lower():
        return text
    return INCLUDED_BEHIND.sub(lambda match: f"with {match['noun']}".ljust(len(match[0])), text)


def _blank_harmless(text: str) -> str:
    """Return *text* with blanks for the lines and clauses that limit nothing."""
    text = BESIDE.sub(lambda line: " " * len(line[0]), text)
    return HARMLESS.sub(lambda clause: " " * len(clause[0]), text)


def _is_asked_to_count(noun: str, question: str) -> bool:
    """Return whether *question* asks for the number of things that *noun* names."""
    stem = re.escape(noun[:STEM_LETTERS])
    return re.search(rf"how\s+many\s+(?:\w+\s+)?{stem}", question, re.IGNORECASE) is not None


@lru_cache(maxsize=1024)
def _find_included(context: str) -> frozenset[str]:
    """Return the first letters of the words for what the statement gives to its layers."""
    matches = INCLUDED.findall(context)
    return frozenset(word.lower()[:STEM_LETTERS] for word in matches)


def _refuse_other_ordinal(text: str, start: int, question: str) -> None:
    """Raise `AnswerError` for ``after the second step`` where the question names the first."""
    asked_ordinals = set(ORDINAL.findall(question.lower()))
    for match in ORDINAL.finditer(text.lower(), start) if asked_ordinals else ():
        if match[0] not in asked_ordinals and DIGIT.search(text, start, match.start()):
            raise AnswerError(
                f"'{match[0]}' is not what the question asks for.",
                expected="the value that the question asks for, without this remark",
                position=match.start(),
            )


@lru_cache(maxsize=1024)
def _find_stems(question: str) -> frozenset[str]:
    """Return the first letters of the words in *question*, short ones in full."""
    flat = question.replace("_", "").replace("{", " ").replace("}", " ")
    words = [word.lower() for word in WORD.findall(f"{question} {flat}")]
    return frozenset([*words, *(word[:STEM_LETTERS] for word in words if not DIGIT.search(word))])
