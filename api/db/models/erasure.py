"""Flag that permits changes to append-only rows during an erasure."""

from sqlalchemy.orm import Mapped

from api.db.models.base import Base, Id


class ErasureFlag(Base):
    """Flag that a person is being erased: it exists only within that transaction.

    Triggers refuse every change of the audit log, submissions, gradings and grade changes. While
    this row is visible, their personal data may be changed. No other transaction ever sees it.
    """

    __tablename__ = "erasings"

    id: Mapped[Id]
