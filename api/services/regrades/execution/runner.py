"""Regrade runner: a thread that processes chunks, ends phases, and records failures.

It gives way to students' submissions. A chunk is one transaction. Several services may work on one
database: a chunk belongs to the first that commits it.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.core.clock import Clock
from api.core.ids import new_id
from api.core.worker_pool import WorkerPool
from api.db.engine import Database
from api.db.models import Notice, Regrade, RegradeChunk
from api.services.regrades.draft_versions import retire_regrade_version_if_unused
from api.services.regrades.execution.apply import apply_chunk
from api.services.regrades.execution.dry_run import (
    DryRunResult,
    changes_part_points,
    dry_run_chunk,
    load_chunk_students,
    store_dry_run,
)
from api.services.regrades.execution.grading_jobs import (
    ClusterUnavailableError,
    ExecutorFactory,
    JobGrader,
    create_process_pool,
    grade_job,
    make_parallel_grader,
)
from api.services.regrades.execution.undo import undo_chunk
from api.services.regrades.runs import (
    PENDING_CHUNK_STATUSES,
    count_chunk_submissions,
    find_next_pending_chunk,
    lock_assignment_and_load_problem,
    lock_progress,
    lock_regrade,
)

POLL_SECONDS: Final = 15.0
"""Seconds between two checks for work that another service left unfinished."""
MAX_TRIES: Final = 3
STOP_SECONDS: Final = 4.0
"""Seconds that a stop waits for the current chunk, and again after killing workers."""
STATUS_AFTER_PHASE: Final = {"judging": "ready", "applying": "applied", "undoing": "undone"}
CHUNK_STATUS_AFTER_PHASE: Final = {"judging": "judged", "applying": "applied", "undoing": "undone"}

log = logging.getLogger("api.regrades")


class RegradeRunner:
    """Worker thread for the regrades of a database.

    It splits grading into *workers* pieces, which the executor from *executor_factory* runs:
    processes of this machine, or a cluster; 0 means none. It calls *after_chunk* after every chunk,
    which may block. It polls for more work every *poll_seconds* seconds.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        workers: int,
        executor_factory: ExecutorFactory = create_process_pool,
        after_chunk: Callable[[], None] = lambda: None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._db, self._clock, self._workers, self._after_chunk = db, clock, workers, after_chunk
        self._executor_factory, self._poll_seconds = executor_factory, poll_seconds
        self._wake, self._stop = threading.Event(), threading.Event()
        self._pool: Executor | None = None
        self._lock = threading.Lock()
        self._tries: Counter[tuple[UUID, int | None]] = Counter()
        self._thread = threading.Thread(
            target=self._run_until_stopped, name="regrades", daemon=True
        )

    def start(self) -> None:
        """Start the thread: it resumes unfinished regrades and runs until `close`."""
        self._wake.set()
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread was started and has not ended."""
        return self._thread.is_alive()

    def notify(self) -> None:
        """Wake the thread, because there is work."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the current chunk; the next start does the rest.

        A chunk that takes too long is abandoned: nothing of it is stored, and it is repeated later.
        """
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        self._kill_pool()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def run_until_idle(self) -> None:
        """Process all pending chunks."""
        while not self._stop.is_set() and (work := self._find_next_chunk()) is not None:
            self._process_with_retries(*work)
            self._after_chunk()

    def _run_until_stopped(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self.run_until_idle()
            except (SQLAlchemyError, BrokenExecutor) as error:
                reason = error if isinstance(error, BrokenExecutor) else type(error).__name__
                log.warning("a regrade waits: %s", reason)
            self._wake.wait(self._poll_seconds)

    def _find_next_chunk(self) -> tuple[UUID, int | None] | None:
        """Return the regrade that waited longest, with its next chunk; None if all are done."""
        with self._db.reading() as session:
            run = session.scalar(
                select(Regrade)
                .where(Regrade.status.in_(PENDING_CHUNK_STATUSES))
                .order_by(Regrade.stepped_at, Regrade.id)
                .limit(1)
            )
            return None if run is None else (run.id, find_next_pending_chunk(session, run))

    def _process_with_retries(self, run: UUID, number: int | None) -> None:
        """Process a chunk; repeated failure stops its regrade, but no other.

        Raises `ClusterUnavailableError` as often as no cluster responds: the regrade waits for it.
        """
        try:
            self._process_chunk_or_finish_phase(run, number)
        except ClusterUnavailableError:
            raise  # no try: a cluster that starts slowly must not end a regrade
        except Exception as error:
            self._tries[run, number] += 1
            is_transient = isinstance(error, SQLAlchemyError | BrokenExecutor)
            if isinstance(error, BrokenExecutor):
                self._drop_pool()
            if is_transient and self._tries[run, number] < MAX_TRIES:
                raise
            log.exception("a regrade failed: %s, chunk %s", run, number)
            message = f"Chunk {number} failed ({type(error).__name__}); the log has details."
            with self._db.transaction() as session:
                _record_failure(session, run, message, now=self._clock())
        self._tries.pop((run, number), None)

    def _process_chunk_or_finish_phase(self, run: UUID, number: int | None) -> None:
        if number is None:
            with self._db.transaction() as session:
                _finish_phase_if_complete(session, run, now=self._clock())
            return
        process_chunk(self._db, run, number, grade=self._choose_grader(), clock=self._clock)

    def _choose_grader(self) -> JobGrader:
        if not self._workers:
            return grade_job
        return make_parallel_grader(self._get_executor, workers=self._workers)

    def _get_executor(self) -> Executor:
        with self._lock:
            if self._pool is None:
                self._pool = self._executor_factory(self._workers)
            return self._pool

    def _drop_pool(self) -> None:
        """Discard the pool without waiting for its workers."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _kill_pool(self) -> None:
        """Kill the workers without waiting for their work."""
        with self._lock:
            pool, self._pool = self._pool, None
        if isinstance(pool, WorkerPool):
            pool.kill()
        elif pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def process_chunk(
    db: Database, run_id: UUID, number: int, *, grade: JobGrader, clock: Clock
) -> None:
    """Process one chunk in the current phase of its regrade, unless it is done already."""
    result = _dry_run_if_needed(db, run_id, number, grade)
    with db.transaction() as session:
        run = lock_regrade(session, run_id)
        chunk = session.get_one(RegradeChunk, {"regrade_id": run_id, "number": number})
        if chunk.status not in PENDING_CHUNK_STATUSES.get(run.status, ()):
            return  # another process was faster, or the regrade was cancelled
        if run.status != "judging" and changes_part_points(session, run):
            # Students without a standing have no row to lock, but a grade that others may change.
            lock_assignment_and_load_problem(session, run.problem_id)
        if result is not None:
            if run.status != "judging":
                # The stored rows refer to users, whom others lock after their standings.
                lock_progress(session, run.problem_id, load_chunk_students(session, run, number))
            if result.totals.keys() != load_chunk_students(session, run, number).keys():
                return  # a student was erased and has a new id: grade again
            store_dry_run(session, run, chunk, result)
        now = clock()
        match run.status:
            case "applying":
                apply_chunk(session, run, chunk, now=now)
            case "undoing":
                undo_chunk(session, run, chunk, now=now)
        chunk.status = CHUNK_STATUS_AFTER_PHASE[run.status]
        run.done += chunk.submissions
        run.stepped_at = now


