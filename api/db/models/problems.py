"""Published problem versions and their variants."""

from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id, Json, ShortText, Timestamp, foreign_key


class ProblemVersion(Base):
    """Version of a problem: its file, and what was derived from it.

    *space* is ``bank`` or the id of the course that owns it; *status* is draft, published or
    retired. *parts* is a summary (id, kind, points, and a title if there is one), so that lists
    need not parse the file. *variants* is the number of variants that students can be assigned.
    """

    __tablename__ = "problem_versions"
    __table_args__ = (UniqueConstraint("space", "problem", "number"),)

    id: Mapped[Id]
    space: Mapped[str] = mapped_column(String(40))
    problem: Mapped[str] = mapped_column(String(80), index=True)
    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    source: Mapped[str]
    title: Mapped[ShortText]
    topic: Mapped[str] = mapped_column(String(80))
    difficulty: Mapped[int]
    points: Mapped[Fraction]
    parts: Mapped[list[Any]]
    draw_hash: Mapped[str] = mapped_column(String(64))
    marking_hash: Mapped[str] = mapped_column(String(64))
    engine: Mapped[str] = mapped_column(String(20))
    variants: Mapped[int] = mapped_column(default=0)
    report: Mapped[Json] = mapped_column(default=dict)
    note: Mapped[str] = mapped_column(default="")
    based_on: Mapped[UUID | None] = foreign_key("problem_versions.id", index=False)
    created_by: Mapped[UUID | None] = foreign_key("users.id", index=False)
    created_at: Mapped[Timestamp]
    retired_at: Mapped[Timestamp | None]


class Variant(Base):
    """Variant of a version: its numbers, keys and wrong answers.

    *position* is the index in the list that students draw from, -1 for the original. A version with
    the same numbers but other marking has the same positions.
    """

    __tablename__ = "variants"

    version_id: Mapped[UUID] = foreign_key("problem_versions.id", primary_key=True, index=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seed: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[Json]
