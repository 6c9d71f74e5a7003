"""The subject of a sentence with the value: ``the whole step has 640 parameters``.

The question must name the same thing, by that noun or a synonym.
"""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.references.numbered_things import ORDINALS
from grader.reading.screening.counted_things import GENERIC, SYNONYMS
from grader.reading.screening.known_words import find_long_stems

SENTENCE: Final = lazy_regex(
    r"(?:\A|[.;,:]\s)\W*(?:the|this|each|one|an?)\s+(?P<subject>[^0-9=:;,.]{2,50}?)"
    r"\s(?:has|have|takes?|needs?|contains?|uses?|requires?|costs?|gets?|outputs?)\s"
    r"[^0-9=:;]{0,25}[0-9][0-9.,]*[^0-9=]*\Z",
    re.IGNORECASE,
)
"""A sentence at the end of a text that says how much of something its subject has."""
WORD: Final = lazy_regex(r"[^\W\d_]{3,}")
FAMILIES: Final = (*SYNONYMS, frozenset({"netw", "mode", "dete"}), frozenset({"laye", "pool"}))
"""Beginnings of nouns that may mean the same subject."""
STAND_INS: Final = frozenset({"one", "bloc", "modu", "oper", "laye", "netw"})
"""Beginnings of nouns that stand for any subject."""
WHOLE: Final = lazy_regex(r"(?<!\w)(?:whole|entire)(?!\w)", re.IGNORECASE)
"""Words for more than the subject of the question, unless the question has the same noun."""
ATTRIBUTE: Final = lazy_regex(r"\s(?:with|without)\s.*", re.IGNORECASE | re.DOTALL)
COMPLEMENT: Final = lazy_regex(r"\s(?:of|in|for)\s", re.IGNORECASE)
JOINED: Final = lazy_regex(r"(?<!\w)(?:and|or|plus)(?!\w)", re.IGNORECASE)
"""Words that join two subjects."""
COUNTED: Final = lazy_regex(r"how\s+many\s+[^\W\d_]+", re.IGNORECASE)
MIN_LETTERS_OF_NAMES: Final = 4
"""Number of letters below which a word before the last noun does not name a subject."""


def refuse_other_subject(text: str, question: str) -> None:
    """Raise `AnswerError` if the subject of the sentence in *text* is not in the *question*.

    >>> asked = "How many weights does the convolution have?"
    >>> refuse_other_subject("The layer has 640 weights.", asked)
    >>> refuse_other_subject("The whole decoder has 640 weights.", asked)
    Traceback (most recent call last):
    grader.errors.AnswerError: The question does not ask about 'decoder'. Expected the value that \
the question asks for.
    """
    match = SENTENCE.search(text)
    subject = ATTRIBUTE.sub("", match["subject"]) if match else ""
    stems = find_long_stems(question)
    if match is None or not stems or _names_subject(subject, question):
        return
    nouns = WORD.findall(COMPLEMENT.split(subject)[-1])
    if WHOLE.search(subject) is None:
        while (
            len(nouns) > 1
            and _take_word_start(nouns[-1]) in STAND_INS
            and not _may_name(nouns[-1], stems)
        ):
            nouns.pop()  # the noun before decides: the second one, the decoder block
        if nouns and (
            _take_word_start(nouns[-1]) in STAND_INS or _is_other_ordinal(nouns[-1], question)
        ):
            return
    if nouns and not _may_name(nouns[-1], stems):
        raise AnswerError(
            f"The question does not ask about '{truncate_line(nouns[-1])}'.",
            expected="the value that the question asks for",
            position=match.start("subject") + subject.rindex(nouns[-1]),
        )


def _names_subject(subject: str, question: str) -> bool:
    """Return whether a noun of *subject* names the subject of *question*.

    A question about ``the convolution of the encoder`` needs the noun after ``of``, too.
    """
    if WHOLE.search(subject) or JOINED.search(subject):
        return False
    stems = find_long_stems(COUNTED.sub("", question))
    nouns = WORD.findall(COMPLEMENT.split(subject)[0])
    for index, noun in enumerate(nouns):
        stem = _take_word_start(noun)
        if len(noun) < MIN_LETTERS_OF_NAMES or noun.lower() in ORDINALS or stem not in stems:
            continue
        if not all(
            _take_word_start(n) in STAND_INS or _may_name(n, stems) for n in nouns[index + 1 :]
        ):
            continue
        if not re.search(rf"(?<!\w){stem}\w*\s+(?:of|in|for)\s", question, re.IGNORECASE):
            return True
    return False


def _is_other_ordinal(noun: str, question: str) -> bool:
    """Return whether *noun* is an ordinal, and *question* has none that could contradict it."""
    words = {word.lower() for word in WORD.findall(question)}
    return noun.lower() in ORDINALS and words.isdisjoint(ORDINALS)


def _may_name(noun: str, stems: frozenset[str]) -> bool:
    """Return whether *noun* may mean the subject of a question that has words with *stems*."""
    stem = _take_word_start(noun)
    related = any(stem in family and not family.isdisjoint(stems) for family in FAMILIES)
    return related or stem in stems or stem in GENERIC


def _take_word_start(noun: str) -> str:
    return noun.lower()[:STEM_LETTERS]
