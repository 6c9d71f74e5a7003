"""Waiting for a database that is still starting, and explanations of why it cannot be used."""

import logging
import re
import time
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from api.db.engine import Database

__all__ = ["missing_file", "wait_for", "why_unusable"]

PAUSE: Final = 0.5
"""How many seconds lie between two tries."""
NAMED: Final = "GRADER_DATABASE or --database"
REFUSED: Final = {
    "password authentication failed": "PostgreSQL refuses the password of its user; set another in "
    "GRADER_DATABASE_PASSWORD, or in the address",
    "no password supplied": "PostgreSQL asks for a password and none is set; set it in "
    "GRADER_DATABASE_PASSWORD, or in the address",
    r'database ".*" does not exist': "PostgreSQL has no such database; make it (createdb), or name "
    f"another in {NAMED}",
    r'role ".*" (does not exist|is not permitted)': "PostgreSQL knows no such user who may log in; "
    f"make one (createuser), or name another in {NAMED}",
    "permission denied for database": f"PostgreSQL does not let this user into the database; GRANT "
    f"CONNECT, or name another user in {NAMED}",
    "no pg_hba.conf entry": "PostgreSQL lets this user not in from here; see its pg_hba.conf",
    "authentication failed": f"PostgreSQL does not take this user for who they say; see its "
    f"pg_hba.conf, and the user in {NAMED}",
}
"""Patterns of what PostgreSQL says to whom it does not let in, which waiting does not change.

While a line is opened the driver tells no code, so that its words have to do; those of a server
that speaks another language than English are not known.
"""
SIGNS: Final = REFUSED | {
    "unable to open database file": "the database cannot be reached: there is no such folder, or "
    f"it cannot be written, or the file is a folder itself; look at its address ({NAMED})",
    "readonly database": "the file of the database, or its folder, cannot be written; give the "
    f"user of this process the right to, or name another in {NAMED}",
    "not a database": f"the file is no database of SQLite; name another in {NAMED}",
    "malformed": "the file of the database is damaged; bring back a backup (grader restore)",
    "permission denied for schema": "PostgreSQL lets this user make no tables here; make them "
    f"the owner of the database (ALTER DATABASE … OWNER TO …), or name another user in {NAMED}",
    "connection option": f"what stands after ? in {NAMED} is no option of PostgreSQL",
    "no such table": "the database has not the schema of this version. Run: grader db upgrade",
    'relation "': "the database has not the schema of this version. Run: grader db upgrade",
}
"""Patterns of what the drivers say, and what people are told: those words may hold the address."""

log = logging.getLogger("api.reaching")


def why_unusable(error: SQLAlchemyError) -> str:
    """Return in one sentence why the database cannot be used and what to do, without secrets."""
    words = str(getattr(error, "orig", None) or error)
    for sign, told in SIGNS.items():
        if re.search(sign, words):
            return told
    if isinstance(error, OperationalError):
        return f"the database cannot be reached; look at its address ({NAMED}), and whether it runs"
    return f"the database cannot be used; look at its address ({NAMED}), and run: grader db check"


def missing_file(address: str) -> Path | None:
    """Return the SQLite file of *address* if it does not exist, else None.

    Also returns None if its folder does not exist. Opening a missing database would create it.
    """
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        return None
    file = Path(url.database or "")
    return None if file.exists() or not file.parent.is_dir() else file


def wait_for(db: Database, seconds: float) -> None:
    """Wait until PostgreSQL answers; after *seconds* raise its error.

    The error is raised at once if PostgreSQL refuses these credentials. SQLite needs no wait: its
    file exists or not.
    """
    until, said = time.monotonic() + seconds, False
    while not db.is_sqlite:
        try:
            db.unsafe_settings()
        except OperationalError as error:
            if any(re.search(sign, str(error.orig)) for sign in REFUSED):
                raise
            if time.monotonic() + PAUSE > until:
                raise
            if not said:
                log.warning("the database does not answer; tried again for %g s", seconds)
            said = True
            time.sleep(PAUSE)
        else:
            return
