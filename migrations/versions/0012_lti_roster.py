"""lti roster: when the roster of a context is compared, how that went, and its members."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0012"
down_revision: Final = "0011"
branch_labels: Final = None
depends_on: Final = None

COLUMNS: Final = ("roster_due_at", "roster_synced_at", "roster_counts", "roster_error")


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("lti_contexts") as table:
        table.add_column(sa.Column("roster_due_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("roster_synced_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("roster_counts", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(
            sa.Column("roster_error", sa.String(length=300), nullable=False, server_default="")
        )
    op.create_table(
        "lti_members",
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_lti_members_{column}_{table}"),
                onupdate="CASCADE",
            )
            for column, table in (("context_id", "lti_contexts"), ("user_id", "users"))
        ),
        sa.PrimaryKeyConstraint("context_id", "user_id", name=op.f("pk_lti_members")),
    )
    op.create_index(op.f("ix_lti_members_user_id"), "lti_members", ["user_id"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("lti_members")
    with op.batch_alter_table("lti_contexts") as table:
        for name in COLUMNS:
            table.drop_column(name)
