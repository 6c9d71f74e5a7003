"""An empty SQLite database with all tables, made once a run: what needs one works on a copy."""

from pathlib import Path

from world import World

from api.db.engine import Database
from api.db.migrations import upgrade

__all__ = ["made_in"]


def made_in(folder: Path) -> Path:
    """Return the file of such a database; what is compiled for it serves all worlds after it."""
    path = folder / "grader.db"
    db = Database(f"sqlite:///{path}")
    upgrade(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    World.compiled["sqlite"] = db.engine
    db.close()
    return path
