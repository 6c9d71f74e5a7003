"""Activity of callers: last use of a session or token, and views as a student.

Reads record it too, in a short transaction afterwards, but not each time.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.principal import Principal
from api.auth.sessions import is_seen_at_stale
from api.db.engine import Database
from api.db.models import AuditEntry, LoginSession, Token
from api.services.audit import recorder

VIEWED_AS_ACTION: Final = "person.viewed_as"
VIEW_RECORD_INTERVAL: Final = timedelta(hours=1)
"""Minimum time between two audit entries of a staff member who reads as a student."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})

log = logging.getLogger("api.presence")


@dataclass(slots=True)
class RequestActivity:
    """Activity of one request: its *method*, its caller, and their membership in a course.

    If *is_recorded* is True, the activity is already stored and is not stored again.
    """

    method: str
    caller: Principal | None = None
    member: CourseMembership | None = None
    is_recorded: bool = False

    @property
    def viewing_member(self) -> CourseMembership | None:
        """The membership of a caller who views as a student, None otherwise."""
        return self.member if self.member is not None and self.member.caller.view_as else None


def is_recording_due(session: Session, activity: RequestActivity, *, now: datetime) -> bool:
    """Return whether *activity* has activity to store."""
    if activity.is_recorded:
        return False
    return _is_last_use_stale(activity.caller, now=now) or _is_view_record_due(
        session, activity, now=now
    )


def record_activity(session: Session, activity: RequestActivity, *, now: datetime) -> None:
    """Store due activity: the time of a session or token, the audit entry of a view."""
    if activity.is_recorded:
        return
    if activity.caller is not None and _is_last_use_stale(activity.caller, now=now):
        _update_last_use(session, activity.caller, now=now)
    if activity.viewing_member is not None and _is_view_record_due(session, activity, now=now):
        target = ("user", activity.viewing_member.student_id)
        recorder.record_action(
            session, activity.viewing_member, VIEWED_AS_ACTION, now=now, target=target
        )


def record_activity_in_new_transaction(
    db: Database, activity: RequestActivity, *, now: datetime
) -> None:
    """Store the activity that is due in a separate transaction.

    Errors of the database are logged, so that they do not fail the read.
    """
    try:
        with db.transaction() as session:
            record_activity(session, activity, now=now)
    except SQLAlchemyError as error:
        log.warning("a visit was not noted: %s", type(error).__name__)


def _is_last_use_stale(caller: Principal | None, *, now: datetime) -> bool:
    if caller is None or (caller.session_id is None and caller.token_id is None):
        return False
    return caller.seen_at is None or is_seen_at_stale(caller.seen_at, now=now)


def _update_last_use(session: Session, caller: Principal, *, now: datetime) -> None:
    if caller.session_id is not None:
        session_update = update(LoginSession).where(LoginSession.id == caller.session_id)
        session.execute(session_update.values(seen_at=now))
    if caller.token_id is not None:
        token_update = update(Token).where(Token.id == caller.token_id)
        session.execute(token_update.values(last_used_at=now))


def _is_view_record_due(session: Session, activity: RequestActivity, *, now: datetime) -> bool:
    member = activity.viewing_member
    if member is None:
        return False
    if activity.method not in SAFE_METHODS:
        return True
    seen = session.scalar(
        select(AuditEntry.id)
        .where(
            AuditEntry.course_id == member.course.id,
            AuditEntry.at > now - VIEW_RECORD_INTERVAL,
            AuditEntry.action == VIEWED_AS_ACTION,
            AuditEntry.actor_id == member.caller.id,
            AuditEntry.acting_as == member.student_id,
        )
        .limit(1)
    )
    return seen is None
