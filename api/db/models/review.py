"""Grading by people: rubrics, marks, comments and regrade requests."""

from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, ShortText, Timestamp, UserId, foreign_key


class RubricItem(Base):
    """Rubric item that a grader can select: points that it adds or subtracts, and its feedback."""

    __tablename__ = "rubric_items"
    __table_args__ = (Index(None, "problem_id", "part"),)

    id: Mapped[Id]
    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id", index=False)
    part: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(default=0)
    label: Mapped[ShortText]
    say: Mapped[str] = mapped_column(default="")
    points: Mapped[Fraction]
    retired_at: Mapped[Timestamp | None]
    version: Mapped[int] = mapped_column(default=1)


class Review(Base):
    """State of an answer that a person grades; the marks themselves are gradings.

    The mark is computed from *items* and *adjustment*, or is a *credit* that was entered directly.
    The student sees *comment*, but not *reason*. *likeness* is equal for answers that say the same
    to the same numbers. *flag* is why somebody wants it reviewed again, "" if nobody does.
    """

    __tablename__ = "reviews"
    __table_args__ = (Index(None, "likeness"),)

    answer_id: Mapped[UUID] = foreign_key("answers.id", primary_key=True, index=False)
    claimed_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    claimed_until: Mapped[Timestamp | None]
    items: Mapped[list[Any]] = mapped_column(JSON, default=list)
    adjustment: Mapped[Fraction] = mapped_column(default=Fraction(0))
    credit: Mapped[Fraction | None]
    comment: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    marked_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    marked_at: Mapped[Timestamp | None]
    likeness: Mapped[UUID | None]
    flag: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


class ReviewSkip(Base):
    """Answer that a grader skipped: they get it again after all others."""

    __tablename__ = "review_skips"

    answer_id: Mapped[UUID] = foreign_key("answers.id", primary_key=True, index=False)
    user_id: Mapped[UUID] = foreign_key("users.id", primary_key=True)
    at: Mapped[Timestamp]


class Comment(Base):
    """Comment on an answer; the student sees *public* ones."""

    __tablename__ = "comments"

    id: Mapped[Id]
    answer_id: Mapped[UUID] = foreign_key("answers.id")
    author_id: Mapped[UserId]
    text: Mapped[str]
    public: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Timestamp]
    deleted_at: Mapped[Timestamp | None]


class RegradeRequest(Base):
    """Request of a student to review an answer again."""

    __tablename__ = "regrade_requests"

    id: Mapped[Id]
    answer_id: Mapped[UUID] = foreign_key("answers.id")
    student_id: Mapped[UserId]
    text: Mapped[str]
    status: Mapped[str] = mapped_column(String(10), default="open")
    reply: Mapped[str] = mapped_column(default="")
    replied_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    replied_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp]
    version: Mapped[int] = mapped_column(default=1)
