"""Limits on how often something may be done, kept in this process.

A bucket per key holds as many tokens as may be spent at once and fills up steadily. What must hold
over several processes, or over a restart, is counted in the database instead.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.errors import RateLimited

__all__ = ["Rate", "Throttle"]

MAX_KEYS: Final = 50_000
# What rounding may take from a token.
HAIR: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Rate:
    """So many *times* within so many *seconds*."""

    times: int
    seconds: float


class Throttle:
    """Counts by key against a *rate*; *clock* is monotonic and in seconds.

    Of more than 50,000 keys the one not seen for longest is forgotten.
    """

    def __init__(self, rate: Rate, *, clock: Callable[[], float]) -> None:
        self.rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        # The tokens left, and when that was so.
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, key: str) -> float:
        """Take one token of *key* and return 0, or the seconds to wait where none is left."""
        now, per_second = self._clock(), self.rate.times / self.rate.seconds
        with self._lock:
            left, since = self._buckets.pop(key, (float(self.rate.times), now))
            left = min(self.rate.times, left + max(now - since, 0.0) * per_second)
            wait = 0.0 if left >= 1 - HAIR else (1 - left) / per_second
            self._buckets[key] = (left if wait else left - 1, now)
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)
        return wait

    def check(self, key: str) -> None:
        """Take one token of *key*; `RateLimited` with the seconds to wait where none is left."""
        wait = self.spend(key)
        if wait:
            seconds = math.ceil(wait)
            raise RateLimited(f"Too many requests. Try again in {seconds} s.", retry_after=seconds)
