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

from api.services.batch.verdicts import Verdicts, VerdictsBuilder
from grader.definitions.problem import Problem
from grader.errors import GraderError, ProblemError
from grader.grading.context import PartContext, build_part_context, find_dependencies
from grader.grading.grade import grade_part
from grader.grading.result import PartResult
from grader.json_values import from_json
from grader.variants.variant import Variant, solve_variant
from problems.catalog import require_part
from problems.files.loader import load_problem_as_file
from problems.registry import REGISTRY
from problems.variant_serialization import load_variant_for_parts

MAX_CACHED_PROBLEMS: Final = 512
MAX_CACHED_VARIANTS: Final = 64


class SourceFile(NamedTuple):
    """The path and the source of a problem file."""

    file: str
    text: str


class BatchQuestion(NamedTuple):
    """An answer to a part of a variant, with the values carried to it as JSON text, by part."""

    seed: int | None
    part: str
    typed: str
    carried: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BatchJob:
    """Questions on *parts* of one problem; *typed_json*: answers are JSON text.

    *followed* are the parts whose values later parts may carry. *published* has the stored variants
    by seed, as JSON text of these parts.
    """

    source: SourceFile
    questions: tuple[BatchQuestion, ...]
    parts: frozenset[str]
    followed: frozenset[str]
    typed_json: bool
    published: Mapping[int, str] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Callable[..., "BatchJob"], tuple[Any, ...]]:
        """Pickle the questions as columns, which is faster."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return _restore_job, (tuple(zip(*values.pop("questions"), strict=True)), values)


def _restore_job(columns: tuple[tuple[Any, ...], ...], values: Mapping[str, Any]) -> BatchJob:
    return BatchJob(questions=tuple(map(BatchQuestion, *columns)), **values)


Chunk: TypeAlias = tuple[BatchJob, ...]


class ProblemOutline(NamedTuple):
    """The requested parts of a problem, by id.

    Each has its position and the parts that it may carry from, or the error why it is missing.
    """

    parts: Mapping[str, tuple[int, tuple[str, ...]] | str]


def outline_problem(source: SourceFile, parts: Sequence[str]) -> ProblemOutline:
    """Return the outline of *parts* without solving anything."""
    try:
        problem = _load_problem(source)
    except ProblemError as error:
        return ProblemOutline(dict.fromkeys(parts, str(error)))
    return ProblemOutline({part: _outline_part(problem, part) for part in parts})


def _outline_part(problem: Problem, part: str) -> tuple[int, tuple[str, ...]] | str:
    try:
        require_part(problem, part)
    except ProblemError as error:
        return str(error)
    positions = {one.id: index for index, one in enumerate(problem.parts)}
    dependencies = find_dependencies(problem, part, REGISTRY)
    earlier = (
        position
        for position in positions
        if position in dependencies and positions[position] < positions[part]
    )
    return positions[part], tuple(earlier)


def grade_chunk(chunk: Chunk) -> Verdicts:
    """Return the verdict on each question, in order; an error in one does not affect others."""
    builder = VerdictsBuilder()
    for job in chunk:
        for seed, questions in groupby(job.questions, attrgetter("seed")):
            _grade_variant_questions(builder, job, seed, questions)
    return builder.build()


def _grade_variant_questions(
    builder: VerdictsBuilder, job: BatchJob, seed: int | None, questions: Iterable[BatchQuestion]
) -> None:
    """Grade the answers to one variant, which is loaded once, part by part."""
    try:
        variant = _load_or_solve_variant(job, seed)
    except Exception as error:
        _fail_questions(builder, questions, error)
        return
    for part, part_questions in groupby(questions, attrgetter("part")):
        _grade_part_questions(builder, job, (variant, part), part_questions)


def _fail_questions(
    builder: VerdictsBuilder, questions: Iterable[BatchQuestion], error: Exception
) -> None:
    for _ in questions:
        builder.add_failure(_error_message(error))


def _grade_part_questions(
    builder: VerdictsBuilder,
    job: BatchJob,
    variant_part: tuple[Variant, str],
    questions: Iterable[BatchQuestion],
) -> None:
    """Grade the answers to one part of a variant, all in one context."""
    try:
        context = build_part_context(*variant_part, REGISTRY)
    except Exception as error:
        _fail_questions(builder, questions, error)
        return
    for question in questions:
        try:
            builder.add(
                _grade_question(job, question, context), carries=question.part in job.followed
            )
        except Exception as error:
            builder.add_failure(_error_message(error))


def _error_message(error: Exception) -> str:
    """Return the message for an answer without a result."""
    if isinstance(error, GraderError):
        return str(error)
    return f"the answer could not be graded: {type(error).__name__}: {error}"


def _grade_question(job: BatchJob, question: BatchQuestion, context: PartContext) -> PartResult:
    typed = (
        from_json(json.loads(question.typed))
        if job.typed_json and question.typed
        else question.typed
    )
    carried = {part: from_json(json.loads(text)) for part, text in question.carried}
    return grade_part(context, typed, carried, context.variant.problem.numbers)


@lru_cache(maxsize=MAX_CACHED_PROBLEMS)
def _load_problem_or_error(source: SourceFile) -> Problem | ProblemError:
    try:
        return load_problem_as_file(source.text, Path(source.file))
    except ProblemError as error:
        return error


def _load_problem(source: SourceFile) -> Problem:
    problem = _load_problem_or_error(source)
    if isinstance(problem, ProblemError):
        raise problem.with_traceback(None)  # else the traceback would grow with each raise
    return problem


def _load_or_solve_variant(job: BatchJob, seed: int | None) -> Variant:
    """Return a variant: the published one if it fits problem and engine, else a solved one."""
    stored = job.published.get(seed) if seed is not None else None
    if stored is not None:
        try:
            data = pydantic_core.from_json(stored)
            return load_variant_for_parts(data, _load_problem(job.source), REGISTRY, job.parts)
        except ProblemError:
            pass  # published for another version, so solve it
    variant = _solve_or_error(job.source, seed, job.parts)
    if isinstance(variant, ProblemError):
        raise variant.with_traceback(None)
    return variant


@lru_cache(maxsize=MAX_CACHED_VARIANTS)
def _solve_or_error(
    source: SourceFile, seed: int | None, parts: frozenset[str]
) -> Variant | ProblemError:
    try:
        return solve_variant(_load_problem(source), seed, REGISTRY, parts=parts)
    except ProblemError as error:
        return error
