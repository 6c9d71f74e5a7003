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
    "password authentication failed": "PostgreSQL refuses the password of its user; set another in "
    "GRADER_DATABASE_PASSWORD, or in the address",
    "no password supplied": "PostgreSQL asks for a password and none is set; set it in "
    "GRADER_DATABASE_PASSWORD, or in the address",
    r'database ".*" does not exist': "PostgreSQL has no such database; make it (createdb), or name "
    f"another in {ADDRESS_SETTING}",
    r'role ".*" (does not exist|is not permitted)': "PostgreSQL knows no such user who may log in; "
    f"make one (createuser), or name another in {ADDRESS_SETTING}",
    "permission denied for database": f"PostgreSQL does not let this user into the database; GRANT "
    f"CONNECT, or name another user in {ADDRESS_SETTING}",
    "no pg_hba.conf entry": "PostgreSQL lets this user not in from here; see its pg_hba.conf",
    "authentication failed": f"PostgreSQL does not take this user for who they say; see its "
    f"pg_hba.conf, and the user in {ADDRESS_SETTING}",
}
"""Explanations by pattern of PostgreSQL's refusals, which waiting does not resolve.

While a connection is opened, the driver reports no error code, so the message has to be
matched. Messages of a server in a language other than English are not recognized.
"""
ERROR_PATTERNS: Final = REFUSAL_PATTERNS | {
    "unable to open database file": "the database cannot be reached: there is no such folder, or "
    "it cannot be written, or the file is a folder itself; "
    f"look at its address ({ADDRESS_SETTING})",
    "readonly database": "the file of the database, or its folder, cannot be written; give the "
    f"user of this process the right to, or name another in {ADDRESS_SETTING}",
    "not a database": f"the file is no database of SQLite; name another in {ADDRESS_SETTING}",
    "malformed": "the file of the database is damaged; bring back a backup (grader restore)",
    "permission denied for schema": "PostgreSQL lets this user make no tables here; make them "
    "the owner of the database (ALTER DATABASE … OWNER TO …), "
    f"or name another user in {ADDRESS_SETTING}",
    "connection option": f"what stands after ? in {ADDRESS_SETTING} is no option of PostgreSQL",
    "no such table": "the database has not the schema of this version. Run: grader db upgrade",
    'relation "': "the database has not the schema of this version. Run: grader db upgrade",
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
            f"the database cannot be reached; look at its address ({ADDRESS_SETTING}), "
            "and whether it runs"
        )
    return (
        f"the database cannot be used; look at its address ({ADDRESS_SETTING}), "
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
                log.warning("the database does not answer; tried again for %g s", seconds)
            has_warned = True
            time.sleep(RETRY_SECONDS)
        else:
            return
