"""Executors of a batch: this process, several processes, or a cluster."""

import importlib
import importlib.util
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, ParamSpec, TypeVar

from api.core.errors import FileError
from api.core.process_lifecycle import (
    end_with_parent,
    freeze_gc,
    get_multiprocessing_context,
    kill_self_after,
)
from api.services.batch import GRADING_MODULE
from api.services.batch.grading_jobs import Chunk, grade_chunk
from api.services.batch.verdicts import Verdicts, build_failed_verdicts, join_verdicts
from grader import ENGINE

P = ParamSpec("P")
T = TypeVar("T")
CONNECT_SECONDS: Final = 10
CHUNK_SECONDS: Final = 600.0
KILLED_MESSAGE: Final = "the grading process died; the answer is not graded"


class InlineExecutor(Executor):
    """Executor that runs each call immediately, in this process."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Make the call, and return a completed future with its outcome."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


class BatchPool:
    """Executor that is replaced when its processes die.

    *max_waiting* is the maximum number of submitted chunks; *grade* grades a chunk.
    """

    def __init__(
        self,
        create_executor: Callable[[], Executor],
        *,
        max_waiting: int,
        grade: Callable[[Chunk], Verdicts] = grade_chunk,
    ) -> None:
        self._create_executor, self.max_waiting, self.grade = create_executor, max_waiting, grade
        self.executor = create_executor()

    def replace_executor(self) -> None:
        """Replace the executor. Nothing may wait for the old one any more."""
        self.executor.shutdown(wait=False)
        self.executor = self._create_executor()


@contextmanager
def open_inline_pool() -> Iterator[BatchPool]:
    """Yield a pool that grades in this process."""
    yield BatchPool(InlineExecutor, max_waiting=1)


@contextmanager
def open_process_pool(workers: int) -> Iterator[BatchPool]:
    """Yield a pool of *workers* processes, which start at once."""

    def start_executor() -> Executor:
        pool = ProcessPoolExecutor(
            workers,
            mp_context=get_multiprocessing_context(GRADING_MODULE),
            initializer=_initialize_worker,
        )
        for _ in range(workers):
            pool.submit(_load_engine)
        return pool

    pool = BatchPool(start_executor, max_waiting=4 * workers, grade=_grade_with_timeout)
    try:
        yield pool
    finally:
        pool.executor.shutdown(cancel_futures=True)


def _initialize_worker() -> None:
    """Initialize a worker process.

    It ends with its parent, and its garbage collector skips the objects that it inherits.
    """
    end_with_parent()
    freeze_gc(sweep=False)


def _grade_with_timeout(chunk: Chunk) -> Verdicts:
    """Grade a chunk. A timeout kills the process, and the chunk is retried in halves."""
    with kill_self_after(CHUNK_SECONDS):
        return grade_chunk(chunk)


def _load_engine() -> None:
    """Do nothing: running this makes a process load the engine."""


@contextmanager
def open_cluster_pool(address: str) -> Iterator[BatchPool]:
    """Yield a pool on the workers of a Dask scheduler, such as ``tcp://10.0.0.5:8786``.

    Raises `FileError` if Dask is not installed, no scheduler answers, there are no workers, or the
    engines differ.
    """
    if importlib.util.find_spec("distributed") is None:
        raise FileError("--cluster needs Dask: install dlgrader[cluster]")
    distributed = importlib.import_module("distributed")
    logging.getLogger("distributed").setLevel(logging.ERROR)  # lost workers are expected
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise FileError(f"no Dask scheduler responds at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise FileError(
                f"the cluster at {address} has no workers. Start some with `dask worker "
                f"--preload dlgrader {address}`"
            ) from error
        _check_engines(client)
        yield BatchPool(client.get_executor, max_waiting=8 * len(client.nthreads()))


def _check_engines(client: Any) -> None:
    """Raise `FileError` if the scheduler or a worker has another engine, or none.

    The scheduler also unpickles calls, so it needs Grader too.
    """
    engines = {
        f"worker {name}": one for name, one in client.run(_get_engine, on_error="return").items()
    }
    for name, engine in sorted((engines | {"scheduler": _fetch_scheduler_engine(client)}).items()):
        if engine != ENGINE:
            raise FileError(
                f"the {name} uses another engine ({engine!r}, here {ENGINE!r}); install the "
                "same version of Grader there, and start it with `--preload dlgrader`"
            )


def _fetch_scheduler_engine(client: Any) -> object:
    try:
        return client.run_on_scheduler(_get_engine)
    except Exception as error:
        return error


def _get_engine() -> str:
    return ENGINE


def grade_chunks(
    pool: BatchPool, chunks: Iterator[tuple[int, Chunk]]
) -> Iterator[tuple[int, Verdicts]]:
    """Yield the number of each chunk with its verdicts, in order of completion.

    A chunk whose process dies is retried alone, then in halves, down to a single question, which
    then fails.
    """
    waiting: dict[Future[Verdicts], tuple[int, Chunk]] = {}
    lost: list[tuple[int, Chunk]] = []
    for number, chunk in chunks:
        waiting[_submit_chunk(pool, chunk)] = number, chunk
        while len(waiting) >= pool.max_waiting:
            yield from _collect_done(waiting, lost)
        if lost:
            yield from _retry_lost(pool, waiting, lost)
    while waiting:
        yield from _collect_done(waiting, lost)
    yield from _retry_lost(pool, waiting, lost)


def _submit_chunk(pool: BatchPool, chunk: Chunk) -> Future[Verdicts]:
    try:
        return pool.executor.submit(pool.grade, chunk)
    except RuntimeError as error:  # processes died: waiting chunks fail too
        failed: Future[Verdicts] = Future()
        failed.set_exception(error)
        return failed


def _collect_done(
    waiting: dict[Future[Verdicts], tuple[int, Chunk]], lost: list[tuple[int, Chunk]]
) -> Iterator[tuple[int, Verdicts]]:
    """Wait for at least one chunk, yield the completed ones, and add the others to *lost*."""
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        number, chunk = waiting.pop(future)
        if future.exception() is None:
            yield number, future.result()
        else:
            lost.append((number, chunk))


def _retry_lost(
    pool: BatchPool,
    waiting: dict[Future[Verdicts], tuple[int, Chunk]],
    lost: list[tuple[int, Chunk]],
) -> Iterator[tuple[int, Verdicts]]:
    """Wait for all chunks, then retry the lost ones one by one."""
    while waiting and lost:
        yield from _collect_done(waiting, lost)
    if lost:
        pool.replace_executor()
    while lost:
        number, chunk = lost.pop()
        yield number, _grade_alone_or_in_halves(pool, chunk)


def _grade_alone_or_in_halves(pool: BatchPool, chunk: Chunk) -> Verdicts:
    """Return the verdicts on a chunk that runs alone."""
    try:
        return _submit_chunk(pool, chunk).result()
    except Exception:
        pool.replace_executor()
    halves = _split_in_halves(chunk)
    if not halves:
        return build_failed_verdicts([KILLED_MESSAGE])
    return join_verdicts(_grade_alone_or_in_halves(pool, half) for half in halves)


def _split_in_halves(chunk: Chunk) -> tuple[Chunk, ...]:
    """Split a chunk into two halves; return nothing if it is a single question."""
    if len(chunk) > 1:
        return chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]
    (job,) = chunk
    middle = len(job.questions) // 2
    pieces = (job.questions[:middle], job.questions[middle:]) if middle else ()
    return tuple((replace(job, questions=piece),) for piece in pieces)
