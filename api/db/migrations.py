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

SchemaState: TypeAlias = Literal["empty", "older", "current", "newer"]
"""State of the database schema, compared with the one that this version needs."""

HEAD: Final = "head"


def schema_state(db: Database) -> SchemaState:
    """Return how the schema of the database compares with the one that this version needs."""
    with db.begin_migration() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    with as_file(files("migrations")) as folder:
        script = ScriptDirectory(str(folder))
        known_revisions = {one.revision for one in script.walk_revisions()}
        head = script.get_current_head()
    if revision is None:
        return "empty"
    if revision == head:
        return "current"
    return "older" if revision in known_revisions else "newer"


def is_schema_current(db: Database) -> bool:
    """Return whether the schema is the one that this version needs; reads a single row."""
    with db.reading() as session:
        stored_revisions = session.scalars(text("SELECT version_num FROM alembic_version")).all()
    return list(stored_revisions) == [get_newest_revision()]


@cache
def list_known_revisions() -> tuple[str, ...]:
    """Return the schema revisions that this version knows, newest first."""
    with as_file(files("migrations")) as folder:
        return tuple(one.revision for one in ScriptDirectory(str(folder)).walk_revisions())


def get_newest_revision() -> str:
    """Return the schema revision that this version needs."""
    return list_known_revisions()[0]


def upgrade(db: Database) -> None:
    """Upgrade the schema to the newest revision in one transaction; data is kept."""
    _run_migration(db, "upgrade", HEAD)


def downgrade(db: Database, revision: str, *, lose_data: bool = False) -> None:
    """Downgrade the schema to *revision*; ``base`` removes it.

    Raises `LossError` and changes nothing if that would lose rows or values, unless *lose_data*.
    """
    _run_migration(db, "downgrade", revision, lose_data=lose_data)


def _run_migration(
    db: Database,
    direction: Literal["upgrade", "downgrade"],
    revision: str,
    *,
    lose_data: bool = False,
) -> None:
    with as_file(files("migrations")) as folder, db.begin_migration() as connection:
        config = _create_config(str(folder), connection)
        config.attributes["lose_data"] = lose_data
        getattr(command, direction)(config, revision)


def _create_config(folder: str, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", folder)
    config.attributes["connection"] = connection
    return config
