"""device codes: log-ins of programs that a person confirms in a browser with a short code.

A code lives ten minutes, so a step back loses nothing that anybody needs.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("device_codes", "tokens.is_from_code")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "device_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_code_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client", sa.String(length=300), nullable=False),
        sa.Column("course_slug", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("denied_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.id"],
            name=op.f("fk_device_codes_course_id_courses"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_device_codes_user_id_users"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_codes")),
        sa.UniqueConstraint("prefix", name=op.f("uq_device_codes_prefix")),
        sa.UniqueConstraint("user_code_digest", name=op.f("uq_device_codes_user_code_digest")),
    )
    with op.batch_alter_table("device_codes") as batch:
        batch.create_index(op.f("ix_device_codes_user_id"), ["user_id"])
        batch.create_index(op.f("ix_device_codes_expires_at"), ["expires_at"])
    # Not in a batch, which would make the table anew and drop its triggers on SQLite.
    from_code: sa.Column[bool] = sa.Column(
        "is_from_code", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("tokens", from_code)


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("tokens", "is_from_code")
    op.drop_table("device_codes")
