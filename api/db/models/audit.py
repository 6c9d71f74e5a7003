"""Audit log: an append-only table of changes and who made them."""

from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, Json, Timestamp, foreign_key


class AuditEntry(Base):
    """Action of staff, or of the service itself, with what it changed."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "course_id", "at"),)

    id: Mapped[Id]
    course_id: Mapped[UUID | None] = foreign_key("courses.id", index=False)
    actor_id: Mapped[UUID | None] = foreign_key("users.id")
    acting_as: Mapped[UUID | None] = foreign_key("users.id", index=False)
    action: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(60), default="")
    target_id: Mapped[str] = mapped_column(String(80), default="")
    before: Mapped[Json] = mapped_column(default=dict)
    after: Mapped[Json] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(default="")
    request: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[Timestamp]


class ErasureFlag(Base):
    """Flag that a person is being erased: it exists only within that transaction.

    Triggers refuse every change of the audit log, submissions, gradings and grade changes. While
    this row is visible, their personal data may be changed. No other transaction ever sees it.
    """

    __tablename__ = "erasings"

    id: Mapped[Id]
