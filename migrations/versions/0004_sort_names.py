"""sort names: people are listed by family name, which a list of students may give apart.

What a name is sorted by is worked out by the rule of the service, so that rows written before and
after stand in one order.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

from api.names import sort_name

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("users.family_name", "users.sort_name")

COLUMNS: Final = ("family_name", "sort_name")
USERS: Final = sa.table("users", *map(sa.column, ("id", "name", "sort_name")))


def upgrade() -> None:
    """Make the change."""
    for name in COLUMNS:
        column = sa.Column(name, sa.String(length=300), nullable=False, server_default="")
        op.add_column("users", column)
    _fill(op.get_bind())


def downgrade() -> None:
    """Take the change back."""
    for name in COLUMNS:
        op.drop_column("users", name)


def _fill(connection: sa.Connection) -> None:
    """Let everybody stand by what is taken for their family name."""
    rows = [
        {"key": row.id, "told": sort_name(row.name)}
        for row in connection.execute(sa.select(USERS.c.id, USERS.c.name))
    ]
    change = sa.update(USERS).where(USERS.c.id == sa.bindparam("key"))
    if rows:
        connection.execute(change.values(sort_name=sa.bindparam("told")), rows)
