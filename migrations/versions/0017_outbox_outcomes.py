"""outbox outcomes: tries whose outcome is unknown, and what administrators see of an error."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0017"
down_revision: Final = "0016"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("outbox") as table:
        table.add_column(
            sa.Column("uncertain_tries", sa.Integer(), nullable=False, server_default="0")
        )
        table.add_column(
            sa.Column("details", sa.String(length=300), nullable=False, server_default="")
        )


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("outbox") as table:
        table.drop_column("details")
        table.drop_column("uncertain_tries")
