"""reports: documents of students, answers confirmed from them, and labels of parts."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0009"
down_revision: Final = "0008"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("reading", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_reports_{column}_{table}"),
                onupdate="CASCADE",
            )
            for column, table in (
                ("assignment_id", "assignments"),
                ("student_id", "users"),
                ("author_id", "users"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    for columns in (
        ["assignment_id", "student_id"],
        ["author_id", "uploaded_at"],
        ["uploaded_at"],
        ["student_id"],
    ):
        op.create_index(op.f(f"ix_reports_{'_'.join(columns)}"), "reports", columns, unique=False)
    op.create_table(
        "report_answers",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("location", sa.String(length=40), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_report_answers_{column}_{table}"),
                onupdate="CASCADE",
            )
            for column, table in (("submission_id", "submissions"), ("report_id", "reports"))
        ),
        sa.PrimaryKeyConstraint("submission_id", "part", name=op.f("pk_report_answers")),
    )
    op.create_index(
        op.f("ix_report_answers_report_id"), "report_answers", ["report_id"], unique=False
    )
    op.add_column("assignment_problems", sa.Column("labels", sa.String(length=400), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("assignment_problems", "labels")
    op.drop_table("report_answers")
    op.drop_table("reports")
