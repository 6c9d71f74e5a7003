"""Queue of the outbox: a message is stored in the transaction that causes it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from api.core.errors import Conflict
from api.core.ids import new_id
from api.db.models import OutboxMessage, User
from api.db.upserts import insert_rows
from api.services.outbox.kinds import SCORE_KIND, UNCOUNTED_KINDS, MessageKind

HOUR: Final = timedelta(hours=1)
NO_MAIL_MESSAGE: Final = "E-mail is not set up for this service."
REPLACED: Final = "replaced"
RELEASE_WITHDRAWN: Final = "release_withdrawn"
ASSIGNMENT_HIDDEN: Final = "assignment_hidden"
NOT_IN_COURSE: Final = "not_in_course"
REMINDER_OUTDATED: Final = "reminder_outdated"
RECURRING_REASONS: Final = (RELEASE_WITHDRAWN, ASSIGNMENT_HIDDEN, NOT_IN_COURSE, REMINDER_OUTDATED)
"""Codes of the reasons to drop a message that may end; then its cause stores the message again."""
STORED_SENTENCES: Final = (
    "the release was withdrawn",
    "the assignment no longer exists",
    "the recipient is no longer in the course",
    "the student submitted, was excused, or has another due time",
)
"""The same reasons as earlier versions stored them; never change these sentences."""


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
        cause recurs. If its cause ended and then recurs, a new message replaces the dropped one.
        """
        if not self.is_enabled:
            return 0
        new = self.find_new_recipients(session, kind, recipients, subject)
        _delete_dropped(session, kind, new, subject)
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
            for recipient in new
        ]
        insert_rows(session, OutboxMessage, rows)
        return len(new)

    def find_new_recipients(
        self,
        session: Session,
        kind: MessageKind,
        recipients: Iterable[UUID],
        subject: MessageSubject,
    ) -> list[UUID]:
        """Return those of *recipients* who have no message of *kind* about *subject* yet.

        A message that was dropped because its cause had ended does not count.
        """
        known = _find_notified(session, kind, subject)
        return [recipient for recipient in recipients if recipient not in known]


def has_newer_message(session: Session, message: OutboxMessage) -> bool:
    """Return whether a newer message says the same as *message*.

    Reminders of several due times differ: only that of the current due time is sent.
    """
    newer = select(OutboxMessage.id).where(
        OutboxMessage.recipient_id == message.recipient_id,
        OutboxMessage.kind == message.kind,
        OutboxMessage.course_id.is_not_distinct_from(message.course_id),
        OutboxMessage.assignment_id.is_not_distinct_from(message.assignment_id),
        OutboxMessage.request_id.is_not_distinct_from(message.request_id),
        OutboxMessage.status.in_(("waiting", "sent")),
    )
    is_newer = OutboxMessage.id > message.id
    if message.kind == "due_soon":
        # Two workers may store a reminder at once, and one of them may be sent already.
        is_newer |= (OutboxMessage.status == "sent") & (OutboxMessage.id != message.id)
        newer = newer.where(OutboxMessage.occasion_at.is_not_distinct_from(message.occasion_at))
    newer = newer.where(is_newer)
    return session.scalar(newer.limit(1)) is not None


def _find_notified(session: Session, kind: MessageKind, subject: MessageSubject) -> set[UUID]:
    """Return the people who already have a message of *kind* about the same subject."""
    if not _is_stored_once(subject):
        return set()
    return set(
        session.scalars(
            select(OutboxMessage.recipient_id).where(
                *_same_subject_conditions(kind, subject), ~_temporarily_dropped_condition()
            )
        )
    )


def _delete_dropped(
    session: Session, kind: MessageKind, recipients: Collection[UUID], subject: MessageSubject
) -> None:
    """Delete the messages of *recipients* that were dropped because their cause had ended.

    A digest may have been sent with the Message-ID of a dropped message, so that a mail server
    could take another e-mail with this id for a repeat.
    """
    if recipients and _is_stored_once(subject):
        # An erasure locks the account before its messages, too.
        accounts = select(User.id).where(User.id.in_(recipients)).order_by(User.id)
        session.execute(accounts.with_for_update(read=True, key_share=True)).all()
        session.execute(
            delete(OutboxMessage)
            .where(
                *_same_subject_conditions(kind, subject),
                OutboxMessage.recipient_id.in_(recipients),
                _temporarily_dropped_condition(),
            )
            .execution_options(synchronize_session=False)
        )


def _is_stored_once(subject: MessageSubject) -> bool:
    return subject.assignment_id is not None or subject.occasion_at is not None


def _same_subject_conditions(
    kind: MessageKind, subject: MessageSubject
) -> tuple[ColumnElement[bool], ...]:
    return (
        OutboxMessage.kind == kind,
        OutboxMessage.course_id.is_not_distinct_from(subject.course_id),
        OutboxMessage.assignment_id.is_not_distinct_from(subject.assignment_id),
        OutboxMessage.request_id.is_not_distinct_from(subject.request_id),
        OutboxMessage.occasion_at.is_not_distinct_from(subject.occasion_at),
    )


def _temporarily_dropped_condition() -> ColumnElement[bool]:
    return (OutboxMessage.status == "dropped") & OutboxMessage.error.in_(
        (*RECURRING_REASONS, *STORED_SENTENCES)
    )


def compute_allowed_time(
    session: Session, message: OutboxMessage, per_hour: int, *, now: datetime
) -> datetime:
    """Return when the hourly limit of the recipient allows *message*.

    The messages of a digest were sent at the same time, and count as one.
    """
    if message.kind in UNCOUNTED_KINDS:
        return now
    sent = session.scalars(
        select(OutboxMessage.sent_at)
        .where(
            OutboxMessage.recipient_id == message.recipient_id,
            OutboxMessage.sent_at > now - HOUR,
            OutboxMessage.kind.not_in((*UNCOUNTED_KINDS, SCORE_KIND)),
        )
        .distinct()
        .order_by(OutboxMessage.sent_at.desc())
        .limit(per_hour)
    ).all()
    last = sent[-1] if len(sent) >= per_hour else None
    return now if last is None else last + HOUR
