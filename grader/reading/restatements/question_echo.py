"""Words of the question repeated beside a value: ``15300 numbers for 300 regions``.

A reader does not know the question, so it refuses a number or a word such as ``more`` in a remark.
Here the longest run of words before and after the value is dropped if the question uses them: every
number in it must stand beside the same noun as in the question. What the run says about the value
is judged afterwards by `refuse_qualifiers` and `refuse_unknown_words`, on the whole text.
"""

import re
from collections.abc import Collection
from functools import lru_cache, partial
from typing import Final, NamedTuple

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import Rewriter, Rewriting
from grader.reading.screening.known_words import (
    ECHOED,
    KNOWN,
    find_long_stems,
    repeats_question_word,
)
from grader.reading.units.magnitudes import PERCENT, SCALE_WORDS
from grader.reading.units.unit_names import parse_unit
from grader.reading.wording.meaning_words import CHANGING, SCALING

MIN_NOUN_LETTERS: Final = 3
MIN_NAMED: Final = 3
"""Number of words that must stand in the question so that one of them may be dropped."""
TOKEN: Final = lazy_regex(
    r"(?P<name>[^\W\d_]+[0-9_]\w*)"
    r"|(?P<word>[^\W\d_]+(?:['-][^\W\d_]+)*)"
    r"|(?P<number>[0-9]+(?:[.,][0-9]+)*(?!\w))"
    r"|(?P<pause>[.,;:!](?=\s|\Z)|-(?=[^\W\d_])|(?<=[^\W\d_])-(?=[0-9]))"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
SHORT_WORDS: Final = frozenset(
    {
        *("of", "in", "at", "by", "to", "on", "it", "is", "as", "we", "so", "be", "a"),
        *("an", "the", "do", "i", "my"),
    }
)
"""Words of one or two letters that join others; any other short word may be a symbol or a unit."""
CONDITIONS: Final = frozenset(
    ["if", "unless", "when", "where", "assuming", "provided", "otherwise", "but", "or"]
)
"""Words that begin a condition, which is never dropped."""
APPROXIMATE: Final = frozenset(
    ["about", "around", "roughly", "approximately", "approx", "circa", "nearly"]
)
"""Words of a rounded value, which stay with it."""
SKIPPED: Final = frozenset({"the", "my", "our", "is", "are", "=", ":"})
LINKING: Final = frozenset(
    {
        *("is", "are", "be", "was", "has", "have", "had", "so", "equals", "gives", "get"),
        *("about", "by", "in", "of"),
    }
)
"""Words directly before a value that no reader takes for a function of it."""
OPERATORS: Final = frozenset("+-*/·×^")
FUNCTION_WORDS: Final = frozenset(
    {
        *("with", "from", "over", "into", "have", "does", "that", "than", "each", "many", "for"),
        *("the", "and", "are", "has", "its", "was", "but", "not", "all", "how", "out"),
    }
)
PLACEHOLDER: Final = lazy_regex(r"\{\{[^{}]*\}\}")
SLOT: Final = lazy_regex(
    r"(?:(?P<before>[^\W\d_]{3,})[\s-]{1,2})?(?P<number>\{\{[^{}]*\}\}|[0-9]+(?:\.[0-9]+)?)"
    r"(?:[\s$]{1,3}(?:[^\W\d_]+\s)?(?P<after>[^\W\d_]{3,}))?"
)
"""A number of the question, with the noun before or after it."""


class _Piece(NamedTuple):
    """A token of the answer: its kind, text and place."""

    kind: str
    text: str
    start: int
    end: int


def strip_echo(text: str, question: str) -> Rewriting | None:
    """Return *text* without words of the *question* around the value; None if there are none.

    >>> strip_echo("15300 numbers for 300 regions", "How many numbers for 300 regions?").text
    '15300'
    """
    return _strip(text, question, frozenset(), formula=False)


def build_echo_stripper(names: Collection[str], *, formula: bool) -> Rewriter:
    """Return `strip_echo`, which never drops *names*: variables of a *formula*, or options."""
    return partial(_strip, names=frozenset(names), formula=formula)


def _strip(text: str, question: str, names: frozenset[str], *, formula: bool) -> Rewriting | None:
    pieces = [
        _Piece(str(match.lastgroup), match[0], *match.span())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    if not any(piece.kind == "word" for piece in pieces):
        return None
    echo = _Echo(pieces, question, names)
    start = echo.count_leading(formula=formula)
    end = echo.find_trailing(start)
    if "\n" in text[: pieces[start].start if start < len(pieces) else 0]:
        return None  # a header, whose names may have an order
    if start >= end or (not start and end == len(pieces)):
        return None
    value_start = pieces[start].start if start else 0
    value_end = pieces[end].start if end < len(pieces) else len(text)
    dropped = (text[:value_start].strip(), text[value_end:].strip())
    notes = tuple(f"'{truncate_line(words)}' was ignored." for words in dropped if words)
    return Rewriting(text[value_start:value_end].strip().rstrip(",;"), notes, text)


class _Echo:
    """The tokens of an answer, and which of them repeat the question."""

    def __init__(self, pieces: list[_Piece], question: str, names: frozenset[str]) -> None:
        self.pieces, self.names = pieces, names
        self.question = " ".join(question.lower().split())
        self.stems = find_long_stems(question)
        self.slots = _find_slots(question)

    def count_leading(self, *, formula: bool) -> int:
        """Return how many tokens before the value are words of the question."""
        index = 0
        while index < len(self.pieces) and self._repeats_question(index):
            index += 1
        pieces = self.pieces[:index]
        while pieces and (pieces[-1].kind == "number" or pieces[-1].text == "-"):
            pieces.pop()  # this number may be the value
        if not pieces or not any(piece.kind == "word" for piece in pieces):
            return 0
        last, following = pieces[-1], self.pieces[len(pieces) : len(pieces) + 1]
        if following and following[0].text in OPERATORS and not self._is_sign(len(pieces)):
            return 0
        run = " ".join(piece.text for piece in pieces if piece.text.lower() not in SKIPPED)
        if len(run.split()) > 1 and run.lower().rstrip(" :") in self.question:
            return len(pieces)  # the question's own name of the value
        if formula and last.text.lower() not in LINKING and last.text != ":":
            return 0
        changing = any(piece.text.lower() in ECHOED for piece in pieces)
        if changing and last.text.lower() not in {*LINKING, *ECHOED} and last.text != ":":
            return 0
        return len(pieces)

    def _is_sign(self, index: int) -> bool:
        """Return whether the token at *index* is a sign before a number, behind a verb."""
        sign, number = self.pieces[index], self.pieces[index + 1 : index + 2]
        touches = bool(number) and number[0].kind == "number" and number[0].start == sign.end
        return touches and sign.text in "+-" and self.pieces[index - 1].text.lower() in LINKING

    def find_trailing(self, start: int) -> int:
        """Return the index of the first token after the value that is a word of the question."""
        index = len(self.pieces)
        while index > start + 1 and self._repeats_question(index - 1):
            index -= 1
        while index < len(self.pieces) and self._belongs_to_value(index):
            index += 1
        before = self.pieces[index - 1]
        if before.kind == "word" and index > start + 1 and not self._belongs_to_value(index - 1):
            return len(self.pieces)  # a word that is not in the question goes with those behind it
        words = any(piece.kind == "word" for piece in self.pieces[index:])
        return index if words else len(self.pieces)

    def _belongs_to_value(self, index: int) -> bool:
        """Return whether the token at *index*, behind the value, may be a part of it."""
        piece = self.pieces[index]
        if piece.kind == "number":
            return True
        if piece.kind != "word" or index == 0:
            return False
        word = piece.text.lower()
        scales = word in SCALE_WORDS or word in PERCENT or parse_unit(piece.text) is not None
        return scales and self.pieces[index - 1].kind in {"number", "other", "word"}

    def _repeats_question(self, index: int) -> bool:
        """Return whether the token at *index* repeats the question, or joins words that do."""
        piece = self.pieces[index]
        if piece.kind == "pause":
            return True
        if piece.kind == "number":
            return self._fills_slot(index)
        if piece.kind != "word" or piece.text in self.names:
            return False
        word = piece.text.lower()
        if len(word) < MIN_NOUN_LETTERS:
            return word in SHORT_WORDS or piece.text in {"px", "ms"}
        if word in CONDITIONS or word in APPROXIMATE:
            return False
        if CHANGING.fullmatch(word) or SCALING.fullmatch(word):
            return not self.stems.isdisjoint(ECHOED.get(word, ())) or self._is_named(index)
        return word in KNOWN or repeats_question_word(word, self.stems)

    def _is_named(self, index: int) -> bool:
        """Return whether the word at *index* and its neighbors stand so in the question."""
        near = [piece.text.lower() for piece in self.pieces[max(0, index - 1) : index + 2]]
        return len(near) >= MIN_NAMED and " ".join(near) in self.question

    def _fills_slot(self, index: int) -> bool:
        """Return whether the number at *index* stands beside the same noun as in the question."""
        number = self.pieces[index].text
        near = [*self.pieces[max(0, index - 1) : index], *self.pieces[index + 1 : index + 2]]
        if near and near[0].text == "-":  # the hyphen of "top-3"
            near = [*self.pieces[max(0, index - 2) : index - 1], *near]
        stems = {piece.text.lower()[:STEM_LETTERS] for piece in near if piece.kind == "word"}
        return any(
            noun in stems and (asked is None or asked == number) for noun, asked in self.slots
        )


@lru_cache(maxsize=1024)
def _find_slots(question: str) -> tuple[tuple[str, str | None], ...]:
    """Return the nouns beside the numbers of a question, with the number, None if it is drawn."""
    slots: list[tuple[str, str | None]] = []
    for match in SLOT.finditer(question):
        number = None if match["number"].startswith("{{") else match["number"]
        nouns = (match["before"], match["after"])
        slots += [
            (noun.lower()[:STEM_LETTERS], number)
            for noun in nouns
            if noun and len(noun) >= MIN_NOUN_LETTERS and noun.lower() not in FUNCTION_WORDS
        ]
    return tuple(slots)
