"""Numbered things beside a value: ``layer 1: 640`` answers no question about layer 2.

The question must number the same noun, so that the two numbers can be compared.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.screening.counted_things import SYNONYMS

Index: TypeAlias = tuple[int, ...] | str
"""The number or position of a thing, or its letter."""

ORDINALS: Final = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
CARDINALS: Final = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_ORDINAL: Final = rf"(?:{'|'.join(ORDINALS)}|[1-9][0-9]?(?:st|nd|rd|th))"
_CARDINAL: Final = "|".join(CARDINALS)
_POSITION: Final = r"[(\[]\s*[0-9]{1,3}(?:\s*,\s*[0-9]{1,3}){1,3}\s*[)\]]|(?:\[[0-9]{1,3}\]){1,4}"
_NOT_A_NOUN: Final = (
    r"(?!(?:and|the|for|are|was|has|get|but|not|per|via|with|than|from|into|only|about|have|takes?|gives?|gets?|equals?|exactly|least|most|over"
    r"|then|thus|hence|therefore|total|answer|result|value|roughly|around|approx\w*|plus|minus|times"
    r"|because|since|after|before|until|where|which|that|this|these|those|when|does|makes?|means)\b)"
)
_NOUN: Final = rf"(?<![^\W\d_]){_NOT_A_NOUN}[^\W\d_]{{3,20}}"
REFERENCE: Final = lazy_regex(
    rf"(?P<noun>{_NOUN})(?:\s{{0,2}}[_#.]?\s{{0,2}}\$?)(?:(?P<position>{_POSITION})"
    rf"|(?P<number>[0-9]{{1,3}})(?![0-9]|[.,][0-9]|\s?[%×*/^]|\s?\\times|\s?x\s?[0-9])"
    rf"|(?<=\s)(?P<cardinal>{_CARDINAL})(?![\w-])"
    r"|(?<=[\s$])(?-i:(?P<letter>[A-HJ-Z]))(?![\w{}\\^-]))\$?"
    rf"|(?<![\w-])(?P<ordinal>{_ORDINAL})\s+(?P<things>[^\W\d_]{{3,20}}(?:[\s-]+[^\W\d_]{{3,20}}){{0,2}})",
    re.IGNORECASE,
)
"""A noun with a number, a position or a letter, or behind an ordinal."""
CELL_OF_ARRAY: Final = lazy_regex(
    rf"(?:(?<![^\W\d_])[^\W\d_]{{1,6}}|\bat\s+)(?P<position>{_POSITION})"
)
"""An entry of a named array, ``Y[0, 1]``, or a position: ``at (0, 1)``."""
SHORT_NAME: Final = lazy_regex(
    r"(?<!\w)(?P<noun>[^\W\d_]{1,6})_?\{?(?P<number>[0-9]{1,2})\}?(?=\s*[=:])"
)
"""An abbreviated noun with its number, before a sign: ``L1:``."""
MEANWHILE: Final = lazy_regex(
    r"(?:[,;](?=\s)|\n)[^0-9]*?[^\W\d_][^0-9]*[0-9]|[^\W\d_]\s*(?:→|⇒|=>|->)"
    r"|(?<!\w)(?:so|thus|hence|then|therefore|and|with|from|gives?|leads?|has|have|is|are|we|get)(?!\w)[^0-9]*[0-9]",
    re.IGNORECASE,
)
"""Steps of working, in which other things may occur on the way to the value."""
BEHIND: Final = lazy_regex(
    r"[\s,;([–-]*(?:[^\W\d_%]{3,20}\s+){0,2}?"
    r"(?:(?:for|of|in|at|on|after|before|by|is|are|it|it's|that's|this|that|the|=|←|<-)\s+)*",
    re.IGNORECASE,
)
"""What may stand between a value and the thing that it belongs to."""
LABELED: Final = lazy_regex(
    r"[^,;\n]*?(?:[=:≈→⇒]|->|(?<!\w)(?:is|are|has|have|gives?|needs?|takes?|contains?|outputs?)(?!\w))[^,;\n]*",
    re.IGNORECASE,
)
"""What stands between a label and its value: a sign or a verb."""
INTRODUCED: Final = lazy_regex(r"\W*(?:in|for|at|on)\s+(?:the\s+)?", re.IGNORECASE)
CLAUSE: Final = lazy_regex(r"\s+(?:it|this|that|there|we|i)\s[^0-9;\n]*", re.IGNORECASE)
"""What introduces a thing, and the clause behind it: ``In layer 2 it is, in total,``."""
MAX_THINGS: Final = 20
FROM_ZERO: Final = lazy_regex(r"(?<!\w)from\s+\$?0(?![\w.])")
DIGIT: Final = lazy_regex(r"[0-9]")


class _Reference(NamedTuple):
    """A numbered thing: beginnings of its nouns, its number, how it is counted, and its place."""

    stems: frozenset[str]
    label: Index
    start: int
    end: int
    ordinal: bool = False


def refuse_other_numbered_thing(text: str, question: str, statement: str = "") -> None:
    """Raise `AnswerError` if *text* says that its value belongs to another thing than asked about.

    >>> refuse_other_numbered_thing("layer 2: 640", "How many weights does layer 2 have?")
    >>> refuse_other_numbered_thing("layer 1: 640", "How many weights does layer 2 have?")
    Traceback (most recent call last):
    grader.errors.AnswerError: The question does not ask about 'layer 1'. Expected the value that \
