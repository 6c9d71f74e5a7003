"""Backups of SQLite with its backup API, while others use the database."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from api.core.atomic_files import replace_file_durably
from api.core.errors import FileError
from api.db.sqlite_lock import LOCK_FILES

OWNER_ONLY_MODE: Final = 0o600


def dump(url: URL, partial_file: Path) -> str | None:
    """Write the database to the empty file *part*, and return its schema revision."""
    source = _database_path(url)
    if not source.is_file():
        raise FileError(f"there is no database at {source}")
    with _convert_sqlite_errors(source):
        _copy_database(source, partial_file)
        return _read_verified_revision(partial_file)


def revision_in(_url: URL, file: Path) -> str | None:
    """Return the schema revision in a backup, or None; raise `FileError` if it is damaged."""
    with _convert_sqlite_errors(file):
        return _read_verified_revision(file)


def load(url: URL, file: Path, *, prepare_copy: Callable[[Path], None] | None) -> None:
    """Replace the empty database by a copy of *file*, after *prepare* was applied to the copy.

    Raises `FileError` if the database has tables already.
    """
    target = _database_path(url)
    part = target.with_name(f"{target.name}.part")
    with _convert_sqlite_errors(target):
        if target.exists() and _read_table_names(target):
            raise FileError(f"{target} is not empty. Restore a backup into an empty database")
        try:
            part.unlink(missing_ok=True)
            part.touch(OWNER_ONLY_MODE)
            _copy_database(file, part)
            if prepare_copy is not None:
                prepare_copy(part)
            for suffix in ("-wal", "-shm"):
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            replace_file_durably(part, target)
        finally:
            for suffix in ("", "-wal", "-shm", *LOCK_FILES):
                part.with_name(part.name + suffix).unlink(missing_ok=True)


def _database_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise FileError("--database is in memory and has no file")
    return Path(url.database)


def _copy_database(source: Path, target: Path) -> None:
    """Copy all pages in one step, so that the copy is one snapshot while others read and write."""
    with (
        closing(sqlite3.connect(source)) as source_connection,
        closing(sqlite3.connect(target)) as target_connection,
    ):
        target_connection.execute("PRAGMA synchronous = FULL")
        source_connection.backup(target_connection)
        target_connection.execute("PRAGMA journal_mode = DELETE")  # a single file, without a WAL


def _read_verified_revision(file: Path) -> str | None:
    """Return the schema revision in *file*, or None.

    Raises `FileError` if the integrity check fails.
    """
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        [(message,)] = connection.execute("PRAGMA integrity_check(1)").fetchall()
        if message != "ok":
            raise FileError(f"{file} is damaged: {str(message).splitlines()[-1]}")
        if "alembic_version" not in _load_table_names(connection):
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def _read_table_names(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return _load_table_names(connection)


def _load_table_names(connection: sqlite3.Connection) -> set[str]:
    return {
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    }


@contextmanager
def _convert_sqlite_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise FileError(f"{file} cannot be used: {error}") from error
