"""How Alembic reaches the database: over the connection that it is given, or by the settings."""

import os

from alembic import context
from sqlalchemy import Connection

from api.config.environment import read_settings
from api.db.engine import Database
from api.db.models import Base
from migrations.columns import compare_type, render_item
from migrations.losses import Losses

LOCK = 4_242_000_001
"""The advisory lock under which one process at a time upgrades a PostgreSQL database."""


def migrate(connection: Connection) -> None:
    """Run the revisions that are asked for, in one transaction where the database can."""
    losses = Losses(connection, may_lose=_may_lose())
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=compare_type,
        render_item=render_item,
        on_version_apply=losses.after_step,  # type: ignore[arg-type]  # it is given keywords
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Data may take long to move, and so may another process that upgrades; tables may not.
            connection.exec_driver_sql(
                "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"
            )
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        losses.begin()
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            _check_references(connection)


def _may_lose() -> bool:
    """Tell whether whoever runs the revisions has said that data may be lost."""
    told = context.get_x_argument(as_dictionary=True).get("lose_data", "")
    return told == "yes" or bool(context.config.attributes.get("lose_data"))


def _check_references(connection: Connection) -> None:
    """Raise where a row refers to one that is not there: they were not enforced meanwhile."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"{len(broken)} rows refer to rows that are not there: {broken[:3]}")


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    database = Database(read_settings(os.environ).database)
    with database.begin_migration() as session:
        migrate(session)
    database.close()
