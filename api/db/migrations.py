"""Schema migrations, and a check for an older or newer schema."""

from functools import cache
from importlib.resources import as_file, files
from typing import Final, Literal, TypeAlias

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from api.db.engine import Database

__all__ = [
    "State",
    "downgrade",
    "is_current",
    "newest_revision",
    "revisions",
    "schema_state",
    "upgrade",
]

State: TypeAlias = Literal["empty", "older", "current", "newer"]
"""What the schema of a database is to the one that this service needs."""

HEAD: Final = "head"


def schema_state(db: Database) -> State:
    """Return how the schema of the database compares with the one that this version needs."""
    with db.migrating() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    with as_file(files("migrations")) as folder:
        script = ScriptDirectory(str(folder))
        known = {one.revision for one in script.walk_revisions()}
        head = script.get_current_head()
    if found is None:
        return "empty"
    if found == head:
        return "current"
    return "older" if found in known else "newer"


def is_current(db: Database) -> bool:
    """Return whether the schema is the one that this version needs; reads a single row."""
    with db.reading() as session:
        found = session.scalars(text("SELECT version_num FROM alembic_version")).all()
    return list(found) == [newest_revision()]


@cache
def revisions() -> tuple[str, ...]:
    """Return the schema revisions that this version knows, newest first."""
    with as_file(files("migrations")) as folder:
        return tuple(one.revision for one in ScriptDirectory(str(folder)).walk_revisions())


def newest_revision() -> str:
    """Return the schema revision that this version needs."""
    return revisions()[0]


def upgrade(db: Database) -> None:
    """Upgrade the schema to the newest revision in one transaction; data is kept."""
    _run(db, "upgrade", HEAD)


def downgrade(db: Database, revision: str, *, lose_data: bool = False) -> None:
    """Downgrade the schema to *revision*; ``base`` removes it.

    Raises `LossError` and changes nothing if that would lose rows or values, unless *lose_data*.
    """
    _run(db, "downgrade", revision, lose_data=lose_data)


def _run(
    db: Database,
    direction: Literal["upgrade", "downgrade"],
    revision: str,
    *,
    lose_data: bool = False,
) -> None:
    with as_file(files("migrations")) as folder, db.migrating() as connection:
        config = _config(str(folder), connection)
        config.attributes["lose_data"] = lose_data
        getattr(command, direction)(config, revision)


def _config(folder: str, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", folder)
    config.attributes["connection"] = connection
    return config
