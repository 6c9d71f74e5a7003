"""Grading of all answers of a file: each distinct question once, level by level."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, repeat
from operator import itemgetter
from typing import Final, TypeAlias

import numpy as np
import polars as pl

from api.services.batch.carrying import Flags, Levels, current_rows, levels_of, nearest, people
from api.services.batch.formats.blocks import Ints
from api.services.batch.interning import Answers, Codes, Small, combined
from api.services.batch.judging import Asked, Chunk, Job, Text
from api.services.batch.questions import Bank, Place, Places
from api.services.batch.verdicts import Outcome, Verdicts, failures
from problems.stored import line_of_parts

__all__ = ["Judge", "Marked", "frame_of", "mark_answers"]

CHUNK_QUESTIONS: Final = 2_000
"""How many questions are judged in one go."""
OUTCOME: Final = {name: pl.Boolean if name == "costs" else pl.String for name in Outcome._fields}

Judge: TypeAlias = Callable[[int, int, Iterator[Chunk]], pl.DataFrame]
"""Judges the questions of a level, so many, in chunks; the verdicts are in their order."""


def frame_of(verdicts: Verdicts) -> pl.DataFrame:
    """Return verdicts as a data frame, with outcomes as JSON text."""
    outcomes = pl.Series("outcome", verdicts.outcomes, pl.String)
    return pl.DataFrame(
        [
            outcomes.gather(np.array(verdicts.which, np.int64)),
            pl.Series("read_as", verdicts.read_as, pl.String),
            pl.Series("carries", verdicts.carries, pl.String),
        ]
    )


def _told(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Expand the outcomes of verdicts into columns."""
    codes = Codes()
    which = codes.add(verdicts.get_column("outcome"))
    rows = list(map(json.loads, codes.texts))
    outcomes = pl.DataFrame(rows, schema=OUTCOME, orient="row")
    return outcomes[which].with_columns(verdicts.get_column("read_as"))


@dataclass(frozen=True, slots=True)
class Marked:
    """The distinct *verdicts* of a file, the verdict of each row, and whether the row counts."""

    verdicts: pl.DataFrame
    result: Small
    current: Flags


@dataclass(frozen=True, slots=True)
class _Questions:
    """Distinct questions of one level, by base and by the values carried to each."""

    base: Ints
    carried: Small


def mark_answers(answers: Answers, places: Places, bank: Bank, judge: Judge) -> Marked:
    """Grade every row; *judge* grades each distinct question once."""
    return _Marking(answers, places, bank, judge).run()


