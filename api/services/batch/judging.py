"""Different questions judged, plain data in and plain data out, so that any process may do it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pydantic_core

from api.services.marking import decimal, number_in_json
from grader.desk import desk_of, heard_parts
from grader.errors import GraderError, ProblemError
from grader.grade import grade_part
from grader.json_values import from_json, to_json
from grader.problem import Problem
from grader.result import Result
from grader.values import Number
from grader.variant import Variant, solve
from problems.book import BOOK
from problems.catalogue import check_part
from problems.loader import load_source
from problems.stored import load_parts

__all__ = [
    "VERDICT_FIELDS",
    "Asked",
    "Chunk",
    "Job",
    "Outline",
    "Text",
    "Verdict",
    "Verdicts",
    "columns_of",
    "failed",
    "judge_chunk",
    "outline",
]

PROBLEMS_KEPT: Final = 512
VARIANTS_KEPT: Final = 64
NUMBERS_KEPT: Final = 4096
SEPARATOR: Final = "|"


class Text(NamedTuple):
    """The text of a problem file and where it stands."""

    file: str
    text: str


class Asked(NamedTuple):
    """An answer to a part of a variant, with the values carried on as JSON text, by part."""

    seed: int | None
    part: str
    typed: str
    carried: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """Questions on *parts* of one problem; *typed_json* says that answers are JSON text.

    *followed* are the parts whose values later parts may carry on, *published* has the stored
    variants by seed, as JSON text of these parts.
    """

    source: Text
    asked: tuple[Asked, ...]
    parts: frozenset[str]
    followed: frozenset[str]
    typed_json: bool
    published: Mapping[int, str] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Callable[..., "Job"], tuple[Any, ...]]:
        """Return what is sent to another process: the questions as columns, which is less work."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return _job_of, (tuple(zip(*told.pop("asked"), strict=True)), told)


def _job_of(columns: tuple[tuple[Any, ...], ...], told: Mapping[str, Any]) -> Job:
    return Job(asked=tuple(map(Asked, *columns)), **told)


Chunk: TypeAlias = tuple[Job, ...]


class Verdict(NamedTuple):
    """What became of a question, as text; *error* says why there is no result.

    *exact*, *score_json* and *points_json* are for JSON, *carries* is the value that later parts
    compute with (JSON text, empty for none). *costs* says whether it uses an attempt.
    """

    status: str
    credit: str
    score: str
    points: str
    read_as: str
    mistakes: str
    feedback: str
    error: str
    exact: str | None
    score_json: str
    points_json: str
    carries: str
    costs: bool


VERDICT_FIELDS: Final = Verdict._fields
Verdicts: TypeAlias = tuple[tuple[Any, ...], ...]
"""Verdicts by their fields: columns are sent from one process to another with less work."""


def columns_of(verdicts: Sequence[Verdict]) -> Verdicts:
    """Return verdicts as columns."""
    return tuple(zip(*verdicts, strict=True)) or ((),) * len(VERDICT_FIELDS)


def failed(error: str) -> Verdict:
    """Return the verdict of a row that has no result."""
    return Verdict("", "", "", "", "", "", "", error, None, "null", "null", "", costs=False)


class Outline(NamedTuple):
    """The parts of a problem that were asked for, by id.

    Of each its place among all, and the parts that it may carry on from; or why there is none.
    """

    parts: Mapping[str, tuple[int, tuple[str, ...]] | str]


def outline(source: Text, parts: Sequence[str]) -> Outline:
    """Return what is known of *parts* without solving anything."""
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
    """Return the verdict on each question, in order; one that fails in any way stops no other."""
    verdicts = [verdict for job in chunk for verdict in _judged(job)]
    desk_of.cache_clear()  # the next chunk is about other variants
    return columns_of(verdicts)


def _judged(job: Job) -> Iterator[Verdict]:
    solved: dict[int | None, Variant] = {}
    for asked in job.asked:
        try:
            if asked.seed not in solved:
                solved[asked.seed] = _variant(job, asked.seed)
            result = _result(job, asked, solved[asked.seed])
            yield _told(result, carries=asked.part in job.followed)
        except GraderError as error:
            yield failed(str(error))
        except Exception as error:
            yield failed(f"the answer could not be marked: {type(error).__name__}: {error}")


def _result(job: Job, asked: Asked, variant: Variant) -> Result:
    typed = from_json(json.loads(asked.typed)) if job.typed_json and asked.typed else asked.typed
    carried = {part: from_json(json.loads(text)) for part, text in asked.carried}
    return grade_part(variant, asked.part, typed, book=BOOK, carried=carried)


def _told(result: Result, *, carries: bool) -> Verdict:
    value = result.carries if carries else None
    ratio = None if result.credit is None else result.credit.as_integer_ratio()
    credit, score, points, exact, score_json, points_json = _numbers(ratio, result.points)
    return Verdict(
        result.status,
        credit,
        score,
        points,
        result.read_as,
        SEPARATOR.join(result.mistakes),
        result.feedback,
        "",
        exact,
        score_json,
        points_json,
        "" if value is None else json.dumps(to_json(value)),
        result.costs_attempt,
    )


@lru_cache(maxsize=NUMBERS_KEPT)
def _numbers(ratio: tuple[int, int] | None, points: Number) -> tuple[Any, ...]:
    """Return credit, score and points as decimals, the credit exactly, and both others as JSON.

    The credit is given as a *ratio*, which is looked up faster than a fraction.
    """
    credit = None if ratio is None else Fraction(*ratio)
    score = None if credit is None else credit * points
    return (
        decimal(credit),
        decimal(score),
        decimal(points),
        None if credit is None else str(credit),
        json.dumps(number_in_json(score)),
        json.dumps(number_in_json(points)),
    )


@lru_cache(maxsize=PROBLEMS_KEPT)
def _loaded(source: Text) -> Problem | ProblemError:
    try:
        return load_source(source.text, Path(source.file))
    except ProblemError as error:
        return error


def _problem(source: Text) -> Problem:
    found = _loaded(source)
    if isinstance(found, ProblemError):
        raise found.with_traceback(None)  # else it would grow with everyone who asks
    return found


def _variant(job: Job, seed: int | None) -> Variant:
    stored = job.published.get(seed) if seed is not None else None
    found = _solved(job.source, seed, stored, job.parts)
    if isinstance(found, ProblemError):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=VARIANTS_KEPT)
def _solved(
    source: Text, seed: int | None, stored: str | None, parts: frozenset[str]
) -> Variant | ProblemError:
    """Return a variant, from what was published where that is of this problem and engine."""
    problem = _problem(source)
    if stored is not None:
        try:
            return load_parts(pydantic_core.from_json(stored), problem, BOOK, parts)
        except ProblemError:
            pass  # it was published for another version: it is solved, as the others are
    try:
        return solve(problem, seed, BOOK, parts=parts)
    except ProblemError as error:
        return error
