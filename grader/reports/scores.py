"""Scores of passages as answers to parts, from words, labels and forms; never from a key."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from grader.lazy_regex import lazy_regex
from grader.reports.extraction.clauses import ARRAY, count_axes_of_last_shape, get_text_before_value
from grader.reports.extraction.passage_context import BESIDE, CLAUSE, LEAD
from grader.reports.extraction.passages import Passage
from grader.reports.sheet import SheetPart, normalize_name
from grader.reports.words import CHANNELS, select_numbering_words

Scores = npt.NDArray[np.float64]

WORDS: Final = 4.0
PROBLEM_WORDS: Final = 1.0
EXACT_NAME: Final = 4.0
OTHER_NUMBER: Final = -1.6
MORE_NUMBERS: Final = -0.8
ONE_CHANNEL: Final = -0.6
"""Penalty for the value of a color channel if the part names none."""
OTHER_WORDS, MOST_OTHER_WORDS = -0.5, 2.0
"""Penalty for a word of another part, and how many of them count."""
IN_CLAUSE: Final = 0.4
"""Share of that penalty for a word elsewhere in the sentence."""
TOTAL_OF_OTHERS: Final = -0.8
CONCLUSION: Final = 0.3
CUT: Final = -0.3
INPUT: Final = -0.9
TOTAL: Final = 0.5
EXACT_LABEL: Final = 0.4
PROSE: Final = -0.3
WRITTEN_AS_SHAPE: Final = 0.3
REPEATED: Final = -0.7
DEFINITION: Final = -0.6
DEFINES: Final = lazy_regex(r"\$?\s*[A-Za-z]\w?\s*=\s*\d+\s*\$?")
"""Value that a sentence gives to a letter."""
SIZE_FOR_COUNT: Final = -0.5
"""Penalty for a size where the question counts something."""
OTHER_SIZES: Final = -1.5
"""Penalty for a shape with another number of axes, such as 3×3 for the shape of a map."""
PRODUCT: Final = lazy_regex(r"=\s*\d+\s*\$*\.?$")
"""Result of a product, which is not a shape."""
STEP: Final = -0.6
QUESTION: Final = -1.5
LAST: Final = 0.25
POSITION: Final = 0.6
CORRECTED: Final = -0.5
NEAR: Final = 0.5
"""Weight from which a numbered word belongs to a passage."""
STEP_WORDS: Final = frozenset(
    {"weight", "bias", "input", "padding", "stride", "intermediate", "shape"}
)
TOTAL_WORDS: Final = frozenset({"total", "answer"})
COUNTED, OTHER_COUNTED = 0.8, -0.5
"""Bonus for what the question counts behind a value, and the penalty for something else."""
COUNT_WORDS: Final = frozenset(
    [
        "param",
        "mac",
        "layer",
        "channel",
        "filter",
        "patch",
        "token",
        "step",
        "box",
        "class",
        "unit",
        "neuron",
        "bit",
        "byte",
        "epoch",
    ]
)
EMPHASIS: Final = 0.4
ENDS_SENTENCE: Final = 0.25
THIS_COLUMN, OTHER_COLUMN = 0.6, -0.8
WRITTEN_AS_LIST, SINGLE_VALUE = 0.4, -1.0
"""Bonus for several values if the part asks for several, and the penalty for a single one."""
PERCENT: Final = lazy_regex(r"\d\s*\\?%")
WRITTEN_AS_PERCENT, NO_PERCENT = 0.5, -1.0
OTHER_SIDE: Final = -1.0
CONTRASTS: Final = (
    frozenset({"train", "validation", "test"}),
    frozenset({"down", "up"}),
    frozenset({"max", "min", "avg"}),
    frozenset({"prec", "recall"}),
    frozenset({"depthwise", "pointwise"}),
)
"""Words of which a value beside one is no answer to a question about another."""
FINAL: Final = 0.4
ARRAY_KINDS: Final = frozenset({"matrix", "tensor", "vector"})
LIST_KINDS: Final = frozenset({"set", "vector"})
GENERIC_WORDS: Final = frozenset({"param", "mac", "parameter", "value", "layer"})
IMPOSSIBLE: Final = -math.inf


def score_support(parts: Sequence[SheetPart], passages: Sequence[Passage]) -> Scores:
    """Return how much the words around each passage are those of each part, and no others."""
    support = WORDS / 2 * _score_words([part.words for part in parts], passages)
    support += WORDS / 2 * _score_words([part.title_words for part in parts], passages)
    for column, passage in enumerate(passages):
        equated = "" if passage.is_cut else get_text_before_value(passage.text)
        name = normalize_name(passage.label_text or equated)
        for row, part in enumerate(parts):
            if name and name in part.names:
                support[row, column] += EXACT_NAME
    return support


def score_passages(parts: Sequence[SheetPart], passages: Sequence[Passage]) -> Scores:
    """Return the score of each passage for each part; minus infinity where the form differs."""
    scores = score_support(parts, passages)
    scores += PROBLEM_WORDS * _score_words([part.problem_words for part in parts], passages)
    scores += _score_numbers(parts, passages)
    scores += np.array([_score_alone(passage) for passage in passages])
    scores += _score_other_words(parts, passages)
    for row, part in enumerate(parts):
        for column, passage in enumerate(passages):
            scores[row, column] += _score_pair(part, passage)
    return scores


def score_positions(count: int, length: int) -> Scores:
    """Return a bonus for passages that stand about where their parts do, of *count* parts.

    It decides between passages, but is no evidence that the choice is right.
    """
    return np.asarray(
        POSITION
        * (1 - np.abs(_compute_even_positions(count)[:, None] - _compute_even_positions(length))),
        np.float64,
    )


def score_corrections(passages: Sequence[Passage]) -> Scores:
    """Return a penalty for a value whose name comes again with another value, as corrections do.

    It is no evidence either, because the later value may be about something else.
    """
    names = [(one.label, one.label_text, frozenset(one.words.items())) for one in passages]
    last = {name: index for index, name in enumerate(names)}
    return np.array(
        [CORRECTED * bool(name[1] and last[name] != index) for index, name in enumerate(names)]
    )


def _compute_even_positions(count: int) -> Scores:
    """Return *count* positions from 0 to 1; the middle for a single one."""
    return np.linspace(0, 1, count) if count > 1 else np.full(count, 0.5)


def _score_words(wanted_words: Sequence[frozenset[str]], passages: Sequence[Passage]) -> Scores:
    """Return the share of each part's words that stand around each passage, rare words first."""
    counts = Counter(word for words in wanted_words for word in words)
    index = {word: number for number, word in enumerate(counts)}
    total = len(wanted_words)
    wanted = np.zeros((total, len(index)))
    for row, words in enumerate(wanted_words):
        for word in words:
            wanted[row, index[word]] = math.log(1 + total / counts[word])
    present = np.zeros((len(passages), len(index)))
    for row, passage in enumerate(passages):
        for word, weight in passage.words.items():
            if word in index:
                present[row, index[word]] = weight
    norms = np.sqrt((wanted**2).sum(axis=1)) * np.sqrt(np.maximum((wanted > 0).sum(axis=1), 1))
    share = wanted @ present.T / np.maximum(norms, 1e-9)[:, None]
    return np.asarray(share, np.float64)


