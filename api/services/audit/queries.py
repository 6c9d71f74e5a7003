"""Queries of the audit log: filtered, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from api.db.models import AuditEntry, User
from api.http.pagination import Cursor, apply_keyset
from api.schemas.accounts.users import AuditOut


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Filter of entries; *course* None means the whole site."""

    course: UUID | None
    actor: UUID | None = None
    action: str = ""
    target: str = ""
    target_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def load_audit_entries(
    session: Session, criteria: AuditFilter, *, after: Cursor | None, limit: int
) -> Sequence[Row[AuditEntry, str]]:
    """Return the entries that match a filter, with the names of their actors."""
    query = select(AuditEntry, User.name).outerjoin(User, User.id == AuditEntry.actor_id)
    equal = {
        AuditEntry.course_id: criteria.course,
        AuditEntry.actor_id: criteria.actor,
        AuditEntry.action: criteria.action,
        AuditEntry.target: criteria.target,
        AuditEntry.target_id: criteria.target_id,
    }
    for column, value in equal.items():
        if value:
            query = query.where(column == value)
    if criteria.since is not None:
        query = query.where(AuditEntry.at >= criteria.since)
    if criteria.until is not None:
        query = query.where(AuditEntry.at < criteria.until)
    page = apply_keyset(query, AuditEntry.at, AuditEntry.id, after=after, order="descending")
    return session.execute(page.limit(limit)).all()


def serialize_audit_entry(
    row: Row[AuditEntry, str], names: Mapping[tuple[str, str], str]
) -> AuditOut:
    """Serialize an entry; *names* are the names of targets (`load_target_names`)."""
    entry, name = row
    return AuditOut(
        id=entry.id,
        at=entry.at,
        course=entry.course_id,
        actor=entry.actor_id,
        actor_name=name,
        acting_as=entry.acting_as,
        action=entry.action,
        target=entry.target,
        target_id=entry.target_id,
        target_name=names.get((entry.target, entry.target_id)),
        before=entry.before,
        after=entry.after,
        reason=entry.reason,
        request=entry.request,
    )
