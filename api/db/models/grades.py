"""Grades of assignments, their changes, and overrides by people."""

from fractions import Fraction
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, Timestamp, foreign_key


class Grade(Base):
    """Grade of a student in an assignment, computed from standings and stored.

    *begun*: something was submitted. *late*: lateness reduced a score that counts.
    *pending_possible* are the points of *possible* that a person has yet to grade; *pending_score*
    is their part of *score*.
    """

    __tablename__ = "grades"
    __table_args__ = (Index(None, "student_id"),)

    assignment_id: Mapped[UUID] = foreign_key("assignments.id", primary_key=True, index=False)
    student_id: Mapped[UUID] = foreign_key("users.id", primary_key=True, index=False)
    score: Mapped[Fraction | None]
    possible: Mapped[Fraction]
    waiting: Mapped[bool] = mapped_column(default=False)
    pending_score: Mapped[Fraction] = mapped_column(default=Fraction(0))
    pending_possible: Mapped[Fraction] = mapped_column(default=Fraction(0))
    begun: Mapped[bool] = mapped_column(default=False)
    late: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[Timestamp]
    version: Mapped[int] = mapped_column(default=1)


class GradeChange(Base):
    """Change of a grade with its cause; append-only.

    *cause* is submission, regrade, undo, review, override, extension, excuse, late_days or
    settings; *cause_id* identifies it.
    """

    __tablename__ = "grade_changes"
    __table_args__ = (Index(None, "assignment_id", "student_id"),)

    id: Mapped[Id]
    assignment_id: Mapped[UUID] = foreign_key("assignments.id", index=False)
    student_id: Mapped[UUID] = foreign_key("users.id")
    before: Mapped[Fraction | None]
    after: Mapped[Fraction | None]
    cause: Mapped[str] = mapped_column(String(20))
    cause_id: Mapped[UUID | None]
    author_id: Mapped[UUID | None] = foreign_key("users.id", index=False)
    at: Mapped[Timestamp]


class Override(Base):
    """Points that a person set in place of the computed ones.

    They apply to an assignment, to a problem of it, or to a part of that. The student sees them
    with the reason and the author.
    """

    __tablename__ = "overrides"
    __table_args__ = (Index(None, "assignment_id", "student_id"),)

    id: Mapped[Id]
    assignment_id: Mapped[UUID] = foreign_key("assignments.id", index=False)
    problem_id: Mapped[UUID | None] = foreign_key("assignment_problems.id", index=False)
    part: Mapped[str | None] = mapped_column(String(80))
    student_id: Mapped[UUID] = foreign_key("users.id", index=False)
    points: Mapped[Fraction]
    reason: Mapped[str]
    author_id: Mapped[UUID] = foreign_key("users.id", index=False)
    created_at: Mapped[Timestamp]
    withdrawn_at: Mapped[Timestamp | None]
    withdrawn_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
