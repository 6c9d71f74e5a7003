"""What a value is or counts, according to its answer: ``64 biases``, ``… is the convolution``.

The question must ask for the same, by this name or by one that means the same.
"""

import re
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS, find_word_stems
from grader.reading.references.directions import states_inverse_ratio
from grader.reading.units.unit_names import parse_unit

SYNONYMS: Final = tuple(
    frozenset(family.split())
    for family in (
        "bias",
        "filt kern chan maps feat",
        "laye conv",
        "imag exam samp pict inst",
        "boxe anch dete pred",
        "toke word posi",
        "head",
        "bloc",
        "grou",
        "clas",
        "epoc",
        "step iter upda",
        "byte memo",
    )
)
"""Beginnings of words for countable things; those in one line may mean the same."""
NO_INSTANCE: Final = lazy_regex(r"(?<!\w)(?:instead|install\w*)(?!\w)", re.IGNORECASE)
"""Words that begin as ``instance`` does."""
COUNT: Final = lazy_regex(r"how\s+many|number\s+of", re.IGNORECASE)
COUNTED: Final = lazy_regex(
    r"[0-9]\s{1,3}(?:(?!(?:per|of|for|in|with|without)\s)[^\W\d_]{2,}\s+){0,3}?(?P<noun>[^\W\d_]{4,})[\s.!]*\Z",
    re.IGNORECASE,
)
"""A noun after the last number."""
IDENTITY: Final = lazy_regex(
    r"(?<=[0-9)\]}.])\s+(?:is|are)\s+(?:the|a|an|its)\s+(?:[^\W\d_]+\s+)??(?P<noun>[^\W\d_]{4,})[\s.!]*\Z",
    re.IGNORECASE,
)
"""A noun that says what the value is."""
ASKED_BYTES: Final = lazy_regex(r"how\s+many\s+(?:bytes|bits)(?!\w)", re.IGNORECASE)
MORE: Final = lazy_regex(
    r"how\s+many\s+times\s+(?:as\s+(?:many|much|large|big|long)|more|larger)", re.IGNORECASE
)
FEWER: Final = lazy_regex(
    r"(?<![^\W\d_])(?:times|x|×)\s+(?P<noun>fewer|less|smaller|lower|cheaper)(?!\w)", re.IGNORECASE
)
"""The two directions of a ratio."""
STATE: Final = lazy_regex(
    r"(?<=[0-9%])\s*(?:is|are|were)\s+(?P<noun>[^\W\d_]{4,})[\s.!]*\Z", re.IGNORECASE
)
"""What happens to the things that a value counts: ``12 are frozen``."""
SAME_PLACES: Final = ("loca", "plac", "posi", "cell")
"""Beginnings of words for one place of a map."""
SUBJECT: Final = lazy_regex(
    r"(?:how\s+many|how\s+much|what).*(?<!\w)(?:does|do|has|have)\s+(?:this|the|an?)\s+.*\?",
    re.IGNORECASE,
)
"""A question that names its subject: ``How many weights does the layer have?``."""
SHARED: Final = r"(?:per|each|every|an?|one|single)"
"""Words of a question before the thing to which a value may be distributed."""
ADJECTIVE: Final = r"(?!(?:the|of|from|in|for|with|to|and|batch)\b)[^\W\d_]+"
GENERIC: Final = frozenset(
    {"answ", "resu", "valu", "numb", "tota", "solu", "outp", "coun", "amou", "shap", "size", "fina"}
)
"""Beginnings of words for any answer."""


def refuse_other_things(
    text: str, question: str, *, context: str = "", others: str = "", units: bool = False
) -> None:
    """Raise `AnswerError` if *text* says that its value is or counts something else than asked for.

    *context* is the statement of the problem, which has the *others* as questions; with *units* the
    reader uses a noun that is a unit.

    >>> refuse_other_things("64 filters", "How many channels has the output?")
    >>> refuse_other_things("64 biases", "How many channels has the output?")
    Traceback (most recent call last):
    grader.errors.AnswerError: The question does not ask for 'biases'. Expected the value that the \
question asks for, without this remark.
    """
    match = IDENTITY.search(text)
    stems = _find_stems(question)
    state = STATE.search(text)
    elsewhere = _find_stems(context) - _find_stems(others) - stems
    if state and state["noun"].lower()[:STEM_LETTERS] in elsewhere:
        raise _other_thing_error(state)
    fewer = FEWER.search(text) if MORE.search(question) else None
    if fewer and not states_inverse_ratio(text, question):
        raise _other_thing_error(fewer)
    if match is not None:
        stem = match["noun"].lower()[:STEM_LETTERS]
        if stem not in stems and stem not in GENERIC:
            raise _other_thing_error(match)
        return
    counted = COUNTED.search(text) if COUNT.search(question) else None
    if counted and ASKED_BYTES.search(question) and not parse_unit(counted["noun"]):
        raise _other_thing_error(counted)
    if "prediction" not in question.lower():
        stems -= {"pred"}  # what a network predicts may be other things
    if counted is not None and ((units and parse_unit(counted["noun"])) or _adds_biases(text)):
        return
    if counted is not None and counted["noun"].lower().endswith("s"):
        stem = counted["noun"].lower()[:STEM_LETTERS]
        names = next((family for family in SYNONYMS if stem in family), stems)
        if names.isdisjoint(stems):
            raise _other_thing_error(counted)


@lru_cache(maxsize=1024)
def asks_per_thing(question: str, stem: str) -> bool:
    """Return whether the question asks for one, or each, of the things whose name begins so."""
    stems = "|".join(SAME_PLACES if stem in SAME_PLACES else (re.escape(stem),))
    shared = re.search(
        rf"(?<!\w)(?:{SHARED}|each\s+of\s+the(?:\s+[0-9{{]\S*)?)\s+(?:{ADJECTIVE}\s+){{0,2}}?(?:{stems})",
        _find_asking_sentence(question),
        re.IGNORECASE,
    )
    return shared is not None


def _find_asking_sentence(question: str) -> str:
    """Return the sentence that asks, if it names what has the value: ``does the layer have``."""
    sentences = re.split(r"(?<=[.?!])\s+", question)
    asking = [sentence for sentence in sentences if SUBJECT.search(sentence)]
    return asking[-1] if asking else question


def _adds_biases(text: str) -> bool:
    """Return whether biases are a summand, which counts parameters as the others do."""
    return re.search(r"\+\s*[0-9.,]+\s+bias", text) is not None


def _find_stems(text: str) -> frozenset[str]:
    return find_word_stems(NO_INSTANCE.sub(" ", text), min_letters=STEM_LETTERS)


def _other_thing_error(match: re.Match[str]) -> AnswerError:
    return AnswerError(
        f"The question does not ask for '{truncate_line(match['noun'])}'.",
        expected="the value that the question asks for, without this remark",
        position=match.start("noun"),
    )