def _score_numbers(parts: Sequence[SheetPart], passages: Sequence[Passage]) -> Scores:
    """Return a penalty where a passage names another layer or place than the part."""
    near = [
        select_numbering_words(word for word, weight in passage.words.items() if weight >= NEAR)
        for passage in passages
    ]
    beside = [
        select_numbering_words(word for word, weight in passage.words.items() if weight >= BESIDE)
        for passage in passages
    ]
    known = [select_numbering_words(part.words) for part in parts]
    every = frozenset().union(*known)
    scores = np.zeros((len(parts), len(passages)))
    for row, names in enumerate(known):
        for column in range(len(passages)):
            present = (beside[column] or near[column]) & every
            if names and present and not names & present:
                scores[row, column] = OTHER_NUMBER
            elif names and beside[column] & every > names:
                scores[row, column] = MORE_NUMBERS
            elif near[column] & CHANNELS and not names & CHANNELS:
                scores[row, column] = ONE_CHANNEL
    return scores


def _score_other_words(parts: Sequence[SheetPart], passages: Sequence[Passage]) -> Scores:
    """Return a penalty for the words beside a passage that only titles of other parts have."""
    counts = Counter(word for part in parts for word in part.title_words)
    most = math.log(1 + len(parts))
    scores = np.zeros((len(parts), len(passages)))
    for column, passage in enumerate(passages):
        beside = {
            word: 1.0 if weight >= BESIDE else IN_CLAUSE
            for word, weight in passage.words.items()
            if weight >= CLAUSE and word in counts
        }
        rarity = {
            word: share * math.log(1 + len(parts) / counts[word]) / most
            for word, share in beside.items()
        }
        names = {word for word, weight in passage.words.items() if weight >= BESIDE}
        # The total of a list, under the line that leads to the list, belongs to that line.
        is_total = bool(TOTAL_WORDS & names) and not TOTAL_WORDS.issuperset(names - GENERIC_WORDS)
        for row, part in enumerate(parts):
            other = sum(rarity[word] for word in beside if word not in part.words)
            scores[row, column] = OTHER_WORDS * min(other, MOST_OTHER_WORDS)
            if is_total and not TOTAL_WORDS & part.words:
                scores[row, column] += TOTAL_OF_OTHERS
    return scores


