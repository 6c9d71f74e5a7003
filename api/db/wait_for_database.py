"""Waiting for a database that is still starting, and explanations of why it cannot be used."""

import logging
import re
import time
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from api.db.engine import Database

RETRY_SECONDS: Final = 0.5
"""Pause between two attempts, in seconds."""
ADDRESS_SETTING: Final = "GRADER_DATABASE or --database"
REFUSAL_PATTERNS: Final = {
    "password authentication failed": "PostgreSQL refuses the password. Set another in "
    "GRADER_DATABASE_PASSWORD or in the address",
    "no password supplied": "PostgreSQL asks for a password, but none is set. Set it in "
    "GRADER_DATABASE_PASSWORD or in the address",
    r'database ".*" does not exist': (
        "PostgreSQL has no such database. Create it (createdb), or set another in "
        f"{ADDRESS_SETTING}"
    ),
    r'role ".*" (does not exist|is not permitted)': (
        "PostgreSQL has no such user that can log in. Create one (createuser), or "
        f"set another in {ADDRESS_SETTING}"
    ),
    "permission denied for database": "PostgreSQL does not let this user connect to the "
    f"database. GRANT CONNECT, or set another user in {ADDRESS_SETTING}",
    "no pg_hba.conf entry": "PostgreSQL does not accept this user from here. Check its pg_hba.conf",
    "authentication failed": "PostgreSQL does not authenticate this user. Check its "
    f"pg_hba.conf, and the user in {ADDRESS_SETTING}",
}
"""Explanations by pattern of PostgreSQL's refusals, which waiting does not resolve.

While a connection is opened, the driver reports no error code, so the message has to be
matched. Messages of a server in a language other than English are not recognized.
"""
ERROR_PATTERNS: Final = REFUSAL_PATTERNS | {
    "unable to open database file": "the database cannot be reached: its folder does not exist "
    f"or is not writable, or the file is a folder. Check its address ({ADDRESS_SETTING})",
    "readonly database": "the file of the database or its folder is not writable. Change its "
    f"permissions, or set another in {ADDRESS_SETTING}",
    "not a database": f"the file is not an SQLite database. Set another in {ADDRESS_SETTING}",
    "malformed": "the file of the database is damaged. Restore a backup (grader restore)",
    "permission denied for schema": "PostgreSQL does not let this user create tables. Make them "
    "the owner of the database (ALTER DATABASE … OWNER TO …), or set another user in "
    f"{ADDRESS_SETTING}",
    "connection option": f"the text after ? in {ADDRESS_SETTING} is not an option of PostgreSQL",
    "no such table": "the database does not have the schema of this version. Run: grader db "
    "upgrade",
    'relation "': "the database does not have the schema of this version. Run: grader db upgrade",
}
"""Explanations by pattern of driver errors, whose own message may contain the address."""

log = logging.getLogger("api.reaching")


def explain_database_error(error: SQLAlchemyError) -> str:
    """Return in one sentence why the database cannot be used and what to do, without secrets."""
    message = str(getattr(error, "orig", None) or error)
    for pattern, explanation in ERROR_PATTERNS.items():
        if re.search(pattern, message):
            return explanation
    if isinstance(error, OperationalError):
        return (
            f"the database cannot be reached. Check its address ({ADDRESS_SETTING}), and "
            "that it is running"
        )
    return (
        f"the database cannot be used. Check its address ({ADDRESS_SETTING}), "
        "and run: grader db check"
    )


def find_missing_sqlite_file(address: str) -> Path | None:
    """Return the SQLite file of *address* if it does not exist, else None.

    Also returns None if its folder does not exist. Opening a missing database would create it.
    """
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        return None
    file = Path(url.database or "")
    return None if file.exists() or not file.parent.is_dir() else file


def wait_for_database(db: Database, seconds: float) -> None:
    """Wait until PostgreSQL answers; after *seconds* raise its error.

    The error is raised at once if PostgreSQL refuses these credentials. SQLite needs no wait: its
    file exists or not.
    """
    until, has_warned = time.monotonic() + seconds, False
    while not db.is_sqlite:
        try:
            db.find_unsafe_settings()
        except OperationalError as error:
            if any(re.search(sign, str(error.orig)) for sign in REFUSAL_PATTERNS):
                raise
            if time.monotonic() + RETRY_SECONDS > until:
                raise
            if not has_warned:
                log.warning("the database does not respond; tried for %g s", seconds)
            has_warned = True
            time.sleep(RETRY_SECONDS)
        else:
            return
