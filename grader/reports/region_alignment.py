"""Alignment of the parts and passages of one region of a report, and how sure it is."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from grader.reports.aligned_parts import AlignedPart, Alternative
from grader.reports.doubts import (
    CERTAIN_MARGIN,
    NO_LABEL,
    REPEATED,
    UNREADABLE,
    find_doubt,
    find_form_doubt,
    find_repeated_numbers,
    find_repetitions,
    find_words_doubt,
)
from grader.reports.extraction.clauses import DIGIT
from grader.reports.extraction.passages import Passage
from grader.reports.matching import choose_passages
from grader.reports.passage_reading import (
    PassageReading,
    count_repeated_formulas,
    is_single_size,
    read_passage,
    score_reading,
)
from grader.reports.regions import Region, score_series
from grader.reports.scores import (
    IMPOSSIBLE,
    Scores,
    score_corrections,
    score_passages,
    score_positions,
    score_support,
)
from grader.reports.sheet import SheetPart
from grader.reports.words import select_numbering_words

MAX_ALTERNATIVES: Final = 6
MAX_READINGS: Final = 16
"""Number of passages that are read for one part; those with the best scores."""
LABELED: Final = 0.8
"""Bonus of all passages under the label that the sheet names."""
LAST_RESULT: Final = 0.8
REPEATED_FORMULA, MAX_REPEATS = 0.2, 3
RARE_KINDS: Final = frozenset({"matrix", "tensor", "expression"})
"""Kinds whose values have few words beside them, such as one of many arrays."""
NUMERIC_KINDS: Final = frozenset({"integer", "number", "percent", "matrix", "tensor", "vector"})
"""Kinds of which a text without a digit is no answer, not even an unreadable one."""
MANY, MANY_MARGIN, MANY_SUPPORT = 6, 0.6, 1.3
ELSEWHERE: Final = 0.8


@dataclass(slots=True)
class RegionAlignment:
    """Alignment of the *parts* and *passages* of one region."""

    region: Region
    parts: Sequence[SheetPart]
    passages: Sequence[Passage]
    readings: list[dict[int, PassageReading]] = field(default_factory=list)
    candidates: list[int] = field(default_factory=list)
    rows: list[int | None] = field(default_factory=list)
    positions: Scores = field(default_factory=lambda: np.zeros((0, 0)))
    support: Scores = field(default_factory=lambda: np.zeros((0, 0)))

    def run(self) -> Mapping[int, AlignedPart]:
        """Return the aligned parts by their index in the sheet."""
        parts = [self.parts[index] for index in self.region.parts]
        passages = [self.passages[index] for index in self.region.passages]
        if not passages:
            return {}
        self.rows = self.region.find_rows(parts, passages)
        bonuses = self.region.bonuses(self.rows)
        self.support = score_support(parts, passages) + bonuses
        scores = score_passages(parts, passages) + bonuses + score_series(parts, passages)
        if self.region.is_labeled:
            scores[[index not in self.region.lacking for index in self.region.parts]] += LABELED
        self._read_best(parts, passages, scores)
        self.positions = score_positions(*scores.shape) + score_corrections(passages)
        self._prefer_last(passages)
        for row in (row for row, part in enumerate(parts) if part.kind == "expression"):
            for column, count in count_repeated_formulas(self.readings[row]).items():
                self.positions[row, column] += REPEATED_FORMULA * min(count, MAX_REPEATS)
        scores += self.positions
        chosen = choose_passages(scores)
        for row, column in find_repetitions(chosen, self.readings, self.support):
            scores[row, column] = IMPOSSIBLE
        chosen = choose_passages(scores)
        self._take_only_candidates(parts, chosen)
        texts = sum(part.is_text for part in parts)
        aligned: dict[int, AlignedPart] = {}
        for row, part in enumerate(parts):
            item = (
                self._build_text(part, passages, chosen[row], texts=texts)
                if part.is_text
                else self._build(parts, passages, scores, chosen, row)
            )
            alternatives = self._list_alternatives(item, passages, scores[row], row)
            aligned[self.region.parts[row]] = replace(item, alternatives=alternatives)
        support = {
            index: 0.0 if column is None else float(self.support[row, column])
            for row, (index, column) in enumerate(zip(self.region.parts, chosen, strict=True))
        }
        readings = {index: item.read_as for index, item in aligned.items() if item.is_certain}
        for index in find_repeated_numbers(readings, support):
            aligned[index] = replace(aligned[index], doubt=REPEATED)
        return aligned

    def _prefer_last(self, passages: Sequence[Passage]) -> None:
        """Prefer the last result under a label of one part; it is no evidence either."""
        if self.region.is_uncertain or not self.region.is_labeled:
            return
        rows = [0] * len(passages) if len(self.region.parts) == 1 else self.rows
        last = {row: column for column, row in enumerate(rows) if passages[column].is_conclusion}
        for row, column in last.items():
            if row is not None:
                self.positions[row, column] += LAST_RESULT

    def _take_only_candidates(self, parts: Sequence[SheetPart], chosen: list[int | None]) -> None:
        """Give a part without a passage the only free one that has its form, such as an array."""
        for row, part in enumerate(parts):
            if chosen[row] is not None or part.kind not in RARE_KINDS | {"table"}:
                continue
            free = [column for column in self.readings[row] if column not in chosen]
            if len(free) == 1:
                chosen[row] = free[0]

    def _list_alternatives(
        self, item: AlignedPart, passages: Sequence[Passage], scores: Scores, row: int
    ) -> tuple[Alternative, ...]:
        """Return the readable passages other than the chosen one, the best first."""
        alternatives: dict[str, Alternative] = {}
        for column in sorted(self.readings[row], key=lambda column: -scores[column]):
            reading, passage = self.readings[row][column], passages[column]
            text = passage.source if item.part.is_text else reading.text
            if reading.read_as != item.read_as and text != item.text:
                alternatives.setdefault(
                    reading.read_as, Alternative(passage, text, reading.read_as)
                )
        return tuple(alternatives.values())[:MAX_ALTERNATIVES]

    def _build_text(
        self, part: SheetPart, passages: Sequence[Passage], column: int | None, *, texts: int
    ) -> AlignedPart:
        """Return the free text under the label of a part, or the line that fits its words."""
        if self.region.is_labeled and texts == 1:
            answer = [passage for passage in passages if not passage.is_question] or passages
            text = "\n\n".join(dict.fromkeys(passage.source for passage in answer))
            doubt = NO_LABEL if self.region.is_uncertain else ""
            read_as = part.read(text)
            if read_as is not None and text.strip():
                return AlignedPart(part, answer[0], text, read_as, doubt)
        if column is None:
            return AlignedPart(part, None)
        passage = passages[column]
        doubt = "only the words say that this is the part"
        return AlignedPart(part, passage, passage.source, part.read(passage.source) or "", doubt)

    def _read_best(
        self, parts: Sequence[SheetPart], passages: Sequence[Passage], scores: Scores
    ) -> None:
        """Read the best passages of each part, and rule out all others."""
        for row, part in enumerate(parts):
            readings: dict[int, PassageReading] = {}
            possible = np.flatnonzero(scores[row] > IMPOSSIBLE)
            self.candidates.append(len(possible))
            order = possible[np.argsort(-scores[row, possible], kind="stable")]
            for column in order[:MAX_READINGS].tolist():
                reading = read_passage(part, passages[column])
                if self.region.is_labeled and is_single_size(part, reading):
                    continue
                if reading is not None and reading.read_as not in part.given_values:
                    readings[column] = reading
                    scores[row, column] += score_reading(part, passages[column], reading)
            ruled_out = [column for column in range(len(passages)) if column not in readings]
            scores[row, ruled_out] = IMPOSSIBLE
            self.readings.append(readings)

    def _build(
        self,
        parts: Sequence[SheetPart],
        passages: Sequence[Passage],
        scores: Scores,
        chosen: Sequence[int | None],
        row: int,
    ) -> AlignedPart:
        column = chosen[row]
        unreadable = self._find_unreadable(parts, passages, chosen, row)
        if column is None:
            text, doubt = (unreadable.text, UNREADABLE) if unreadable else ("", "")
            return AlignedPart(parts[row], unreadable, text, doubt=doubt)
        passage, reading = passages[column], self.readings[row][column]
        evidence = scores[row] - self.positions[row]
        others = {
            other: evidence[other]
            for other, other_reading in self.readings[row].items()
            if other_reading.read_as != reading.read_as
            and not self._is_better_elsewhere(scores, chosen, row, other)
        }
        margin = evidence[column] - max(others.values(), default=-math.inf)
        support = float(self.support[row, column])
        letter = None if self.rows[column] is None else self.rows[column] == row
        doubt = passage.doubt or find_doubt(
            passage,
            support,
            float(margin),
            region=self.region,
            index=self.region.parts[row],
            is_own_letter=letter,
            has_unused_letters=self.region.has_unused_letters(self.rows, passages),
        )
        doubt = doubt or find_words_doubt(parts[row], passage, region=self.region)
        if parts[row].kind in RARE_KINDS and self.candidates[row] >= MANY:
            is_clear = margin >= MANY_MARGIN and support >= MANY_SUPPORT
            doubt = doubt or ("" if is_clear else "another passage fits as well")
        # An unreadable passage on the line of the value is the calculation that leads to it.
        if unreadable is not None and unreadable.location != passage.location:
            doubt = doubt or ("" if parts[row].has_name(passage.label_text) else UNREADABLE)
        if not passage.label_text and self._is_contested(row, column, others):
            doubt = doubt or "another passage fits as well"
        doubt = doubt or find_form_doubt(parts[row], passage, reading)
        return AlignedPart(parts[row], passage, reading.text, reading.read_as, doubt)

    def _is_contested(self, row: int, column: int, others: Iterable[int]) -> bool:
        """Return whether the words of another sentence fit a part as well as those of a passage."""
        source = self.passages[self.region.passages[column]].source
        return any(
            self.support[row, other] >= self.support[row, column] - CERTAIN_MARGIN
            and self.passages[self.region.passages[other]].source != source
            for other in others
        )

    def _find_unreadable(
        self,
        parts: Sequence[SheetPart],
        passages: Sequence[Passage],
        chosen: Sequence[int | None],
        row: int,
    ) -> Passage | None:
        """Return the passage that stands for a part but no reader accepts, None if there is none.

        It has the name of the part, or is the only one under a label that no other part has.
        """
        part, readings = parts[row], self.readings[row]
        free = [
            passage
            for column, passage in enumerate(passages)
            if column not in readings
            and column not in chosen
            and not passage.is_question
            and (part.kind not in NUMERIC_KINDS or DIGIT.search(passage.text))
        ]
        named = [passage for passage in free if part.has_name(passage.label_text)]
        if not named and self.region.is_labeled and not self.region.is_uncertain:
            named = free if len(parts) == 1 else []
        return named[-1] if named else None

    def _is_better_elsewhere(
        self, scores: Scores, chosen: Sequence[int | None], row: int, column: int
    ) -> bool:
        """Return whether a passage was chosen for another part that it fits about as well.

        Not if both stand under the same layer or place, and the other part names another one.
        """
        for other, taken in enumerate(chosen):
            if other == row or taken != column:
                continue
            current = chosen[row]
            if current is not None and (
                self._shares_numbers(row, current, other, column)
                or self._shares_sentence(row, current, column)
            ):
                return False
            return bool(scores[other, column] >= scores[row, column] - ELSEWHERE)
        return False

    def _shares_sentence(self, row: int, column: int, other: int) -> bool:
        """Return whether two values stand in one sentence and fit a part about equally."""
        first, second = (self.passages[self.region.passages[index]] for index in (column, other))
        is_same = first.is_cut and second.is_cut and first.source == second.source
        return is_same and self.support[row, column] - self.support[row, other] < CERTAIN_MARGIN

    def _shares_numbers(self, row: int, column: int, other_row: int, other: int) -> bool:
        """Return whether two passages stand under one numbered place, but their parts do not."""
        nearby = self.passages[self.region.passages[column]].numbers()
        names, other_names = (
            select_numbering_words(self.parts[self.region.parts[index]].words)
            for index in (row, other_row)
        )
        return (
            bool(nearby & (names | other_names))
            and nearby == self.passages[self.region.passages[other]].numbers()
            and names != other_names
        )
