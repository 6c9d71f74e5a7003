"""Figures of large classes, kept for a while, so that looking at them takes little of a processor.

What takes long to work out is not worked out again at once: it is kept for a multiple of the time
that it took, and says as of when it is.
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
    """Figures with the moment when they were made, and the seconds that they took."""

    figures: Any
    at: datetime
    seconds: float

    def holds(self, now: datetime) -> bool:
        """Tell whether they are shown *now*; a clock that was set back makes them old."""
        return timedelta() <= now - self.at < min(MOST, timedelta(seconds=REST * self.seconds))


def seconds_of(db: Database, clock: Clock) -> Callable[[], float]:
    """Return what tells how long is worked for a thread.

    SQLite works in the thread itself, and a machine that is busy with something else does not make
    figures old. How long a server works is not told: there it is the time that passes.
    """
    return time.thread_time if db.is_sqlite else lambda: clock().timestamp()


class Figures:
    """The figures that one process keeps; threads may share it.

    *seconds* tells how long is worked for the thread that asks: `seconds_of` a database.
    """

    def __init__(self, seconds: Callable[[], float] = time.thread_time) -> None:
        self.seconds = seconds
        self._made: Cache[Hashable, _Made] = Cache(KEPT)

    def find(self, key: Hashable, *, now: datetime) -> Any:
        """Return the figures that are kept and still hold, None where there are none."""
        before = self._made.find(key)
        return before.figures if before is not None and before.holds(now) else None

    def get(self, key: Hashable, make: Callable[[], F], *, now: datetime) -> F:
        """Return what *make* gives, of *now* or of a moment before.

        While one works it out anew, others are given what there is.
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
