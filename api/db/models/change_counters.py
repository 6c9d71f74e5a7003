"""Change counters, which tell a process whether its cache of a course or person is current."""

from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.db.models.base import Base, Id


class ChangeCounter(Base):
    """Change in a course or of a person (*scope*); triggers insert the rows.

    The sum of *number* over a scope grows with every committed change, in any commit order. Rows
    are only added and none is locked, so that two writers in one course do not wait for each other.
    """

    __tablename__ = "stamps"
    __table_args__ = (Index(None, "scope", "number"),)

    id: Mapped[Id]
    scope: Mapped[UUID]
    number: Mapped[int] = mapped_column(BigInteger, default=1)
