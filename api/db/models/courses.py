"""Courses, their members, assignments and accommodations."""

from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, Json, ShortText, Timestamp, UserId, foreign_key


class Course(Base):
    """Course in one time zone; *categories* are those of its assignments, with weights.

    *join_code* is None until *self_enrollment* is turned on for the first time.
    """

    __tablename__ = "courses"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[ShortText]
    zone: Mapped[str] = mapped_column(String(60))
    numbers: Mapped[str | None] = mapped_column(String(10))
    secret: Mapped[str] = mapped_column(String(64))
    late_day_budget: Mapped[int] = mapped_column(default=0)
    categories: Mapped[list[Any]] = mapped_column(JSON, default=list)
    self_enrollment: Mapped[bool] = mapped_column(default=False)
    join_code: Mapped[str | None] = mapped_column(String(20), index=True, unique=True)
    created_at: Mapped[Timestamp]
    archived_at: Mapped[Timestamp | None]
    version: Mapped[int] = mapped_column(default=1)


class Section(Base):
    """Group of students of a course that meets together."""

    __tablename__ = "sections"
    __table_args__ = (UniqueConstraint("course_id", "name"),)

    id: Mapped[Id]
    course_id: Mapped[UUID] = foreign_key("courses.id", index=False)
    name: Mapped[ShortText]


class Enrolment(Base):
    """Membership of a person in a course; *role* is student, grader or instructor."""

    __tablename__ = "enrolments"
    __table_args__ = (UniqueConstraint("course_id", "user_id"),)

    id: Mapped[Id]
    course_id: Mapped[UUID] = foreign_key("courses.id", index=False)
    user_id: Mapped[UserId]
    role: Mapped[str] = mapped_column(String(10))
    section_id: Mapped[UUID | None] = foreign_key("sections.id")
    is_test: Mapped[bool] = mapped_column(default=False)
    lms_id: Mapped[ShortText] = mapped_column(default="")
    created_at: Mapped[Timestamp]
    withdrawn_at: Mapped[Timestamp | None]
    version: Mapped[int] = mapped_column(default=1)


class Assignment(Base):
    """Assignment with its rules.

    *timeline* has the times as the instructor wrote them, in the course's time zone; the instants
    beside it follow from it. *results* and *solutions* are when a student sees results, and keys
    and worked solutions; *variants* determines which variant a student gets. *version* counts all
    changes.
    """

    __tablename__ = "assignments"
    __table_args__ = (UniqueConstraint("course_id", "slug"),)

    id: Mapped[Id]
    course_id: Mapped[UUID] = foreign_key("courses.id", index=False)
    slug: Mapped[str] = mapped_column(String(80))
    title: Mapped[ShortText]
    instructions: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(String(80), default="")
    position: Mapped[int] = mapped_column(default=0)
    timeline: Mapped[Json] = mapped_column(default=dict)
    release_at: Mapped[Timestamp | None]
    due_at: Mapped[Timestamp | None]
    closes_at: Mapped[Timestamp | None]
    attempts: Mapped[int | None]
    cool_down_seconds: Mapped[int] = mapped_column(default=0)
    by_attempt: Mapped[list[Any]] = mapped_column(JSON, default=list)
    results: Mapped[str] = mapped_column(String(12), default="at_once")
    solutions: Mapped[str] = mapped_column(String(12), default="after_close")
    results_released_at: Mapped[Timestamp | None]
    solutions_released_at: Mapped[Timestamp | None]
    variants: Mapped[str] = mapped_column(String(12), default="each")
    new_after: Mapped[int | None]
    groups: Mapped[list[Any]] = mapped_column(JSON, default=list)
    extra: Mapped[bool] = mapped_column(default=False)
    regrade_days: Mapped[int | None]
    regrade_limit: Mapped[int | None]
    anonymous: Mapped[bool] = mapped_column(default=False)
    lms_id: Mapped[ShortText] = mapped_column(default="")
    published_at: Mapped[Timestamp | None]
    deleted_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp]
    version: Mapped[int] = mapped_column(default=1)


class AssignmentProblem(Base):
    """Problem in an assignment, pinned to a version.

    *points* is its worth here, None for the sum of its parts. *voided* lists parts that do not
    count as graded: everybody gets ``full`` points, or the part is left ``out`` of the maximum.
    *labels* are those of its parts on the sheet, with commas; None for labels from the order.
    *attachments*: its text parts take an image or a PDF.
    """

    __tablename__ = "assignment_problems"
    __table_args__ = (UniqueConstraint("assignment_id", "slug"),)

    id: Mapped[Id]
    assignment_id: Mapped[UUID] = foreign_key("assignments.id", index=False)
    slug: Mapped[str] = mapped_column(String(80))
    version_id: Mapped[UUID] = foreign_key("problem_versions.id")
    position: Mapped[int] = mapped_column(default=0)
    points: Mapped[Fraction | None]
    group: Mapped[str] = mapped_column(String(80), default="")
    extra: Mapped[bool] = mapped_column(default=False)
    voided: Mapped[Json] = mapped_column(default=dict)
    labels: Mapped[str | None] = mapped_column(String(400))
    attachments: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[Timestamp | None]
    version: Mapped[int] = mapped_column(default=1)


class Extension(Base):
    """Other times or limits for a student or a section, in one assignment or in all of them."""

    __tablename__ = "extensions"
    __table_args__ = (Index(None, "course_id", "assignment_id"),)

    id: Mapped[Id]
    course_id: Mapped[UUID] = foreign_key("courses.id", index=False)
    assignment_id: Mapped[UUID | None] = foreign_key("assignments.id")
    student_id: Mapped[UUID | None] = foreign_key("users.id")
    section_id: Mapped[UUID | None] = foreign_key("sections.id")
    spec: Mapped[Json]
    reason: Mapped[str] = mapped_column(default="")
    created_by: Mapped[UUID] = foreign_key("users.id", index=False)
    created_at: Mapped[Timestamp]
    withdrawn_at: Mapped[Timestamp | None]


class LateDays(Base):
    """Late days of the budget that a student has spent on an assignment."""

    __tablename__ = "late_days"

    assignment_id: Mapped[UUID] = foreign_key("assignments.id", primary_key=True, index=False)
    student_id: Mapped[UUID] = foreign_key("users.id", primary_key=True)
    days: Mapped[int]
    spent_at: Mapped[Timestamp]


class Excuse(Base):
    """Excuse of a student from an assignment, or from one problem of it."""

    __tablename__ = "excuses"

    id: Mapped[Id]
    assignment_id: Mapped[UUID] = foreign_key("assignments.id")
    problem_id: Mapped[UUID | None] = foreign_key("assignment_problems.id", index=False)
    student_id: Mapped[UserId]
    reason: Mapped[str] = mapped_column(default="")
    created_by: Mapped[UUID] = foreign_key("users.id", index=False)
    created_at: Mapped[Timestamp]
    withdrawn_at: Mapped[Timestamp | None]


class Notice(Base):
    """Notice to students on a problem: what was corrected, and when."""

    __tablename__ = "notices"

    id: Mapped[Id]
    problem_id: Mapped[UUID] = foreign_key("assignment_problems.id")
    regrade_id: Mapped[UUID | None] = foreign_key("regrades.id", index=False)
    text: Mapped[str]
    created_by: Mapped[UUID] = foreign_key("users.id", index=False)
    created_at: Mapped[Timestamp]
    withdrawn_at: Mapped[Timestamp | None]
