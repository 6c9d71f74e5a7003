"""Arrays of a clause, with the words beside each."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from grader.lazy_regex import lazy_regex
from grader.reports.extraction.clauses import (
    DIGIT,
    DISPLAY,
    MATRIX_TEX,
    RELATION,
    get_text_before_value,
)
from grader.reports.words import find_words

BETWEEN_MATRICES: Final = lazy_regex(
    r"\\q?quad|(?<=matrix\})\s*,|(?<=\})\s*(?=[A-Z]\s*=\s*\\begin)"
)
BRACKET: Final = lazy_regex(r"[\[\]]")
MAX_WORDS_LENGTH: Final = 200


class ArrayValue(NamedTuple):
    """Array of a clause with the words *beside* it; *is_whole* if no bracket is missing."""

    text: str
    beside: frozenset[str]
    is_whole: bool


class NamedArray(NamedTuple):
    """Array of a sentence, with the text *before* it, from the array before."""

    text: str
    before: str


def split_printed_arrays(clause: str) -> list[NamedArray]:
    """Return the arrays in double brackets of a sentence.

    >>> [array.before for array in split_printed_arrays("first [[1], [2]], then [[3]]")]
    ['first ', ', then ']
    """
    arrays: list[NamedArray] = []
    start = end = depth = 0
    for match in BRACKET.finditer(clause):
        if depth == 0 and clause.startswith("[[", match.start()):
            start, depth = match.start(), 1
        elif depth:
            depth += 1 if match[0] == "[" else -1
            if depth == 0:
                arrays.append(NamedArray(clause[start : match.end()], clause[end:start]))
                end = match.end()
    return arrays


def find_arrays(clause: str) -> Iterator[ArrayValue]:
    """Yield the arrays of a clause: those of a sentence, of each formula, and each named one."""
    printed = [] if "$" in clause else split_printed_arrays(clause)
    if printed[1:] or (printed and not RELATION.search(clause)):
        for text, before in printed:
            yield ArrayValue(text, find_words(before), is_whole=True)
        return
    outside = MATRIX_TEX.split(clause)[0] + clause[clause.rfind("$$") + 2 :]
    for text in split_matrices(clause):
        words = MATRIX_TEX.sub(" ", f"{outside} ; {get_text_before_value(text)}"[:MAX_WORDS_LENGTH])
        yield ArrayValue(text, find_words(words), text.count("[") <= text.count("]"))


def split_matrices(clause: str) -> Iterator[str]:
    """Yield the arrays of a clause: those of each formula, and each named array in it."""
    for formula in DISPLAY.findall(clause) or [clause]:
        yield from (
            piece.strip() for piece in BETWEEN_MATRICES.split(formula) if DIGIT.search(piece)
        )
