"""Grading of distinct questions: plain data in, plain data out, so that any process can do it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pydantic_core

from api.services.batch.verdicts import Telling, Verdicts
from grader.definitions.problem import Problem
from grader.errors import GraderError, ProblemError
from grader.grading.context import PartContext, heard_parts, new_context
from grader.grading.grade import grade_at
from grader.grading.result import Result
from grader.json_values import from_json
from grader.variants.variant import Variant, solve
from problems.book import BOOK
from problems.catalogue import check_part
from problems.loader import load_source
from problems.stored import load_parts

__all__ = [
    "Asked",
    "Chunk",
    "Job",
    "Outline",
    "Text",
    "judge_chunk",
    "outline",
]

PROBLEMS_KEPT: Final = 512
VARIANTS_KEPT: Final = 64


class Text(NamedTuple):
    """The path and the source of a problem file."""

    file: str
    text: str


class Asked(NamedTuple):
    """An answer to a part of a variant, with the values carried to it as JSON text, by part."""

    seed: int | None
    part: str
    typed: str
    carried: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """Questions on *parts* of one problem; *typed_json*: answers are JSON text.

    *followed* are the parts whose values later parts may carry. *published* has the stored variants
    by seed, as JSON text of these parts.
    """

    source: Text
    asked: tuple[Asked, ...]
    parts: frozenset[str]
    followed: frozenset[str]
    typed_json: bool
    published: Mapping[int, str] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Callable[..., "Job"], tuple[Any, ...]]:
        """Pickle the questions as columns, which is faster."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return _job_of, (tuple(zip(*told.pop("asked"), strict=True)), told)


def _job_of(columns: tuple[tuple[Any, ...], ...], told: Mapping[str, Any]) -> Job:
    return Job(asked=tuple(map(Asked, *columns)), **told)


Chunk: TypeAlias = tuple[Job, ...]


class Outline(NamedTuple):
    """The requested parts of a problem, by id.

    Each has its position and the parts that it may carry from, or the error why it is missing.
    """

    parts: Mapping[str, tuple[int, tuple[str, ...]] | str]


def outline(source: Text, parts: Sequence[str]) -> Outline:
    """Return the outline of *parts* without solving anything."""
    try:
        problem = _problem(source)
    except ProblemError as error:
        return Outline(dict.fromkeys(parts, str(error)))
    return Outline({part: _outlined(problem, part) for part in parts})


def _outlined(problem: Problem, part: str) -> tuple[int, tuple[str, ...]] | str:
    try:
        check_part(problem, part)
    except ProblemError as error:
        return str(error)
    places = {one.id: at for at, one in enumerate(problem.parts)}
    heard = heard_parts(problem, part, BOOK)
    earlier = (one for one in places if one in heard and places[one] < places[part])
    return places[part], tuple(earlier)


def judge_chunk(chunk: Chunk) -> Verdicts:
    """Return the verdict on each question, in order; an error in one does not affect others."""
    told = Telling()
    for job in chunk:
        for seed, asked in groupby(job.asked, attrgetter("seed")):
            _judge_variant(told, job, seed, asked)
    return told.verdicts()


def _judge_variant(told: Telling, job: Job, seed: int | None, asked: Iterable[Asked]) -> None:
    """Grade the answers to one variant, which is loaded once, part by part."""
    try:
        variant = _variant(job, seed)
    except Exception as error:
        _fail(told, asked, error)
        return
    for part, those in groupby(asked, attrgetter("part")):
        _judge_part(told, job, (variant, part), those)


def _fail(told: Telling, asked: Iterable[Asked], error: Exception) -> None:
    for _ in asked:
        told.fail(_reason(error))


def _judge_part(
    told: Telling, job: Job, place: tuple[Variant, str], asked: Iterable[Asked]
) -> None:
    """Grade the answers to one part of a variant, all in one context."""
    try:
        context = new_context(*place, BOOK)
    except Exception as error:
        _fail(told, asked, error)
        return
    for one in asked:
        try:
            told.add(_result(job, one, context), carries=one.part in job.followed)
        except Exception as error:
            told.fail(_reason(error))


def _reason(error: Exception) -> str:
    """Return the message for an answer without a result."""
    if isinstance(error, GraderError):
        return str(error)
    return f"the answer could not be marked: {type(error).__name__}: {error}"


def _result(job: Job, asked: Asked, context: PartContext) -> Result:
    typed = from_json(json.loads(asked.typed)) if job.typed_json and asked.typed else asked.typed
    carried = {part: from_json(json.loads(text)) for part, text in asked.carried}
    return grade_at(context, typed, carried, context.variant.problem.numbers)


@lru_cache(maxsize=PROBLEMS_KEPT)
def _loaded(source: Text) -> Problem | ProblemError:
    try:
        return load_source(source.text, Path(source.file))
    except ProblemError as error:
        return error


def _problem(source: Text) -> Problem:
    found = _loaded(source)
    if isinstance(found, ProblemError):
        raise found.with_traceback(None)  # else the traceback would grow with each raise
    return found


def _variant(job: Job, seed: int | None) -> Variant:
    """Return a variant: the published one if it fits problem and engine, else a solved one."""
    stored = job.published.get(seed) if seed is not None else None
    if stored is not None:
        try:
            data = pydantic_core.from_json(stored)
            return load_parts(data, _problem(job.source), BOOK, job.parts)
        except ProblemError:
            pass  # published for another version, so solve it
    found = _solved(job.source, seed, job.parts)
    if isinstance(found, ProblemError):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=VARIANTS_KEPT)
def _solved(source: Text, seed: int | None, parts: frozenset[str]) -> Variant | ProblemError:
    try:
        return solve(_problem(source), seed, BOOK, parts=parts)
    except ProblemError as error:
        return error
