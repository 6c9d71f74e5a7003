"""Reading of a passage as an answer to a part, with or without the words beside its value."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.extraction.clauses import LETTERED
from grader.reports.extraction.passages import Passage
from grader.reports.scores import SINGLE_VALUE, TOTAL_WORDS
from grader.reports.sheet import SheetPart
from grader.reports.words import find_words

WHOLE_NUMBER: Final = lazy_regex(r"-?\d+")
LARGE_PERCENT: Final = lazy_regex(r"\d{3,}(?:\.\d+)?%")
WHOLE_KINDS: Final = frozenset({"integer"})
GROUPED: Final = lazy_regex(r"(?<![\d.,])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.,]*\d)")
"""Number with periods between its thousands, as in ``10.647``, or a decimal number."""
OTHER_AXES: Final = -4.5
UNLIKELY: Final = -1.2
SYMBOL: Final = lazy_regex(r"[a-z]\d?|#\d+")
"""Word that is the symbol of a quantity, such as ``R_3``."""
PUNCTUATION: Final = "$ .,;\n"


@dataclass(frozen=True, slots=True)
class PassageReading:
    """Text of a passage that could be read, and how; *is_shortened* if words were left out."""

    text: str
    read_as: str
    is_shortened: bool


def read_passage(part: SheetPart, passage: Passage) -> PassageReading | None:
    """Return how a passage, or its value without the words beside it, is read for a part."""
    read_as = part.read(passage.text)
    if read_as is not None:
        return PassageReading(passage.text, read_as, is_shortened=False)
    for text in passage.iterate_shortened_texts() if part.kind != "text" else ():
        read_as = part.read(text)
        if read_as is not None:
            return PassageReading(text, read_as, is_shortened=_omits_words(part, passage, text))
    if part.kind in WHOLE_KINDS and GROUPED.search(passage.text):
        text = GROUPED.sub(lambda match: match[0].replace(".", ""), passage.text)
        read_as = part.read(text)
        if read_as is not None:
            return PassageReading(text, read_as, is_shortened=True)
    return None


def _omits_words(part: SheetPart, passage: Passage, text: str) -> bool:
    """Return whether *text* omits words of a passage other than a name that the part has too."""
    if not passage.text.strip(PUNCTUATION).endswith(text.strip(PUNCTUATION)):
        return True
    omitted = find_words(passage.text) - find_words(text) - part.words - TOTAL_WORDS
    return any(not SYMBOL.fullmatch(word) for word in omitted)


def count_repeated_formulas(readings: Mapping[int, PassageReading]) -> dict[int, int]:
    """Return how many other passages are read as the same formula, by the index of the passage.

    A formula that a report repeats is less likely to be garbled.
    """
    formulas = {
        column: reading.read_as
        for column, reading in readings.items()
        if LETTERED.search(reading.read_as)
    }
    counts = Counter(formulas.values())
    return {column: counts[formula] - 1 for column, formula in formulas.items()}


def count_axes_of_shape(read_as: str) -> int:
    """Return the number of axes of a shape as it was read.

    >>> count_axes_of_shape("64×64×3"), count_axes_of_shape("(H, W, N)")
    (3, 3)
    """
    return read_as.count("×" if "×" in read_as else ",") + 1


def is_single_size(part: SheetPart, reading: PassageReading | None) -> bool:
    """Return whether a reading is one number for a shape of several axes."""
    is_single = reading is not None and count_axes_of_shape(reading.read_as) == 1
    return is_single and part.axes > 1


def is_unlikely(part: SheetPart, reading: PassageReading) -> bool:
    """Return whether a reading has a value that questions of this kind hardly have.

    That is a fraction for a count, a number outside the range in the question, and a share above
    100 % that has no percent sign.
    """
    if part.kind == "integer":
        is_whole = WHOLE_NUMBER.fullmatch(reading.read_as) is not None
        return not is_whole or (bool(part.range) and int(reading.read_as) not in part.range)
    is_large = part.kind == "percent" and LARGE_PERCENT.fullmatch(reading.read_as) is not None
    return is_large and "%" not in reading.text


def score_reading(part: SheetPart, passage: Passage, reading: PassageReading) -> float:
    """Return what speaks against a reading, or for several values that have no brackets."""
    score = OTHER_AXES if part.axes and count_axes_of_shape(reading.read_as) != part.axes else 0.0
    if part.kind == "vector" and "," not in reading.read_as:
        score += SINGLE_VALUE
    elif part.kind == "vector" and "matrix" not in passage.forms:
        score -= SINGLE_VALUE
    if part.kind == "expression" and not LETTERED.search(reading.read_as):
        score += UNLIKELY
    return score + UNLIKELY * is_unlikely(part, reading)
