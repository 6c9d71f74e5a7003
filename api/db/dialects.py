"""Differences between the databases that queries have to know."""

from typing import Final

from sqlalchemy.orm import Session

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"


def is_sqlite(session: Session) -> bool:
    """Tell whether *session* uses SQLite; otherwise it uses PostgreSQL."""
    return session.get_bind().dialect.name == SQLITE
