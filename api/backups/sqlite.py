"""Backups of SQLite with its backup API, while others use the database."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from api.core.atomic_files import put_in_place
from api.core.errors import FileError
from api.db.sqlite_lock import LOCK_FILES

__all__ = ["dump", "load", "revision_in"]

OWN_ONLY: Final = 0o600


def dump(where: URL, part: Path) -> str | None:
    """Write the database to the empty file *part*, and return its schema revision."""
    source = _file_of(where)
    if not source.is_file():
        raise FileError(f"there is no database at {source}")
    with _told(source):
        _copy(source, part)
        return _sound(part)


def revision_in(_where: URL, file: Path) -> str | None:
    """Return the schema revision in a backup, or None; raise `FileError` if it is damaged."""
    with _told(file):
        return _sound(file)


def load(where: URL, file: Path, *, ready: Callable[[Path], None] | None) -> None:
    """Replace the empty database by a copy of *file*, after *ready* was applied to the copy.

    Raises `FileError` if the database has tables already.
    """
    target = _file_of(where)
    part = target.with_name(f"{target.name}.part")
    with _told(target):
        if target.exists() and _tables(target):
            raise FileError(
                f"{target} is in use already; a backup is brought back where nothing is"
            )
        try:
            part.unlink(missing_ok=True)
            part.touch(OWN_ONLY)
            _copy(file, part)
            if ready is not None:
                ready(part)
            for left in ("-wal", "-shm"):
                target.with_name(target.name + left).unlink(missing_ok=True)
            put_in_place(part, target)
        finally:
            for left in ("", "-wal", "-shm", *LOCK_FILES):
                part.with_name(part.name + left).unlink(missing_ok=True)


def _file_of(where: URL) -> Path:
    if not where.database or where.database == ":memory:":
        raise FileError("--database is in memory; there is no file of it")
    return Path(where.database)


def _copy(source: Path, target: Path) -> None:
    """Copy all pages in one step, so that the copy is one snapshot while others read and write."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA synchronous = FULL")
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")  # a single file, without a WAL


def _sound(file: Path) -> str | None:
    """Return the schema revision in *file*, or None.

    Raises `FileError` if the integrity check fails.
    """
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        [(said,)] = opened.execute("PRAGMA integrity_check(1)").fetchall()
        if said != "ok":
            raise FileError(f"{file} is damaged: {str(said).splitlines()[-1]}")
        if "alembic_version" not in _names(opened):
            return None
        found = opened.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found[0]) if found else None


def _tables(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as opened:
        return _names(opened)


def _names(opened: sqlite3.Connection) -> set[str]:
    return {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type='table'")}


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise FileError(f"{file} cannot be used: {error}") from error
