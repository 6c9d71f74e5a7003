"""Chunk runner of regrades: one chunk at a time, each in one transaction."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import Clock
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import Notice, Regrade, RegradeChunk
from api.services.regrades.draft_versions import retire_regrade_version_if_unused
from api.services.regrades.execution.apply import apply_chunk
from api.services.regrades.execution.dry_run import (
    DryRunResult,
    dry_run_chunk,
    load_chunk_students,
    store_dry_run,
)
from api.services.regrades.execution.grading_jobs import JobGrader
from api.services.regrades.execution.undo import undo_chunk
from api.services.regrades.runs import (
    PENDING_CHUNK_STATUSES,
    count_chunk_submissions,
    lock_assignment_and_load_problem,
    lock_progress,
    lock_regrade,
    next_pending_chunk,
)
from api.services.regrades.totals import changes_part_points

__all__ = ["finish_phase_if_complete", "process_chunk", "record_failure"]

STATUS_AFTER_PHASE: Final = {"judging": "ready", "applying": "applied", "undoing": "undone"}
CHUNK_STATUS_AFTER_PHASE: Final = {"judging": "judged", "applying": "applied", "undoing": "undone"}


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


def finish_phase_if_complete(session: Session, run_id: UUID, *, now: datetime) -> None:
    """End the phase of a regrade once every chunk is done."""
    run = lock_regrade(session, run_id)
    if run.status not in STATUS_AFTER_PHASE or next_pending_chunk(session, run) is not None:
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


def record_failure(session: Session, run_id: UUID, message: str, *, now: datetime) -> None:
    """Stop a regrade after an error: a dry run fails for good, other phases can be resumed."""
    run = lock_regrade(session, run_id)
    if run.status in PENDING_CHUNK_STATUSES:
        run.status = "failed" if run.status == "judging" else "stopped"
        run.error, run.stepped_at = message, now
        if run.status == "failed":
            retire_regrade_version_if_unused(session, None, run, now=now)
