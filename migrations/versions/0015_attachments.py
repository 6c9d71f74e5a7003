"""attachments: images that students attach to text answers, and which problems take them."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0015"
down_revision: Final = "0014"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("assignment_problems.attachments",)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("problem_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        *_build_foreign_keys(
            "attachments",
            problem_id="assignment_problems",
            student_id="users",
            author_id="users",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    for columns in (
        ["problem_id", "student_id"],
        ["author_id", "uploaded_at"],
        ["uploaded_at"],
        ["student_id"],
    ):
        name = op.f(f"ix_attachments_{'_'.join(columns)}")
        op.create_index(name, "attachments", columns, unique=False)
    op.create_table(
        "attachment_pages",
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        *_build_foreign_keys("attachment_pages", attachment_id="attachments"),
        sa.PrimaryKeyConstraint("attachment_id", "number", name=op.f("pk_attachment_pages")),
    )
    op.create_table(
        "answer_attachments",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        *_build_foreign_keys(
            "answer_attachments", submission_id="submissions", attachment_id="attachments"
        ),
        sa.PrimaryKeyConstraint("submission_id", "part", name=op.f("pk_answer_attachments")),
    )
    name = op.f("ix_answer_attachments_attachment_id")
    op.create_index(name, "answer_attachments", ["attachment_id"], unique=False)
    takes_attachments: sa.Column[bool] = sa.Column(
        "attachments", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("assignment_problems", takes_attachments)


def _build_foreign_keys(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column],
            [f"{target}.id"],
            name=op.f(f"fk_{table}_{column}_{target}"),
            onupdate="CASCADE",
        )
        for column, target in targets.items()
    ]


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("assignment_problems", "attachments")
    for table in ("answer_attachments", "attachment_pages", "attachments"):
        op.drop_table(table)
