"""Doubts about a passage that was chosen for a part: why a person must look at it."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.extraction.passage_context import BESIDE
from grader.reports.extraction.passages import Passage
from grader.reports.passage_reading import PassageReading, count_axes_of_shape, is_unlikely
from grader.reports.regions import Region
from grader.reports.scores import Scores
from grader.reports.sheet import SheetPart
from grader.reports.words import find_words

CERTAIN_SUPPORT: Final = 0.7
UNLABELED_SUPPORT: Final = 1.0
CUT_SUPPORT, CUT_RESULT_SUPPORT = 1.5, 1.1
CERTAIN_MARGIN: Final = 0.35
CUT_MARGIN: Final = 0.6
LONG_NUMBER: Final = lazy_regex(r"-?\d{3,}")
UNREADABLE: Final = "the answer cannot be read"
NO_LABEL: Final = "the label of the question is not in the report"
OTHER_LETTER: Final = "the value is under the letter of another part"
REPEATED: Final = "the value answers another part"
ORDER_ONLY: Final = "only the order of the answers says that this is the part"
DIFFERENT_WORDS: Final = "the words beside the value describe something else"
OTHER_WORDS: Final = "the words beside the value are those of another part"
MANY_MISSING_WORDS: Final = 3
REFERENCE: Final = "words beside the value say that it is not an answer"
SETTINGS: Final = "the value is one of several settings in its line"
NUMBERED_PLACE: Final = (
    r"(?:sections?|sec\.|tables?|tab\.|figures?|figs?\.|appendix|chapters?|questions?|exercises?"
    r"|parts?|lines?|equations?|eqs?\.|refs?\.|pages?|pp?\.)[\s~]{0,3}"
)
POINTER: Final = (
    r"(?<![\w.])(?:(?:see|cf\.?|not|e\.\s?g\.|for (?:example|instance))[,:]?\s{1,3}(?:the\s)?"
    rf"(?:{NUMBERED_PLACE})?\W{{0,3}}|{NUMBERED_PLACE}[(\[$#]{{0,2}})"
)
"""Words before a number that is a place, an example or denied."""
NUMBER_IN_BRACKETS: Final = lazy_regex(
    r"(?<![\w.])(?:by|from|in|using|via|with)\s{1,3}[(\[](\d{1,3}(?:\.\d{1,2})?)[)\]]",
    re.IGNORECASE,
)
"""Number of an equation in a sentence: ``it is given by (12)``."""
BEFORE_NUMBER: Final = lazy_regex(r"\D{0,40}")
ENDS_WITH_POINTER: Final = lazy_regex(rf"({POINTER})$", re.IGNORECASE)
POINTS: Final = r"\W{0,4}(?:points?|pts?|marks?)\b"
"""Words after a number that are the points of a question."""
STARTS_WITH_POINTS: Final = lazy_regex(rf"({POINTS})", re.IGNORECASE)
ENDS_WITH_POINTS: Final = lazy_regex(rf"\d({POINTS})\W{{0,3}}$", re.IGNORECASE)
SETTING: Final = lazy_regex(
    r"(?<![\w=])[A-Z](?:_\{?\w{1,2}\}?)\s?=\s?(?:[A-Z]_\{?\w{1,2}\}?\s?=\s?)?\d"
)
MIN_SETTINGS: Final = 3
"""Number of symbols with values in one line from which they are those of a layer: ``P_w = 2``."""
MIN_WORD: Final = 3
NEARBY: Final = 40
"""Number of characters before a value that may say so."""
ONE_ROW: Final = 2
"""Number of opening brackets of an array with one row."""


def find_doubt(
    passage: Passage,
    support: float,
    margin: float,
    *,
    region: Region,
    index: int,
    is_own_letter: bool | None = None,
    has_unused_letters: bool = False,
) -> str:
    """Return why a passage may not be the answer, "" if nothing speaks against it.

    *index* is that of the part in the sheet. *support* says how well its words fit the part,
    *margin* how much better than all others, *is_own_letter* whether the passage stands under the
    letter of the part, None if under none, *has_unused_letters* that the values of the question
    have letters which name no parts.
    """
    if is_own_letter is False:
        return OTHER_LETTER
    is_sentence = passage.is_cut or not passage.is_conclusion
    if margin < (CUT_MARGIN if is_sentence else CERTAIN_MARGIN):
        return "another passage fits as well"
    if index in region.lacking and support < 2 * CERTAIN_SUPPORT:
        return NO_LABEL
    least_cut = CUT_RESULT_SUPPORT if passage.is_conclusion else CUT_SUPPORT
    if passage.is_cut and support < least_cut and not (is_own_letter and passage.is_conclusion):
        return "the value is in a sentence with others"
    is_only_value = margin == math.inf and region.is_labeled and not is_sentence
    is_only_value = is_only_value and not has_unused_letters
    least = CERTAIN_SUPPORT if region.is_labeled else UNLABELED_SUPPORT
    if support < least and not is_only_value:
        return ORDER_ONLY
    return ""


def find_words_doubt(part: SheetPart, passage: Passage, *, region: Region) -> str:
    """Return a doubt if the words beside a passage differ from the title of the part.

    More than half of the words of the title, and at least three, are missing around the passage,
    a word beside it is neither in the part nor in the problem, and no label names the part.
    """
    if region.is_labeled or part.has_name(passage.label_text):
        return ""
    missing = part.title_words - passage.words.keys()
    beside = {word for word, weight in passage.words.items() if weight >= BESIDE}
    is_missing = len(missing) > max(len(part.title_words) / 2, MANY_MISSING_WORDS - 1)
    return DIFFERENT_WORDS if is_missing and beside - part.words - part.problem_words else ""


def names_other_part(part: SheetPart, passage: Passage, others: Iterable[SheetPart]) -> bool:
    """Return whether the name beside a passage is that of another part of the problem.

    The title of the other part has all words of the name that this part has, and more of them.
    """
    name = {word for word in find_words(passage.label_text) if len(word) > 1}  # h_t has symbols
    shared = name & (part.words | part.problem_words)
    return not part.has_name(passage.label_text) and any(
        other.problem == part.problem
        and (other.has_name(passage.label_text) or shared < name & other.title_words)
        for other in others
    )


def find_form_doubt(part: SheetPart, passage: Passage, reading: PassageReading) -> str:
    """Return what is unusual about the form of an answer, "" if nothing is."""
    if reading.is_shortened:
        return "words beside the value were left out"
    is_given = not passage.is_conclusion and passage.text in part.prompt_numbers
    if passage.is_question or is_given:
        return "the value is in the question"
    if _is_reference(part, passage):
        return REFERENCE
    settings, others = (len(SETTING.findall(text)) for text in (passage.text, passage.source))
    if settings < MIN_SETTINGS <= others:
        return SETTINGS
    if part.axes and count_axes_of_shape(reading.read_as) != part.axes:
        return "the shape has another number of axes"
    if is_unlikely(part, reading):
        return (
            "the question asks for a whole number"
            if part.kind == "integer"
            else "the share is above 100 %"
        )
    if part.kind == "vector" and "matrix" not in passage.forms:
        return "the question asks for several values"
    if part.kind == "matrix" and reading.read_as.count("[") <= ONE_ROW:
        return "the array has one row only"
    return ""


def _is_reference(part: SheetPart, passage: Passage) -> bool:
    """Return whether a value is the number of a place, an example, denied, or points.

    It is not if the part has the word too, as a question about the pages of memory has.
    """
    numbers = NUMBER_IN_BRACKETS.findall(passage.quote)
    if passage.text.strip("$ ()[]") in numbers or NUMBER_IN_BRACKETS.search(passage.text):
        return True
    start_of_text = BEFORE_NUMBER.match(passage.text)
    matches = [ENDS_WITH_POINTS.search(passage.text)]
    if start_of_text:
        matches.append(ENDS_WITH_POINTER.search(start_of_text[0]))
    value = passage.text.strip("$ ")
    start = passage.quote.find(value)
    while start >= 0:
        end = start + len(value)
        before, after = passage.quote[max(0, start - NEARBY) : start], passage.quote[end:]
        if not before[-1:].isdigit():
            matches.append(ENDS_WITH_POINTER.search(before))
        matches.append(STARTS_WITH_POINTS.match(after))
        start = passage.quote.find(value, end) if value else -1
    return any(
        not any(len(word) >= MIN_WORD for word in find_words(match[1]) & part.words)
        for match in matches
        if match
    )


def find_repeated_numbers(
    readings: Mapping[int, str], support: Mapping[int, float]
) -> Iterator[int]:
    """Yield the parts whose long number was also chosen for a part that it fits better.

    *readings* and *support* are those of the certain answers, by part.
    """
    for index, read_as in readings.items():
        if LONG_NUMBER.fullmatch(read_as) and any(
            support[other] > support[index]
            for other, other_reading in readings.items()
            if other_reading == read_as
        ):
            yield index


def find_repetitions(
    chosen: Sequence[int | None], readings: Sequence[Mapping[int, PassageReading]], support: Scores
) -> Iterator[tuple[int, int]]:
    """Yield the passages that repeat the long number of a part that they fit better.

    *chosen*, *readings* and *support* are those of a region. Each pair is a part for which the
    number was chosen too, and a passage that is no answer to it.
    """
    answers = {
        row: readings[row][column].read_as
        for row, column in enumerate(chosen)
        if column is not None and column in readings[row]
    }
    for row, answer in answers.items():
        others = [other for other in answers if other != row and answers[other] == answer]
        if others and LONG_NUMBER.fullmatch(answer):
            yield from (
                (row, column)
                for column, reading in readings[row].items()
                if reading.read_as == answer
                and support[others, column].max() > support[row, column]
            )
