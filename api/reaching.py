"""A database that is not there yet, and may be soon: at a start everything begins at once."""

import logging
import time
from typing import Final

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from api.db import Database

__all__ = ["wait_for", "why_unusable"]

PAUSE: Final = 0.5
"""How many seconds lie between two tries."""
NAMED: Final = "GRADER_DATABASE or --database"
SIGNS: Final = {
    "not a database": f"the file is no database of SQLite; name another in {NAMED}",
    "malformed": "the file of the database is damaged; bring back a backup (grader restore)",
    "connection option": f"what stands after ? in {NAMED} is no option of PostgreSQL",
    "no such table": "the database has not the schema of this version. Run: grader db upgrade",
    'relation "': "the database has not the schema of this version. Run: grader db upgrade",
}
"""What the drivers say, and what people are told; their own words may hold the address."""

log = logging.getLogger("api.reaching")


def why_unusable(error: SQLAlchemyError) -> str:
    """Return in a sentence why the database cannot be used, and what to do; no secret is in it."""
    words = str(getattr(error, "orig", None) or error)
    for sign, told in SIGNS.items():
        if sign in words:
            return told
    if isinstance(error, OperationalError):
        return f"the database cannot be reached; look at its address ({NAMED}), and whether it runs"
    return f"the database cannot be used; look at its address ({NAMED}), and run: grader db check"


def wait_for(db: Database, seconds: float) -> None:
    """Return once PostgreSQL answers; after so many *seconds* of none its error is raised.

    A file is there or it is not.
    """
    until, said = time.monotonic() + seconds, False
    while not db.is_sqlite:
        try:
            db.unsafe_settings()
        except OperationalError:
            if time.monotonic() + PAUSE > until:
                raise
            if not said:
                log.warning("the database does not answer; tried again for %g s", seconds)
            said = True
            time.sleep(PAUSE)
        else:
            return