class _Marking:
    """Grading in progress: the verdicts so far, and the verdict of each row."""

    def __init__(self, answers: Answers, places: Places, bank: Bank, judge: Judge) -> None:
        self._answers, self._places, self._bank, self._judge = answers, places.places, bank, judge
        self._of_base = places.of_base
        self._levels: Levels = levels_of(places.places)
        self._person = people(answers)
        self._rank = _ranks(places)
        self._verdicts: list[pl.DataFrame] = []
        self._count = 0
        self._values: dict[str, int] = {"": 0}
        self._texts: list[str] = []
        self._carries: list[Small] = []
        self._result = np.zeros(len(answers.base), np.int32)

    def run(self) -> Marked:
        """Grade level by level, and determine which rows count."""
        self._broken()
        self._first_level()
        for level in range(1, int(self._levels.level.max(initial=0)) + 1):
            self._next_level(level)
        verdicts = _told(pl.concat(self._verdicts))
        worth = _worths(verdicts)[self._result] if self._count else np.zeros(0, np.int64)
        place = np.append(self._of_base, [0])[self._answers.base]
        return Marked(verdicts, self._result, current_rows(self._person, place, worth))

    def _broken(self) -> None:
        """Assign errors to the rows that could not be read."""
        errors = {
            error: at for at, error in enumerate(dict.fromkeys(self._answers.broken.values()))
        }
        first = self._keep(frame_of(failures(errors)))
        for row, error in self._answers.broken.items():
            self._result[row] = first + errors[error]

    def _first_level(self) -> None:
        """Grade the questions that carry nothing: one verdict for all rows of a base."""
        base = self._sorted(np.flatnonzero(self._levels.level[self._of_base] == 0))
        found = np.full(len(self._of_base) + 1, -1, np.int32)
        empty = np.zeros((len(base), 0), np.int32)
        found[base] = self._ask(0, _Questions(base, empty)) + np.arange(len(base))
        rows = found[self._answers.base]
        self._result = np.where(rows < 0, self._result, rows).astype(np.int32)

    def _next_level(self, level: int) -> None:
        """Grade the questions that carry earlier answers, by base and carried values."""
        levels = np.append(self._levels.level[self._of_base], [-1])
        rows = np.flatnonzero(levels[self._answers.base] == level)
        base = self._answers.base[rows].astype(np.int64)
        carried = self._carried(rows, base)
        self._texts = list(self._values)
        keys = base
        for column in carried.T:
            keys = combined(keys, column.astype(np.int64), len(self._values))
        _, first, question = np.unique(keys, return_index=True, return_inverse=True)
        order = self._order(base[first], rows[first])
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        chosen = first[order]
        start = self._ask(level, _Questions(base[chosen], carried[chosen]))
        self._result[rows] = start + place[question]

    def _carried(self, rows: Ints, base: Ints) -> Small:
        """Return, by row, the numbers of the values carried to it, 0 for none."""
        heard = self._levels.heard[self._of_base[base]]
        count = len(self._places)
        asked = np.append(self._of_base, [-1])[self._answers.base]
        needed = np.zeros(count + 1, np.bool_)
        needed[heard[heard >= 0]] = True
        values = np.concatenate([*self._carries, np.zeros(1, np.int32)])
        given = np.flatnonzero(needed[asked] & (self._person > 0))
        given = given[values[self._result[given]] > 0]
        slots = self._person[given] * count + asked[given]
        found = np.zeros(heard.shape, np.int32)
        for at, place in enumerate(heard.T):
            known = (place >= 0) & (self._person[rows] > 0)
            wanted = np.where(known, self._person[rows] * count + place, -1)
            found[:, at] = nearest(rows, wanted, (given, slots), values[self._result[given]])
        return found

    def _sorted(self, base: Ints) -> Ints:
        return base[self._order(base, self._answers.rows[base])]

    def _order(self, base: Ints, rows: Ints) -> Ints:
        """Return the order of grading: variant by variant, part by part."""
        return np.lexsort((rows, self._rank[self._of_base[base]]))

    def _ask(self, level: int, questions: _Questions) -> int:
        """Grade questions, and return the number of the first verdict."""
        erroneous = [at for at, one in enumerate(self._places) if one.error]
        wrong = np.isin(self._of_base[questions.base], erroneous)
        right = np.flatnonzero(~wrong)
        judged = self._judge(level, len(right), self._chunks(questions, right))
        if not wrong.any():
            return self._keep(judged)
        errors = [self._places[at].error for at in self._of_base[questions.base[wrong]]]
        order = np.argsort(np.concatenate((right, np.flatnonzero(wrong))))
        return self._keep(pl.concat([judged, frame_of(failures(errors))])[order])

    def _keep(self, verdicts: pl.DataFrame) -> int:
        """Add verdicts, and return the number of the first."""
        first = self._count
        self._verdicts.append(verdicts)
        self._count += verdicts.height
        texts = verdicts.get_column("carries").to_list()
        numbers = (self._values.setdefault(text, len(self._values)) for text in texts)
        self._carries.append(np.fromiter(numbers, np.int32, len(texts)))
        return first

    def _chunks(self, questions: _Questions, those: Ints) -> Iterator[Chunk]:
        """Yield questions in chunks, with the sources of their problems."""
        start, ends = 0, self._ends(self._of_base[questions.base[those]])
        while start < len(those):
            end = _end(start, ends)
            pairs = self._asked(questions, those[start:end])
            yield tuple(
                self._job(problem, tuple(asked for _, asked in some))
                for problem, some in groupby(pairs, itemgetter(0))
            )
            start = end

    def _ends(self, places: Ints) -> tuple[Ints, Ints]:
        """Return the indices of the questions on *places* at which problems and variants end."""
        problems = {name: at for at, name in enumerate({one.problem for one in self._places})}
        problem = np.array([problems[one.problem] for one in self._places], np.int64)[places]
        variant = np.array([one.variant for one in self._places], np.int64)[places]
        ends = (np.flatnonzero(np.diff(one)) + 1 for one in (problem, variant))
        of_problem, of_variant = (np.append(one, len(places)) for one in ends)
        return of_problem, of_variant

    def _asked(self, questions: _Questions, some: Ints) -> list[tuple[str, Asked]]:
        """Return questions with their problems and the values carried to them."""
        base, texts = questions.base[some], self._answers.texts["answer"]
        numbers, carried = self._of_base[base].tolist(), questions.carried[some]
        places = [self._places[at] for at in numbers]
        typed = [texts[at] for at in self._answers.answer[base].tolist()]
        own = map(self._own, numbers, carried.tolist()) if carried.any() else repeat(())
        seeds, parts = [one.seed for one in places], [one.part for one in places]
        asked = map(Asked, seeds, parts, typed, own)
        return list(zip([one.problem for one in places], asked, strict=True))

    def _own(self, place: int, values: list[int]) -> tuple[tuple[str, str], ...]:
        """Return the values carried to a place, with their parts."""
        heard = self._levels.heard[place].tolist()
        return tuple(
            (self._places[at].part, self._texts[value])
            for at, value in zip(heard, values, strict=True)
            if value
        )

    def _job(self, problem: str, asked: tuple[Asked, ...]) -> Job:
        source = self._bank.source(problem)
        assert isinstance(source, Text)  # noqa: S101  # otherwise its places have errors
        stored = self._bank.variants(problem)
        parts = frozenset(one.part for one in asked)
        seeds = stored.keys() & {one.seed for one in asked}
        return Job(
            source,
            asked,
            parts,
            self._levels.followed.get(problem, frozenset()),
            self._bank.typed_json,
            {seed: line_of_parts(stored[seed], parts) for seed in seeds},
        )


