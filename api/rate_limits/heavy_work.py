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

from api.core.errors import RateLimited, ServiceUnavailable

MAX_REQUESTS_PER_PERSON: Final = 4
MAX_WAITING: Final = 10
RETRY_SECONDS: Final = 5
TOO_MANY_MESSAGE: Final = "You have several large requests in progress. Wait for them first."
BUSY_MESSAGE: Final = "The service is busy with other large requests. Try again in a moment."


class PersonConcurrencyLimit:
    """Limit on the number of requests of one person that run or wait at the same time."""

    def __init__(
        self,
        max_requests: int = MAX_REQUESTS_PER_PERSON,
        message: str = TOO_MANY_MESSAGE,
        *,
        retry_after: int = RETRY_SECONDS,
    ) -> None:
        self._max_requests, self._message, self._retry_after = max_requests, message, retry_after
        self._lock = threading.Lock()
        self._counts: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return sum(self._counts.values())

    @contextmanager
    def acquire(self, person: UUID) -> Iterator[None]:
        """Count one request until the block ends; raise `RateLimited` if the limit is reached."""
        with self._lock:
            if self._counts[person] >= self._max_requests:
                raise RateLimited(self._message, retry_after=self._retry_after)
            self._counts[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[person] -= 1
                if not self._counts[person]:
                    del self._counts[person]


class HeavyWorkQueue:
    """Queue that runs one heavy job at a time and lets a few wait."""

    def __init__(self) -> None:
        self._limit = PersonConcurrencyLimit()
        self._job_lock = threading.Lock()

    @contextmanager
    def acquire(self, person: UUID) -> Iterator[None]:
        """Wait for a turn and hold it until the block ends.

        Raises `RateLimited` if *person* has four jobs already, `ServiceUnavailable` if ten are
        waiting.
        """
        if len(self._limit) > MAX_WAITING:
            raise ServiceUnavailable(BUSY_MESSAGE, retry_after=RETRY_SECONDS)
        with self._limit.acquire(person), self._job_lock:
            yield
