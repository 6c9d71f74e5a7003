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

from api.core.errors import ServiceUnavailable
from api.rate_limits.heavy_work import PersonConcurrencyLimit
from grader.reading import RawAnswer

T = TypeVar("T")

MAX_CHEAP_CHARACTERS: Final = 256
"""Maximum length of answers that are graded at once, in about 4 ms at worst."""
CHARACTERS_PER_ITEM: Final = 3
"""Characters counted for an item of a list, in addition to its text."""
MAX_WAITING_PER_PERSON: Final = 4
MAX_WAITING_THREADS: Final = 20
"""Maximum number of request threads that wait for the grading thread.

It is half of the threads of a process, so that others can still log in and read.
"""
BUSY_MESSAGE: Final = (
    "Many long answers are being graded. Nothing was stored. Try again in a moment."
)
TOO_MANY_MESSAGE: Final = (
    "You sent too many long answers at once. Nothing was stored. Try again in 1 s."
)
STOP_RETRY_SECONDS: Final = 5
STOPPING_MESSAGE: Final = "The service is stopping. Nothing was done."


def is_expensive(answers: Mapping[str, RawAnswer]) -> bool:
    """Tell by their length whether grading *answers* may take more than a few milliseconds."""
    size = 0
    for typed in answers.values():
        if isinstance(typed, str):
            size += len(typed)
        elif isinstance(typed, list):
            size += _count_list_characters(typed)
    return size > MAX_CHEAP_CHARACTERS


def _count_list_characters(items: list[RawAnswer]) -> int:
    """Return the size of nested lists; stop counting above the limit."""
    size = 0
    waiting = [items]
    while waiting and size <= MAX_CHEAP_CHARACTERS:
        level = waiting.pop()
        size += CHARACTERS_PER_ITEM * len(level)
        size += sum(len(item) for item in level if isinstance(item, str))
        waiting += [item for item in level if isinstance(item, list)]
    return size


class GradingPool:
    """Single-threaded pool for expensive grading, with at most four waiting jobs per person."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="judging")
        self._limit = PersonConcurrencyLimit(
            MAX_WAITING_PER_PERSON, TOO_MANY_MESSAGE, retry_after=1
        )
        self._waiting_threads = threading.BoundedSemaphore(MAX_WAITING_THREADS)

    def run_inline_or_pooled(
        self, person: UUID, answers: Mapping[str, RawAnswer], job: Callable[[], T]
    ) -> T:
        """Call *job* in this thread, or in the pool (`run`) if *answers* are expensive."""
        return self.run(person, job) if is_expensive(answers) else job()

    def run(self, person: UUID, job: Callable[[], T]) -> T:
        """Call *job* in the pool and return its result; block the calling thread meanwhile.

        Raises `RateLimited` if *person* has too many jobs waiting, and `ServiceUnavailable` if too
        many request threads wait or the service stops.
        """
        with self._limit.acquire(person), self._reserve_thread():
            try:
                return self._submit(job).result()
            except CancelledError:
                raise ServiceUnavailable(STOPPING_MESSAGE, retry_after=STOP_RETRY_SECONDS) from None

    async def run_async(self, person: UUID, job: Callable[[], T]) -> T:
        """Call *job* in the pool as `run` does, without blocking the event loop or a thread."""
        with self._limit.acquire(person):
            submitted = self._submit(job)
            try:
                return await asyncio.wrap_future(submitted)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                raise ServiceUnavailable(STOPPING_MESSAGE, retry_after=STOP_RETRY_SECONDS) from None

    def close(self) -> None:
        """Finish the running job, cancel the waiting ones, and end the thread."""
        self._executor.shutdown(cancel_futures=True)

    @contextmanager
    def _reserve_thread(self) -> Iterator[None]:
        if not self._waiting_threads.acquire(blocking=False):
            raise ServiceUnavailable(BUSY_MESSAGE, retry_after=1)
        try:
            yield
        finally:
            self._waiting_threads.release()

    def _submit(self, job: Callable[[], T]) -> Future[T]:
        try:
            return self._executor.submit(job)
        except RuntimeError:  # the pool is closed
            raise ServiceUnavailable(STOPPING_MESSAGE, retry_after=STOP_RETRY_SECONDS) from None
