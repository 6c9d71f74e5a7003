"""A cache in memory: the last values that were asked for, so many and no more."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Cache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """At most *size* values, among them the last half as many that were asked for.

    Threads may share it. While it is not half full nothing is about to go, and no order is kept.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def find(self, key: K) -> V | None:
        """Return the value of *key*, None where it is not kept."""
        value = self._values.get(key)
        if value is not None and 2 * len(self._values) > self._size:
            with self._lock:
                if key in self._values:  # another thread may have been faster
                    self._values.move_to_end(key)
        return value

    def keep(self, key: K, value: V) -> None:
        """Keep *value* under *key*, in place of another."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            self._shrink()

    def drop(self, key: K) -> None:
        """Keep nothing under *key*."""
        with self._lock:
            self._values.pop(key, None)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of *key*, made if it is not kept."""
        found = self.find(key)
        if found is not None:
            return found
        made = make()
        with self._lock:
            value = self._values.setdefault(key, made)  # another thread may have been faster
            self._shrink()
        return value

    def _shrink(self) -> None:
        while len(self._values) > self._size:
            self._values.popitem(last=False)
