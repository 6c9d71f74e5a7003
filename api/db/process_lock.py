"""Locks for work that only one process at a time may do, whichever machine it runs on.

The lock of a process that dies is released: at once, or on PostgreSQL within 40 seconds if its
machine disappears from the network.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from api.db.engine import Database
from api.db.sqlite_lock import LockFile

TRY_LOCK: Final = text(
    "SELECT pg_try_advisory_lock(:number), set_config('tcp_keepalives_idle', '10', false), "
    "set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)
"""The server would otherwise keep the session of a machine that disappeared for hours."""
UNLOCK: Final = text("SELECT pg_advisory_unlock(:number)")
"""The end of the session would release the lock too, but only some time after it is closed."""
CHECK_SESSION: Final = text("SELECT 1")


@dataclass(frozen=True, slots=True)
class LockName:
    """Name of a lock: its *number* on PostgreSQL, and the *suffix* of its file on SQLite."""

    number: int
    suffix: str


class ProcessLock:
    """Lock of a database, for one thread at a time: held until `release` or the process ends.

    On PostgreSQL this is an advisory lock, in a session that does nothing else. On SQLite it locks
    an empty file next to the database. No other process can open a database in memory, so its lock
    is always free.
    """

    def __init__(self, db: Database, name: LockName) -> None:
        self._db, self._name = db, name
        self._session: Connection | None = None
        self._file = LockFile(db.sqlite_file, name.suffix) if db.is_sqlite else None

    def acquire(self) -> bool:
        """Acquire the lock if it is free; return whether it is held, now or already.

        Raises `SQLAlchemyError` if the database fails; the lock is lost then.
        """
        if self._file is not None:
            return self._file.acquire(time.monotonic())
        try:
            return self._acquire_session_lock()
        except SQLAlchemyError:
            self.release()
            raise

    def _acquire_session_lock(self) -> bool:
        if self._session is not None:
            self._session.execute(CHECK_SESSION)
            return True
        engine = self._db.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._session = engine.connect()
        self._session.detach()  # the pool may open another connection in its place
        if self._session.execute(TRY_LOCK, {"number": self._name.number}).one()[0]:
            return True
        self.release()
        return False

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._file is not None:
            self._file.close()
        if self._session is not None:
            session, self._session = self._session, None
            with suppress(SQLAlchemyError), session:
                session.execute(UNLOCK, {"number": self._name.number})
