"""Files that the database stores, read in pieces, so that a slow reader holds one piece."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from sqlite3 import OperationalError
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, LargeBinary, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

FILE_PIECE_BYTES: Final = 384 * 1024
"""Bytes that are read at a time, a multiple of three, so that Base64 pads the last piece only."""


class ReadSessionFactory(Protocol):
    """Factory of read-only database sessions."""

    def __call__(self) -> AbstractContextManager[Session]:
        """Return a read-only session, to be used in a ``with``."""


class StoredBytesGoneError(Exception):
    """The file was deleted while it was read."""


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """File of *size* bytes in a *column*, of the row that *condition* selects."""

    column: InstrumentedAttribute[bytes | None]
    condition: ColumnElement[bool]
    size: int

    def read_pieces(self, reading: ReadSessionFactory) -> Iterator[bytes]:
        """Yield the file in pieces; each is read in its own session.

        Raises `StoredBytesGoneError` if the file is deleted meanwhile.
        """
        for start in range(0, self.size, FILE_PIECE_BYTES):
            with reading() as session:
                is_sqlite = session.get_bind().dialect.name == "sqlite"
                read = self._read_from_sqlite if is_sqlite else self._read_by_query
                piece = read(session, start)
            if not piece:
                raise StoredBytesGoneError
            yield piece

    def _read_by_query(self, session: Session, start: int) -> bytes | None:
        # SQL counts from 1.
        piece: Any = func.substr(self.column, start + 1, FILE_PIECE_BYTES, type_=LargeBinary)
        content: bytes | None = session.scalar(select(piece).where(self.condition))
        return content

    def _read_from_sqlite(self, session: Session, start: int) -> bytes | None:
        """Return the piece at *start*; SQLite's `substr` would read the whole file for each."""
        table = self.column.class_.__tablename__
        row_id = session.scalar(
            select(literal_column("rowid")).select_from(self.column.class_).where(self.condition)
        )
        connection: Any = session.connection().connection.driver_connection
        try:
            with connection.blobopen(table, self.column.key, row_id, readonly=True) as blob:
                blob.seek(start)
                content: bytes = blob.read(FILE_PIECE_BYTES)
                return content
        except (OperationalError, TypeError):  # the file is null, or there is no row
            return None


def find_stored_bytes(
    session: Session,
    column: InstrumentedAttribute[bytes | None],
    condition: ColumnElement[bool],
) -> StoredBytes | None:
    """Return the file in a *column* of one row without reading it, or None if it was deleted."""
    size = session.scalar(select(func.length(column)).where(condition))
    return None if size is None else StoredBytes(column, condition, size)
