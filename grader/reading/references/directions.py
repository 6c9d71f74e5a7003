"""Directions and kinds in the name of a value: ``text → image``, ``input gate``.

The question must not have only the reverse, or only another kind of the same thing.
"""

import re
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS

_WORD: Final = r"[^\W\d_]{3,20}"
DIRECTION: Final = lazy_regex(
    rf"(?<!\w)(?P<start>{_WORD})(?:\s*(?:→|⇒|->|=>|⟶)\s*|\s+to\s+|-to-|\s+(?:vs\.?|versus|over)\s+)"
    rf"(?:the\s+)?(?P<end>{_WORD})",
    re.IGNORECASE,
)
"""Two things, the second of which comes out of, or is compared with, the first."""
KIND: Final = lazy_regex(
    rf"\A\W*(?:the\s+)?(?P<kind>{_WORD})[\s-]+(?P<thing>{_WORD})\s*(?:=|:|≈|is\s)"
    rf"|[0-9]\s*\((?:the\s+)?(?P<kind_behind>{_WORD})[\s-]+(?P<thing_behind>{_WORD})\)\W*\Z",
    re.IGNORECASE,
)
"""A thing and its kind, before the sign or in brackets behind the value."""
ASKED_RATIO: Final = lazy_regex(
    r"times\s+as\s+[^\W\d_]+(?:\s+[^\W\d_]+){0,3}?\s+as\s+(?P<reference>[^?.,;]{1,60}?)\s+(?:does|do|is|are|would)\s+"
    r"(?P<subject>[^?.,;]{1,80})",
    re.IGNORECASE,
)
"""A question for a ratio, with the thing that counts once and the one that is compared with it."""
STATED_RATIO: Final = lazy_regex(
    r"(?P<subject>[^0-9=:;,]{1,60}?)\s(?:has|have|is|are|takes?|needs?|uses?|requires?|costs?)\s[^0-9=]{0,20}"
    r"[0-9][0-9.,]*\s?(?:times|x|×)(?!\w)(?P<rest>[^0-9=:;,]*)",
    re.IGNORECASE,
)
"""A sentence that gives a ratio, with its subject."""
FEWER: Final = lazy_regex(r"\s*(?:fewer|less|smaller|lower)(?!\w)", re.IGNORECASE)
"""Words behind ``times`` that state the reverse: A takes 2 times fewer, so B 2 times as many."""
REFERENCE: Final = lazy_regex(r"(?:as|than)\s+(?P<reference>[^0-9]+)", re.IGNORECASE)


def refuse_other_direction(text: str, question: str) -> None:
    """Raise `AnswerError` if *text* names a direction of which *question* has only the reverse.

    >>> refuse_other_direction("image to text: 1.78", "What is the loss from images to texts?")
    >>> refuse_other_direction("text → image: 1.78", "What is the loss from images to texts?")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'text → image' is the reverse of what the question asks for. \
Expected the value that the question asks for.
    """
    for match in DIRECTION.finditer(text):
        pair = _take_word_start(match["start"]), _take_word_start(match["end"])
        directions = _find_directions(question)
        if pair[::-1] in directions and pair not in directions:
            raise AnswerError(
                f"'{truncate_line(match[0])}' is the reverse of what the question asks for.",
                expected="the value that the question asks for",
                position=match.start(),
            )


def refuse_reversed_ratio(text: str, question: str) -> None:
    """Raise `AnswerError` if *text* gives a ratio of the two things of *question* in reverse.

    >>> asked = "How many times as many weights as layer A does layer B have?"
    >>> refuse_reversed_ratio("layer B has 2 times as many", asked)
    >>> refuse_reversed_ratio("layer A has 2 times as many as layer B", asked)
    Traceback (most recent call last):
    grader.errors.AnswerError: 'layer A has 2 times as many as layer B' is the reverse of what the \
question asks for. Expected the value that the question asks for.
    """
    stated = _find_stated_ratio(text, question)
    if stated is not None and _gives_other_ratio(stated, question):
        raise AnswerError(
            f"'{truncate_line(stated[0])}' is the reverse of what the question asks for.",
            expected="the value that the question asks for",
            position=text.index(stated["subject"]),
        )


