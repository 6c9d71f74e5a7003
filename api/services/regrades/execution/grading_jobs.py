"""Grading jobs of a regrade, and the executors that run them: processes or a cluster.

A job is plain data in, plain data out, so that any process can do it.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import groupby
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from api.core.cache import LruCache
from api.core.errors import FileError
from api.core.worker_pool import WorkerPool
from api.services.batch.executors import open_cluster_pool
from api.services.submissions.grading import AnswerResult, grade_answers
from api.services.submissions.stored_answers import is_truncated
from grader import ENGINE
from grader.definitions.problem import Problem
from grader.grading.context import get_part_contexts
from grader.json_values import from_json
from grader.reading.grammar.number_styles import NumberStyle
from grader.values import Value
from grader.variants.variant import Variant
from problems.files.loader import load_problem
from problems.registry import REGISTRY
from problems.variant_serialization import load_variant, rekey_variant

MAX_CACHED_PROBLEMS: Final = 64
MAX_CACHED_VARIANTS: Final = 1_024
MAX_CACHED_SUBMISSIONS: Final = 2_048
RESULT_CACHE: Final = LruCache[Hashable, dict[str, AnswerResult]](MAX_CACHED_SUBMISSIONS)
"""Results of the submissions graded last, shared by all jobs."""
MIN_SUBMISSIONS_FOR_PROCESSES: Final = 500
"""Number of different submissions from which grading in other processes pays off."""
WORKER_NICENESS: Final = 10
DEADLINE_SECONDS: Final = 600.0
"""Deadline for a piece of a chunk; a regrade that exceeds it fails with a message."""
DASK_PACKAGE: Final = "distributed"

P = ParamSpec("P")
T = TypeVar("T")
ExecutorFactory: TypeAlias = Callable[[int], Executor]
"""Factory of an executor that grades a number of pieces in parallel.

It is called again if the executor breaks.
"""
VariantKey: TypeAlias = tuple[UUID, int]
"""A version, and the position of a variant in its list."""
ResultsBySubmission: TypeAlias = dict[str, Mapping[str, AnswerResult]]
"""Results of the answers, by the text of the submission's id and by part."""


@dataclass(frozen=True, slots=True)
class SubmissionToGrade:
    """A submission to grade by a version, with the text of its id and its answers as stored."""

    id: str
    student: UUID
    variant_key: VariantKey
    draw: int
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RegradeJob:
    """Submissions ordered by student and sequence, with all data needed to grade them.

    *sources* has the name and the source of the problem by version, *variants* the stored data of
    each variant.
    """

    sources: Mapping[UUID, tuple[str, str]]
    variants: Mapping[VariantKey, Mapping[str, Any]]
    numbers: NumberStyle | None
    submissions: tuple[SubmissionToGrade, ...]


JobGrader: TypeAlias = Callable[[RegradeJob], ResultsBySubmission]


def grade_job(job: RegradeJob) -> ResultsBySubmission:
    """Grade every answer of a job; later parts carry the values that are read now.

    A truncated answer keeps its verdict.

    Equal inputs (variant, answers, carried values) are graded once and cached for later jobs: most
    submissions repeat others.
    """
    results: ResultsBySubmission = {}
    answer_texts = _AnswerTexts()
    stored_variants = {
        place: _StoredVariant(place, job.sources[place[0]], data)
        for place, data in job.variants.items()
    }
    for _, submissions in groupby(job.submissions, lambda item: item.student):
        carried_by_draw: dict[int, dict[str, Any]] = {}
        for submission in submissions:
            carried = carried_by_draw.setdefault(submission.draw, {})
            variant = stored_variants[submission.variant_key]
            relevant = _select_used_values(submission, variant, carried) if carried else {}
            key = (
                submission.variant_key,
                submission.draw,
                job.numbers,
                answer_texts.get_text(submission.answers),
                repr(relevant) if relevant else "",
            )
            results[submission.id] = part_results = RESULT_CACHE.get_or_create(
                key, partial(_grade_submission, submission, variant, relevant, job.numbers)
            )
            for part, result in part_results.items():
                if result.carries:
                    carried[part] = result.carries
    return results


@dataclass(frozen=True, slots=True)
class _StoredVariant:
    """A stored variant; the data at a *key* never changes."""

    key: VariantKey
    source: tuple[str, str] = field(compare=False)
    data: Mapping[str, Any] = field(compare=False)


class _AnswerTexts:
    """Texts that tell the answers of the submissions of a job apart, made once for each object.

    `repr` distinguishes 1, 1.0, True and "1", as the parsers of answers do. Valid while the
    submissions exist.
    """

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}

    def get_text(self, answers: Mapping[str, Any]) -> str:
        """Return the text of *answers*."""
        key = id(answers)
        if key not in self._texts:
            self._texts[key] = repr(answers)
        return self._texts[key]


