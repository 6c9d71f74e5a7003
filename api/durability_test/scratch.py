"""Scratch database: beside the configured one, and deleted afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from api.core.errors import FileError
from api.db.engine import Database


@contextmanager
def scratch_database(url: str) -> Iterator[tuple[str, Path]]:
    """Yield the URL of a new database, and a folder for its files.

    It is on the same disk as the SQLite file of *url*, or on the same PostgreSQL server. Raises
    `FileError` if none can be created.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise FileError("--database is not the address of a database. See --help") from error
    if parsed.get_backend_name() == "sqlite":
        with _temporary_folder(Path(parsed.database or "").absolute().parent) as folder:
            yield f"sqlite:///{folder / 'selftest.db'}", folder
        return
    with (
        _temporary_folder(Path(tempfile.gettempdir())) as folder,
        _temporary_server_database(parsed) as created,
    ):
        yield created.render_as_string(hide_password=False), folder


@contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="grader-selftest-", dir=parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise FileError(f"{parent}: {(error.strerror or str(error)).lower()}") from error


@contextmanager
def _temporary_server_database(parsed: URL) -> Iterator[URL]:
    name = f"grader_selftest_{uuid4().hex[:12]}"
    server = Database(parsed.render_as_string(hide_password=False))
    try:
        _run_statement(server, f"CREATE DATABASE {name}")
        try:
            yield parsed.set(database=name)
        finally:
            _run_statement(server, f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        server.close()


def _run_statement(server: Database, statement: str) -> None:
    try:
        with server.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))
    except SQLAlchemyError as error:
        raise FileError(
            "no database can be created on the server. Check its address, and that its user can "
            "create databases (ALTER ROLE … CREATEDB)"
        ) from error
