"""provider sessions: the ID token by which a log-in session began, for the log-out there."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0013"
down_revision: Final = "0012"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("provider_sessions", "login_flows.id_token")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "provider_sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_provider_sessions_session_id_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_provider_sessions")),
    )
    with op.batch_alter_table("login_flows") as table:
        table.add_column(sa.Column("id_token", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("login_flows") as table:
        table.drop_column("id_token")
    op.drop_table("provider_sessions")