def _select_used_values(
    submission: SubmissionToGrade, stored_variant: _StoredVariant, carried: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the *carried* values that matter when a submission is graded."""
    dependencies = _find_dependencies(stored_variant, tuple(submission.answers))
    return {part: carried[part] for part in dependencies if part in carried}


def _grade_submission(
    submission: SubmissionToGrade,
    stored_variant: _StoredVariant,
    carried: Mapping[str, Any],
    style: NumberStyle | None,
) -> dict[str, AnswerResult]:
    variant = _load_or_rekey_variant(stored_variant)
    parts = {part.id for part in variant.problem.parts}
    carried_values: dict[str, Value] = {
        part: from_json(told["value"]) for part, told in carried.items() if part in parts
    }
    answers = {
        part: from_json(stored)
        for part, stored in submission.answers.items()
        if part in parts and not is_truncated(stored)
    }
    return grade_answers(
        variant, answers, carried_values=carried_values, number_style=style, draw=submission.draw
    )


@lru_cache(maxsize=MAX_CACHED_VARIANTS)
def _find_dependencies(
    stored_variant: _StoredVariant, answered: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the parts whose values matter when the *answered* parts are graded, sorted."""
    variant = _load_or_rekey_variant(stored_variant)
    names = {
        name
        for context in get_part_contexts(variant, REGISTRY)
        if context.part.id in answered
        for name in context.dependencies
    }
    return tuple(sorted(names))


@lru_cache(maxsize=MAX_CACHED_VARIANTS)
def _load_or_rekey_variant(stored_variant: _StoredVariant) -> Variant:
    load = load_variant if stored_variant.data.get("engine") == ENGINE else rekey_variant
    return load(stored_variant.data, _load_problem_cached(*stored_variant.source), REGISTRY)


@lru_cache(maxsize=MAX_CACHED_PROBLEMS)
def _load_problem_cached(name: str, text: str) -> Problem:
    return load_problem(text, file=f"{name}.yaml")


def make_parallel_grader(executor: Callable[[], Executor], *, workers: int) -> JobGrader:
    """Return a judge that splits a job into one piece per worker.

    A job with few different submissions runs in this process: sending it would take longer.
    """

    def grade_in_parallel(job: RegradeJob) -> ResultsBySubmission:
        if _count_distinct(job) < MIN_SUBMISSIONS_FOR_PROCESSES:
            return grade_job(job)
        results: ResultsBySubmission = {}
        for piece_results in executor().map(grade_job, _split_job(job, workers)):
            results |= piece_results
        return results

    return grade_in_parallel


def _count_distinct(job: RegradeJob) -> int:
    """Return the number of submissions of a job that differ in variant or answers."""
    texts = _AnswerTexts()
    keys = (
        (submission.variant_key, submission.draw, texts.get_text(submission.answers))
        for submission in job.submissions
    )
    return len(set(keys))


def _split_job(job: RegradeJob, count: int) -> Iterator[RegradeJob]:
    """Split *job* into up to *count* pieces of similar size; a student is in one piece only."""
    piece: list[SubmissionToGrade] = []
    for _, submissions in groupby(job.submissions, lambda item: item.student):
        piece += submissions
        if len(piece) * count >= len(job.submissions):
            yield _subset_job(job, piece)
            piece = []
    if piece:
        yield _subset_job(job, piece)


def _subset_job(job: RegradeJob, submissions: list[SubmissionToGrade]) -> RegradeJob:
    keys = {submission.variant_key for submission in submissions}
    variants = {place: data for place, data in job.variants.items() if place in keys}
    return replace(job, variants=variants, submissions=tuple(submissions))


def create_process_pool(workers: int) -> Executor:
    """Return a pool of *workers* processes with lower priority than this one."""
    return WorkerPool(workers, deadline_seconds=DEADLINE_SECONDS, niceness=WORKER_NICENESS)


def get_executor_factory(address: str | None) -> ExecutorFactory:
    """Return a factory of executors: of the Dask scheduler at *address*, or of processes."""
    return create_process_pool if address is None else partial(_connect_cluster, address)


class ClusterUnavailableError(BrokenExecutor):
    """No usable cluster responds; what is sent to it waits."""


def _connect_cluster(address: str, workers: int) -> Executor:
    del workers  # the cluster has its own number
    return _ClusterExecutor(address)


class _ClusterExecutor(Executor):
    """Executor on a Dask cluster; turns Dask's own failures into `BrokenExecutor`."""

    def __init__(self, address: str) -> None:
        with ExitStack() as stack:
            try:
                self._pool = stack.enter_context(open_cluster_pool(address))
            except (FileError, OSError) as error:  # OSError: lost while engines are compared
                raise ClusterUnavailableError(str(error)) from error
            self._exit_stack = stack.pop_all()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return the future of a call on a worker."""
        future: Future[T] = Future()
        dask_future = self._pool.executor.submit(fn, *args, **kwargs)
        dask_future.add_done_callback(lambda done: _copy_future_outcome(done, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as the base has it
        """Disconnect; the cluster continues to run."""
        del wait, cancel_futures
        self._exit_stack.close()


def _copy_future_outcome(done: Future[T], target: Future[T]) -> None:
    if done.cancelled():
        target.set_exception(BrokenExecutor("the cluster is no longer reachable"))
    elif (error := done.exception()) is None:
        target.set_result(done.result())
    elif type(error).__module__.startswith(DASK_PACKAGE):
        target.set_exception(BrokenExecutor(f"the cluster failed: {error}"))
    else:
        target.set_exception(error)
