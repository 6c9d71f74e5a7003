"""Queue of the outbox: a message is stored in the transaction that causes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Conflict
from api.core.ids import new_id
from api.db.models import OutboxMessage
from api.db.upserts import insert_rows
from api.services.outbox.kinds import MessageKind

NO_MAIL_MESSAGE: Final = "No e-mail is set up for this service."


@dataclass(frozen=True, slots=True)
class MessageSubject:
    """Subject of a message: the rows that it is about, who caused it, and its occasion."""

    course_id: UUID | None = None
    assignment_id: UUID | None = None
    request_id: UUID | None = None
    created_by: UUID | None = None
    occasion_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outbox:
    """Outbox of a service; without e-mail it is not enabled, and stores nothing."""

    is_enabled: bool

    def require_enabled(self) -> None:
        """Raise `Conflict` if no e-mail is set up."""
        if not self.is_enabled:
            raise Conflict(NO_MAIL_MESSAGE)

    def add(
        self,
        session: Session,
        kind: MessageKind,
        recipients: Iterable[UUID],
        subject: MessageSubject,
        *,
        now: datetime,
    ) -> int:
        """Store a message for each of *recipients*, and return how many were stored.

        The messages exist if, and only if, the transaction of *session* commits. One about an
        assignment, a request or an occasion is stored once for each recipient, however often its
        cause recurs.
        """
        if not self.is_enabled:
            return 0
        rows = [
            {
                "id": new_id(),
                "recipient_id": recipient,
                "kind": kind,
                "course_id": subject.course_id,
                "assignment_id": subject.assignment_id,
                "request_id": subject.request_id,
                "created_by": subject.created_by,
                "occasion_at": subject.occasion_at,
                "created_at": now,
                "due_at": now,
            }
            for recipient in self.find_new_recipients(session, kind, recipients, subject)
        ]
        insert_rows(session, OutboxMessage, rows)
        return len(rows)

    def find_new_recipients(
        self,
        session: Session,
        kind: MessageKind,
        recipients: Iterable[UUID],
        subject: MessageSubject,
    ) -> list[UUID]:
        """Return those of *recipients* who have no message of *kind* about *subject* yet."""
        known = _find_notified(session, kind, subject)
        return [recipient for recipient in recipients if recipient not in known]


def _find_notified(session: Session, kind: MessageKind, subject: MessageSubject) -> set[UUID]:
    """Return the people who already have a message of *kind* about the same subject."""
    if subject.assignment_id is None and subject.occasion_at is None:
        return set()
    return set(
        session.scalars(
            select(OutboxMessage.recipient_id).where(
                OutboxMessage.kind == kind,
                OutboxMessage.course_id.is_not_distinct_from(subject.course_id),
                OutboxMessage.assignment_id.is_not_distinct_from(subject.assignment_id),
                OutboxMessage.request_id.is_not_distinct_from(subject.request_id),
                OutboxMessage.occasion_at.is_not_distinct_from(subject.occasion_at),
            )
        )
    )
