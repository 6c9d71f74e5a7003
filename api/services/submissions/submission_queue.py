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

from api.core.errors import ServiceUnavailable
from api.services.submissions.pending_submissions import PendingSubmission, StoredSubmission
from api.services.submissions.writer.write_transaction import StaleCache

MAX_BATCH_SIZE: Final = 100
IDLE_ROUNDS: Final = 2
"""Iterations of a loop without a new submission before its batch is passed on.

More than one is needed: an iteration runs what the one before it read.
"""
BUSY_MESSAGE: Final = "The service is overloaded. Nothing was stored."
STOPPING_MESSAGE: Final = "The service is stopping. Nothing was stored."

WaitResult: TypeAlias = StoredSubmission | StaleCache | Exception


@dataclass(slots=True)
class QueuedSubmission:
    """A queued submission with the future of its caller: a thread, or a task of *loop*.

    *is_retry*: this is the second try. *in_doubt*: an earlier try may have stored it.
    """

    entry: PendingSubmission
    future: Future[StoredSubmission | StaleCache] | asyncio.Future[StoredSubmission | StaleCache]
    loop: asyncio.AbstractEventLoop | None = None
    is_retry: bool = False
    in_doubt: bool = False

    def resolve(self, result: WaitResult) -> None:
        """Set the result or error on the future, unless the caller has stopped waiting."""
        if self.future.done():
            return
        if isinstance(result, Exception):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


class SubmissionQueue:
    """Bounded, thread-safe FIFO queue of at most *max_size* submissions."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._pending: deque[QueuedSubmission] = deque()
        self._gathered_by_loop: dict[asyncio.AbstractEventLoop, list[QueuedSubmission]] = {}
        self._condition = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._pending) + sum(len(some) for some in list(self._gathered_by_loop.values()))

    def put(self, item: QueuedSubmission) -> None:
        """Enqueue a submission; those of one event loop are gathered into one batch.

        Raises `ServiceUnavailable` if the queue is full or closed.
        """
        with self._condition:
            self._check_capacity()
            if item.loop is None:
                self._pending.append(item)
                self._condition.notify()
                return
            gathered = self._gathered_by_loop.setdefault(item.loop, [])
            gathered.append(item)
        if len(gathered) == 1:
            item.loop.call_soon(self._flush_when_idle_or_full, item.loop, 1, 0)

    def _check_capacity(self) -> None:
        if self._closed:
            raise ServiceUnavailable(STOPPING_MESSAGE, retry_after=5)
        if len(self) >= self._max_size:
            raise ServiceUnavailable(BUSY_MESSAGE, retry_after=1)

    def _flush_when_idle_or_full(
        self, loop: asyncio.AbstractEventLoop, previous_count: int, idle_rounds: int
    ) -> None:
        """Pass on the submissions of a *loop* after `IDLE_ROUNDS` iterations without a new one.

        *previous_count* is the number gathered at the last iteration, *idle_rounds* the number of
        idle iterations so far. A full batch is passed on at once.
        """
        count = len(self._gathered_by_loop.get(loop, ()))
        idle_rounds = idle_rounds + 1 if count == previous_count else 0
        if idle_rounds < IDLE_ROUNDS and count < MAX_BATCH_SIZE:
            loop.call_soon(self._flush_when_idle_or_full, loop, count, idle_rounds)
            return
        with self._condition:
            self._pending += self._gathered_by_loop.pop(loop, ())
            self._condition.notify()

    def wait_for_submissions(self) -> list[QueuedSubmission]:
        """Wait for submissions and return up to `MAX_BATCH_SIZE`; none if closed and drained."""
        with self._condition:
            self._condition.wait_for(lambda: self._pending or self._closed)
            count = min(len(self._pending), MAX_BATCH_SIZE)
            return [self._pending.popleft() for _ in range(count)]

    def close(self) -> None:
        """Refuse new submissions; those in the queue can still be taken."""
        with self._condition:
            self._closed = True
            for gathered in self._gathered_by_loop.values():
                self._pending += gathered
            self._gathered_by_loop.clear()
            self._condition.notify()
