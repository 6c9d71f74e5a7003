"""Limits on how often something may be done, decided in this process, at once.

Every key has a level: what was spent of it, which goes down steadily. What is spent here is told to
other processes now and then by whoever asks what is owing
(`api.services.rate_limits.distributed_rate_limits`), and what they have spent comes back the same
way.
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
# What rounding may add to a level.
HAIR: Final = 1e-9
SHARE: Final = 10
"""What may be spent of a key until others are to learn of it: a tenth of what there is."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many *times* within so many *seconds*."""

    times: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Return by how much a level goes down in a second."""
        return self.times / self.seconds


class Throttle:
    """Counts by key against a *rate*; *clock* is in seconds, and may go back.

    Of more than 50,000 keys the one not seen for longest is forgotten. *on_owing* is called where
    so much of a key was spent that others should learn of it: it must return at once. Of keys of
    which less than *min_owing* was spent others do not learn.
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
        # The level, and when that was so.
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        # What was spent and not yet told to others.
        self._owing: dict[str, int] = {}

    def spend(self, key: str) -> float:
        """Spend one of *key* and return 0, or the seconds to wait where that is too much."""
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
        """Spend one of *key*; `RateLimited` with the seconds to wait where that is too much."""
        wait = self.spend(key)
        if wait:
            seconds = math.ceil(wait)
            raise RateLimited(f"Too many requests. Try again in {seconds} s.", retry_after=seconds)

    def wait_seconds(self, key: str) -> float:
        """Return how many seconds *key* is at or over the rate from now, 0 where it is below."""
        now = self._clock()
        with self._lock:
            level = self._level(key, now)
        if level < self.rate.times:
            return 0.0
        return (level - self.rate.times + 1) / self.rate.per_second

    def add(self, key: str, amount: int) -> None:
        """Spend *amount* of *key*, also where that is more than there is."""
        now = self._clock()
        with self._lock:
            self._keep(key, self._level(key, now) + amount, now)
            owing = self._owe(key, amount)
        if owing - amount < self._share <= owing:
            self._on_owing()

    def owing(self) -> dict[str, int]:
        """Return what was spent of each key since this was last asked; it is owed no more."""
        with self._lock:
            due = {key: spent for key, spent in self._owing.items() if spent >= self._min_owing}
            for key in due:
                del self._owing[key]
        return due

    def owe_again(self, spent: Mapping[str, int]) -> None:
        """Take back what others could not be told."""
        with self._lock:
            for key, count in spent.items():
                self._owe(key, count)

    def learn(self, levels: Mapping[str, float]) -> None:
        """Take over the *levels* that all have reached together, without what is owing since."""
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
        """Count what others are to be told of *key*, and return how much that is now."""
        self._owing[key] = owing = self._owing.get(key, 0) + count
        if len(self._owing) > MAX_KEYS:
            del self._owing[next(iter(self._owing))]
        return owing
