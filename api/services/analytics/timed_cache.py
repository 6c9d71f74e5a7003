"""Timed cache of the statistics of large classes, to limit processor time.

Statistics that took long are cached for a multiple of the time that they took, and state the time
at which they were computed.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

from api.core.cache import Cache
from api.core.clock import Clock
from api.db.engine import Database

__all__ = ["MOST", "QUICK", "REST", "Figures", "seconds_of"]

F = TypeVar("F")
KEPT: Final = 64
QUICK: Final = 0.25
"""So many seconds are taken each time: the figures of a class are of now."""
REST: Final = 20
"""What took longer is kept for so many times as long: a twentieth of the time goes to it."""
MOST: Final = timedelta(minutes=10)
"""For no longer, however long it took."""


@dataclass(frozen=True, slots=True)
class _Made:
    """Cached statistics, with the time of their computation and the seconds that it took."""

    figures: Any
    at: datetime
    seconds: float

    def holds(self, now: datetime) -> bool:
        """Return whether the entry is still valid; it expires if the clock was set back."""
        return timedelta() <= now - self.at < min(MOST, timedelta(seconds=REST * self.seconds))


def seconds_of(db: Database, clock: Clock) -> Callable[[], float]:
    """Return a function that measures the seconds of work done for a thread.

    SQLite works in the calling thread, so thread time counts and other load on the machine does not
    matter. A database server does not report its working time; wall time is used there.
    """
    return time.thread_time if db.is_sqlite else lambda: clock().timestamp()


class Figures:
    """Thread-safe, per-process cache of statistics.

    *seconds* measures the work done for the calling thread; see `seconds_of`.
    """

    def __init__(self, seconds: Callable[[], float] = time.thread_time) -> None:
        self.seconds = seconds
        self._made: Cache[Hashable, _Made] = Cache(KEPT)

    def find(self, key: Hashable, *, now: datetime) -> Any:
        """Return the cached statistics that are still valid, or None."""
        before = self._made.find(key)
        return before.figures if before is not None and before.holds(now) else None

    def get(self, key: Hashable, make: Callable[[], F], *, now: datetime) -> F:
        """Return cached statistics, or the result of *make* as of *now*.

        While one thread recomputes an expired entry, other threads get the old one.
        """
        if (kept := self.find(key, now=now)) is not None:
            return cast("F", kept)
        if (before := self._made.find(key)) is not None:
            self._made.keep(key, replace(before, at=now))
        began = self.seconds()
        figures = make()
        seconds = self.seconds() - began
        if seconds > QUICK:
            self._made.keep(key, _Made(figures, now, seconds))
        else:
            self._made.drop(key)
        return figures
