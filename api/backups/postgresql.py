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

from api.config.validators import password_in
from api.core.errors import FileError

__all__ = ["dump", "load", "revision_in"]

PATIENCE: Final = 5
PER_MAJOR: Final = 10_000
"""PostgreSQL 15.4 calls itself 150004."""
MISSING: Final = (
    "{program} is not installed; it comes with PostgreSQL (on Debian and Ubuntu: "
    "apt install postgresql-client). Where the database runs in a container, use the one in it: "
    "docs/operate.md says how."
)
OLD: Final = (
    "{program} is of PostgreSQL {ours} and cannot be used on a server of version {theirs}; install "
    "postgresql-client-{theirs}"
)
PLAIN: Final = ("--no-owner", "--no-privileges")
"""The rows belong to whoever brings them back."""
REVISION: Final = re.compile(
    r"^COPY \S*alembic_version .*?\n(.*?)\n\\\.$", re.MULTILINE | re.DOTALL
)


def dump(where: URL, part: Path) -> str | None:
    """Write the database to the empty file *part*, and return its schema revision."""
    _check_version("pg_dump", where)
    _run(where, "pg_dump", "--format=custom", *PLAIN, f"--file={part}", f"--dbname={_open(where)}")
    return revision_in(where, part)


def revision_in(where: URL, file: Path) -> str | None:
    """Return the schema revision in a backup, or None; raise `FileError` if it is unreadable."""
    shown = _run(
        where, "pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file)
    )
    found = REVISION.search(shown)
    return found[1].strip() if found else None


def load(where: URL, file: Path) -> None:
    """Restore *file* into the database in one transaction.

    Raises `FileError` if the database has tables already.
    """
    with _connected(where) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        [count] = connection.execute(tables).fetchone() or [0]
    if count:
        raise FileError("the database is in use already; a backup is brought back where nothing is")
    whole = ("--single-transaction", "--exit-on-error")
    _run(where, "pg_restore", *whole, *PLAIN, f"--dbname={_open(where)}", str(file))
    with _connected(where) as connection:
        connection.execute("ANALYZE")


def _open(where: URL) -> str:
    """Return the address without its password, as other users can see a program's arguments."""
    # `URL.set` ignores None.
    bare = where._replace(drivername="postgresql", password=None)
    return bare.difference_update_query(["password"]).render_as_string(hide_password=False)


def _connected(where: URL) -> psycopg.Connection:
    try:
        return psycopg.connect(
            _open(where), password=password_in(where), connect_timeout=PATIENCE, autocommit=True
        )
    except psycopg.OperationalError as error:
        raise FileError("the database cannot be reached; look at its address") from error


def _check_version(program: str, where: URL) -> None:
    """Raise `FileError` if *program* is older than the server, whose data it could not read."""
    found = re.search(r"(\d+)", _run(where, program, "--version"))
    with _connected(where) as connection:
        theirs = connection.info.server_version // PER_MAJOR
    ours = int(found[1]) if found else 0
    if ours < theirs:
        raise FileError(OLD.format(program=program, ours=ours, theirs=theirs))


def _run(where: URL, program: str, *arguments: str) -> str:
    """Run *program* and return its output; raise `FileError` with its error message."""
    path = shutil.which(program)
    if path is None:
        raise FileError(MISSING.format(program=program))
    told = password_in(where)
    password = {"PGPASSWORD": told} if told else {}
    done = subprocess.run(  # noqa: S603  # the arguments are options, a file and an address
        [path, *arguments],
        env=os.environ | password | {"PGCONNECT_TIMEOUT": str(PATIENCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FileError(f"{program} failed: {_first_line(done.stderr.splitlines())}")
    return done.stdout


def _first_line(lines: Sequence[str]) -> str:
    told = [line for line in lines if line.strip()]
    return told[0] if told else "it said nothing"