the question asks for.
    """
    named_things = list(islice(_find_references(text), MAX_THINGS))
    if not named_things:
        return
    asked_things = _find_question_references(question)
    counts_from_zero = FROM_ZERO.search(f"{question} {statement}") is not None
    if not asked_things or any(
        _are_same(thing, asked_thing, from_zero=counts_from_zero)
        for thing in named_things
        for asked_thing in asked_things
    ):
        return
    for thing in named_things:
        comparable = any(_are_comparable(thing, asked_thing) for asked_thing in asked_things)
        if comparable and (_labels_value(text, thing, named_things) or _ends_value(text, thing)):
            name = truncate_line(text[thing.start : thing.end])
            raise AnswerError(
                f"The question does not ask about '{name}'.",
                expected="the value that the question asks for",
                position=thing.start,
            )


@lru_cache(maxsize=1024)
def _find_question_references(question: str) -> tuple[_Reference, ...]:
    """Return the numbered things that *question* names."""
    return tuple(_find_references(question))


def _find_references(text: str) -> Iterator[_Reference]:
    """Yield the numbered things in *text*."""
    for match in REFERENCE.finditer(text):
        words = (match["noun"] or match["things"]).lower().replace("-", " ").split()
        yield _Reference(
            frozenset(word[:STEM_LETTERS] for word in words),
            _find_index(match),
            match.start(),
            match.end() if match["noun"] else match.end("ordinal"),
            match["ordinal"] is not None,
        )
    for match in CELL_OF_ARRAY.finditer(text):
        position = _to_position(match["position"])
        yield _Reference(frozenset({""}), position, match.start(), match.end())
    for match in SHORT_NAME.finditer(text):
        stem = match["noun"].lower()[:STEM_LETTERS]
        number = (int(match["number"]),)
        yield _Reference(frozenset({stem}), number, match.start(), match.end())


def _find_index(match: re.Match[str]) -> Index:
    """Return the number, the position or the letter of the thing in *match*."""
    if match["position"]:
        return _to_position(match["position"])
    if match["number"]:
        return (int(match["number"]),)
    if match["cardinal"]:
        return (CARDINALS.index(match["cardinal"].lower()) + 1,)
    if match["letter"]:
        return str(match["letter"])
    ordinal = match["ordinal"].lower()
    if ordinal in ORDINALS:
        return (ORDINALS.index(ordinal) + 1,)
    return (int(ordinal[:-2]),)


def _to_position(written: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", written))


def _are_comparable(thing: _Reference, other_thing: _Reference) -> bool:
    """Return whether two things are of one kind, so that their numbers can be compared."""
    if isinstance(thing.label, str) != isinstance(other_thing.label, str):
        return False
    if len(thing.label) != len(other_thing.label):
        return False
    if len(thing.label) > 1 and "" in thing.stems:
        return True
    return any(_may_mean(stem, other_thing.stems) for stem in thing.stems if stem)


def _may_mean(stem: str, stems: frozenset[str]) -> bool:
    """Return whether a noun that begins with *stem* may mean one of those with *stems*."""
    if any(stem in family and family & stems for family in SYNONYMS):
        return True
    return stem in stems or (
        len(stem) < STEM_LETTERS and any(longer.startswith(stem) for longer in stems)
    )


def _are_same(thing: _Reference, other_thing: _Reference, *, from_zero: bool) -> bool:
    """Return whether two things are the same; *from_zero* the first may be number 0 or 1."""
    if not _are_comparable(thing, other_thing):
        return False
    if thing.label == other_thing.label:
        return True
    if (
        not from_zero
        or thing.ordinal == other_thing.ordinal
        or isinstance(thing.label, str)
        or isinstance(other_thing.label, str)
    ):
        return False
    counted, numbered = (thing, other_thing) if thing.ordinal else (other_thing, thing)
    return int(counted.label[0]) - int(numbered.label[0]) == 1


def _labels_value(text: str, thing: _Reference, others: list[_Reference]) -> bool:
    """Return whether *thing* stands before the value, with no step of working between."""
    rest = _blank(text, others)
    value = DIGIT.search(rest, thing.end)
    if value is None or DIGIT.search(rest, 0, thing.start):
        return False
    direct = LABELED.fullmatch(rest, thing.end, value.start()) is not None
    if INTRODUCED.fullmatch(text, 0, thing.start):
        direct = direct or CLAUSE.fullmatch(rest, thing.end, value.start()) is not None
    return direct and not MEANWHILE.search(rest, value.start())


def _ends_value(text: str, thing: _Reference) -> bool:
    """Return whether *thing* ends the text behind the value, alone or behind a preposition."""
    values = list(DIGIT.finditer(text, 0, thing.start))
    if not values or DIGIT.search(text, thing.end):
        return False
    return BEHIND.fullmatch(text, values[-1].end(), thing.start) is not None


def _blank(text: str, things: list[_Reference]) -> str:
    """Return *text* with blanks in place of the numbered *things*."""
    for thing in things:
        text = f"{text[: thing.start]}{' ' * (thing.end - thing.start)}{text[thing.end :]}"
    return text
