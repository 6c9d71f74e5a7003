"""The queue of graded submissions that wait for the writer of a process.

The submissions of one event loop are passed on together: the loop and the writer share the
processor, and a batch of twenty costs as much as a batch of one. There is no fixed delay: the
writer gets the batch after `IDLE_ROUNDS` iterations of the loop without another submission.
"""

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, TypeAlias

from api.core.errors import Unavailable
from api.services.submissions.entries import Accepted, Entry
from api.services.submissions.writer.writing import Outdated

__all__ = ["MOST_AT_ONCE", "Ended", "SubmissionQueue", "Waiting"]

MOST_AT_ONCE: Final = 100
IDLE_ROUNDS: Final = 2
"""How often a loop goes round without another submission: what one round reads, the next runs."""
BUSY: Final = "The service has more to store than it can just now; nothing of this was stored."
STOPPING: Final = "The service is stopping; nothing of this was stored."

Ended: TypeAlias = Accepted | Outdated | Exception


@dataclass(slots=True)
class Waiting:
    """A queued submission with the future of its caller: a thread, or a task of *loop*.

    *again*: this is the second try. *in_doubt*: an earlier try may have stored it.
    """

    entry: Entry
    future: Future[Accepted | Outdated] | asyncio.Future[Accepted | Outdated]
    loop: asyncio.AbstractEventLoop | None = None
    again: bool = False
    in_doubt: bool = False

    def end(self, ended: Ended) -> None:
        """Set the result or error on the future, unless the caller has stopped waiting."""
        if self.future.done():
            return
        if isinstance(ended, Exception):
            self.future.set_exception(ended)
        else:
            self.future.set_result(ended)


class SubmissionQueue:
    """Bounded, thread-safe FIFO queue of at most *most* submissions."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[Waiting] = deque()
        self._gathered: dict[asyncio.AbstractEventLoop, list[Waiting]] = {}
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting) + sum(len(some) for some in list(self._gathered.values()))

    def put(self, one: Waiting) -> None:
        """Enqueue a submission; those of one event loop are gathered into one batch.

        Raises `Unavailable` if the queue is full or closed.
        """
        with self._changed:
            self._check_room()
            if one.loop is None:
                self._waiting.append(one)
                self._changed.notify()
                return
            some = self._gathered.setdefault(one.loop, [])
            some.append(one)
        if len(some) == 1:
            one.loop.call_soon(self._pass_on, one.loop, 1, 0)

    def _check_room(self) -> None:
        if self._closed:
            raise Unavailable(STOPPING, retry_after=5)
        if len(self) >= self._most:
            raise Unavailable(BUSY, retry_after=1)

    def _pass_on(self, loop: asyncio.AbstractEventLoop, before: int, idle: int) -> None:
        """Pass on the submissions of a *loop* after `IDLE_ROUNDS` iterations without a new one.

        *before* is the number gathered at the last iteration, *idle* the number of idle iterations
        so far. A full batch is passed on at once.
        """
        count = len(self._gathered.get(loop, ()))
        idle = idle + 1 if count == before else 0
        if idle < IDLE_ROUNDS and count < MOST_AT_ONCE:
            loop.call_soon(self._pass_on, loop, count, idle)
            return
        with self._changed:
            self._waiting += self._gathered.pop(loop, ())
            self._changed.notify()

    def take(self) -> list[Waiting]:
        """Wait for submissions and return up to `MOST_AT_ONCE`; none if closed and drained."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            some = min(len(self._waiting), MOST_AT_ONCE)
            return [self._waiting.popleft() for _ in range(some)]

    def close(self) -> None:
        """Refuse new submissions; those in the queue can still be taken."""
        with self._changed:
            self._closed = True
            for some in self._gathered.values():
                self._waiting += some
            self._gathered.clear()
            self._changed.notify()
