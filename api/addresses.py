"""The address of a database as it was told, looked through before anything is opened with it."""

from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

__all__ = ["checked_address"]

FORMS: Final = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
SQLITE: Final = {"sqlite", "sqlite+pysqlite"}
POSTGRESQL: Final = {"postgres", "postgresql", "postgresql+psycopg"}


def checked_address(address: str) -> str:
    """Return *address* where it is one of a database that can be used.

    Raises `ValueError`, whose words never hold the address: there may be a password in it.

    >>> checked_address("mysql://ada:geheim@db/grader")
    Traceback (most recent call last):
    ValueError: SQLite and PostgreSQL can be used; write sqlite:///FILE or postgresql://USER@HOST/NAME
    """
    if not address.isprintable():
        raise ValueError("the address has characters that cannot be used")
    try:
        parsed = make_url(address)
    except (ArgumentError, ValueError):  # the second is a port that is no number
        raise ValueError(f"this is no address of a database; {FORMS}") from None
    if parsed.drivername in SQLITE:
        if not parsed.database or parsed.database.startswith((":memory:", "file:")):
            raise ValueError("no file is named; write sqlite:///FILE")
    elif parsed.drivername not in POSTGRESQL:
        raise ValueError(f"SQLite and PostgreSQL can be used; {FORMS}")
    return address
