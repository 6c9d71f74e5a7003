"""Cancellation of a regrade: before it is applied nothing has changed; later it stops half-way."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict
from api.db.models import Regrade
from api.services.audit import recorder
from api.services.regrades.draft_versions import take_back
from api.services.regrades.runs import lock_run

__all__ = ["cancel"]

BECOMES: Final = {"judging": "cancelled", "ready": "cancelled", "applying": "stopped"}


def cancel(session: Session, member: Member, run_id: UUID, *, now: datetime) -> Regrade:
    """Cancel the remaining chunks of a regrade, and return it.

    A regrade that was being applied is stopped: it can be applied to the end, or undone. Otherwise
    the version that it made is retired.
    """
    run = lock_run(session, run_id)
    if run.status not in BECOMES:
        raise Conflict(f"The regrade is {run.status}; there is nothing to cancel.")
    before, run.status = run.status, BECOMES[run.status]
    run.cancelled_at = run.stepped_at = now
    recorder.record(
        session,
        member,
        "regrade.cancelled",
        now=now,
        target=("regrade", run.id),
        change=({"status": before}, {"status": run.status}),
    )
    if run.status == "cancelled":
        take_back(session, member, run, now=now)
    return run
