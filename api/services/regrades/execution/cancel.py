"""Cancellation of a regrade: before it is applied nothing has changed; later it stops half-way."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict
from api.db.models import Regrade
from api.services.audit import recorder
from api.services.regrades.draft_versions import retire_regrade_version_if_unused
from api.services.regrades.runs import lock_regrade

__all__ = ["cancel_regrade"]

STATUS_AFTER_CANCEL: Final = {"judging": "cancelled", "ready": "cancelled", "applying": "stopped"}


def cancel_regrade(
    session: Session, member: CourseMembership, run_id: UUID, *, now: datetime
) -> Regrade:
    """Cancel the remaining chunks of a regrade, and return it.

    A regrade that was being applied is stopped: it can be applied to the end, or undone. Otherwise
    the version that it made is retired.
    """
    run = lock_regrade(session, run_id)
    if run.status not in STATUS_AFTER_CANCEL:
        raise Conflict(f"The regrade is {run.status}; there is nothing to cancel.")
    before, run.status = run.status, STATUS_AFTER_CANCEL[run.status]
    run.cancelled_at = run.stepped_at = now
    recorder.record_action(
        session,
        member,
        "regrade.cancelled",
        now=now,
        target=("regrade", run.id),
        change=({"status": before}, {"status": run.status}),
    )
    if run.status == "cancelled":
        retire_regrade_version_if_unused(session, member, run, now=now)
    return run
