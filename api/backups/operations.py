"""Backup of a database to one file, and restore; every file is verified before it is used.

SQLite copies itself; for PostgreSQL, `pg_dump` and `pg_restore` do the work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from api.backups import postgresql, sqlite
from api.core.atomic_files import replace_file_durably
from api.core.errors import FileError
from api.db.engine import Database, with_psycopg_driver
from api.db.migrations import list_known_revisions, upgrade
from api.db.wait_for_database import explain_database_error
from migrations.losses import LossError

BYTES_PER_MEBIBYTE: Final = 1024 * 1024
OWNER_ONLY_MODE: Final = 0o600
EMPTY_DATABASE_MESSAGE: Final = (
    "the database has no tables of Grader, so there is nothing to back up. Check "
    "its address (GRADER_DATABASE or --database). To set up a new database, run: "
    "grader db upgrade"
)
FILE_SIGNATURES: Final = {b"SQLite format 3\0": "sqlite", b"PGDMP": "postgresql"}


def backup(url: str, file: Path) -> str:
    """Write the database at *url* to a new *file*, and return a summary for the user.

    The backup is a consistent snapshot. Raises `FileError` if *file* exists or cannot be written,
    or the database is empty.
    """
    database_url = _parse_url(url)
    if file.exists():
        raise FileError(f"{file} already exists. Name a new file")
    system = sqlite if database_url.get_backend_name() == "sqlite" else postgresql
    with _atomic_output(file) as part:
        revision = system.dump(database_url, part)
        if revision is None:
            raise FileError(EMPTY_DATABASE_MESSAGE)
        size = part.stat().st_size
    return f"written to {file}: {size / BYTES_PER_MEBIBYTE:.1f} MiB, schema {revision}"


def restore(url: str, file: Path, *, upgrades: bool) -> str:
    """Restore *file* into the empty database at *url*, and return a summary for the user.

    A backup of an older schema is accepted only with *upgrades*, and is then upgraded. Raises
    `FileError` if the backup cannot be used.
    """
    database_url = _parse_url(url)
    if _detect_system(file) != database_url.get_backend_name():
        raise FileError(f"{file} is a backup of {_detect_system(file)}, but the database is not")
    is_sqlite = database_url.get_backend_name() == "sqlite"
    system = sqlite if is_sqlite else postgresql
    revision = system.revision_in(database_url, file)
    is_older = _needs_upgrade(revision, file, upgrades=upgrades)
    if is_sqlite:
        sqlite.load(database_url, file, prepare_copy=_upgrade_file if is_older else None)
    else:
        postgresql.load(database_url, file)
        if is_older:
            _upgrade_schema(
                url, state_message=f"The database now contains the backup, with schema {revision}."
            )
    return f"restored from {file}: schema {revision}" + (", brought up to date" if is_older else "")


def _upgrade_file(partial_file: Path) -> None:
    _upgrade_schema(f"sqlite:///{partial_file}", state_message="The database was not changed.")


def _upgrade_schema(url: str, *, state_message: str) -> None:
    """Upgrade the schema; an error message ends with *state_message*, the state of the database."""
    db = Database(url)
    try:
        upgrade(db)
    except LossError as error:
        raise FileError(f"the backup cannot be upgraded: {error} {state_message}") from error
    except SQLAlchemyError as error:
        raise FileError(
            f"the backup cannot be upgraded: {explain_database_error(error)}. {state_message}"
        ) from error
    finally:
        db.close()


def _parse_url(url: str) -> URL:
    try:
        return make_url(with_psycopg_driver(url))
    except ArgumentError as error:
        raise FileError("--database is not the address of a database. See --help") from error


def _detect_system(file: Path) -> str:
    """Return the database system of a backup, by its signature."""
    try:
        with file.open("rb") as stream:
            head = stream.read(max(map(len, FILE_SIGNATURES)))
    except OSError as error:
        raise FileError(f"{file} cannot be read: {(error.strerror or '').lower()}") from error
    for signature, system in FILE_SIGNATURES.items():
        if head.startswith(signature):
            return system
    raise FileError(f"{file} is not a backup: neither SQLite nor pg_dump wrote it")


def _needs_upgrade(revision: str | None, file: Path, *, upgrades: bool) -> bool:
    """Return whether the backup has an older schema; raise `FileError` if it cannot be used."""
    known = list_known_revisions()
    if revision is None:
        raise FileError(f"{file} does not contain a database of Grader")
    if revision not in known:
        raise FileError(
            f"{file} was written by a newer version of Grader (schema {revision}). Install that "
            "version. Nothing was changed."
        )
    if revision == known[0]:
        return False
    if not upgrades:
        raise FileError(
            f"{file} was written by an older version of Grader (schema {revision}). Use "
            "--upgrade to restore and upgrade it. Nothing was changed."
        )
    return True


@contextmanager
def _atomic_output(file: Path) -> Iterator[Path]:
    """Yield a temporary path; it becomes *file* once it is on disk, or is deleted on an error."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(OWNER_ONLY_MODE)
        yield part
        replace_file_durably(part, file)
    except OSError as error:
        raise FileError(f"{file} cannot be written: {(error.strerror or '').lower()}") from error
    finally:
        part.unlink(missing_ok=True)
