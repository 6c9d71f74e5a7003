"""What students handed in, how it was graded, and where they stand."""

from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, Json, UserId, When, refers

__all__ = ["Answer", "Draft", "Draw", "Grading", "Standing", "Submission"]


class Draw(Base):
    """Which numbers a student has in a problem; *number* counts new ones from 0."""

    __tablename__ = "draws"

    problem_id: Mapped[UUID] = refers("assignment_problems.id", primary_key=True, index=False)
    student_id: Mapped[UUID] = refers("users.id", primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version_id: Mapped[UUID] = refers("problem_versions.id", index=False)
    position: Mapped[int]
    opened_at: Mapped[When]


class Submission(Base):
    """What a student handed in at one time: answers as typed. Never changed, never deleted.

    *sequence* numbers the submissions of a student to a problem; *key* is the client's, by which
    the same request twice is one submission, *fingerprint* the digest of its body, and *reply* what
    was answered: the same request is told the same again.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("problem_id", "student_id", "sequence"),
        UniqueConstraint("author_id", "key"),
        Index(None, "student_id", "received_at"),
    )

    id: Mapped[Id]
    problem_id: Mapped[UUID] = refers("assignment_problems.id", index=False)
    student_id: Mapped[UUID] = refers("users.id", index=False)
    author_id: Mapped[UUID] = refers("users.id", index=False)
    sequence: Mapped[int]
    version_id: Mapped[UUID] = refers("problem_versions.id", index=False)
    position: Mapped[int]
    draw: Mapped[int]
    received_at: Mapped[When]
    answers: Mapped[Json]
    key: Mapped[str | None] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    reply: Mapped[Json]


class Answer(Base):
    """The answer to one part in a submission, and the grading that counts now.

    Facts of the admission: *attempt* is the number of the attempt that it used (None: it cost
    nothing), *repeats* the submission that gave the same value before, *late* the credit factor of
    its time. *value* is the digest of the value as it was read, *shown* the value in words,
    *carries* what later parts compute with. The rest repeats the grading, for questions to many.
    """

    __tablename__ = "answers"
    __table_args__ = (
        UniqueConstraint("submission_id", "part"),
        Index(None, "problem_id", "part", "status"),
        Index(None, "problem_id", "student_id"),
    )

    id: Mapped[Id]
    submission_id: Mapped[UUID] = refers("submissions.id", index=False)
    problem_id: Mapped[UUID] = refers("assignment_problems.id", index=False)
    student_id: Mapped[UUID] = refers("users.id", index=False)
    part: Mapped[str] = mapped_column(String(80))
    draw: Mapped[int]
    sequence: Mapped[int]
    received_at: Mapped[When]
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
    """One run of marking an answer, by the engine, a regrade or a person. Rows are only added.

    *record* is all that was found (`grader.grading.record`), *said* what the student is told.
    """

    __tablename__ = "gradings"

    id: Mapped[Id]
    answer_id: Mapped[UUID] = refers("answers.id")
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(20))
    credit: Mapped[Fraction | None]
    mistakes: Mapped[str] = mapped_column(default="")
    record: Mapped[Json]
    said: Mapped[Json]
    engine: Mapped[str] = mapped_column(String(20))
    version_id: Mapped[UUID] = refers("problem_versions.id", index=False)
    regrade_id: Mapped[UUID | None] = refers("regrades.id")
    author_id: Mapped[UUID | None] = refers("users.id", index=False)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[When]


class Standing(Base):
    """Where a student stands in a problem: worked out from answers, kept so as not to do it again.

    *parts* tells of each part its attempts, factors, credit and the submission that counts.
    """

    __tablename__ = "standings"
    __table_args__ = (Index(None, "student_id"),)

    problem_id: Mapped[UUID] = refers("assignment_problems.id", primary_key=True, index=False)
    student_id: Mapped[UUID] = refers("users.id", primary_key=True, index=False)
    sequence: Mapped[int] = mapped_column(default=0)
    parts: Mapped[Json] = mapped_column(default=dict)
    score: Mapped[Fraction | None]
    possible: Mapped[Fraction | None]
    waiting: Mapped[bool] = mapped_column(default=False)
    last_at: Mapped[When | None]
    version: Mapped[int] = mapped_column(default=0)


class Draft(Base):
    """What a student has typed; *sequence* is the last submission when it was saved.

    A part that was handed in since is no draft any more. A draft that is thrown away keeps its
    row without answers, so that its *version* never comes twice.
    """

    __tablename__ = "drafts"

    problem_id: Mapped[UUID] = refers("assignment_problems.id", primary_key=True, index=False)
    student_id: Mapped[UserId] = mapped_column(primary_key=True)
    answers: Mapped[Json]
    saved_at: Mapped[When]
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
