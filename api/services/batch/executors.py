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
from api.core.process_lifecycle import end_with_parent, keep_what_there_is, killed_after, loaded
from api.services.batch import JUDGING
from api.services.batch.judging import Chunk, judge_chunk
from api.services.batch.verdicts import Verdicts, failures, joined
from grader import ENGINE

__all__ = ["Here", "Pool", "cluster", "here", "processes", "spread"]

P = ParamSpec("P")
T = TypeVar("T")
CONNECT_SECONDS: Final = 10
CHUNK_SECONDS: Final = 600.0
KILLED: Final = "the process that marked it ended; the answer is not marked"


class Here(Executor):
    """Executor that runs each call immediately, in this process."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Make the call, and return a completed future with its outcome."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


class Pool:
    """Executor that is replaced when its processes die.

    *waiting* is the maximum number of submitted chunks; *judge* grades a chunk.
    """

    def __init__(
        self,
        make: Callable[[], Executor],
        *,
        waiting: int,
        judge: Callable[[Chunk], Verdicts] = judge_chunk,
    ) -> None:
        self._make, self.waiting, self.judge = make, waiting, judge
        self.executor = make()

    def renew(self) -> None:
        """Replace the executor. Nothing may wait for the old one any more."""
        self.executor.shutdown(wait=False)
        self.executor = self._make()


@contextmanager
def here() -> Iterator[Pool]:
    """Yield a pool that grades in this process."""
    yield Pool(Here, waiting=1)


@contextmanager
def processes(workers: int) -> Iterator[Pool]:
    """Yield a pool of *workers* processes, which start at once."""

    def make() -> Executor:
        pool = ProcessPoolExecutor(workers, mp_context=loaded(JUDGING), initializer=_begin)
        for _ in range(workers):
            pool.submit(_ready)
        return pool

    pool = Pool(make, waiting=4 * workers, judge=_judge_in_time)
    try:
        yield pool
    finally:
        pool.executor.shutdown(cancel_futures=True)


def _begin() -> None:
    """Initialize a worker process.

    It ends with its parent, and its garbage collector skips the objects that it inherits.
    """
    end_with_parent()
    keep_what_there_is(sweep=False)


def _judge_in_time(chunk: Chunk) -> Verdicts:
    """Grade a chunk. A timeout kills the process, and the chunk is retried in halves."""
    with killed_after(CHUNK_SECONDS):
        return judge_chunk(chunk)


def _ready() -> None:
    """Do nothing: running this makes a process load the engine."""


@contextmanager
def cluster(address: str) -> Iterator[Pool]:
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
        raise FileError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise FileError(
                f"the cluster at {address} has no workers; start some with "
                f"`dask worker --preload dlgrader {address}`"
            ) from error
        _check_engines(client)
        yield Pool(client.get_executor, waiting=8 * len(client.nthreads()))


def _check_engines(client: Any) -> None:
    """Raise `FileError` if the scheduler or a worker has another engine, or none.

    The scheduler also unpickles calls, so it needs Grader too.
    """
    engines = {f"worker {name}": one for name, one in _engines_of_workers(client).items()}
    for name, engine in sorted((engines | {"scheduler": _engine_of_scheduler(client)}).items()):
        if engine != ENGINE:
            raise FileError(
                f"the {name} judges by another engine ({engine!r}, here {ENGINE!r}); install the "
                "same version of Grader there, and start it with `--preload dlgrader`"
            )


def _engines_of_workers(client: Any) -> dict[str, object]:
    return dict(client.run(_engine, on_error="return"))


def _engine_of_scheduler(client: Any) -> object:
    try:
        return client.run_on_scheduler(_engine)
    except Exception as error:
        return error


def _engine() -> str:
    return ENGINE


def spread(pool: Pool, chunks: Iterator[tuple[int, Chunk]]) -> Iterator[tuple[int, Verdicts]]:
    """Yield the number of each chunk with its verdicts, in order of completion.

    A chunk whose process dies is retried alone, then in halves, down to a single question, which
    then fails.
    """
    waiting: dict[Future[Verdicts], tuple[int, Chunk]] = {}
    lost: list[tuple[int, Chunk]] = []
    for number, chunk in chunks:
        waiting[_sent(pool, chunk)] = number, chunk
        while len(waiting) >= pool.waiting:
            yield from _done(waiting, lost)
        if lost:
            yield from _done_again(pool, waiting, lost)
    while waiting:
        yield from _done(waiting, lost)
    yield from _done_again(pool, waiting, lost)


def _sent(pool: Pool, chunk: Chunk) -> Future[Verdicts]:
    try:
        return pool.executor.submit(pool.judge, chunk)
    except RuntimeError as error:  # processes died: waiting chunks fail too
        gone: Future[Verdicts] = Future()
        gone.set_exception(error)
        return gone


def _done(
    waiting: dict[Future[Verdicts], tuple[int, Chunk]], lost: list[tuple[int, Chunk]]
) -> Iterator[tuple[int, Verdicts]]:
    """Wait for at least one chunk, yield the completed ones, and add the others to *lost*."""
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for one in done:
        number, chunk = waiting.pop(one)
        if one.exception() is None:
            yield number, one.result()
        else:
            lost.append((number, chunk))


def _done_again(
    pool: Pool,
    waiting: dict[Future[Verdicts], tuple[int, Chunk]],
    lost: list[tuple[int, Chunk]],
) -> Iterator[tuple[int, Verdicts]]:
    """Wait for all chunks, then retry the lost ones one by one."""
    while waiting and lost:
        yield from _done(waiting, lost)
    if lost:
        pool.renew()
    while lost:
        number, chunk = lost.pop()
        yield number, _alone(pool, chunk)


def _alone(pool: Pool, chunk: Chunk) -> Verdicts:
    """Return the verdicts on a chunk that runs alone."""
    try:
        return _sent(pool, chunk).result()
    except Exception:
        pool.renew()
    halves = _halved(chunk)
    if not halves:
        return failures([KILLED])
    return joined(_alone(pool, half) for half in halves)


def _halved(chunk: Chunk) -> tuple[Chunk, ...]:
    """Split a chunk into two halves; return nothing if it is a single question."""
    if len(chunk) > 1:
        return chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]
    (job,) = chunk
    middle = len(job.asked) // 2
    pieces = (job.asked[:middle], job.asked[middle:]) if middle else ()
    return tuple((replace(job, asked=piece),) for piece in pieces)
