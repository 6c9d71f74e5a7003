"""join codes: courses that students join with a link or code."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0011"
down_revision: Final = "0010"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("courses.self_enrollment", "courses.join_code")


def upgrade() -> None:
    """Make the change."""
    # Not in a batch, which would make the table anew and drop its triggers on SQLite.
    self_enrollment: sa.Column[bool] = sa.Column(
        "self_enrollment", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("courses", self_enrollment)
    op.add_column("courses", sa.Column("join_code", sa.String(length=20), nullable=True))
    op.create_index(op.f("ix_courses_join_code"), "courses", ["join_code"], unique=True)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index(op.f("ix_courses_join_code"), "courses")
    op.drop_column("courses", "join_code")
    op.drop_column("courses", "self_enrollment")
