"""What somebody does who owns the database: its guards over rows that are only added are off."""

from sqlalchemy import text
from sqlalchemy.orm import Session

__all__ = ["unguard"]


def unguard(session: Session) -> None:
    """Let this transaction change whatever it likes; on SQLite the guards stay away."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        return
    asked = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'kept_%'"
    for name in session.scalars(text(asked)).all():
        session.execute(text(f"DROP TRIGGER {name}"))
