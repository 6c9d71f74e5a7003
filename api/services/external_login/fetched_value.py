"""Value of another server, such as its keys: cached, and fetched by one thread at a time.

A failure is remembered for a few seconds, so that requests that need the value cannot each cause a
fetch while the server is down or slow.
"""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Generic, TypeVar

FAILURE_SECONDS: Final = 10
"""Seconds for which a failure is remembered."""
WAIT_SECONDS: Final = 1
"""Seconds to wait for the fetch of another thread; more would take the threads of others."""

Value = TypeVar("Value")


class FetchUnderWayError(Exception):
    """Another thread is fetching the value and takes long."""


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception
    failed_at: float


@dataclass(slots=True)
class FetchedValue(Generic[Value]):
    """Cached value of another server."""

    _value: tuple[Value, float] | None = field(default=None, init=False)
    _failure: _Failure | None = field(default=None, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)

    def get(self, fetch: Callable[[], Value], *, max_age_seconds: float) -> Value:
        """Return the value, which is fetched if it is older.

        Raises the errors of *fetch* (the last one is raised again for a few seconds) and
        `FetchUnderWayError`.
        """
        cached = self._find(max_age_seconds)
        if cached is not None:
            return cached[0]
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise FetchUnderWayError("another request is fetching this")
        try:
            cached = self._find(max_age_seconds)  # another thread may have fetched it meanwhile
            if cached is None:
                cached = self._value = (self._fetch(fetch), monotonic())
            return cached[0]
        finally:
            self._turn.release()

    def _find(self, max_age_seconds: float) -> tuple[Value, float] | None:
        """Return the value unless it is too old; raise the failure of a moment ago."""
        now, cached, failure = monotonic(), self._value, self._failure
        if cached is not None and now - cached[1] < max_age_seconds:
            return cached
        if failure is not None and now - failure.failed_at < FAILURE_SECONDS:
            raise copy.copy(failure.error)
        return None

    def _fetch(self, fetch: Callable[[], Value]) -> Value:
        try:
            value = fetch()
        except Exception as error:
            self._failure = _Failure(error.with_traceback(None), monotonic())
            raise
        self._failure = None
        return value
