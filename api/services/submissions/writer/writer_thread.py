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
from api.core.errors import ServiceUnavailable
from api.core.failpoints import reach_failpoint
from api.db.engine import Database, InDoubtError, is_database_unreachable
from api.services.engine.variants import VariantCache
from api.services.submissions.cache.submission_cache import SubmissionCache
from api.services.submissions.pending_submissions import PendingSubmission, StoredSubmission
from api.services.submissions.submission_queue import QueuedSubmission, SubmissionQueue, WaitResult
from api.services.submissions.writer.write_transaction import (
    StaleCache,
    WriteOutcome,
    write_submissions,
)

MAX_QUEUE_SIZE: Final = 1_000
SUBMIT_TIMEOUT_SECONDS: Final = 30
"""Seconds that a request waits for its submission to be stored."""
DRAIN_TIMEOUT_SECONDS: Final = 1.0
UNKNOWN_OUTCOME_MESSAGE: Final = (
    "It is unknown whether this was stored. Send it again with the same Idempotency-Key."
)
DEADLOCK_SQLSTATE: Final = "40P01"
CHECK_BEFORE_RETRY_MESSAGE: Final = (
    "It is unknown whether this was stored. Check your submissions before you send it again."
)
STORAGE_FAILED_MESSAGE: Final = "The database failed. Nothing was stored."