def _score_alone(passage: Passage) -> float:
    """Return what speaks for a passage whatever the part."""
    nearest = 1.0 if passage.forms != ARRAY else LEAD  # an array has no words beside it
    beside = {word for word, weight in passage.words.items() if weight >= nearest}
    return (
        (CONCLUSION if passage.is_conclusion else PROSE)
        + CUT * passage.is_cut
        + TOTAL * bool(beside & TOTAL_WORDS)
        + QUESTION * passage.is_question
        + DEFINITION * bool(passage.is_cut and DEFINES.fullmatch(passage.text))
        + LAST * passage.is_last
        + EMPHASIS * passage.is_emphasized
        + ENDS_SENTENCE * passage.ends_sentence
    )


def _score_pair(part: SheetPart, passage: Passage) -> float:
    if not part.forms & passage.forms:
        return IMPOSSIBLE
    score = 0.0
    beside = {word for word, weight in passage.words.items() if weight >= BESIDE}
    if beside & STEP_WORDS and part.kind != "shape" and not beside & part.title_words & STEP_WORDS:
        score += STEP
        score += SIZE_FOR_COUNT * ("shape" in beside and bool(part.counted_words))
    if passage.is_input and not part.words & {"input"}:
        score += INPUT
    if not passage.is_conclusion and passage.text in part.prompt_numbers:
        score += REPEATED
    if part.kind == "shape" and "shape" in passage.forms:
        score += WRITTEN_AS_SHAPE
        axes = count_axes_of_last_shape(passage.text)
        score += OTHER_SIZES if part.axes and axes not in {0, part.axes} else 0.0
        score += OTHER_SIZES if PRODUCT.search(passage.text) else 0.0
    if part.label and passage.label == part.label:
        score += EXACT_LABEL
    if PERCENT.search(passage.text):
        score += WRITTEN_AS_PERCENT if part.kind == "percent" else NO_PERCENT
    if part.kind in LIST_KINDS and "matrix" in passage.forms:
        score += WRITTEN_AS_LIST
    elif part.kind in LIST_KINDS:
        score += SINGLE_VALUE if part.kind == "vector" else -WRITTEN_AS_LIST
    if (
        passage.is_final
        and part.kind in ARRAY_KINDS
        and select_numbering_words(part.title_words) <= CHANNELS
    ):
        score += FINAL
    for contrast in CONTRASTS:
        wanted, present = contrast & part.title_words, contrast & beside
        score += OTHER_SIDE * bool(wanted and present and not wanted & present)
    return score + _score_unit(part, passage) + _score_column(part, passage)


def _score_unit(part: SheetPart, passage: Passage) -> float:
    """Return what the words behind a value say about a question that counts something."""
    if not part.counted_words:
        return 0.0
    if part.counted_words & passage.unit_words:
        return COUNTED
    return OTHER_COUNTED if passage.unit_words & COUNT_WORDS else 0.0


def _score_column(part: SheetPart, passage: Passage) -> float:
    """Return what the title of the column of a table says about the part."""
    this, other = passage.column_words & part.words, passage.other_columns & part.words
    if this and not other:
        return THIS_COLUMN
    return OTHER_COLUMN if other and not this else 0.0
