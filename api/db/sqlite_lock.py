"""Fair lock for the only writer of a SQLite file.

SQLite lets a waiting process retry only after up to a tenth of a second. A process that writes
again and again always gets in first, until the waiting one fails because the file is locked. Here a
waiting process can reserve the next turn, and no other process gets a second turn before it.
"""

import os
import stat
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final

if sys.platform != "win32":
    import fcntl


LOCK_FILES: Final = ("-turn", "-next")
"""Suffixes of the two lock files next to the database."""
POLL_SECONDS: Final = 0.0005
"""Interval, in seconds, at which a waiting process tries to get the lock."""


class WriteLock:
    """Lock for writing to the database at *path*, shared by the threads of all processes.

    There are two lock files. A process takes ``-next``, then waits for ``-turn``, and gives up
    ``-next`` when it has it. So the last writer has to queue behind a process that already waits.
    All take the two in this order, which rules out a deadlock.

    Without a path, for a database in memory, the lock covers this process only. The lock is
    advisory: after *timeout_seconds* a writer continues without it, and SQLite reports if the file
    is still locked. The same holds if the lock files cannot be created or locked. The lock of a
    process that dies is released.
    """

    def __init__(self, path: Path | None, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._thread_lock = threading.Lock()
        self._turn_lock, self._next_turn_lock = (LockFile(path, suffix) for suffix in LOCK_FILES)

    def __enter__(self) -> None:
        """Acquire the lock."""
        with ExitStack() as failed:
            failed.enter_context(self._thread_lock)
            until = time.monotonic() + self._timeout_seconds
            if self._next_turn_lock.acquire(until):
                try:
                    self._turn_lock.acquire(until)
                finally:
                    self._next_turn_lock.release()
            failed.pop_all()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        self._turn_lock.release()
        self._thread_lock.release()

    def close(self) -> None:
        """Close both lock files."""
        self._turn_lock.close()
        self._next_turn_lock.close()


class LockFile:
    """Lock file beside a database, held by one process at a time; the file is empty."""

    def __init__(self, database: Path | None, suffix: str) -> None:
        self._database, self._suffix = database, suffix
        self._file: int | None = None

    def __del__(self) -> None:
        self.close()

    def acquire(self, until: float) -> bool:
        """Wait for the lock until the monotonic time *until*; return whether it was acquired."""
        while not self._try_acquire():
            if time.monotonic() > until:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _try_acquire(self) -> bool:
        """Try to acquire the lock; return False only if another process holds it.

        Errors count as success, because the lock is advisory.
        """
        if sys.platform == "win32" or self._database is None:
            return True
        with suppress(OSError):
            if self._file is None:
                self._file = self._open_file(self._database)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def _open_file(self, database: Path) -> int:
        """Open the file, with the permissions and owner of the database."""
        database_stat = database.stat()
        path = database.with_name(database.name + self._suffix)
        file = os.open(
            path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, stat.S_IMODE(database_stat.st_mode)
        )
        with suppress(OSError):  # another user created it and did this
            os.fchmod(file, stat.S_IMODE(database_stat.st_mode))
            os.fchown(file, database_stat.st_uid, database_stat.st_gid)  # the creator may be root
        return file

    def release(self) -> None:
        """Release the lock, if this process holds it."""
        if sys.platform != "win32" and self._file is not None:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
