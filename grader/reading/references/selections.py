"""Which things a text speaks of: those that its question asks for, or the others.

``kept`` and ``removed`` are opposites, and a negation turns either around, in the question too:
beside "Which layers have no weights?" the clause ``the others have weights`` confirms the answer.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.screening.known_words import find_long_stems, repeats_question_word

KEEPING_WORD: Final = lazy_regex(
    r"(?<!\w)(?:keep|keeps|kept|remain|remains|remaining|survive|survives|surviving|survived|stay|stays|stayed"
    r"|retain|retains|retained|(?<=are\s)left|(?<=is\s)left)(?!\w)",
    re.IGNORECASE,
)
"""Words for what a selection leaves."""
REMOVING_WORD: Final = lazy_regex(
    r"(?<!\w)(?:remov|suppress|discard|delet|eliminat|prun|reject|dismiss)(?:e?s|e|es|ed|ing)?(?!\w)"
    r"|(?<!\w)(?:filter(?:s|ed)?\s+out|drops|drop|dropped|gone|goes|lost|erased?|thrown|cut)(?!\w)",
    re.IGNORECASE,
)
"""Words for what a selection takes away."""
NEGATION: Final = lazy_regex(
    r"(?<!\w)(?:no|none|nothing|not|never|without|neither|nor|cannot|lacks?|[^\W\d_]+n't)(?!\w)",
    re.IGNORECASE,
)
DENIED_WORD: Final = lazy_regex(
    rf"{NEGATION.pattern}\s+(?:(?:any|the|an?)\s+)?([^\W\d_]{{3,}})", re.IGNORECASE
)
"""The word behind a negation."""
_VERB: Final = r"(?:have|has|with|are|is|do|does|gets?|gives?|uses?|contains?|needs?)"
DENIED_THING: Final = lazy_regex(
    rf"(?<!\w)(?:which|what|how\s+many)\s[^.?]*?(?:{_VERB}\s+(?:no|not)|never(?:\s+{_VERB})?|without)\s+(?:any\s+)?([^\W\d_]{{3,}})",
    re.IGNORECASE,
)
"""What the things that a question asks for do not have, or are not."""
AFFIRMED_THING: Final = lazy_regex(
    rf"(?<!\w){_VERB}\s+(?:(?:the|an?|any|its)\s+)?([^\W\d_]{{3,}})", re.IGNORECASE
)
"""What a text says that things have or are."""
SELECTING_WORD: Final = lazy_regex(
    f"{KEEPING_WORD.pattern}|{REMOVING_WORD.pattern}|{NEGATION.pattern}", re.IGNORECASE
)
"""Words that say whether things are kept or removed."""
OTHER_THINGS: Final = lazy_regex(r"(?<!\w)(?:others?|rest|remaining|else)(?!\w)", re.IGNORECASE)
AFFIRMATION: Final = lazy_regex(r"(?<!\w)(?:do|does|one|some)[\s.]*\Z", re.IGNORECASE)
"""The end of a clause that affirms what a question denies: ``the others have one``."""
WORD: Final = lazy_regex(r"[^\W\d_]+(?:'t)?")
_FILLING: Final = """
the a an and of in is are was were be have has had do does did get gets got any all them these those
box boxes ones one to with that at can may
"""
FILLING: Final = frozenset(_FILLING.split())
"""Words of a clause that neither affirm nor deny."""
SENTENCE_END: Final = lazy_regex(r"(?<=[.?!])\s+")
NUMBERS: Final = lazy_regex(r"[0-9]+")
CLAUSE_END: Final = lazy_regex(r"[;(]|(?<!\w)(?:because|since|while|but|as)(?!\w)")
PAUSE: Final = lazy_regex(r"[.,]\s+")
LAST_THINGS: Final = lazy_regex(
    rf"(?:and\s+)?\w+(?:\s+and\s+\w+)?\s+(?:{_VERB}|{KEEPING_WORD.pattern}|{REMOVING_WORD.pattern})(?!\w)",
    re.IGNORECASE,
)
"""The last things of a list and what is said of all: ``conv2 have``, but not ``box 2 is``."""


class _Polarity(NamedTuple):
    """Whether a question asks for kept things, and the beginnings of the words that it denies.

    *denied_stem* belongs to what the things that are asked for do not have.
    """

    keeps: bool | None
    denied_stem: str
    denied_stems: frozenset[str]


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
    if negation is None:
        return is_negated(sentence) and AFFIRMATION.search(clause) is not None
    return _is_adverb(negation[0]) or not is_negated(sentence)


def contradicts_question(text: str, question: str) -> bool:
    """Return whether the only clause of *text* contradicts the selection in *question*.

    >>> contradicts_question("1 and 3 are kept", "Which boxes are removed?")
    True
    >>> contradicts_question("1 and 3 have weights", "Which layers have no weights?")
    True
    """
    question_keeps, denied_stem, _ = _find_polarity(question)
    if question_keeps is None and not denied_stem:
        return False
    clause = _find_only_clause(text)
    keeps = speaks_of_kept(clause)
    if keeps is not None and question_keeps is not None:
        return keeps is not question_keeps
    affirmed_thing = AFFIRMED_THING.search(clause)
    if affirmed_thing is None or NEGATION.search(clause):
        return False
    return affirmed_thing[1][:STEM_LETTERS].lower() == denied_stem


def agrees_with_selection(text: str, question: str) -> bool:
    """Return whether *text* speaks of kept things as *question* does, or both of removed ones.

    >>> agrees_with_selection("2 and 9 are not removed", "Which boxes are kept?")
    True
    """
    question_keeps = _find_polarity(question).keeps
    if question_keeps is None:
        return False
    return speaks_of_kept(_find_only_clause(text)) is question_keeps


def blank_agreement(text: str, question: str) -> str:
    """Return *text* with blanks for what it says of its things as *question* does.

    >>> blank_agreement("6 stay", "How many units are not dropped?")
    '6     '
    >>> blank_agreement("6 have no bias", "How many layers have no bias?")
    '6 have    bias'
    """
    if repeats_negation(text, question):
        return NEGATION.sub(_blank, text)
    return blank_selection(text, question)


def blank_selection(text: str, question: str) -> str:
    """Return *text* with blanks for words that keep or remove its things as *question* does."""
    return SELECTING_WORD.sub(_blank, text) if agrees_with_selection(text, question) else text


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _find_only_clause(text: str) -> str:
    """Return the first clause of *text*; "" if more than one states something, or it is on others.

    Commas may also stand between the things of one clause: ``conv1, conv2 have a bias``.
    """
    clause = CLAUSE_END.split(text)[0]
    pieces = PAUSE.split(clause)
    stating = [
        index
        for index, piece in enumerate(pieces)
        if AFFIRMED_THING.search(piece) or SELECTING_WORD.search(piece)
    ]
    if len(stating) != 1 or OTHER_THINGS.search(clause):
        return ""
    return "" if stating[0] and not LAST_THINGS.match(pieces[stating[0]]) else clause


def repeats_negation(text: str, question: str) -> bool:
    """Return whether *text* denies only what *question* denies: ``1 and 3 have no weights``.

    >>> repeats_negation("1 and 3 have no weights", "Which layers have no weights?")
    True
    >>> repeats_negation("not 1 and 3", "Which layers have no weights?")
    False
    """
    question_stems = _find_polarity(question).denied_stems
    if not question_stems:
        return False
    stems = _find_denied_stems(text)
    return len(stems) == len(NEGATION.findall(text)) == 1 and stems <= question_stems


def _find_denied_stems(text: str) -> frozenset[str]:
    """Return the beginnings of the words behind the negations of *text*."""
    return frozenset(word[:STEM_LETTERS].lower() for word in DENIED_WORD.findall(text))


@lru_cache(maxsize=1024)
def _find_polarity(question: str) -> _Polarity:
    """Return what the asking sentence of *question* keeps and denies."""
    sentence = find_asking_sentence(question)
    thing = DENIED_THING.search(sentence)
    return _Polarity(
        speaks_of_kept(sentence),
        thing[1][:STEM_LETTERS].lower() if thing else "",
        _find_denied_stems(sentence),
    )


def refuse_opposite_things(text: str, question: str) -> None:
    """Raise `AnswerError` if *text* contradicts the selection in *question*."""
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
        or repeats_question_word(word, find_long_stems(sentence))
    )


def _is_adverb(negation: str) -> bool:
    """Return whether *negation* denies a verb, ``not``, and no noun, ``none``."""
    return negation.lower() in {"not", "never", "cannot"} or negation.lower().endswith("n't")