def _dry_run_if_needed(
    db: Database, run_id: UUID, number: int, grade: JobGrader
) -> DryRunResult | None:
    """Grade a chunk outside of any write transaction; None if nothing needs to be graded."""
    with db.reading() as session:
        run = session.get_one(Regrade, run_id)
        chunk = session.get_one(RegradeChunk, {"regrade_id": run_id, "number": number})
        if run.status == "undoing":
            return None
        same = chunk.submissions == count_chunk_submissions(session, run, number)
        if chunk.status != "new" and same:
            return None
        return dry_run_chunk(session, run, number, grade=grade)


def _finish_phase_if_complete(session: Session, run_id: UUID, *, now: datetime) -> None:
    """End the phase of a regrade once every chunk is done."""
    run = lock_regrade(session, run_id)
    if run.status not in STATUS_AFTER_PHASE or find_next_pending_chunk(session, run) is not None:
        return
    run.status, run.stepped_at = STATUS_AFTER_PHASE[run.status], now
    match run.status:
        case "applied" if run.notice:
            session.add(
                Notice(
                    id=new_id(),
                    problem_id=run.problem_id,
                    regrade_id=run.id,
                    text=run.notice,
                    created_by=run.applied_by,
                    created_at=now,
                )
            )
        case "undone":
            for notice in session.scalars(select(Notice).where(Notice.regrade_id == run.id)):
                notice.withdrawn_at = notice.withdrawn_at or now


def _record_failure(session: Session, run_id: UUID, message: str, *, now: datetime) -> None:
    """Stop a regrade after an error: a dry run fails for good, other phases can be resumed."""
    run = lock_regrade(session, run_id)
    if run.status in PENDING_CHUNK_STATUSES:
        run.status = "failed" if run.status == "judging" else "stopped"
        run.error, run.stepped_at = message, now
        if run.status == "failed":
            retire_regrade_version_if_unused(session, None, run, now=now)
