"""Expensive judging: one thread for it, and a limit on how much of it one person may have waiting.

Python threads share one interpreter lock. Each thread that computes makes every other one wait up
to 5 ms longer for its turn, the event loop included. So expensive judging takes turns with itself.
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
    """Tell whether judging *answers* may take more than a few milliseconds, by their length."""
    size = 0
    for typed in answers.values():
        if isinstance(typed, str):
            size += len(typed)
        elif isinstance(typed, list):
            size += _list_size(typed)
    return size > MAX_CHEAP_CHARACTERS


def _list_size(items: list[Typed]) -> int:
    """Return the size of nested lists, counted until it is too much."""
    size = 0
    waiting = [items]
    while waiting and size <= MAX_CHEAP_CHARACTERS:
        level = waiting.pop()
        size += CHARACTERS_PER_ITEM * len(level)
        size += sum(len(item) for item in level if isinstance(item, str))
        waiting += [item for item in level if isinstance(item, list)]
    return size


class JudgingPool:
    """Runs expensive judging in one thread; one person has at most four judgements waiting."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="judging")
        self._limit = PersonLimit(MAX_WAITING_PER_PERSON, TOO_MANY, retry_after=1)
        self._threads = threading.BoundedSemaphore(MAX_WAITING_THREADS)

    def judge(self, person: UUID, answers: Mapping[str, Typed], judge: Callable[[], T]) -> T:
        """Return what *judge* makes of *answers*: at once, or by `run` where they are expensive."""
        return self.run(person, judge) if is_expensive(answers) else judge()

    def run(self, person: UUID, judge: Callable[[], T]) -> T:
        """Return what *judge* returns, for a caller that waits in another thread.

        Raises `RateLimited` where *person* has too many waiting, and `Unavailable` where too many
        request threads wait or the service stops.
        """
        with self._limit.hold(person), self._thread():
            try:
                return self._submit(judge).result()
            except CancelledError:
                raise Unavailable(STOPPING, retry_after=STOP_RETRY_SECONDS) from None

    async def run_async(self, person: UUID, judge: Callable[[], T]) -> T:
        """Return what `run` does, without a request thread; the event loop goes on meanwhile."""
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
        """Finish the running judgement, cancel those that wait, and end the thread."""
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
        except RuntimeError:  # it is closed
            raise Unavailable(STOPPING, retry_after=STOP_RETRY_SECONDS) from None
