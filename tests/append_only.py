"""Helper that disables the triggers of append-only rows, as a database owner can."""

from sqlalchemy import text
from sqlalchemy.orm import Session

__all__ = ["disable_triggers"]


def disable_triggers(session: Session) -> None:
    """Disable the append-only triggers, so that *session* can change any row.

    PostgreSQL skips triggers for this transaction; on SQLite the triggers are dropped.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        return
    asked = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'kept_%'"
    for name in session.scalars(text(asked)).all():
        session.execute(text(f"DROP TRIGGER {name}"))
