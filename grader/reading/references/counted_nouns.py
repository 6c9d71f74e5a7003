"""Nouns next to a count: ``640 neurons`` and ``biases: 640`` do not count parameters.

A noun before a sign, in brackets, or after the value must mean what the question counts. Only nouns
of deep learning are checked here.
"""

import re
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS, find_word_stems
from grader.reading.screening.counted_things import GENERIC, SYNONYMS

_NOUNS: Final = """
parameter weight bias biases neuron pixel map image picture feature channel filter kernel layer
sample stride padding dilation group batch batches location position epoch iteration step update
token word class classes box boxes anchor cell head block embedding gate sequence row column input
memory width height depth window region
"""
NOUNS: Final = frozenset(_NOUNS.split())
"""Names of things and sizes that questions of the field ask for."""
COUNTS: Final = lazy_regex(
    r"(?:how\s+many|number\s+of)\s+(?!times)(?:(?:more|fewer|less|further|additional|of\s+(?:the|these|its))\s+)?"
    r"(?P<things>[^\W\d_]+(?:[\s-]+(?!(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|must"
    r"|should|may|need|needs|fit|come|comes|go|in|of|for|per|with|without|on|at|from|to|by|into|it|the|a|an"
    r"|and|or|that|which|then|together|times|than|as|there|not)\b)[^\W\d_]+){0,4})",
    re.IGNORECASE,
)
"""A question for a number, and the things that it counts."""
OF_THESE: Final = lazy_regex(r"how\s+many\s+of\s+(?:these|those|them)(?!\w)", re.IGNORECASE)
"""A question for things that another question names."""
ADDED: Final = lazy_regex(
    r"(?<!\w)if\s[^.?]*?(?<!\w)(?:had|has|have)\s+(?:an?\s+)?(?P<things>[^\W\d_]{4,})[^?]*?(?<!\w)how\s+many\s+more(?!\w)",
    re.IGNORECASE,
)
"""Things that are added, and the question how many more there are then."""
MEASURES: Final = lazy_regex(
    r"how\s+(?:wide|large|long|high|tall|deep|far|big)(?!\w)", re.IGNORECASE
)
"""A question for a size."""
SIZE_NOUNS: Final = frozenset(
    {"pixe", "cell", "posi", "loca", "elem", "entr", "toke", "samp", "widt", "heig", "dept"}
)
"""Beginnings of words in which a size is measured, or that name it."""
_PREPOSITIONS: Final = r"(?:per|of|for|in|with|without|at|on|from|and|plus|including|incl|over|by)"
_VALUE: Final = r"[-+]?[0-9][0-9.,_'\s]*"
BEHIND: Final = lazy_regex(
    rf"(?:.*[=:≈→]\s*)?[^0-9=:≈→]*{_VALUE}\s(?:(?!{_PREPOSITIONS}\s)[^\W\d_]+\s+){{0,2}}?(?P<noun>[^\W\d_]{{4,}}s)"
    r"(?:\s+(?:in\s+total|total|altogether|overall))?[\s.!]*",
    re.IGNORECASE | re.DOTALL,
)
"""A plural noun behind the value."""
BEFORE: Final = lazy_regex(
    r"\s*(?:[^\W\d_]+[\s-]+){0,4}?(?!(?:number|amount|count|total|sum)\s+of\s)(?P<noun>[^\W\d_]{3,})(?:\s+(?:of|in|for|per)\s[^0-9=:]*)?"
    r"\s*(?:=|≈|→|->|:(?=\s)|(?:is|are|equals?)\s)[^=≈→:;\n]*[0-9)\s.%]*",
    re.IGNORECASE,
)
"""A noun before the sign, of which a text with one value has only one."""
BRACKETED: Final = lazy_regex(
    r"(?<=[0-9])\s*\((?:(?:in|for|of|at|on)\s+)?(?:the\s+)?(?P<noun>[^\W\d_]{4,})\)[\s.]*\Z",
    re.IGNORECASE,
)
"""A noun in brackets at the end."""
REPEATED_LABEL: Final = lazy_regex(
    r"[=≈:]\s*(?:the\s+)?(?:[^\W\d_]+\s+){0,2}?(?P<noun>[^\W\d_]{4,})\s*[=≈:](?!=)",
    re.IGNORECASE,
)
"""A noun between two signs, ``parameters = neurons = 13``."""
FAMILIES: Final = (
    *SYNONYMS,
    *map(frozenset, (["para", "weig", "lear", "conn"], ["neur", "unit", "node"])),
    *map(frozenset, (["cell", "pixe", "posi", "loca", "plac", "wind"], ["entr", "elem", "acti"])),
    *map(
        frozenset, (["widt", "wide"], ["heig", "high", "tall"], ["dept", "deep"], ["imag", "inpu"])
    ),
)
"""Beginnings of words that may mean the same beside a count."""


def refuse_other_noun(text: str, question: str) -> None:
    """Raise `AnswerError` if *text* names its one value by a noun that the *question* is not about.

    >>> refuse_other_noun("weights: 640", "How many parameters does the layer have?")
    >>> refuse_other_noun("neurons: 640", "How many parameters does the layer have?")
    Traceback (most recent call last):
    grader.errors.AnswerError: The question does not ask for 'neurons'. Expected the value that \
the question asks for, without this remark.
    """
    stems = find_counted_stems(question)
    if not stems:
        return
    subjects = stems | find_word_stems(question)
    for match, allowed in (
        (BEHIND.fullmatch(text), stems),
        (BEFORE.fullmatch(text), subjects),
        (BRACKETED.search(text), subjects),
        (REPEATED_LABEL.search(text), subjects),
    ):
        if match is None:
            continue
        noun = match["noun"].lower()
        # A noun in the plural counts things; one in the singular may be the subject.
        if _is_other_noun(noun, stems if noun.endswith("s") else allowed):
            raise AnswerError(
                f"The question does not ask for '{truncate_line(match['noun'])}'.",
                expected="the value that the question asks for, without this remark",
                position=match.start("noun"),
            )


def add_named_things(question: str, others: str) -> str:
    """Return *question* with those before it, *others*, if it asks for "these" or "them".

    >>> add_named_things("How many of these are active?", "How many weights are there?")
    'How many of these are active? How many weights are there?'
    """
    return f"{question} {others}" if OF_THESE.search(question) else question


def mean_same_things(noun: str, other: str) -> bool:
    """Return whether two nouns may mean the same things beside a count.

    >>> mean_same_things("weights", "parameters"), mean_same_things("neurons", "parameters")
    (True, False)
    """
    stems = {noun.lower()[:STEM_LETTERS], other.lower()[:STEM_LETTERS]}
    return len(stems) == 1 or any(stems <= family for family in FAMILIES)


@lru_cache(maxsize=1024)
def find_counted_stems(question: str) -> frozenset[str]:
    """Return the beginnings of the words for what *question* counts or measures.

    The set is empty if it asks for something else, or counts values or numbers of any kind.
    """
    matches = (*COUNTS.finditer(question), *ADDED.finditer(question))
    things = " ".join(match["things"] for match in matches)
    stems = find_word_stems(things, min_letters=3) - GENERIC
    if MEASURES.search(question):
        return find_word_stems(question, min_letters=3) | SIZE_NOUNS
    return stems


def _is_other_noun(noun: str, stems: frozenset[str]) -> bool:
    """Return whether *noun*, in lower case, is one of the field that means none of *stems*."""
    stem = noun[:STEM_LETTERS]
    if not {noun, noun.removesuffix("s")} & NOUNS or stem in stems:
        return False
    return not any(stem in family and not family.isdisjoint(stems) for family in FAMILIES)
