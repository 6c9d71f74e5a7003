"""Stamps: by which a process knows that what it keeps in memory of a course or a person holds."""

from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id

__all__ = ["Stamp"]


class Stamp(Base):
    """That something changed in a course or about a person (*scope*): triggers write it.

    The sum of *number* over a scope grows with every change that is committed, in whatever order:
    rows are added and none is locked, so that two who change a course do not wait for each other.
    """

    __tablename__ = "stamps"
    __table_args__ = (Index(None, "scope", "number"),)

    id: Mapped[Id]
    scope: Mapped[UUID]
    number: Mapped[int] = mapped_column(BigInteger, default=1)
