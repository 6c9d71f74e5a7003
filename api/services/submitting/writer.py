"""The one writer of a process: it takes all that waits and writes it in one transaction.

A commit costs the same for one submission as for a hundred, so nobody waits for company: whoever
comes while a commit is under way goes with the next.
"""

import queue
import threading
import time
from concurrent.futures import Future
from typing import Final

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from api.clock import Clock
from api.db import Database
from api.errors import ServiceError, Unavailable
from api.services.submitting.entries import Accepted, Entry
from api.services.submitting.writing import write
from api.services.variants import Variants

__all__ = ["Writer"]

MOST_WAITING: Final = 1_000
MOST_AT_ONCE: Final = 100
PATIENCE: Final = 30
"""How many seconds a request waits for its turn."""
PATIENCE_OF_OTHERS: Final = 1.0
BUSY: Final = "The service has more to store than it can just now; nothing of this was stored."

STOPPING: Final = "The service is stopping; nothing of this was stored."


class Writer:
    """Writes submissions in a thread of its own, until it is closed."""

    def __init__(self, db: Database, variants: Variants, clock: Clock) -> None:
        self._db, self._variants, self._clock = db, variants, clock
        self._waiting: queue.Queue[tuple[Entry, Future[Accepted]] | None] = queue.Queue(
            MOST_WAITING
        )
        self._under_way = 0
        self._entrance = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, entry: Entry) -> Accepted:
        """Return *entry* stored, once it is durable.

        Raises the `ServiceError` that refuses it, or `Unavailable` where storage fails.
        """
        future: Future[Accepted] = Future()
        with self._entrance:
            if self._closed:
                raise Unavailable(STOPPING, retry_after=5)
            try:
                self._waiting.put_nowait((entry, future))
            except queue.Full:
                raise Unavailable(BUSY, retry_after=1) from None
        try:
            return future.result(timeout=PATIENCE)
        except TimeoutError:
            raise Unavailable(
                "It is not known yet whether this was stored; send it again with the same "
                "Idempotency-Key.",
                retry_after=2,
            ) from None

    def let_go_first(self) -> None:
        """Return once no submission waits, or after a second: for work that has time."""
        until = time.monotonic() + PATIENCE_OF_OTHERS
        while not self._waiting.empty() and time.monotonic() < until:
            time.sleep(0.01)

    @property
    def waiting(self) -> int:
        """How many submissions are not stored yet, those under way included."""
        return self._waiting.qsize() + self._under_way

    def close(self) -> None:
        """Write what waits, and end the thread; whatever comes later is refused."""
        with self._entrance:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            batch, goes_on = self._take()
            if batch:
                self._under_way = len(batch)
                self._write(batch)
                self._under_way = 0
            if not goes_on:
                return

    def _take(self) -> tuple[list[tuple[Entry, Future[Accepted]]], bool]:
        """Return all that waits, at least one, and whether there may be more to come."""
        batch: list[tuple[Entry, Future[Accepted]]] = []
        one = self._waiting.get()
        while one is not None:
            batch.append(one)
            if len(batch) == MOST_AT_ONCE:
                return batch, True
            try:
                one = self._waiting.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _write(self, batch: list[tuple[Entry, Future[Accepted]]]) -> None:
        """Write a batch; where that fails, one after the other, so that one fails alone."""
        try:
            with self._db.transaction() as session:
                outcomes = write(
                    session,
                    [entry for entry, _ in batch],
                    variants=self._variants,
                    now=self._clock(),
                )
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    self._write([one])
                return
            self._failed(batch[0], error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, ServiceError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _failed(self, one: tuple[Entry, Future[Accepted]], error: Exception) -> None:
        """Tell a request that it failed; two writers at one key may try again."""
        entry, future = one
        if isinstance(error, IntegrityError) and not getattr(future, "again", False):
            future.again = True  # type: ignore[attr-defined]
            self._write([(entry, future)])
            return
        if isinstance(error, SQLAlchemyError):
            failed = Unavailable("Storage failed; nothing of this was stored.", retry_after=2)
            failed.__cause__ = error
            future.set_exception(failed)
            return
        future.set_exception(error)
