"""The subject of a sentence with the value: ``the whole step has 640 parameters``.

The question must name the same thing, by that noun or a synonym.
"""

import re
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.screening.counted_things import GENERIC, SYNONYMS
from grader.reading.screening.known_words import find_long_stems

SENTENCE: Final = re.compile(
    r"(?:\A|[.;,:]\s)\W*(?:the|this|each|one|an?)\s+(?P<subject>[^0-9=:;,.]{2,50}?)"
    r"\s(?:has|have|takes?|needs?|contains?|uses?|requires?|costs?|gets?|outputs?)\s"
    r"[^0-9=:;]{0,25}[0-9][0-9.,]*[^0-9=]*\Z",
    re.IGNORECASE,
)
"""A sentence at the end of a text that says how much of something its subject has."""
WORD: Final = re.compile(r"[^\W\d_]{3,}")
FAMILIES: Final = (*SYNONYMS, frozenset({"netw", "mode", "dete"}), frozenset({"laye", "pool"}))
"""Beginnings of nouns that may mean the same subject."""


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
    nouns = WORD.findall(match["subject"]) if match else []
    if match is None or not nouns:
        return
    stem = nouns[-1].lower()[:STEM_LETTERS]
    stems = find_long_stems(question)
    related = any(stem in family and not family.isdisjoint(stems) for family in FAMILIES)
    if stems and stem not in stems and stem not in GENERIC and not related:
        raise AnswerError(
            f"The question does not ask about '{truncate_line(nouns[-1])}'.",
            expected="the value that the question asks for",
            position=match.start("subject") + match["subject"].rindex(nouns[-1]),
        )
