"""Rate limits of one process, decided in memory.

Every key has a level: its usage, which decreases steadily. A background exchange
(`api.services.rate_limits.distributed_rate_limits`) fetches the usage that other processes do not
know yet, and brings back theirs.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from api.core.errors import RateLimited

__all__ = ["Rate", "Throttle"]

MAX_KEYS: Final = 50_000
# Rounding error of a level.
HAIR: Final = 1e-9
SHARE: Final = 10
"""What may be spent of a key until others are to learn of it: a tenth of what there is."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Rate of *times* events within *seconds*."""

    times: int
    seconds: float

    @property
    def per_second(self) -> float:
        """The decrease of a level per second."""
        return self.times / self.seconds


class Throttle:
    """Leaky-bucket rate limiter with a level per key; *clock* is in seconds and may go back.

    At more than 50,000 keys the least recently used one is dropped. *on_owing* is called when the
    unshared usage of a key is large enough for other processes to matter; it must return at once.
    Usage of a key below *min_owing* is not shared.
    """

    def __init__(
        self,
        rate: Rate,
        *,
        clock: Callable[[], float],
        on_owing: Callable[[], None] = lambda: None,
        min_owing: int = 1,
    ) -> None:
        self.rate = rate
        self._clock, self._on_owing, self._min_owing = clock, on_owing, min_owing
        self._share = max(1, rate.times // SHARE)
        self._lock = threading.Lock()
        # The level, and the time when it held.
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        # Usage not yet shared with other processes.
        self._owing: dict[str, int] = {}

    def spend(self, key: str) -> float:
        """Count one event of *key* and return 0; over the limit return the seconds to wait."""
        now = self._clock()
        with self._lock:
            level = self._level(key, now)
            over = level + 1 - self.rate.times
            if over > HAIR:
                self._keep(key, level, now)
                return over / self.rate.per_second
            self._keep(key, level + 1, now)
            owing = self._owe(key)
        if owing == self._share:
            self._on_owing()
        return 0.0

    def check(self, key: str) -> None:
        """Count one event of *key*; over the limit raise `RateLimited` with the seconds to wait."""
        wait = self.spend(key)
        if wait:
            seconds = math.ceil(wait)
            raise RateLimited(f"Too many requests. Try again in {seconds} s.", retry_after=seconds)

    def wait_seconds(self, key: str) -> float:
        """Return for how many seconds *key* stays at or over the limit, 0 if it is below."""
        now = self._clock()
        with self._lock:
            level = self._level(key, now)
        if level < self.rate.times:
            return 0.0
        return (level - self.rate.times + 1) / self.rate.per_second

    def add(self, key: str, amount: int) -> None:
        """Count *amount* for *key*, even if that exceeds the limit."""
        now = self._clock()
        with self._lock:
            self._keep(key, self._level(key, now) + amount, now)
            owing = self._owe(key, amount)
        if owing - amount < self._share <= owing:
            self._on_owing()

    def owing(self) -> dict[str, int]:
        """Return and clear the unshared usage of each key with at least *min_owing* of it."""
        with self._lock:
            due = {key: spent for key, spent in self._owing.items() if spent >= self._min_owing}
            for key in due:
                del self._owing[key]
        return due

    def owe_again(self, spent: Mapping[str, int]) -> None:
        """Restore unshared usage after an attempt to share it failed."""
        with self._lock:
            for key, count in spent.items():
                self._owe(key, count)

    def learn(self, levels: Mapping[str, float]) -> None:
        """Merge the *levels* of all processes together, which exclude the unshared usage."""
        now = self._clock()
        with self._lock:
            for key, level in levels.items():
                told = level + self._owing.get(key, 0)
                self._keep(key, max(told, self._level(key, now)), now)

    def _level(self, key: str, now: float) -> float:
        level, since = self._levels.get(key, (0.0, now))
        return max(0.0, level - max(now - since, 0.0) * self.rate.per_second)

    def _keep(self, key: str, level: float, now: float) -> None:
        self._levels[key] = (level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > MAX_KEYS:
            self._levels.popitem(last=False)

    def _owe(self, key: str, count: int = 1) -> int:
        """Add to the unshared usage of *key* and return its total."""
        self._owing[key] = owing = self._owing.get(key, 0) + count
        if len(self._owing) > MAX_KEYS:
            del self._owing[next(iter(self._owing))]
        return owing
