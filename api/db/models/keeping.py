"""What opens rows that are only added, for as long as a person is erased."""

from sqlalchemy.orm import Mapped

from api.db.models.base import Base, Id

__all__ = ["Erasing"]


class Erasing(Base):
    """That a person is being erased: a row within that transaction, gone at its end.

    Triggers refuse every change of the audit log, of submissions, gradings and changes of grades;
    where such a row is seen, what is personal in them may be changed. Nobody else ever sees one.
    """

    __tablename__ = "erasings"

    id: Mapped[Id]
