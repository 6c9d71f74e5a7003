"""Regrades: their chunks, and what they change."""

from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, Json, Timestamp, foreign_key


class Regrade(Base):
    """Regrade of a problem in an assignment.

    *status* is one of judging, ready (the dry run is done), applying, stopped (halfway through
    applying or undoing), applied, undoing, undone, cancelled and failed. *scope* is who it is for:
    ``all``, ``some`` students, or ``unopened``: only students who have not seen the problem.
    *made*: *to_version* was created for this regrade, and is a draft until it is applied. *total*
    and *done* count the submissions of the phase that began at *began_at*. *draws* lists the draws
    that had another version than *from_version* before, as version id, student, number.
    """

    __tablename__ = "regrades"
    __table_args__ = (Index(None, "status"),)

    id: Mapped[Id]
    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id")
    from_version: Mapped[UUID] = foreign_key("problem_versions.id", index=False)
    to_version: Mapped[UUID] = foreign_key("problem_versions.id", index=False)
    made: Mapped[bool] = mapped_column(default=False)
    scope: Mapped[str] = mapped_column(String(10), default="all")
    never_lower: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(default="")
    notice: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(String(10))
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[Json] = mapped_column(default=dict)
    draws: Mapped[list[Any]] = mapped_column(default=list)
    error: Mapped[str] = mapped_column(default="")
    began_at: Mapped[Timestamp | None]
    stepped_at: Mapped[Timestamp | None]
    created_by: Mapped[UUID] = foreign_key("users.id", index=False)
    created_at: Mapped[Timestamp]
    cancelled_at: Mapped[Timestamp | None]
    applied_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    applied_at: Mapped[Timestamp | None]
    undone_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    undone_at: Mapped[Timestamp | None]


class RegradeChunk(Base):
    """Chunk of a regrade, processed in one transaction.

    *status* is new, judged, applied or undone; after a crash the work continues from here.
    *submissions* is their number at the dry run; *counts* is its result.
    """

    __tablename__ = "regrade_chunks"

    regrade_id: Mapped[UUID] = foreign_key("regrades.id", primary_key=True, index=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    submissions: Mapped[int] = mapped_column(default=0)
    counts: Mapped[Json] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(10), default="new")


class RegradeStudent(Base):
    """Student in a regrade: their chunk, and the effect on their scores.

    *score* is of the problem, *grade* of the assignment: before, after, and after if no answer may
    be lowered (*kept*). *counted*: whether the student counts in statistics (test students do not).
    """

    __tablename__ = "regrade_students"
    __table_args__ = (Index(None, "regrade_id", "chunk"),)

    regrade_id: Mapped[UUID] = foreign_key("regrades.id", primary_key=True, index=False)
    student_id: Mapped[UUID] = foreign_key("users.id", primary_key=True)
    chunk: Mapped[int]
    counted: Mapped[bool] = mapped_column(default=True)
    score_before: Mapped[Fraction | None]
    score_after: Mapped[Fraction | None]
    score_kept: Mapped[Fraction | None]
    grade_before: Mapped[Fraction | None]
    grade_after: Mapped[Fraction | None]
    grade_kept: Mapped[Fraction | None]


class RegradeChange(Base):
    """Effect of a regrade on one answer: the grading that counted, and the new one.

    *direction* is up, down, same (the credit stays, but the feedback or diagnosis changes) or
    review (a person has to grade it now). *flag* is why it is not applied: ``manual`` (a person
    graded it), ``kept`` (no answer may be lowered). *result* holds the fields of the new grading,
    *before* those that the answer had when it was applied. *is_shown*: students can see the
    difference.
    """

    __tablename__ = "regrade_changes"
    __table_args__ = (
        UniqueConstraint("regrade_id", "answer_id"),
        Index(None, "regrade_id", "student_id"),
        Index(None, "regrade_id", "chunk"),
    )

    id: Mapped[Id]
    regrade_id: Mapped[UUID] = foreign_key("regrades.id", index=False)
    chunk: Mapped[int]
    answer_id: Mapped[UUID] = foreign_key("answers.id")
    student_id: Mapped[UUID] = foreign_key("users.id", index=False)
    old_grading: Mapped[UUID]
    new_grading: Mapped[UUID | None]
    old_status: Mapped[str] = mapped_column(String(20))
    new_status: Mapped[str] = mapped_column(String(20))
    old_credit: Mapped[Fraction | None]
    new_credit: Mapped[Fraction | None]
    direction: Mapped[str] = mapped_column(String(6))
    is_shown: Mapped[bool] = mapped_column(default=True)
    result: Mapped[Json]
    before: Mapped[Json] = mapped_column(default=dict)
    flag: Mapped[str] = mapped_column(String(20), default="")
