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

from api.auth.authorization import Caller, Member
from api.auth.sessions import is_touch_due
from api.db.engine import Database
from api.db.models import AuditEntry, LoginSession, Token
from api.services.audit import recorder

__all__ = ["SAFE", "Visit", "is_due", "note", "note_apart"]

VIEWED: Final = "person.viewed_as"
AGAIN: Final = timedelta(hours=1)
"""Whoever reads on with a student's eyes is noted once in this time."""
SAFE: Final = frozenset({"GET", "HEAD"})

log = logging.getLogger("api.presence")


@dataclass(slots=True)
class Visit:
    """Activity of one request: its *method*, its caller, and their membership in a course.

    If *is_noted* is True, the activity is already stored and is not stored again.
    """

    method: str
    caller: Caller | None = None
    member: Member | None = None
    is_noted: bool = False

    @property
    def looks(self) -> Member | None:
        """The membership of a caller who views as a student, None otherwise."""
        return self.member if self.member is not None and self.member.caller.view_as else None


def is_due(session: Session, visit: Visit, *, now: datetime) -> bool:
    """Return whether *visit* has activity to store."""
    if visit.is_noted:
        return False
    return _is_touch_due(visit.caller, now=now) or _is_look_due(session, visit, now=now)


def note(session: Session, visit: Visit, *, now: datetime) -> None:
    """Store due activity: the time of a session or token, the audit entry of a view."""
    if visit.is_noted:
        return
    if visit.caller is not None and _is_touch_due(visit.caller, now=now):
        _touch(session, visit.caller, now=now)
    if visit.looks is not None and _is_look_due(session, visit, now=now):
        target = ("user", visit.looks.student_id)
        recorder.record(session, visit.looks, VIEWED, now=now, target=target)


def note_apart(db: Database, visit: Visit, *, now: datetime) -> None:
    """Store the activity that is due in a separate transaction.

    Errors of the database are logged, so that they do not fail the read.
    """
    try:
        with db.transaction() as session:
            note(session, visit, now=now)
    except SQLAlchemyError as error:
        log.warning("a visit was not noted: %s", type(error).__name__)


def _is_touch_due(caller: Caller | None, *, now: datetime) -> bool:
    if caller is None or (caller.session_id is None and caller.token_id is None):
        return False
    return caller.seen_at is None or is_touch_due(caller.seen_at, now=now)


def _touch(session: Session, caller: Caller, *, now: datetime) -> None:
    if caller.session_id is not None:
        one = update(LoginSession).where(LoginSession.id == caller.session_id)
        session.execute(one.values(seen_at=now))
    if caller.token_id is not None:
        used = update(Token).where(Token.id == caller.token_id)
        session.execute(used.values(last_used_at=now))


def _is_look_due(session: Session, visit: Visit, *, now: datetime) -> bool:
    member = visit.looks
    if member is None:
        return False
    if visit.method not in SAFE:
        return True
    seen = session.scalar(
        select(AuditEntry.id)
        .where(
            AuditEntry.course_id == member.course.id,
            AuditEntry.at > now - AGAIN,
            AuditEntry.action == VIEWED,
            AuditEntry.actor_id == member.caller.id,
            AuditEntry.acting_as == member.student_id,
        )
        .limit(1)
    )
    return seen is None
