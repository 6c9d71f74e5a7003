"""Queries of the audit log: filtered, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from api.db.models import AuditEntry, User
from api.http.pagination import Cursor, keyset
from api.schemas.accounts.users import AuditOut

__all__ = ["AuditFilter", "entries", "listed"]


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


def entries(
    session: Session, wanted: AuditFilter, *, after: Cursor | None, limit: int
) -> Sequence[Row[AuditEntry, str]]:
    """Return the entries that match a filter, with the names of their actors."""
    found = select(AuditEntry, User.name).outerjoin(User, User.id == AuditEntry.actor_id)
    equal = {
        AuditEntry.course_id: wanted.course,
        AuditEntry.actor_id: wanted.actor,
        AuditEntry.action: wanted.action,
        AuditEntry.target: wanted.target,
        AuditEntry.target_id: wanted.target_id,
    }
    for column, value in equal.items():
        if value:
            found = found.where(column == value)
    if wanted.since is not None:
        found = found.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(AuditEntry.at < wanted.until)
    page = keyset(found, AuditEntry.at, AuditEntry.id, after=after, order="descending")
    return session.execute(page.limit(limit)).all()


def listed(row: Row[AuditEntry, str], names: Mapping[tuple[str, str], str]) -> AuditOut:
    """Serialize an entry; *names* are the names of targets (`names_of_things`)."""
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
