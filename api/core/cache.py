"""Caches in memory, safe to share between threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cache, wraps
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def cache_once(compute: Callable[P, V]) -> Callable[P, V]:
    """Return *compute* with a cache; threads that need the same value wait for the first one.

    With `functools.cache` alone, each thread that misses computes the value itself. Use it for few
    values that take long, and stay in memory.
    """
    cached, lock = cache(compute), threading.Lock()

    @wraps(compute)
    def compute_once(*args: P.args, **kwargs: P.kwargs) -> V:
        with lock:
            return cached(*args, **kwargs)  # type: ignore[arg-type]  # they are hashable

    return compute_once


class LruCache(Generic[K, V]):
    """Bounded, thread-safe LRU cache of at most *size* values.

    A cache that is at most half full evicts nothing soon, so reads skip the lock and record no
    order. Therefore only the most recently used half of *size* is sure to survive evictions.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def find(self, key: K) -> V | None:
        """Return the value of *key*, or None if it is not cached."""
        value = self._values.get(key)
        if value is not None and 2 * len(self._values) > self._size:
            with self._lock:
                if key in self._values:  # another thread may have been faster
                    self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Store *value* under *key*, replacing an earlier value."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            self._evict_oldest()

    def discard(self, key: K) -> None:
        """Remove *key*; a missing key is no error."""
        with self._lock:
            self._values.pop(key, None)

    def get_or_create(self, key: K, create: Callable[[], V]) -> V:
        """Return the value of *key*; call *create* and store its result if it is not cached.

        *create* runs without the lock. If two threads create the same value, the first one stored
        wins.
        """
        cached = self.find(key)
        if cached is not None:
            return cached
        created = create()
        with self._lock:
            value = self._values.setdefault(key, created)  # another thread may have been faster
            self._evict_oldest()
        return value

    def _evict_oldest(self) -> None:
        while len(self._values) > self._size:
            self._values.popitem(last=False)
