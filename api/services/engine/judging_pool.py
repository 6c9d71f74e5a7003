"""Expensive judging: one thread for it, and a limit on how much of it one person may have waiting.

Python threads share one interpreter lock. Each thread that computes makes every other one wait up
to 5 ms longer for its turn, the event loop included. So expensive judging takes turns with itself.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
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
TOO_MANY: Final = "Too many long answers at once; nothing was done. Try again in 1 s."
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

    def judge(self, person: UUID, answers: Mapping[str, Typed], judge: Callable[[], T]) -> T:
        """Return what *judge* makes of *answers*: at once, or by `run` where they are expensive."""
        return self.run(person, judge) if is_expensive(answers) else judge()

    def run(self, person: UUID, judge: Callable[[], T]) -> T:
        """Return what *judge* returns, for a caller that waits in another thread.

        Raises `RateLimited` where *person* has too many waiting.
        """
        with self._limit.hold(person):
            return self._submit(judge).result()

    async def run_async(self, person: UUID, judge: Callable[[], T]) -> T:
        """Return what `run` does; the event loop goes on meanwhile."""
        with self._limit.hold(person):
            return await asyncio.wrap_future(self._submit(judge))

    def close(self) -> None:
        """Finish what waits, and end the thread."""
        self._executor.shutdown()

    def _submit(self, judge: Callable[[], T]) -> Future[T]:
        try:
            return self._executor.submit(judge)
        except RuntimeError:  # it is closed
            raise Unavailable(STOPPING, retry_after=5) from None
