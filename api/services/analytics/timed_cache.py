"""Timed cache of the statistics of large classes, to limit processor time.

Statistics that took long are cached for a multiple of the time that they took, and state the time
at which they were computed.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

from api.core.cache import LruCache
from api.core.clock import Clock
from api.db.engine import Database

F = TypeVar("F")
MAX_ENTRIES: Final = 64
MIN_COMPUTE_SECONDS: Final = 0.25
"""Seconds up to which statistics are not cached, so that those of a class are current."""
CACHE_FACTOR: Final = 20
"""Ratio of the time for which a result is cached to the time that it took to compute.

So computing takes a twentieth of the time.
"""
MAX_AGE: Final = timedelta(minutes=10)
"""Maximum age of a cached result, however long it took to compute."""


@dataclass(frozen=True, slots=True)
class _CachedResult:
    """Cached statistics, with the time of their computation and the seconds that it took."""

    result: Any
    computed_at: datetime
    seconds: float

    def is_valid(self, now: datetime) -> bool:
        """Return whether the entry is still valid; it expires if the clock was set back."""
        return (
            timedelta()
            <= now - self.computed_at
            < min(MAX_AGE, timedelta(seconds=CACHE_FACTOR * self.seconds))
        )


def make_work_timer(db: Database, clock: Clock) -> Callable[[], float]:
    """Return a function that measures the seconds of work done for a thread.

    SQLite works in the calling thread, so thread time counts and other load on the machine does not
    matter. A database server does not report its working time; wall time is used there.
    """
    return time.thread_time if db.is_sqlite else lambda: clock().timestamp()


class TimedCache:
    """Thread-safe, per-process cache of statistics.

    *work_timer* measures the work done for the calling thread; see `make_work_timer`.
    """

    def __init__(self, work_timer: Callable[[], float] = time.thread_time) -> None:
        self.work_timer = work_timer
        self._entries: LruCache[Hashable, _CachedResult] = LruCache(MAX_ENTRIES)

    def find(self, key: Hashable, *, now: datetime) -> Any:
        """Return the cached statistics that are still valid, or None."""
        entry = self._entries.find(key)
        return entry.result if entry is not None and entry.is_valid(now) else None

    def get_or_compute(self, key: Hashable, compute: Callable[[], F], *, now: datetime) -> F:
        """Return cached statistics, or the result of *compute* as of *now*.

        While one thread recomputes an expired entry, other threads get the old one.
        """
        if (cached := self.find(key, now=now)) is not None:
            return cast("F", cached)
        if (stale := self._entries.find(key)) is not None:
            self._entries.put(key, replace(stale, computed_at=now))
        began = self.work_timer()
        result = compute()
        seconds = self.work_timer() - began
        if seconds > MIN_COMPUTE_SECONDS:
            self._entries.put(key, _CachedResult(result, now, seconds))
        else:
            self._entries.discard(key)
        return result