class SubmissionWriter:
    """Writer thread that stores submissions until it is closed.

    *on_stored* is called with the author and the size in bytes of each stored submission.
    """

    def __init__(
        self,
        db: Database,
        variants: VariantCache,
        cache: SubmissionCache,
        clock: Clock,
        *,
        on_stored: Callable[[UUID, int], None],
    ) -> None:
        self._db, self._variants, self._cache, self._clock = db, variants, cache, clock
        self._on_stored = on_stored
        self._queue = SubmissionQueue(MAX_QUEUE_SIZE)
        self._batch_size = 0
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, entry: PendingSubmission) -> StoredSubmission | StaleCache:
        """Store *entry* and return once it is durable; block the thread meanwhile.

        Raises the `ServiceError` that refuses it, or `ServiceUnavailable` if storage fails or takes
        longer than `SUBMIT_TIMEOUT_SECONDS`.
        """
        future: Future[StoredSubmission | StaleCache] = Future()
        self._enqueue(QueuedSubmission(entry, future))
        try:
            return future.result(timeout=SUBMIT_TIMEOUT_SECONDS)
        except TimeoutError:
            raise _build_unknown_outcome_error(entry) from None

    async def submit_async(self, entry: PendingSubmission) -> StoredSubmission | StaleCache:
        """Store *entry* as `submit` does, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[StoredSubmission | StaleCache] = loop.create_future()
        self._enqueue(QueuedSubmission(entry, future, loop))
        try:
            async with asyncio.timeout(SUBMIT_TIMEOUT_SECONDS):
                return await future
        except TimeoutError:
            raise _build_unknown_outcome_error(entry) from None

    def _enqueue(self, item: QueuedSubmission) -> None:
        reach_failpoint("after_judging")
        self._queue.put(item)

    def wait_briefly_until_drained(self) -> None:
        """Wait up to 1 s for the queue to drain; background jobs call this between chunks."""
        until = time.monotonic() + DRAIN_TIMEOUT_SECONDS
        while self.pending_count and time.monotonic() < until:
            time.sleep(0.01)

    @property
    def pending_count(self) -> int:
        """Number of submissions that are not stored yet, those in the current batch included."""
        return len(self._queue) + self._batch_size

    def close(self) -> None:
        """Refuse new submissions, store those in the queue, and end the thread."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._queue.wait_for_submissions():
            self._batch_size = len(batch)
            _deliver_results(self._write_batch(batch))
            self._batch_size = 0

    def _write_batch(
        self, batch: Sequence[QueuedSubmission]
    ) -> list[tuple[QueuedSubmission, WaitResult]]:
        """Write a batch; if that fails, write each alone, so that only the faulty one fails."""
        try:
            outcomes = self._commit_entries([one.entry for one in batch])
        except InDoubtError:
            return self._resolve_in_doubt(batch)
        except Exception as error:
            if len(batch) > 1 and not is_database_unreachable(error):
                return self._write_individually(batch)
            return [ended for one in batch for ended in self._retry_or_fail(one, error)]
        return list(zip(batch, outcomes, strict=True))

    def _write_individually(
        self, batch: Sequence[QueuedSubmission]
    ) -> list[tuple[QueuedSubmission, WaitResult]]:
        """Write each submission alone; once the database is unreachable, fail the rest."""
        results: list[tuple[QueuedSubmission, WaitResult]] = []
        for position, item in enumerate(batch, 1):
            results += self._write_batch([item])
            cause = getattr(results[-1][1], "__cause__", None)
            if is_database_unreachable(cause):
                return results + [
                    told for rest in batch[position:] for told in self._retry_or_fail(rest, cause)
                ]
        return results

    def _resolve_in_doubt(
        self, batch: Sequence[QueuedSubmission]
    ) -> list[tuple[QueuedSubmission, WaitResult]]:
        """Return the outcomes of a batch of which it is unknown whether it was committed.

        Submissions with an idempotency key are written once more: if the first commit went through,
        the key finds the stored row and replays its reply. Without a key a second write could store
        a duplicate, so the author gets an error.
        """
        retriable = [
            one for one in batch if one.entry.idempotency_key is not None and not one.in_doubt
        ]
        unresolved = [one for one in batch if one.entry.idempotency_key is None or one.in_doubt]
        for item in retriable:
            item.in_doubt = True
        results: list[tuple[QueuedSubmission, WaitResult]] = [
            (one, _build_unknown_outcome_error(one.entry)) for one in unresolved
        ]
        return results + (self._write_batch(retriable) if retriable else [])

    def _commit_entries(self, entries: Sequence[PendingSubmission]) -> list[WriteOutcome]:
        """Write *entries* in one transaction and return their outcomes after the commit."""
        with self._db.transaction() as session:
            outcomes, cache_transaction = write_submissions(
                session, entries, variants=self._variants, cache=self._cache, now=self._clock()
            )
            reach_failpoint("before_commit")
        reach_failpoint("after_commit")
        cache_transaction.apply()
        for entry, outcome in zip(entries, outcomes, strict=True):
            if isinstance(outcome, StoredSubmission) and not outcome.replayed:
                self._on_stored(entry.author_id, outcome.stored_bytes)
        return outcomes

    def _retry_or_fail(
        self, item: QueuedSubmission, error: Exception
    ) -> list[tuple[QueuedSubmission, WaitResult]]:
        """Return the outcome of a failed submission; retry once after a key conflict or a deadlock.

        An integrity error of a submission from the cache may mean that a row is gone, such as that
        of an erased person. It becomes `StaleCache`, so that everything is read from the database.
        """
        if item.entry.from_cache and isinstance(error, IntegrityError):
            return [(item, StaleCache())]
        if _is_retriable(error) and not item.is_retry:
            item.is_retry = True
            return self._write_batch([item])
        if isinstance(error, SQLAlchemyError):
            unavailable = ServiceUnavailable(
                UNKNOWN_OUTCOME_MESSAGE if item.in_doubt else STORAGE_FAILED_MESSAGE, retry_after=2
            )
            unavailable.__cause__ = error
            return [(item, unavailable)]
        return [(item, error)]


def _build_unknown_outcome_error(entry: PendingSubmission) -> ServiceUnavailable:
    """Return the error for a submission of which it is unknown whether it was stored."""
    return ServiceUnavailable(
        CHECK_BEFORE_RETRY_MESSAGE if entry.idempotency_key is None else UNKNOWN_OUTCOME_MESSAGE,
        retry_after=2,
    )


def _is_retriable(error: Exception) -> bool:
    """Tell whether another writer caused the error, so that a retry may succeed."""
    deadlock = getattr(getattr(error, "orig", None), "sqlstate", None) == DEADLOCK_SQLSTATE
    return deadlock or isinstance(error, IntegrityError)


def _deliver_results(results: Iterable[tuple[QueuedSubmission, WaitResult]]) -> None:
    """Set all results; those of one event loop in one call, since each call into it takes time."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[tuple[QueuedSubmission, WaitResult]]]
    by_loop = defaultdict(list)
    for item, outcome in results:
        if item.loop is None:
            item.resolve(outcome)
        else:
            by_loop[item.loop].append((item, outcome))
    for loop, loop_results in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_resolve_all, loop_results)


def _resolve_all(results: Iterable[tuple[QueuedSubmission, WaitResult]]) -> None:
    for item, outcome in results:
        item.resolve(outcome)
