"""Pool for expensive grading: one thread, and a limit on the waiting work of each person.

Python threads share one interpreter lock. Each computing thread delays every other thread by up to
5 ms per turn, the event loop included. One thread for all expensive grading bounds that delay.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar
from uuid import UUID

from api.core.errors import Unavailable
from api.services.rate_limits.heavy_work import PersonLimit
from grader.reading import Typed

__all__ = ["JudgingPool", "is_expensive"]

T = TypeVar("T")

MAX_CHEAP_CHARACTERS: Final = 256
"""The longest answers that are judged at once: they take about 4 ms at worst."""
CHARACTERS_PER_ITEM: Final = 3
"""What an item of a list counts for, beside its text."""
MAX_WAITING_PER_PERSON: Final = 4
MAX_WAITING_THREADS: Final = 20
"""How many request threads may wait for the judging thread: half of those that a process has, so
that logging in and reading go on."""
BUSY: Final = "Many long answers are being graded. Nothing was stored. Try again in a moment."
TOO_MANY: Final = "Too many long answers at once; nothing was done. Try again in 1 s."
STOP_RETRY_SECONDS: Final = 5
STOPPING: Final = "The service is stopping; nothing was done."


def is_expensive(answers: Mapping[str, Typed]) -> bool:
    """Tell by their length whether grading *answers* may take more than a few milliseconds."""
    size = 0
    for typed in answers.values():
        if isinstance(typed, str):
            size += len(typed)
        elif isinstance(typed, list):
            size += _list_size(typed)
    return size > MAX_CHEAP_CHARACTERS


def _list_size(items: list[Typed]) -> int:
    """Return the size of nested lists; stop counting above the limit."""
    size = 0
    waiting = [items]
    while waiting and size <= MAX_CHEAP_CHARACTERS:
        level = waiting.pop()
        size += CHARACTERS_PER_ITEM * len(level)
        size += sum(len(item) for item in level if isinstance(item, str))
        waiting += [item for item in level if isinstance(item, list)]
    return size


class JudgingPool:
    """Single-threaded pool for expensive grading, with at most four waiting jobs per person."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="judging")
        self._limit = PersonLimit(MAX_WAITING_PER_PERSON, TOO_MANY, retry_after=1)
        self._threads = threading.BoundedSemaphore(MAX_WAITING_THREADS)

    def judge(self, person: UUID, answers: Mapping[str, Typed], judge: Callable[[], T]) -> T:
        """Call *judge* in this thread, or in the pool (`run`) if *answers* are expensive."""
        return self.run(person, judge) if is_expensive(answers) else judge()

    def run(self, person: UUID, judge: Callable[[], T]) -> T:
        """Call *judge* in the pool and return its result; block the calling thread meanwhile.

        Raises `RateLimited` if *person* has too many jobs waiting, and `Unavailable` if too many
        request threads wait or the service stops.
        """
        with self._limit.hold(person), self._thread():
            try:
                return self._submit(judge).result()
            except CancelledError:
                raise Unavailable(STOPPING, retry_after=STOP_RETRY_SECONDS) from None

    async def run_async(self, person: UUID, judge: Callable[[], T]) -> T:
        """Call *judge* in the pool as `run` does, without blocking the event loop or a thread."""
        with self._limit.hold(person):
            submitted = self._submit(judge)
            try:
                return await asyncio.wrap_future(submitted)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                raise Unavailable(STOPPING, retry_after=STOP_RETRY_SECONDS) from None

    def close(self) -> None:
        """Finish the running job, cancel the waiting ones, and end the thread."""
        self._executor.shutdown(cancel_futures=True)

    @contextmanager
    def _thread(self) -> Iterator[None]:
        if not self._threads.acquire(blocking=False):
            raise Unavailable(BUSY, retry_after=1)
        try:
            yield
        finally:
            self._threads.release()

    def _submit(self, judge: Callable[[], T]) -> Future[T]:
        try:
            return self._executor.submit(judge)
        except RuntimeError:  # the pool is closed
            raise Unavailable(STOPPING, retry_after=STOP_RETRY_SECONDS) from None
