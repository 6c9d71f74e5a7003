"""Regions of a report: the passages under the label of a question, and the parts it asks."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from string import ascii_lowercase
from typing import Final

import numpy as np

from grader.lazy_regex import lazy_regex
from grader.reports.extraction.clauses import ARRAY
from grader.reports.extraction.passage_context import LEAD
from grader.reports.extraction.passages import Passage
from grader.reports.labels import ROMAN, Label
from grader.reports.scores import Scores, score_passages, score_support
from grader.reports.sheet import SheetPart

SERIES, MIN_SERIES = 1.2, 4
"""Bonus for the position in a series of arrays, and the minimum length of a series."""
NONZERO: Final = lazy_regex(r"[1-9]")
SUBLABEL: Final = 1.2
OTHER_SUBLABEL: Final = -0.4
NO_SUBLABEL: Final = -0.8
"""Penalty for a passage without a letter if each part has one."""
MIN_LETTERS: Final = 0.6
"""Number of letters of a question, as a share of its parts, from which words do not matter."""
CLEAR_WORDS: Final = 0.35
"""How much better the words of a passage fit another part, if they contradict its label."""
SAME_NUMBER: Final = 0.25
CLEAR_FIT: Final = 0.5
MAX_STRETCHES: Final = 1.5
"""How often the number of a question may come back; numbers of lists come back more often."""
MAX_LOSS: Final = 0.4
"""How much worse the passages of one question may fit than those of the whole report."""


@dataclass(frozen=True, slots=True)
class Region:
    """Indices of *parts* and *passages* that belong together, both in order.

    *is_labeled* says that the sheet names the label, *lacking* are the parts whose own label the
    report lacks. *depth* is the number of levels of the label, None if there is none.
    """

    parts: tuple[int, ...]
    passages: tuple[int, ...]
    is_labeled: bool = False
    lacking: frozenset[int] = frozenset()
    depth: int | None = None

    @property
    def is_uncertain(self) -> bool:
        """Whether the report lacks the label of a part."""
        return bool(self.lacking)

    def bonuses(self, rows: Sequence[int | None]) -> Scores:
        """Return bonuses for the passages under the letter of a part.

        Return penalties for those under another letter. *rows* are those of `find_rows`.
        """
        scores = np.zeros((len(self.parts), len(rows)))
        if self.is_uncertain:
            return scores
        if len({row for row in rows if row is not None}) >= max(1, MIN_LETTERS * len(self.parts)):
            scores[:, [row is None for row in rows]] = NO_SUBLABEL
        for column, own_row in enumerate(rows):
            if own_row is not None:
                scores[:, column] = OTHER_SUBLABEL
                scores[own_row, column] = SUBLABEL
        return scores

    def find_rows(
        self, parts: Sequence[SheetPart], passages: Sequence[Passage]
    ) -> list[int | None]:
        """Return, for each passage, the index of the part with its letter, or None if unknown.

        `a` is the letter of the first part, `b` that of the second. Other counters follow the order
        of the report. If there are fewer letters than about as many as parts, they count only if
        the words beside the values do not contradict them.
        """
        letters = self._find_letters(passages)
        order = list(dict.fromkeys(letter for letter in letters if letter))
        positions = _find_letter_positions([letter[-1] for letter in order], len(parts))
        if len(parts) == 1 or (not positions and len(order) != len(parts)):
            return [None] * len(passages)
        row_by_letter = dict(zip(order, positions or range(len(order)), strict=True))
        rows = [None if letter is None else row_by_letter[letter] for letter in letters]
        are_few = len(order) < MIN_LETTERS * len(parts)
        return [None] * len(rows) if are_few and contradict_words(rows, parts, passages) else rows

    def has_unused_letters(self, rows: Sequence[int | None], passages: Sequence[Passage]) -> bool:
        """Return whether passages stand under letters of which none names a part.

        *rows* are those of `find_rows`.
        """
        return not any(row is not None for row in rows) and any(self._find_letters(passages))

    def _find_letters(self, passages: Sequence[Passage]) -> list[Label | None]:
        """Return the label of each passage up to its letter, None if it has none."""
        depth = _common_depth(passages)
        is_single = len({passage.label for passage in passages}) == 1
        if is_single and self.depth is not None and depth > self.depth:  # one letter in all
            depth -= 1
        return [
            passage.label[: depth + 1] if len(passage.label) > depth else None
            for passage in passages
        ]


def contradict_words(
    rows: Sequence[int | None], parts: Sequence[SheetPart], passages: Sequence[Passage]
) -> bool:
    """Return whether the words of a passage are clearly those of another part than its label's.

    *rows* are the indices of the parts whose label the passages have, None if they have none.
    """
    columns = [column for column, row in enumerate(rows) if row is not None]
    support = score_support(parts, [passages[column] for column in columns])
    label_support = np.array([support[rows[column], index] for index, column in enumerate(columns)])
    return bool(columns) and bool((support.max(axis=0) > label_support + CLEAR_WORDS).any())


def _find_letter_positions(pieces: Sequence[str], count: int) -> list[int]:
    """Return the positions of the last pieces of labels among *count* parts, [] if unclear.

    Letters may be any of those of the parts; numbers count only if they are about as many as parts,
    because steps and lists have numbers too.

    >>> _find_letter_positions(["b", "a", "c"], 3), _find_letter_positions(["3", "1"], 3)
    ([1, 0, 2], [2, 0])
    >>> _find_letter_positions(["q"], 3), _find_letter_positions(["b"], 3)
    ([], [1])
    """
    numbers = [str(number) for number in range(1, count + 1)]
    letters = list(ascii_lowercase[:count])
    counters = [numbers, list(ROMAN[:count]), letters]
    if len(pieces) < MIN_LETTERS * count:  # i, v and x may be a letter or a Roman numeral
        counters = [letters] if not set(pieces) <= set(ROMAN) else []
    for counter in counters:
        if pieces and set(pieces) <= set(counter):
            return [counter.index(piece) for piece in pieces]
    return []


def score_series(parts: Sequence[SheetPart], passages: Sequence[Passage]) -> Scores:
    """Return a bonus for the n-th array under the same words, if a part names the n-th item.

    ``After the sixth element`` is the sixth array of those under ``Result after this element``.
    """
    scores = np.zeros((len(parts), len(passages)))
    series: dict[tuple[Label, frozenset[str]], list[int]] = defaultdict(list)
    for column, passage in enumerate(passages):
        if passage.forms == ARRAY and not passage.numbers():
            words = frozenset(word for word, weight in passage.words.items() if weight >= LEAD)
            series[passage.label, words].append(column)
    for columns in series.values():
        if _starts_with_initial_state([passages[column] for column in columns]):
            del columns[0]
        for row, part in enumerate(parts):
            names = [name[1:] for name in part.title_words if name[0] == "#"]
            position = int(names[0]) if len(names) == 1 and names[0].isdecimal() else 0
            if part.forms == ARRAY and len(columns) >= MIN_SERIES and 0 < position <= len(columns):
                scores[row, columns[position - 1]] = SERIES
    return scores


def _starts_with_initial_state(arrays: Sequence[Passage]) -> bool:
    """Return whether the first array has only zeros because it is the state before item 1."""
    is_zero = [not NONZERO.search(array.text) for array in arrays[:2]]
    return is_zero == [True, False] and "#1" not in arrays[0].words


def _common_depth(passages: Sequence[Passage]) -> int:
    """Return the number of levels that all labels share."""
    labels = {passage.label for passage in passages if passage.label}
    depth = 0
    while (
        labels
        and len({label[: depth + 1] for label in labels}) == 1
        and all(len(label) > depth for label in labels)
    ):
        depth += 1
    return depth


def find_regions(parts: Sequence[SheetPart], passages: Sequence[Passage]) -> list[Region]:
    """Return the regions of a report.

    Parts whose label the report lacks look in the region of the label before theirs.
    """
    if not any(part.label for part in parts):
        labels = _infer_labels(parts, passages)
        is_labeled = False
    else:
        labels, is_labeled = [part.label for part in parts], True
    known = {passage.label[:depth] for passage in passages for depth in range(1, 5)}
    groups: dict[Label, list[int]] = defaultdict(list)
    lacking: set[int] = set()
    for index, label in enumerate(labels):
        present = label
        if label and label not in known:
            present = _find_label_before(label, known)
            lacking.add(index)
        groups[present].append(index)
    claimed = [label for label in groups if label]
    return [
        Region(
            tuple(indices),
            tuple(
                number
                for number, passage in enumerate(passages)
                if _find_claimed_ancestor(passage.label, claimed) == label
                or (not label and not is_labeled)
            ),
            is_labeled and bool(label),
            frozenset(lacking.intersection(indices)),
            len(label) or None,
        )
        for label, indices in groups.items()
    ]


def _find_label_before(label: Label, known: Collection[Label]) -> Label:
    """Return the last label of a report that comes before one that it lacks, () if none does."""
    siblings = [other for other in known if len(other) == len(label) and other[:-1] == label[:-1]]
    before = [other for other in siblings if _sort_key(other) < _sort_key(label)]
    if before:
        return max(before, key=_sort_key)
    return label[:-1] if label[:-1] in known else ()


def _sort_key(label: Label) -> tuple[tuple[int, str], ...]:
    return tuple((int(piece), "") if piece.isdigit() else (len(piece), piece) for piece in label)


def _find_claimed_ancestor(label: Label, claimed: Sequence[Label]) -> Label:
    """Return the longest claimed label that *label* lies under."""
    return max((one for one in claimed if label[: len(one)] == one), key=len, default=())


def _infer_labels(parts: Sequence[SheetPart], passages: Sequence[Passage]) -> list[Label]:
    """Return the top label of each part's problem by order and words; () where none is clear."""
    tops = list(dict.fromkeys(passage.label[:1] for passage in passages if passage.label))
    problems = list(dict.fromkeys(part.problem for part in parts))
    stretches = [top for top, _ in groupby(passage.label[:1] for passage in passages)]
    if not problems or len(tops) <= 1 or len(stretches) > MAX_STRETCHES * len(tops):
        return [()] * len(parts)
    scores = np.maximum(score_passages(parts, passages), -1.0)
    fit = np.zeros((len(problems), len(tops)))
    for row, problem in enumerate(problems):
        rows = [index for index, part in enumerate(parts) if part.problem == problem]
        for column, top in enumerate(tops):
            columns = [n for n, passage in enumerate(passages) if passage.label[:1] == top]
            fit[row, column] = scores[np.ix_(rows, columns)].max(axis=1).mean()
    anywhere = [
        scores[[index for index, part in enumerate(parts) if part.problem == problem]]
        .max(axis=1)
        .mean()
        for problem in problems
    ]
    least = np.maximum(CLEAR_FIT, np.array(anywhere) - MAX_LOSS)
    is_clear = fit > least[:, None]
    if len(tops) == len(problems):
        fit += SAME_NUMBER * np.eye(len(tops))
    chosen = _match_weakly_in_order(fit)
    labels = {
        problem: tops[column] if is_clear[row, column] else ()
        for row, (problem, column) in enumerate(zip(problems, chosen, strict=True))
    }
    return [labels[part.problem] for part in parts]


def _match_weakly_in_order(fit: Scores) -> list[int]:
    """Return the column of each row with the best sum; columns never go back."""
    best = fit.copy()
    for row in range(1, len(fit)):
        best[row] += np.maximum.accumulate(best[row - 1])
    chosen = [int(best[-1].argmax())]
    for row in range(len(fit) - 2, -1, -1):
        chosen.append(int(best[row, : chosen[-1] + 1].argmax()))
    return chosen[::-1]
