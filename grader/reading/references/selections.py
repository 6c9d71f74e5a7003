"""Which things a text speaks of: those that its question asks for, or the others.

``kept`` and ``removed`` are opposites, and a negation turns either around, in the question too:
beside "Which layers have no weights?" the clause ``the others have weights`` confirms the answer.
"""

import re
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.screening.known_words import find_long_stems, is_echo

KEEPING_WORD: Final = re.compile(
    r"(?<!\w)(?:keep|keeps|kept|remain|remains|remaining|survive|survives|surviving|survived|stay|stays|stayed"
    r"|retain|retains|retained)(?!\w)",
    re.IGNORECASE,
)
"""Words for what a selection leaves."""
REMOVING_WORD: Final = re.compile(
    r"(?<!\w)(?:remov|suppress|discard|delet|eliminat|prun|reject|dismiss)(?:e?s|e|es|ed|ing)?(?!\w)"
    r"|(?<!\w)(?:drops|drop|dropped|gone|goes|lost|erased?|thrown|cut)(?!\w)",
    re.IGNORECASE,
)
"""Words for what a selection takes away."""
NEGATION: Final = re.compile(
    r"(?<!\w)(?:no|none|nothing|not|never|without|neither|nor|cannot|lacks?|[^\W\d_]+n't)(?!\w)",
    re.IGNORECASE,
)
DENIED_WORD: Final = re.compile(
    rf"{NEGATION.pattern}\s+(?:(?:any|the|an?)\s+)?([^\W\d_]{{3,}})", re.IGNORECASE
)
"""The word behind a negation."""
_VERB: Final = r"(?:have|has|with|are|is|do|does|get|gets|contains?|needs?)"
DENIED_THING: Final = re.compile(
    rf"(?<!\w)(?:which|what|how\s+many)\s[^.?]*?(?:{_VERB}\s+(?:no|not)|without)\s+(?:any\s+)?([^\W\d_]{{3,}})",
    re.IGNORECASE,
)
"""What the things that a question asks for do not have, or are not."""
AFFIRMED_THING: Final = re.compile(
    rf"(?<!\w){_VERB}\s+(?:(?:the|an?|any|its)\s+)?([^\W\d_]{{3,}})", re.IGNORECASE
)
"""What a text says that things have or are."""
WORD: Final = re.compile(r"[^\W\d_]+(?:'t)?")
_FILLING: Final = """
the a an and of in is are was were be have has had do does did get gets got any all them these those
box boxes ones one to with that at
"""
FILLING: Final = frozenset(_FILLING.split())
"""Words of a clause that neither affirm nor deny."""
SENTENCE_END: Final = re.compile(r"(?<=[.?!])\s+")
NUMBERS: Final = re.compile(r"[0-9]+")
CLAUSE_BREAK: Final = re.compile(
    r"[;:(]|[.,]\s+(?![0-9])|(?<!\w)(?:because|since|while|but|as)(?!\w)"
)


@lru_cache(maxsize=1024)
def find_asking_sentence(question: str) -> str:
    """Return the last sentence of *question* with a question mark, or all of it without one.

    >>> find_asking_sentence("Boxes that overlap are removed. Which are kept?")
    'Which are kept?'
    """
    sentences = SENTENCE_END.split(question.strip())
    return next((one for one in reversed(sentences) if one.endswith("?")), question)


def speaks_of_kept(text: str) -> bool | None:
    """Return whether *text* speaks of things that are kept; None if of neither sort or of both.

    >>> speaks_of_kept("box 2 is removed"), speaks_of_kept("none is removed")
    (False, True)
    """
    keeps, removes = bool(KEEPING_WORD.search(text)), bool(REMOVING_WORD.search(text))
    if keeps == removes:
        return None
    return keeps != is_negated(text)


def is_negated(text: str) -> bool:
    """Return whether *text* has an odd number of negations."""
    return len(NEGATION.findall(text)) % 2 == 1


def denies(clause: str, question: str) -> bool:
    """Return whether things with the property in *clause* are none that *question* asks for.

    >>> denies("are removed", "Which boxes are kept?"), denies("stay", "Which boxes are kept?")
    (True, False)
    >>> denies("have weights", "Which layers have no weights?")
    True
    """
    sentence = find_asking_sentence(question)
    keeps = speaks_of_kept(clause)
    words = _find_content_words(clause)
    if keeps is not None:
        known = all(_is_known(word, sentence) for word in words)
        return known and speaks_of_kept(sentence) is (not keeps)
    negations = len(NEGATION.findall(clause))
    if negations > 1 or not all(_is_known(word, sentence) for word in words):
        return False
    if words:
        return (negations == 1) != is_negated(sentence)
    # "the others not" denies any question, "the others none" one that is not negated itself.
    negation = NEGATION.search(clause)
    return negation is not None and (_is_adverb(negation[0]) or not is_negated(sentence))


def contradicts_question(text: str, question: str) -> bool:
    """Return whether *text*, one clause, says of its things the opposite of what is asked for.

    >>> contradicts_question("1 and 3 are kept", "Which boxes are removed?")
    True
    >>> contradicts_question("1 and 3 have weights", "Which layers have no weights?")
    True
    """
    sentence = find_asking_sentence(question)
    if not WORD.search(text) or CLAUSE_BREAK.search(text.strip(" .!;:")):
        return False
    keeps, question_keeps = speaks_of_kept(text), speaks_of_kept(sentence)
    if keeps is not None and question_keeps is not None:
        return keeps is not question_keeps
    denied_thing = DENIED_THING.search(sentence)
    affirmed_thing = AFFIRMED_THING.search(text)
    if denied_thing is None or affirmed_thing is None or NEGATION.search(text):
        return False
    return denied_thing[1][:STEM_LETTERS].lower() == affirmed_thing[1][:STEM_LETTERS].lower()


def repeats_negation(text: str, question: str) -> bool:
    """Return whether *text* denies only what *question* denies: ``1 and 3 have no weights``.

    >>> repeats_negation("1 and 3 have no weights", "Which layers have no weights?")
    True
    >>> repeats_negation("not 1 and 3", "Which layers have no weights?")
    False
    """
    sentence = find_asking_sentence(question)
    words, question_words = (
        {word[:STEM_LETTERS].lower() for word in DENIED_WORD.findall(part)}
        for part in (text, sentence)
    )
    return len(words) == len(NEGATION.findall(text)) == 1 and words <= question_words


def refuse_opposite_things(text: str, question: str) -> None:
    """Raise `AnswerError` if *text* says of its things the opposite of what is asked for."""
    if contradicts_question(text, question):
        raise AnswerError(
            f"'{truncate_line(text.strip())}' says the opposite of what the question asks for.",
            expected="the value that the question asks for",
            position=0,
        )


def _find_content_words(clause: str) -> list[str]:
    """Return the words of *clause*, in lower case, that may affirm or deny something."""
    words = (word.lower() for word in WORD.findall(clause))
    return [word for word in words if word not in FILLING and not NEGATION.fullmatch(word)]


def _is_known(word: str, sentence: str) -> bool:
    """Return whether *word* selects, or is one of the asking *sentence*."""
    return bool(
        KEEPING_WORD.fullmatch(word)
        or REMOVING_WORD.fullmatch(word)
        or is_echo(word, find_long_stems(sentence))
    )


def _is_adverb(negation: str) -> bool:
    """Return whether *negation* denies a verb, ``not``, and no noun, ``none``."""
    return negation.lower() in {"not", "never", "cannot"} or negation.lower().endswith("n't")
