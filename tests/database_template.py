"""An empty SQLite database with all tables, created once per run and then copied."""

from pathlib import Path

from world import World

from api.db.engine import Database
from api.db.migrations import upgrade

__all__ = ["create_template"]


def create_template(folder: Path) -> Path:
    """Create the database in *folder*, and return its path.

    Later worlds reuse the statements that are compiled for it.
    """
    path = folder / "grader.db"
    db = Database(f"sqlite:///{path}")
    upgrade(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    World.compiled["sqlite"] = db.engine
    db.close()
    return path
