"""calendar feeds: their secret addresses, keys of links to unsubscribe, occasions of messages."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0014"
down_revision: Final = "0013"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("occasion_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "mail_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_mail_keys_user_id_users"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_mail_keys")),
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_calendar_feeds_user_id_users"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("prefix", name=op.f("uq_calendar_feeds_prefix")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("calendar_feeds")
    op.drop_table("mail_keys")
    with op.batch_alter_table("outbox") as table:
        table.drop_column("occasion_at")
