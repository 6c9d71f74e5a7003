"""The lock of a file of SQLite, which has one writer: nobody writes twice while another waits.

SQLite lets a process that waits look again after up to a tenth of a second. Another that writes
again and again is always faster, until the first is told that the file is locked. Here whoever
waits may be next, and then no other has a second turn before.
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

__all__ = ["LOCK_FILES", "WriteLock"]

LOCK_FILES: Final = ("-turn", "-next")
"""What the names of the two files beside the database end with."""
GLANCE: Final = 0.0005
"""How often, in seconds, a process looks whether it is its turn."""


class WriteLock:
    """The turn to write into the file *path*, for the threads of all processes that ask for it.

    Without a path, for a database in memory, it is for those of this process.
    It is a courtesy: whoever has waited for *patience* seconds goes on without it, and is told by
    SQLite if the file is locked still. So it is where there can be no file beside the database, or
    none that can be locked. A process that dies has no turn any more.
    """

    def __init__(self, path: Path | None, *, patience: float) -> None:
        self._patience = patience
        self._threads = threading.Lock()
        self._now, self._next = (_Lock(path, suffix) for suffix in LOCK_FILES)

    def __enter__(self) -> None:
        """Wait for the turn."""
        with ExitStack() as failed:
            failed.enter_context(self._threads)
            until = time.monotonic() + self._patience
            if self._next.taken(until):
                try:
                    self._now.taken(until)
                finally:
                    self._next.leave()
            failed.pop_all()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Leave it to the next."""
        self._now.leave()
        self._threads.release()

    def close(self) -> None:
        """Have nothing open any more."""
        self._now.close()
        self._next.close()


class _Lock:
    """A file beside a database, which one process at a time has locked; its content is nothing."""

    def __init__(self, database: Path | None, suffix: str) -> None:
        self._database, self._suffix = database, suffix
        self._file: int | None = None

    def __del__(self) -> None:
        self.close()

    def taken(self, until: float) -> bool:
        """Wait for the lock *until* that time at the latest; tell whether it came."""
        while not self._is_free():
            if time.monotonic() > until:
                return False
            time.sleep(GLANCE)
        return True

    def _is_free(self) -> bool:
        """Take the lock, and tell whether no other process had it."""
        if sys.platform == "win32" or self._database is None:
            return True
        with suppress(OSError):
            if self._file is None:
                self._file = self._opened(self._database)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def _opened(self, database: Path) -> int:
        """Return the file, opened; who may use the *database* may use it too."""
        found = database.stat()
        path = database.with_name(database.name + self._suffix)
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, stat.S_IMODE(found.st_mode))
        with suppress(OSError):  # it is another's, who has done it
            os.fchmod(file, stat.S_IMODE(found.st_mode))
            os.fchown(file, found.st_uid, found.st_gid)  # whoever makes it may be root
        return file

    def leave(self) -> None:
        """Leave the lock to others, if it is ours."""
        if sys.platform != "win32" and self._file is not None:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Have the file open no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