def _end(start: int, ends: tuple[Ints, Ints]) -> int:
    """Return the end of the chunk that begins at *start*, at a problem or variant if possible.

    This way, the process with the next chunk need not repeat the work for a problem or variant.
    """
    for those in ends:
        known = int(np.searchsorted(those, start + CHUNK_QUESTIONS, side="right"))
        if known and those[known - 1] > start:
            return int(those[known - 1])
    return start + CHUNK_QUESTIONS


def _ranks(places: Places) -> Ints:
    """Return the grading order of places: problem by problem, seed by seed, part by part."""
    at = range(len(places.places))
    order = sorted(at, key=lambda one: _rank(places.places[one]))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _rank(place: Place) -> tuple[str, int, int]:
    return place.problem, -1 if place.seed is None else place.seed, place.position


def _worths(verdicts: pl.DataFrame) -> Ints:
    """Return the rank of an attempt by its verdict: readable ones rank above all others.

    Credit that waits for a person counts as 0. The rank is -1 if there is no result.
    """
    exact = verdicts.get_column("exact").to_list()
    credits_ = {text: Fraction(text or 0) for text in set(exact)}
    order = {credit: at for at, credit in enumerate(sorted(set(credits_.values())))}
    ranks = {text: order[credit] for text, credit in credits_.items()}
    worth = np.array([ranks[text] for text in exact], np.int64)
    worth += len(order) * verdicts.get_column("costs").to_numpy().astype(np.int64)
    return np.where(verdicts.get_column("error").to_numpy() != "", -1, worth)
