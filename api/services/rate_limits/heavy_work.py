"""Queue for heavy work, such as statistics or grades of a class: one job at a time per process.

Several at once would not finish sooner. They would occupy the threads that serve requests, and
changes of grades would block students' submissions in the database.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from api.core.errors import RateLimited, Unavailable

__all__ = ["PersonLimit", "TurnQueue"]

MAX_PER_PERSON: Final = 4
MAX_WAITING: Final = 10
RETRY_SECONDS: Final = 5
TOO_MANY: Final = "You have several large requests under way. Wait for them first."
BUSY: Final = "The service is busy with other large requests. Try again in a moment."


class PersonLimit:
    """Limit on the number of requests of one person that run or wait at the same time."""

    def __init__(
        self,
        most: int = MAX_PER_PERSON,
        message: str = TOO_MANY,
        *,
        retry_after: int = RETRY_SECONDS,
    ) -> None:
        self._most, self._message, self._retry_after = most, message, retry_after
        self._lock = threading.Lock()
        self._counts: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return sum(self._counts.values())

    @contextmanager
    def hold(self, person: UUID) -> Iterator[None]:
        """Count one request until the block ends; raise `RateLimited` if the limit is reached."""
        with self._lock:
            if self._counts[person] >= self._most:
                raise RateLimited(self._message, retry_after=self._retry_after)
            self._counts[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[person] -= 1
                if not self._counts[person]:
                    del self._counts[person]


class TurnQueue:
    """Queue that runs one heavy job at a time and lets a few wait."""

    def __init__(self) -> None:
        self._limit = PersonLimit()
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, person: UUID) -> Iterator[None]:
        """Wait for a turn and hold it until the block ends.

        Raises `RateLimited` if *person* has four jobs already, `Unavailable` if ten are waiting.
        """
        if len(self._limit) > MAX_WAITING:
            raise Unavailable(BUSY, retry_after=RETRY_SECONDS)
        with self._limit.hold(person), self._turn:
            yield
