"""Outbox: messages to people, the kinds of e-mail that they do not want, and calendar feeds."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, ShortText, Timestamp, UserId, foreign_key


class OutboxMessage(Base):
    """Message to a person, written in the transaction that causes it.

    It holds references and no text: the text, and the secret of a link, are made at delivery.
    *status* is ``waiting``, ``sent``, ``failed`` after the last try, or ``dropped`` if there was no
    reason to send it any more. A waiting message is tried at *due_at*; *tries* counts the tries
    that began, and *uncertain_tries* those of unknown outcome: the server may have accepted the
    message. *error* is why the last try failed, and *details* is what administrators see instead.
    *created_by* and *course_id* of an invitation are those of its link. *occasion_at*
    is the due time that a reminder is about, or the morning of a digest.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "status", "due_at"),)

    id: Mapped[Id]
    recipient_id: Mapped[UserId]
    kind: Mapped[str] = mapped_column(String(30))
    course_id: Mapped[UUID | None] = foreign_key("courses.id", index=False)
    assignment_id: Mapped[UUID | None] = foreign_key("assignments.id")
    request_id: Mapped[UUID | None] = foreign_key("regrade_requests.id", index=False)
    created_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    occasion_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp]
    status: Mapped[str] = mapped_column(String(10), default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    uncertain_tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[Timestamp]
    sent_at: Mapped[Timestamp | None]
    read_at: Mapped[Timestamp | None]
    error: Mapped[ShortText] = mapped_column(default="")
    details: Mapped[ShortText] = mapped_column(default="")


class MailOptOut(Base):
    """Kind of message that a person does not want as e-mail."""

    __tablename__ = "mail_opt_outs"

    user_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", onupdate="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(30), primary_key=True)


class MailKey(Base):
    """Key that signs the links of a person to unsubscribe, which work without a login."""

    __tablename__ = "mail_keys"

    user_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", onupdate="CASCADE"), primary_key=True
    )
    key: Mapped[bytes] = mapped_column(LargeBinary(32))


class CalendarFeed(Base):
    """Secret address at which programs read the due times of a person; *digest* is its SHA-256."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", onupdate="CASCADE"), primary_key=True
    )
    prefix: Mapped[str] = mapped_column(String(12), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[Timestamp]
