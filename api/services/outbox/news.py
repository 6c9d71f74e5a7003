"""News of a person: their messages that the home page shows, and which kinds they want by mail."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.core.errors import InvalidInput
from api.db.models import Assignment, CalendarFeed, Course, Enrolment, MailOptOut, OutboxMessage
from api.services.outbox.kinds import NEWS_KINDS, OPTIONAL_KINDS, MessageKind
from api.services.outbox.occasions.reminders import find_open_due_times

MAX_NEWS: Final = 20
MESSAGE_FIELDS: Final = (
    *("kind", "course_id", "assignment_id", "created_at", "status", "sent_at", "read_at"),
)


def list_news(
    session: Session, caller: Principal, *, now: datetime
) -> Sequence[Row[OutboxMessage, Assignment, Course]]:
    """Return the latest news of the caller, with their assignments and courses.

    Omits news about courses that the person has left and results that are hidden again, and
    reminders that no longer apply. A token for one course gets only the news of that course.
    """
    query = (
        select(OutboxMessage, Assignment, Course)
        .join(Assignment, Assignment.id == OutboxMessage.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .join(
            Enrolment,
            (Enrolment.course_id == Course.id) & (Enrolment.user_id == OutboxMessage.recipient_id),
        )
        .where(
            OutboxMessage.recipient_id == caller.id,
            OutboxMessage.kind.in_(NEWS_KINDS),
            or_(
                OutboxMessage.kind != "results_released",
                Assignment.results_released_at.is_not(None),
            ),
            or_(
                OutboxMessage.kind != "due_soon",
                OutboxMessage.occasion_at > now,
            ),
            Assignment.deleted_at.is_(None),
            Assignment.published_at.is_not(None),
            Enrolment.withdrawn_at.is_(None),
        )
        .order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
        .limit(MAX_NEWS)
    )
    if caller.only_course is not None:
        query = query.where(Course.id == caller.only_course)
    return [
        row
        for row in session.execute(query)
        if row[0].kind != "due_soon" or _is_still_due(session, *row, now=now)
    ]


def _is_still_due(
    session: Session,
    message: OutboxMessage,
    assignment: Assignment,
    course: Course,
    *,
    now: datetime,
) -> bool:
    """Return whether a reminder still applies, by the rule of its delivery."""
    student = message.recipient_id
    due = find_open_due_times(session, assignment, course, now=now, among=[student])
    return due.get(student) == message.occasion_at


def mark_news_read(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Mark all news of a person as read."""
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.recipient_id == user_id,
            OutboxMessage.kind.in_(NEWS_KINDS),
            OutboxMessage.read_at.is_(None),
        )
        .values(read_at=now)
    )


def load_declined_kinds(session: Session, user_id: UUID) -> tuple[MessageKind, ...]:
    """Return the kinds of messages that a person does not want as e-mail."""
    declined = set(session.scalars(select(MailOptOut.kind).where(MailOptOut.user_id == user_id)))
    return tuple(kind for kind in OPTIONAL_KINDS if kind in declined)


def store_declined_kinds(session: Session, user_id: UUID, kinds: Collection[MessageKind]) -> None:
    """Store which kinds of messages a person does not want as e-mail.

    The caller has locked the row of the person. Raises `InvalidInput` for a kind that cannot be
    declined.
    """
    if not set(kinds) <= set(OPTIONAL_KINDS):
        raise InvalidInput.for_field("declined", f"can be {', '.join(OPTIONAL_KINDS)}")
    session.execute(delete(MailOptOut).where(MailOptOut.user_id == user_id))
    session.add_all(MailOptOut(user_id=user_id, kind=kind) for kind in sorted(set(kinds)))


def load_mail_records(session: Session, user_id: UUID) -> dict[str, Any]:
    """Return the messages of a person, the kinds that they declined, and the age of a calendar."""
    declined = select(MailOptOut.kind).where(MailOptOut.user_id == user_id)
    messages = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.recipient_id == user_id)
        .order_by(OutboxMessage.created_at, OutboxMessage.id)
    )
    feed = session.get(CalendarFeed, user_id)
    return {
        "declined": sorted(session.scalars(declined)),
        "calendar_created_at": None if feed is None else feed.created_at,
        "messages": [{name: getattr(row, name) for name in MESSAGE_FIELDS} for row in messages],
    }
