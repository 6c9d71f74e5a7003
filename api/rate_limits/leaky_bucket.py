"""Rate limits of one process, decided in memory.

Every key has a level: its usage, which decreases steadily. A background exchange
(`api.rate_limits.distributed`) fetches the usage that other processes do not know yet, and brings
back theirs.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from api.rate_limits.event_limits import raise_if_limited

MAX_KEYS: Final = 50_000
# Rounding error of a level.
EPSILON: Final = 1e-9
EXCHANGE_DIVISOR: Final = 10
"""Divisor of a limit: unshared usage of a tenth of the limit triggers an exchange."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Rate of *events* within *seconds*."""

    events: int
    seconds: float

    @property
    def per_second(self) -> float:
        """The decrease of a level per second."""
        return self.events / self.seconds


class LeakyBucketLimiter:
    """Leaky-bucket rate limiter with a level per key; *clock* is in seconds and may go back.

    At more than 50,000 keys the least recently used one is dropped. *on_pending* is called when the
    unshared usage of a key is large enough for other processes to matter; it must return at once.
    Usage of a key below *min_pending* is not shared.
    """

    def __init__(
        self,
        rate: RateLimit,
        *,
        clock: Callable[[], float],
        on_pending: Callable[[], None] = lambda: None,
        min_pending: int = 1,
    ) -> None:
        self.rate = rate
        self._clock, self._on_pending, self._min_pending = clock, on_pending, min_pending
        self._exchange_threshold = max(1, rate.events // EXCHANGE_DIVISOR)
        self._lock = threading.Lock()
        # The level, and the time when it held.
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        # Usage not yet shared with other processes.
        self._pending: dict[str, int] = {}

    def try_consume(self, key: str) -> float:
        """Count one event of *key* and return 0; over the limit return the seconds to wait."""
        now = self._clock()
        with self._lock:
            level = self._current_level(key, now)
            over = level + 1 - self.rate.events
            if over > EPSILON:
                self._store_level(key, level, now)
                return over / self.rate.per_second
            self._store_level(key, level + 1, now)
            pending = self._add_pending(key)
        if pending == self._exchange_threshold:
            self._on_pending()
        return 0.0

    def consume(self, key: str) -> None:
        """Count one event of *key*; over the limit raise `RateLimited` with the seconds to wait."""
        raise_if_limited(self.try_consume(key))

    def wait_seconds(self, key: str) -> float:
        """Return for how many seconds *key* stays at or over the limit, 0 if it is below."""
        with self._lock:
            stored = self._levels.get(key)
            if stored is None or stored[0] < self.rate.events:
                return 0.0  # a level only decreases with time
            level = self._current_level(key, self._clock())
        if level < self.rate.events:
            return 0.0
        return (level - self.rate.events + 1) / self.rate.per_second

    def add(self, key: str, amount: int) -> None:
        """Count *amount* for *key*, even if that exceeds the limit."""
        now = self._clock()
        with self._lock:
            self._store_level(key, self._current_level(key, now) + amount, now)
            pending = self._add_pending(key, amount)
        if pending - amount < self._exchange_threshold <= pending:
            self._on_pending()

    def take_pending(self) -> dict[str, int]:
        """Return and clear the unshared usage of each key with at least *min_pending* of it."""
        with self._lock:
            due = {key: spent for key, spent in self._pending.items() if spent >= self._min_pending}
            for key in due:
                del self._pending[key]
        return due

    def restore_pending(self, spent: Mapping[str, int]) -> None:
        """Restore unshared usage after an attempt to share it failed."""
        with self._lock:
            for key, count in spent.items():
                self._add_pending(key, count)

    def merge_levels(self, levels: Mapping[str, float]) -> None:
        """Merge the *levels* of all processes together, which exclude the unshared usage."""
        now = self._clock()
        with self._lock:
            for key, level in levels.items():
                total = level + self._pending.get(key, 0)
                self._store_level(key, max(total, self._current_level(key, now)), now)

    def _current_level(self, key: str, now: float) -> float:
        level, since = self._levels.get(key, (0.0, now))
        return max(0.0, level - max(now - since, 0.0) * self.rate.per_second)

    def _store_level(self, key: str, level: float, now: float) -> None:
        self._levels[key] = (level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > MAX_KEYS:
            self._levels.popitem(last=False)

    def _add_pending(self, key: str, count: int = 1) -> int:
        """Add to the unshared usage of *key* and return its total."""
        self._pending[key] = pending = self._pending.get(key, 0) + count
        if len(self._pending) > MAX_KEYS:
            del self._pending[next(iter(self._pending))]
        return pending
