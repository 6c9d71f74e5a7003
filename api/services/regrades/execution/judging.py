"""Regrading of submissions: plain data in, plain data out, so that any process can do it."""

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, TypeAlias
from uuid import UUID

from api.core.cache import Cache
from api.services.submissions.grading import Judged, judge
from api.services.submissions.stored_answers import is_truncated
from grader import ENGINE
from grader.definitions.problem import Problem
from grader.grading.context import contexts
from grader.json_values import from_json
from grader.reading.grammar.number_styles import Style
from grader.values import Value
from grader.variants.variant import Variant
from problems.book import BOOK
from problems.loader import load_problem
from problems.stored import load_variant, rekey_variant

__all__ = ["Handed", "Job", "Judge", "Verdicts", "judge_job", "side_by_side"]

PROBLEMS_KEPT: Final = 64
VARIANTS_KEPT: Final = 1_024
QUESTIONS_KEPT: Final = 2_048
JUDGED: Final = Cache[Hashable, dict[str, Judged]](QUESTIONS_KEPT)
"""The last submissions that were judged, over jobs."""
FEWEST_FOR_PROCESSES: Final = 500
"""How many different submissions it takes until another process is worth its while."""

Place: TypeAlias = tuple[UUID, int]
"""A version, and the position of a variant in its list."""
Verdicts: TypeAlias = dict[UUID, Mapping[str, Judged]]
"""What became of the answers of submissions, by submission and part."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A submission to grade by a version, with its answers as stored."""

    id: UUID
    student: UUID
    place: Place
    draw: int
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """Submissions ordered by student and sequence, with all data needed to grade them.

    *sources* has the name and the source of the problem by version, *variants* the stored data of
    each variant.
    """

    sources: Mapping[UUID, tuple[str, str]]
    variants: Mapping[Place, Mapping[str, Any]]
    numbers: Style | None
    handed: tuple[Handed, ...]


Judge: TypeAlias = Callable[[Job], Verdicts]


def judge_job(job: Job) -> Verdicts:
    """Grade every answer of a job; later parts carry the values that are read now.

    A truncated answer keeps its verdict.

    Equal inputs (variant, answers, carried values) are graded once and cached for later jobs: most
    submissions repeat others.
    """
    found: Verdicts = {}
    numbers_at = {
        place: _Numbers(place, job.sources[place[0]], data) for place, data in job.variants.items()
    }
    for _, those in groupby(job.handed, lambda one: one.student):
        own: dict[int, dict[str, Any]] = {}
        for one in those:
            carried = own.setdefault(one.draw, {})
            found[one.id] = judged = _judged(one, numbers_at[one.place], carried, job.numbers)
            for part, said in judged.items():
                if said.carries:
                    carried[part] = said.carries
    return found


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A stored variant; the data at a *place* never changes."""

    place: Place
    source: tuple[str, str] = field(compare=False)
    data: Mapping[str, Any] = field(compare=False)


def _judged(
    one: Handed, numbers: _Numbers, carried: Mapping[str, Any], style: Style | None
) -> dict[str, Judged]:
    """Return the results of a submission by part, given the values *carried* into it."""
    heard = _heard(numbers, tuple(one.answers)) if carried else ()
    counting = {part: carried[part] for part in heard if part in carried}
    # `repr` distinguishes 1, 1.0, True and "1", as the parsers of answers do.
    key = (one.place, one.draw, style, repr(one.answers), repr(counting))
    return JUDGED.get(key, lambda: _judge(one, numbers, counting, style))


def _judge(
    one: Handed, numbers: _Numbers, counting: Mapping[str, Any], style: Style | None
) -> dict[str, Judged]:
    variant = _variant(numbers)
    parts = {part.id for part in variant.problem.parts}
    own: dict[str, Value] = {
        part: from_json(told["value"]) for part, told in counting.items() if part in parts
    }
    answers = {
        part: from_json(stored)
        for part, stored in one.answers.items()
        if part in parts and not is_truncated(stored)
    }
    return judge(variant, answers, carried=own, numbers=style, draw=one.draw)


@lru_cache(maxsize=VARIANTS_KEPT)
def _heard(numbers: _Numbers, answered: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parts whose values matter when the *answered* parts are graded, sorted."""
    variant = _variant(numbers)
    heard = {
        name
        for context in contexts(variant, BOOK)
        if context.part.id in answered
        for name in context.heard
    }
    return tuple(sorted(heard))


@lru_cache(maxsize=VARIANTS_KEPT)
def _variant(numbers: _Numbers) -> Variant:
    load = load_variant if numbers.data.get("engine") == ENGINE else rekey_variant
    return load(numbers.data, _problem(*numbers.source), BOOK)


@lru_cache(maxsize=PROBLEMS_KEPT)
def _problem(name: str, text: str) -> Problem:
    return load_problem(text, file=f"{name}.yaml")


def side_by_side(executor: Callable[[], Executor], *, workers: int) -> Judge:
    """Return a judge that splits a job into one piece per worker.

    A job with few different submissions runs in this process: sending it would take longer.
    """

    def judge_all(job: Job) -> Verdicts:
        if _different(job) < FEWEST_FOR_PROCESSES:
            return judge_job(job)
        found: Verdicts = {}
        for piece in executor().map(judge_job, _pieces(job, workers)):
            found |= piece
        return found

    return judge_all


def _different(job: Job) -> int:
    """Return the number of submissions of a job that differ in variant or answers."""
    told = ((one.place, one.draw, json.dumps(one.answers, sort_keys=True)) for one in job.handed)
    return len(set(told))


def _pieces(job: Job, count: int) -> Iterator[Job]:
    """Split *job* into up to *count* pieces of similar size; a student is in one piece only."""
    piece: list[Handed] = []
    for _, those in groupby(job.handed, lambda one: one.student):
        piece += those
        if len(piece) * count >= len(job.handed):
            yield _piece(job, piece)
            piece = []
    if piece:
        yield _piece(job, piece)


def _piece(job: Job, handed: list[Handed]) -> Job:
    places = {one.place for one in handed}
    kept = {place: data for place, data in job.variants.items() if place in places}
    return replace(job, variants=kept, handed=tuple(handed))
