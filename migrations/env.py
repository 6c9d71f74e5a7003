"""How Alembic reaches the database: over the connection that it is given, or by the settings."""

import os

from alembic import context
from sqlalchemy import Connection

from api.db import Database
from api.settings import Settings
from api.tables import Base
from migrations.columns import compare_type, render_item

LOCK = 4_242_000_001
"""The advisory lock under which one process at a time upgrades a PostgreSQL database."""


def migrate(connection: Connection) -> None:
    """Run the revisions that are asked for, in one transaction where the database can."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=compare_type,
        render_item=render_item,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Data may take long to move, and so may another process that upgrades; tables may not.
            connection.exec_driver_sql(
                "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"
            )
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            _check_references(connection)


def _check_references(connection: Connection) -> None:
    """Raise where a row refers to one that is not there: they were not enforced meanwhile."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"{len(broken)} rows refer to rows that are not there: {broken[:3]}")


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    database = Database(Settings.from_environment(os.environ).database)
    with database.migrating() as session:
        migrate(session)
    database.close()
