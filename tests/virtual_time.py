"""Virtual time for the score runner: it passes only while somebody sleeps or waits for a call.

time = VirtualTime(world.clock())
with time.replace_threads():
    runner.run_until_idle()

A call of a pool runs when it is submitted, and is done once the time that it slept has passed. So
calls overlap without a thread, and every run of a test is the same.
"""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from unittest import mock

from api.services.lti.scores import runner

__all__ = ["VirtualTime"]


@dataclass
class VirtualTime:
    """Time in seconds of a monotonic clock, and as a date."""

    start: datetime
    seconds: float = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    @contextmanager
    def replace_threads(self) -> Iterator[None]:
        """Let the score runner use virtual threads."""

        def create_pool(workers: int, **_: Any) -> VirtualPool:
            return VirtualPool(self, workers)

        with mock.patch.multiple(runner, ThreadPoolExecutor=create_pool, wait=self.wait):
            yield

    def wait(
        self,
        futures: Collection["VirtualFuture"],
        timeout: float = float("inf"),
        return_when: str = ALL_COMPLETED,
    ) -> None:
        """Let time pass until the calls have ended, or the first of them, or until *timeout*."""
        if futures:
            choose = min if return_when == FIRST_COMPLETED else max
            ended_at = choose(future.ended_at for future in futures)
            self.seconds = max(self.seconds, min(ended_at, self.seconds + timeout))


class VirtualFuture(Future[Any]):
    """Result of a call, which is known but done only at *ended_at*."""

    def __init__(self, time: VirtualTime, call: Callable[[], Any]) -> None:
        super().__init__()
        self.time, began_at = time, time.seconds
        try:
            self.set_result(call())
        except Exception as error:  # as a real pool does
            self.set_exception(error)
        self.ended_at, time.seconds = time.seconds, began_at

    def done(self) -> bool:
        return self.time.seconds >= self.ended_at


@dataclass
class VirtualPool:
    """Pool whose calls run at most as many at a time as there are *workers*."""

    time: VirtualTime
    workers: int
    futures: list[VirtualFuture] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.time.wait(self.futures)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> VirtualFuture:
        """Run a call now; its result is done later."""
        self.futures = [future for future in self.futures if not future.done()]
        assert len(self.futures) < self.workers
        future = VirtualFuture(self.time, lambda: function(*arguments))
        self.futures.append(future)
        return future
