"""Reports of students: the documents, and the answers that were confirmed from them."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, Json, Timestamp, UserId, foreign_key


class Report(Base):
    """Report that a student uploaded to an assignment.

    *author_id* sent it, *student_id* owns it: they differ for the test student. *document* is the
    file, None once its time of storage is over; *digest* is its SHA-256. *reading* has the passages
    of each part under ``parts``, and under ``draws`` the student's variant of each problem.
    """

    __tablename__ = "reports"
    __table_args__ = (
        Index(None, "assignment_id", "student_id"),
        Index(None, "author_id", "uploaded_at"),
        Index(None, "uploaded_at"),
    )

    id: Mapped[Id]
    assignment_id: Mapped[UUID] = foreign_key("assignments.id", index=False)
    student_id: Mapped[UserId]
    author_id: Mapped[UUID] = foreign_key("users.id", index=False)
    file_name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    document: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    reading: Mapped[Json] = mapped_column(deferred=True)
    uploaded_at: Mapped[Timestamp]


class ReportAnswer(Base):
    """Answer that a student confirmed from a report: the passage, as quoted, and its location."""

    __tablename__ = "report_answers"

    submission_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("submissions.id", onupdate="CASCADE"), primary_key=True
    )
    part: Mapped[str] = mapped_column(String(80), primary_key=True)
    report_id: Mapped[UUID] = foreign_key("reports.id")
    quote: Mapped[str]
    location: Mapped[str] = mapped_column(String(40))
