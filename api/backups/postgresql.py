"""Backups of PostgreSQL with its own programs, in their compressed format."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import URL

from api.config.validators import get_password
from api.core.errors import FileError

CONNECT_TIMEOUT_SECONDS: Final = 5
MAJOR_VERSION_FACTOR: Final = 10_000
"""Divisor that yields the major version: PostgreSQL 15.4 reports 150004."""
PROGRAM_MISSING_MESSAGE: Final = (
    "{program} is not installed. It comes with PostgreSQL (on Debian and Ubuntu: "
    "apt install postgresql-client). If the database runs in a container, use "
    "the one in it, as docs/operate.md explains."
)
PROGRAM_TOO_OLD_MESSAGE: Final = (
    "{program} comes from PostgreSQL {ours} and does not work with a server of version {theirs}; "
    "install "
    "postgresql-client-{theirs}"
)
NO_OWNER_OPTIONS: Final = ("--no-owner", "--no-privileges")
"""Options that make the user who restores a backup the owner of its rows."""
REVISION_PATTERN: Final = re.compile(
    r"^COPY \S*alembic_version .*?\n(.*?)\n\\\.$", re.MULTILINE | re.DOTALL
)


def dump(url: URL, partial_file: Path) -> str | None:
    """Write the database to the empty file *part*, and return its schema revision."""
    _check_program_version("pg_dump", url)
    _run_program(
        url,
        "pg_dump",
        "--format=custom",
        *NO_OWNER_OPTIONS,
        f"--file={partial_file}",
        f"--dbname={_render_url_without_password(url)}",
    )
    return revision_in(url, partial_file)


def revision_in(url: URL, file: Path) -> str | None:
    """Return the schema revision in a backup, or None; raise `FileError` if it is unreadable."""
    output = _run_program(
        url, "pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file)
    )
    match = REVISION_PATTERN.search(output)
    return match[1].strip() if match else None


def load(url: URL, file: Path) -> None:
    """Restore *file* into the database in one transaction.

    Raises `FileError` if the database has tables already.
    """
    with _connect(url) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        [count] = connection.execute(tables).fetchone() or [0]
    if count:
        raise FileError("the database is not empty. Restore a backup into an empty database")
    transaction_options = ("--single-transaction", "--exit-on-error")
    _run_program(
        url,
        "pg_restore",
        *transaction_options,
        *NO_OWNER_OPTIONS,
        f"--dbname={_render_url_without_password(url)}",
        str(file),
    )
    with _connect(url) as connection:
        connection.execute("ANALYZE")


def _render_url_without_password(url: URL) -> str:
    """Return the address without its password, as other users can see a program's arguments."""
    # `URL.set` ignores None.
    bare = url._replace(drivername="postgresql", password=None)
    return bare.difference_update_query(["password"]).render_as_string(hide_password=False)


def _connect(url: URL) -> psycopg.Connection:
    try:
        return psycopg.connect(
            _render_url_without_password(url),
            password=get_password(url),
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            autocommit=True,
        )
    except psycopg.OperationalError as error:
        raise FileError("the database cannot be reached. Check its address") from error


def _check_program_version(program: str, url: URL) -> None:
    """Raise `FileError` if *program* is older than the server, whose data it could not read."""
    match = re.search(r"(\d+)", _run_program(url, program, "--version"))
    with _connect(url) as connection:
        server_version = connection.info.server_version // MAJOR_VERSION_FACTOR
    program_version = int(match[1]) if match else 0
    if program_version < server_version:
        raise FileError(
            PROGRAM_TOO_OLD_MESSAGE.format(
                program=program, ours=program_version, theirs=server_version
            )
        )


def _run_program(url: URL, program: str, *arguments: str) -> str:
    """Run *program* and return its output; raise `FileError` with its error message."""
    path = shutil.which(program)
    if path is None:
        raise FileError(PROGRAM_MISSING_MESSAGE.format(program=program))
    password = get_password(url)
    password_variables = {"PGPASSWORD": password} if password else {}
    process = subprocess.run(  # noqa: S603  # the arguments are options, a file and an address
        [path, *arguments],
        env=os.environ | password_variables | {"PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT_SECONDS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise FileError(f"{program} failed: {_first_nonempty_line(process.stderr.splitlines())}")
    return process.stdout


def _first_nonempty_line(lines: Sequence[str]) -> str:
    nonempty_lines = [line for line in lines if line.strip()]
    return nonempty_lines[0] if nonempty_lines else "it said nothing"
