"""The writer of a process: one thread that stores all queued submissions in one transaction.

This is a group commit: a commit costs the same for one submission as for a hundred. There is no
delay to fill a batch. Submissions that arrive during a commit go into the next one, together with
the others of their event loop.
"""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from api.core.clock import Clock
from api.core.errors import Unavailable
from api.core.failpoints import reach
from api.db.engine import Database, InDoubtError, is_line_down
from api.services.engine.variants import Variants
from api.services.submissions.cache.memory import Memory
from api.services.submissions.entries import Accepted, Entry
from api.services.submissions.waiting import Ended, SubmissionQueue, Waiting
from api.services.submissions.writer.writing import Outcome, Outdated, write

__all__ = ["Writer"]

MOST_WAITING: Final = 1_000
PATIENCE: Final = 30
"""How many seconds a request waits for its turn."""
PATIENCE_OF_OTHERS: Final = 1.0
UNKNOWN: Final = (
    "It is not known yet whether this was stored; send it again with the same Idempotency-Key."
)
DEADLOCK: Final = "40P01"
LOOK_FIRST: Final = (
    "It is not known whether this was stored; look at your submissions before you send it again."
)
FAILED: Final = "Storage failed; nothing of this was stored."


class Writer:
    """Writer thread that stores submissions until it is closed.

    *on_stored* is called with the author and the size in bytes of each stored submission.
    """

    def __init__(
        self,
        db: Database,
        variants: Variants,
        memory: Memory,
        clock: Clock,
        *,
        on_stored: Callable[[UUID, int], None],
    ) -> None:
        self._db, self._variants, self._memory, self._clock = db, variants, memory, clock
        self._on_stored = on_stored
        self._queue = SubmissionQueue(MOST_WAITING)
        self._under_way = 0
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, entry: Entry) -> Accepted | Outdated:
        """Store *entry* and return once it is durable; block the thread meanwhile.

        Raises the `ServiceError` that refuses it, or `Unavailable` if storage fails or takes longer
        than `PATIENCE` seconds.
        """
        future: Future[Accepted | Outdated] = Future()
        self._put(Waiting(entry, future))
        try:
            return future.result(timeout=PATIENCE)
        except TimeoutError:
            raise _unknown(entry) from None

    async def stored(self, entry: Entry) -> Accepted | Outdated:
        """Store *entry* as `submit` does, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Accepted | Outdated] = loop.create_future()
        self._put(Waiting(entry, future, loop))
        try:
            async with asyncio.timeout(PATIENCE):
                return await future
        except TimeoutError:
            raise _unknown(entry) from None

    def _put(self, one: Waiting) -> None:
        reach("after_judging")
        self._queue.put(one)

    def let_go_first(self) -> None:
        """Wait up to 1 s for the queue to drain; background jobs call this between chunks."""
        until = time.monotonic() + PATIENCE_OF_OTHERS
        while self.waiting and time.monotonic() < until:
            time.sleep(0.01)

    @property
    def waiting(self) -> int:
        """Number of submissions that are not stored yet, those in the current batch included."""
        return len(self._queue) + self._under_way

    def close(self) -> None:
        """Refuse new submissions, store those in the queue, and end the thread."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._queue.take():
            self._under_way = len(batch)
            _tell(self._write(batch))
            self._under_way = 0

    def _write(self, batch: Sequence[Waiting]) -> list[tuple[Waiting, Ended]]:
        """Write a batch; if that fails, write each alone, so that only the faulty one fails."""
        try:
            outcomes = self._written([one.entry for one in batch])
        except InDoubtError:
            return self._in_doubt(batch)
        except Exception as error:
            if len(batch) > 1 and not is_line_down(error):
                return self._one_by_one(batch)
            return [ended for one in batch for ended in self._failed(one, error)]
        return list(zip(batch, outcomes, strict=True))

    def _one_by_one(self, batch: Sequence[Waiting]) -> list[tuple[Waiting, Ended]]:
        """Write each submission alone; once the database is unreachable, fail the rest."""
        ended: list[tuple[Waiting, Ended]] = []
        for at, one in enumerate(batch, 1):
            ended += self._write([one])
            cause = getattr(ended[-1][1], "__cause__", None)
            if is_line_down(cause):
                return ended + [told for rest in batch[at:] for told in self._failed(rest, cause)]
        return ended

    def _in_doubt(self, batch: Sequence[Waiting]) -> list[tuple[Waiting, Ended]]:
        """Return the outcomes of a batch of which it is unknown whether it was committed.

        Submissions with an idempotency key are written once more: if the first commit went through,
        the key finds the stored row and replays its reply. Without a key a second write could store
        a duplicate, so the author gets an error.
        """
        again = [one for one in batch if one.entry.key is not None and not one.in_doubt]
        rest = [one for one in batch if one.entry.key is None or one.in_doubt]
        for one in again:
            one.in_doubt = True
        told: list[tuple[Waiting, Ended]] = [(one, _unknown(one.entry)) for one in rest]
        return told + (self._write(again) if again else [])

    def _written(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Write *entries* in one transaction and return their outcomes after the commit."""
        with self._db.transaction() as session:
            outcomes, recalled = write(
                session, entries, variants=self._variants, memory=self._memory, now=self._clock()
            )
            reach("before_commit")
        reach("after_commit")
        recalled.keep()
        for entry, outcome in zip(entries, outcomes, strict=True):
            if isinstance(outcome, Accepted) and not outcome.replayed:
                self._on_stored(entry.author_id, outcome.stored_bytes)
        return outcomes

    def _failed(self, one: Waiting, error: Exception) -> list[tuple[Waiting, Ended]]:
        """Return the outcome of a failed submission; retry once after a key conflict or a deadlock.

        An integrity error of a submission from the cache may mean that a row is gone, such as that
        of an erased person. It becomes `Outdated`, so that everything is read from the database.
        """
        if one.entry.recalled and isinstance(error, IntegrityError):
            return [(one, Outdated())]
        if _may_pass(error) and not one.again:
            one.again = True
            return self._write([one])
        if isinstance(error, SQLAlchemyError):
            failed = Unavailable(UNKNOWN if one.in_doubt else FAILED, retry_after=2)
            failed.__cause__ = error
            return [(one, failed)]
        return [(one, error)]


def _unknown(entry: Entry) -> Unavailable:
    """Return the error for a submission of which it is unknown whether it was stored."""
    return Unavailable(LOOK_FIRST if entry.key is None else UNKNOWN, retry_after=2)


def _may_pass(error: Exception) -> bool:
    """Tell whether another writer caused the error, so that a retry may succeed."""
    deadlock = getattr(getattr(error, "orig", None), "sqlstate", None) == DEADLOCK
    return deadlock or isinstance(error, IntegrityError)


def _tell(ended: Iterable[tuple[Waiting, Ended]]) -> None:
    """Set all results; those of one event loop in one call, since each call into it takes time."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[tuple[Waiting, Ended]]]
    by_loop = defaultdict(list)
    for one, outcome in ended:
        if one.loop is None:
            one.end(outcome)
        else:
            by_loop[one.loop].append((one, outcome))
    for loop, some in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_end_all, some)


def _end_all(ended: Iterable[tuple[Waiting, Ended]]) -> None:
    for one, outcome in ended:
        one.end(outcome)
