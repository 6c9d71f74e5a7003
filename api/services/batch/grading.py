"""Grading of all answers of a file: each distinct question once, level by level."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, repeat
from operator import itemgetter
from typing import Final, TypeAlias

import numpy as np
import polars as pl

from api.services.batch.formats.blocks import Ints
from api.services.batch.grading_jobs import BatchJob, BatchQuestion, Chunk, SourceFile
from api.services.batch.interning import BatchAnswers, SmallInts, encode_key_pairs
from api.services.batch.questions import BatchProblems, PartIndex, VariantPart
from api.services.batch.row_dependencies import (
    Flags,
    GradingLevels,
    assign_student_numbers,
    compute_levels,
    find_carried_values,
    find_current_rows,
)
from api.services.batch.verdict_frames import expand_outcomes, rank_attempts, verdicts_to_frame
from api.services.batch.verdicts import build_failed_verdicts
from problems.variant_serialization import filter_stored_variant_line

CHUNK_QUESTIONS: Final = 2_000
"""Number of questions that are graded as one chunk."""

LevelGrader: TypeAlias = Callable[[int, int, Iterator[Chunk]], pl.DataFrame]
"""Function that grades a number of questions of a level in chunks.

The verdicts are in the order of the questions.
"""


@dataclass(frozen=True, slots=True)
class GradedRows:
    """The distinct *verdicts* of a file, the verdict of each row, and whether the row counts."""

    verdicts: pl.DataFrame
    verdict_indices: SmallInts
    current: Flags


@dataclass(frozen=True, slots=True)
class _Questions:
    """Distinct questions of one level, by base and by the values carried to each."""

    base: Ints
    carried: SmallInts


def grade_answers(
    answers: BatchAnswers,
    part_index: PartIndex,
    batch_problems: BatchProblems,
    grade_level: LevelGrader,
) -> GradedRows:
    """Grade every row; *grade_level* grades each distinct question once."""
    return _BatchGrading(answers, part_index, batch_problems, grade_level).run()


class _BatchGrading:
    """Grading in progress: the verdicts so far, and the verdict of each row."""

    def __init__(
        self,
        answers: BatchAnswers,
        part_index: PartIndex,
        batch_problems: BatchProblems,
        grade_level: LevelGrader,
    ) -> None:
        self._answers, self._variant_parts, self._batch_problems, self._grade_level = (
            answers,
            part_index.variant_parts,
            batch_problems,
            grade_level,
        )
        self._part_by_base = part_index.part_by_base
        self._levels: GradingLevels = compute_levels(part_index.variant_parts)
        self._person = assign_student_numbers(answers)
        self._rank = _rank_parts(part_index)
        self._verdicts: list[pl.DataFrame] = []
        self._count = 0
        self._values: dict[str, int] = {"": 0}
        self._texts: list[str] = []
        self._carries: list[SmallInts] = []
        self._result = np.zeros(len(answers.base), np.int32)

    def run(self) -> GradedRows:
        """Grade level by level, and determine which rows count."""
        self._assign_row_errors()
        self._grade_first_level()
        for level in range(1, int(self._levels.level.max(initial=0)) + 1):
            self._grade_next_level(level)
        verdicts = expand_outcomes(pl.concat(self._verdicts))
        worth = rank_attempts(verdicts)[self._result] if self._count else np.zeros(0, np.int64)
        part_indices = np.append(self._part_by_base, [0])[self._answers.base]
        return GradedRows(
            verdicts, self._result, find_current_rows(self._person, part_indices, worth)
        )

    def _assign_row_errors(self) -> None:
        """Assign errors to the rows that could not be read."""
        errors = {
            error: index for index, error in enumerate(dict.fromkeys(self._answers.broken.values()))
        }
        first = self._add_verdicts(verdicts_to_frame(build_failed_verdicts(errors)))
        for row, error in self._answers.broken.items():
            self._result[row] = first + errors[error]

    def _grade_first_level(self) -> None:
        """Grade the questions that carry nothing: one verdict for all rows of a base."""
        base = self._sort_bases(np.flatnonzero(self._levels.level[self._part_by_base] == 0))
        verdict_of_base = np.full(len(self._part_by_base) + 1, -1, np.int32)
        empty = np.zeros((len(base), 0), np.int32)
        verdict_of_base[base] = self._grade_questions(0, _Questions(base, empty)) + np.arange(
            len(base)
        )
        rows = verdict_of_base[self._answers.base]
        self._result = np.where(rows < 0, self._result, rows).astype(np.int32)

    def _grade_next_level(self, level: int) -> None:
        """Grade the questions that carry earlier answers, by base and carried values."""
        levels = np.append(self._levels.level[self._part_by_base], [-1])
        rows = np.flatnonzero(levels[self._answers.base] == level)
        base = self._answers.base[rows].astype(np.int64)
        carried = self._find_carried_by_row(rows, base)
        self._texts = list(self._values)
        keys = base
        for column in carried.T:
            keys = encode_key_pairs(keys, column.astype(np.int64), len(self._values))
        _, first, question = np.unique(keys, return_index=True, return_inverse=True)
        order = self._grading_order(base[first], rows[first])
        position = np.empty(len(order), np.int64)
        position[order] = np.arange(len(order))
        chosen = first[order]
        start = self._grade_questions(level, _Questions(base[chosen], carried[chosen]))
        self._result[rows] = start + position[question]

    def _find_carried_by_row(self, rows: Ints, base: Ints) -> SmallInts:
        """Return, by row, the numbers of the values carried to it, 0 for none."""
        dependencies = self._levels.dependencies[self._part_by_base[base]]
        count = len(self._variant_parts)
        part_indices = np.append(self._part_by_base, [-1])[self._answers.base]
        needed = np.zeros(count + 1, np.bool_)
        needed[dependencies[dependencies >= 0]] = True
        values = np.concatenate([*self._carries, np.zeros(1, np.int32)])
        carriers = np.flatnonzero(needed[part_indices] & (self._person > 0))
        carriers = carriers[values[self._result[carriers]] > 0]
        slots = self._person[carriers] * count + part_indices[carriers]
        carried = np.zeros(dependencies.shape, np.int32)
        for column, sources in enumerate(dependencies.T):
            known = (sources >= 0) & (self._person[rows] > 0)
            wanted = np.where(known, self._person[rows] * count + sources, -1)
            carried[:, column] = find_carried_values(
                rows, wanted, (carriers, slots), values[self._result[carriers]]
            )
        return carried

    def _sort_bases(self, base: Ints) -> Ints:
        return base[self._grading_order(base, self._answers.rows[base])]

    def _grading_order(self, base: Ints, rows: Ints) -> Ints:
        """Return the order of grading: variant by variant, part by part."""
        return np.lexsort((rows, self._rank[self._part_by_base[base]]))

    def _grade_questions(self, level: int, questions: _Questions) -> int:
        """Grade questions, and return the number of the first verdict."""
        erroneous = [index for index, part in enumerate(self._variant_parts) if part.error]
        has_error = np.isin(self._part_by_base[questions.base], erroneous)
        gradable = np.flatnonzero(~has_error)
        graded = self._grade_level(
            level, len(gradable), self._split_into_chunks(questions, gradable)
        )
        if not has_error.any():
            return self._add_verdicts(graded)
        errors = [
            self._variant_parts[at].error for at in self._part_by_base[questions.base[has_error]]
        ]
        order = np.argsort(np.concatenate((gradable, np.flatnonzero(has_error))))
        return self._add_verdicts(
            pl.concat([graded, verdicts_to_frame(build_failed_verdicts(errors))])[order]
        )

    def _add_verdicts(self, verdicts: pl.DataFrame) -> int:
        """Add verdicts, and return the number of the first."""
        first = self._count
        self._verdicts.append(verdicts)
        self._count += verdicts.height
        texts = verdicts.get_column("carries").to_list()
        numbers = (self._values.setdefault(text, len(self._values)) for text in texts)
        self._carries.append(np.fromiter(numbers, np.int32, len(texts)))
        return first

    def _split_into_chunks(self, questions: _Questions, indices: Ints) -> Iterator[Chunk]:
        """Yield questions in chunks, with the sources of their problems."""
        start, ends = (
            0,
            self._find_problem_and_variant_ends(self._part_by_base[questions.base[indices]]),
        )
        while start < len(indices):
            end = _find_chunk_end(start, ends)
            pairs = self._build_questions(questions, indices[start:end])
            yield tuple(
                self._build_job(problem, tuple(asked for _, asked in some))
                for problem, some in groupby(pairs, itemgetter(0))
            )
            start = end

    def _find_problem_and_variant_ends(self, part_indices: Ints) -> tuple[Ints, Ints]:
        """Return the indices in *part_indices* at which problems and variants end."""
        problems = {
            name: index for index, name in enumerate({part.problem for part in self._variant_parts})
        }
        problem = np.array([problems[part.problem] for part in self._variant_parts], np.int64)[
            part_indices
        ]
        variant = np.array([part.variant for part in self._variant_parts], np.int64)[part_indices]
        ends = (np.flatnonzero(np.diff(one)) + 1 for one in (problem, variant))
        of_problem, of_variant = (np.append(end, len(part_indices)) for end in ends)
        return of_problem, of_variant

    def _build_questions(
        self, questions: _Questions, indices: Ints
    ) -> list[tuple[str, BatchQuestion]]:
        """Return questions with their problems and the values carried to them."""
        base, texts = questions.base[indices], self._answers.texts["answer"]
        numbers, carried = self._part_by_base[base].tolist(), questions.carried[indices]
        variant_parts = [self._variant_parts[at] for at in numbers]
        typed = [texts[at] for at in self._answers.answer[base].tolist()]
        carried_texts = (
            map(self._pair_carried_texts_with_parts, numbers, carried.tolist())
            if carried.any()
            else repeat(())
        )
        seeds, parts = [part.seed for part in variant_parts], [part.part for part in variant_parts]
        batch_questions = map(BatchQuestion, seeds, parts, typed, carried_texts)
        return list(zip([part.problem for part in variant_parts], batch_questions, strict=True))

    def _pair_carried_texts_with_parts(
        self, part_number: int, values: list[int]
    ) -> tuple[tuple[str, str], ...]:
        """Return the values carried to a variant part, with their parts."""
        dependencies = self._levels.dependencies[part_number].tolist()
        return tuple(
            (self._variant_parts[at].part, self._texts[value])
            for at, value in zip(dependencies, values, strict=True)
            if value
        )

    def _build_job(self, problem: str, questions: tuple[BatchQuestion, ...]) -> BatchJob:
        source = self._batch_problems.get_source_or_error(problem)
        assert isinstance(source, SourceFile)  # noqa: S101  # otherwise its parts have errors
        stored = self._batch_problems.load_variants(problem)
        parts = frozenset(question.part for question in questions)
        seeds = stored.keys() & {question.seed for question in questions}
        return BatchJob(
            source,
            questions,
            parts,
            self._levels.followed.get(problem, frozenset()),
            self._batch_problems.typed_json,
            {seed: filter_stored_variant_line(stored[seed], parts) for seed in seeds},
        )


def _find_chunk_end(start: int, ends: tuple[Ints, Ints]) -> int:
    """Return the end of the chunk that begins at *start*, at a problem or variant if possible.

    This way, the process with the next chunk need not repeat the work for a problem or variant.
    """
    for boundaries in ends:
        position = int(np.searchsorted(boundaries, start + CHUNK_QUESTIONS, side="right"))
        if position and boundaries[position - 1] > start:
            return int(boundaries[position - 1])
    return start + CHUNK_QUESTIONS


def _rank_parts(part_index: PartIndex) -> Ints:
    """Return the order of grading: problem by problem, seed by seed, part by part."""
    indices = range(len(part_index.variant_parts))
    order = sorted(indices, key=lambda item: _part_sort_key(part_index.variant_parts[item]))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _part_sort_key(variant_part: VariantPart) -> tuple[str, int, int]:
    return (
        variant_part.problem,
        -1 if variant_part.seed is None else variant_part.seed,
        variant_part.position,
    )
