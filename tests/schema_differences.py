"""Comparison of the schema of a database with the models."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from api.db.engine import Database
from api.db.models import Base
from migrations.columns import compare_type

__all__ = ["list_schema_differences"]


def list_schema_differences(db: Database) -> list[object]:
    """Return the changes by which the schema would equal the models."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": compare_type})
        return compare_metadata(context, Base.metadata)
