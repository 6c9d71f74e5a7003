"""Submissions, their gradings, students' progress, and the files that belong to answers."""

from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, Json, Timestamp, UserId, foreign_key


class Draw(Base):
    """Variant assigned to a student in a problem; *number* counts new assignments from 0."""

    __tablename__ = "draws"

    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id", primary_key=True, index=False)
    student_id: Mapped[UUID] = foreign_key("users.id", primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version_id: Mapped[UUID] = foreign_key("problem_versions.id", index=False)
    position: Mapped[int]
    opened_at: Mapped[Timestamp]


class Submission(Base):
    """Answers that a student submitted together, as typed. Never changed, never deleted.

    *sequence* numbers a student's submissions to a problem. *key* is the client's idempotency key,
    *fingerprint* the digest of the request body, and *reply* the response, which a repeated request
    gets again.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("problem_id", "student_id", "sequence"),
        UniqueConstraint("author_id", "key"),
        Index(None, "student_id", "received_at"),
    )

    id: Mapped[Id]
    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id", index=False)
    student_id: Mapped[UUID] = foreign_key("users.id", index=False)
    author_id: Mapped[UUID] = foreign_key("users.id", index=False)
    sequence: Mapped[int]
    version_id: Mapped[UUID] = foreign_key("problem_versions.id", index=False)
    position: Mapped[int]
    draw: Mapped[int]
    received_at: Mapped[Timestamp]
    answers: Mapped[Json]
    key: Mapped[str | None] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    reply: Mapped[Json]


class Answer(Base):
    """Answer to one part in a submission, with the grading that counts now.

    Facts of the admission: *attempt* is the number of the attempt that it used (None if it used
    none), *repeats* the earlier submission with the same value, *late* the credit factor of its
    time. *value* is the digest of the value as it was read, *shown* the value in words, *carries*
    the value that later parts compute with. The other columns repeat the grading, for queries over
    many answers.
    """

    __tablename__ = "answers"
    __table_args__ = (
        UniqueConstraint("submission_id", "part"),
        Index(None, "problem_id", "part", "status"),
        Index(None, "problem_id", "student_id"),
    )

    id: Mapped[Id]
    submission_id: Mapped[UUID] = foreign_key("submissions.id", index=False)
    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id", index=False)
    student_id: Mapped[UUID] = foreign_key("users.id", index=False)
    part: Mapped[str] = mapped_column(String(80))
    draw: Mapped[int]
    sequence: Mapped[int]
    received_at: Mapped[Timestamp]
    attempt: Mapped[int | None]
    repeats: Mapped[UUID | None]
    late: Mapped[Fraction]
    value: Mapped[str] = mapped_column(String(80))
    shown: Mapped[str]
    carries: Mapped[dict[str, Any] | None]
    grading_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(20))
    credit: Mapped[Fraction | None]
    credit_float: Mapped[float | None]
    mistakes: Mapped[str] = mapped_column(default="")
    manual: Mapped[bool] = mapped_column(default=False)


class Grading(Base):
    """Grading of an answer by the engine, a regrade or a person. Append-only.

    *record* is the full result (`grader.grading.record`); *said* is the feedback for the student.
    """

    __tablename__ = "gradings"

    id: Mapped[Id]
    answer_id: Mapped[UUID] = foreign_key("answers.id")
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(20))
    credit: Mapped[Fraction | None]
    mistakes: Mapped[str] = mapped_column(default="")
    record: Mapped[Json]
    said: Mapped[Json]
    engine: Mapped[str] = mapped_column(String(20))
    version_id: Mapped[UUID] = foreign_key("problem_versions.id", index=False)
    regrade_id: Mapped[UUID | None] = foreign_key("regrades.id")
    author_id: Mapped[UUID | None] = foreign_key("users.id", index=False)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Timestamp]


class ProblemProgress(Base):
    """Progress of a student in a problem, computed from the answers and stored.

    *parts* has for each part its attempts, factors, credit and the submission that counts.
    """

    __tablename__ = "standings"
    __table_args__ = (Index(None, "student_id"),)

    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id", primary_key=True, index=False)
    student_id: Mapped[UUID] = foreign_key("users.id", primary_key=True, index=False)
    sequence: Mapped[int] = mapped_column(default=0)
    parts: Mapped[Json] = mapped_column(default=dict)
    score: Mapped[Fraction | None]
    possible: Mapped[Fraction | None]
    waiting: Mapped[bool] = mapped_column(default=False)
    last_at: Mapped[Timestamp | None]
    version: Mapped[int] = mapped_column(default=0)


class Draft(Base):
    """Draft of a student's answers; *sequence* is the last submission when it was saved.

    A part that was submitted since is no longer a draft. A discarded draft keeps its row without
    answers, so that its *version* never repeats.
    """

    __tablename__ = "drafts"

    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id", primary_key=True, index=False)
    student_id: Mapped[UserId] = mapped_column(primary_key=True)
    answers: Mapped[Json]
    saved_at: Mapped[Timestamp]
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


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


class Attachment(Base):
    """Image or PDF that a student attached to a part, converted to images.

    *author_id* sent it, *student_id* owns it: they differ for the test student. *digest* is the
    SHA-256 of the uploaded file, which is not stored; *size_bytes* is the size of its pages. The
    newest attachment of a part that is not removed goes with the next answer.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        Index(None, "problem_id", "student_id"),
        Index(None, "author_id", "uploaded_at"),
        Index(None, "uploaded_at"),
    )

    id: Mapped[Id]
    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id", index=False)
    part: Mapped[str] = mapped_column(String(80))
    student_id: Mapped[UserId]
    author_id: Mapped[UUID] = foreign_key("users.id", index=False)
    file_name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    uploaded_at: Mapped[Timestamp]
    removed_at: Mapped[Timestamp | None]


class AttachmentPage(Base):
    """Page of an attachment as an image; *content* is None once its time of storage is over."""

    __tablename__ = "attachment_pages"

    attachment_id: Mapped[UUID] = foreign_key("attachments.id", primary_key=True, index=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    media_type: Mapped[str] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class AnswerAttachment(Base):
    """Attachment that was submitted with the answer to a part."""

    __tablename__ = "answer_attachments"

    submission_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("submissions.id", onupdate="CASCADE"), primary_key=True
    )
    part: Mapped[str] = mapped_column(String(80), primary_key=True)
    attachment_id: Mapped[UUID] = foreign_key("attachments.id")