def states_inverse_ratio(text: str, question: str) -> bool:
    """Return whether *text* gives the ratio of *question* with its things and words reversed.

    >>> asked = "How many times as many weights as layer A does layer B have?"
    >>> states_inverse_ratio("layer A has 2 times fewer", asked)
    True
    >>> states_inverse_ratio("layer B has 2 times fewer", asked)
    False
    >>> states_inverse_ratio("It has 2 times fewer", asked)
    False
    """
    stated = _find_stated_ratio(text, question)
    if stated is None or not FEWER.match(stated["rest"]):
        return False
    return _names_things_in_asked_roles(stated, question) and not _gives_other_ratio(
        stated, question
    )


def _find_stated_ratio(text: str, question: str) -> re.Match[str] | None:
    """Return the sentence of *text* with a ratio, if the question asks for one."""
    return STATED_RATIO.fullmatch(text.strip(" \n.!")) if ASKED_RATIO.search(question) else None


def _gives_other_ratio(stated: re.Match[str], question: str) -> bool:
    """Return whether a sentence gives the reverse of the ratio that *question* asks for."""
    once, compared = _find_compared_words(stated, question)
    subject, reference = _find_subject_and_reference(stated)
    reverses = subject & once and not subject & compared
    return bool(reverses or (reference & compared and not reference & once))


def _names_things_in_asked_roles(stated: re.Match[str], question: str) -> bool:
    """Return whether a sentence names one of the two things in the place that *question* means."""
    once, compared = _find_compared_words(stated, question)
    subject, reference = _find_subject_and_reference(stated)
    return bool(subject & compared or reference & once)


def _find_compared_words(
    stated: re.Match[str], question: str
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of the thing that counts once, and of the one that is compared with it."""
    ratio = ASKED_RATIO.search(question)
    if ratio is None:
        return frozenset(), frozenset()
    once, compared = _find_words(ratio["reference"]), _find_words(ratio["subject"])
    if FEWER.match(stated["rest"]):
        once, compared = compared, once
    return once - compared, compared - once


def _find_subject_and_reference(stated: re.Match[str]) -> tuple[frozenset[str], frozenset[str]]:
    behind = REFERENCE.search(stated["rest"])
    reference = _find_words(behind["reference"]) if behind else frozenset[str]()
    return _find_words(stated["subject"]), reference


def _find_words(phrase: str) -> frozenset[str]:
    """Return the beginnings of the words of *phrase*; a single letter stays as it is."""
    words = re.findall(r"[^\W\d_]+|[0-9]+", phrase)
    return frozenset(word if len(word) == 1 else _take_word_start(word) for word in words)


def refuse_other_kind(text: str, question: str, others: str) -> None:
    """Raise `AnswerError` if *text* names a kind of thing about which only the *others* ask.

    >>> refuse_other_kind("input gate: 0.5", "The output gate?", "The input gate? The cell?")
    Traceback (most recent call last):
    grader.errors.AnswerError: Another question asks for 'input gate'. Expected the value that \
this question asks for.
    """
    match = KIND.search(text)
    if match is None:
        return
    group = "kind" if match["kind"] else "kind_behind"
    kind = _take_word_start(match[group])
    thing = _take_word_start(match["thing"] or match["thing_behind"])
    if re.search(rf"(?<!\w){thing}", question, re.IGNORECASE) is None:
        return
    if re.search(rf"(?<!\w){kind}", question, re.IGNORECASE) is not None:
        return
    if re.search(rf"(?<!\w){kind}\w*[\s-]+{thing}", others, re.IGNORECASE):
        name = f"{match[group]} {match['thing'] or match['thing_behind']}"
        raise AnswerError(
            f"Another question asks for '{truncate_line(name)}'.",
            expected="the value that this question asks for",
            position=match.start(group),
        )


@lru_cache(maxsize=1024)
def _find_directions(question: str) -> frozenset[tuple[str, str]]:
    """Return the beginnings of the two words of each direction in *question*."""
    return frozenset(
        (_take_word_start(match["start"]), _take_word_start(match["end"]))
        for match in DIRECTION.finditer(question)
    )


def _take_word_start(word: str) -> str:
    return word.lower()[:STEM_LETTERS]
