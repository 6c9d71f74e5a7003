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
from api.services.regrades.draft_versions import take_back
from api.services.regrades.execution.applying import apply_chunk
from api.services.regrades.execution.dry_run import Examined, examine, store, students_of
from api.services.regrades.execution.judging import Judge
from api.services.regrades.execution.undoing import undo_chunk
from api.services.regrades.runs import (
    PENDING,
    lock_problem,
    lock_run,
    lock_standings,
    next_chunk,
    submissions_of,
)
from api.services.regrades.totals import everybody_shifts

__all__ = ["fail", "finish", "step"]

ENDS: Final = {"judging": "ready", "applying": "applied", "undoing": "undone"}
DONE: Final = {"judging": "judged", "applying": "applied", "undoing": "undone"}


def step(db: Database, run_id: UUID, number: int, *, judge: Judge, clock: Clock) -> None:
    """Process one chunk in the current phase of its regrade, unless it is done already."""
    examined = _before(db, run_id, number, judge)
    with db.transaction() as session:
        run = lock_run(session, run_id)
        chunk = session.get_one(RegradeChunk, {"regrade_id": run_id, "number": number})
        if chunk.status not in PENDING.get(run.status, ()):
            return  # another process was faster, or the regrade was cancelled
        if run.status != "judging" and everybody_shifts(session, run):
            # Students without a standing have no row to lock, but a grade that others may change.
            lock_problem(session, run.problem_id)
        if examined is not None:
            if run.status != "judging":
                # The stored rows refer to users, whom others lock after their standings.
                lock_standings(session, run.problem_id, students_of(session, run, number))
            if examined.totals.keys() != students_of(session, run, number).keys():
                return  # a student was erased meanwhile and has a new id: grade again
            store(session, run, chunk, examined)
        now = clock()
        match run.status:
            case "applying":
                apply_chunk(session, run, chunk, now=now)
            case "undoing":
                undo_chunk(session, run, chunk, now=now)
        chunk.status = DONE[run.status]
        run.done += chunk.submissions
        run.stepped_at = now


def _before(db: Database, run_id: UUID, number: int, judge: Judge) -> Examined | None:
    """Grade a chunk outside of any write transaction; None if nothing needs to be graded."""
    with db.reading() as session:
        run = session.get_one(Regrade, run_id)
        chunk = session.get_one(RegradeChunk, {"regrade_id": run_id, "number": number})
        if run.status == "undoing":
            return None
        same = chunk.submissions == submissions_of(session, run, number)
        if chunk.status != "new" and same:
            return None
        return examine(session, run, number, judge=judge)


def finish(session: Session, run_id: UUID, *, now: datetime) -> None:
    """End the phase of a regrade once every chunk is done."""
    run = lock_run(session, run_id)
    if run.status not in ENDS or next_chunk(session, run) is not None:
        return
    run.status, run.stepped_at = ENDS[run.status], now
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


def fail(session: Session, run_id: UUID, said: str, *, now: datetime) -> None:
    """Stop a regrade after an error: a dry run fails for good, other phases can be resumed."""
    run = lock_run(session, run_id)
    if run.status in PENDING:
        run.status = "failed" if run.status == "judging" else "stopped"
        run.error, run.stepped_at = said, now
        if run.status == "failed":
            take_back(session, None, run, now=now)
