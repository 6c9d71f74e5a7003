"""kept: rows that are only added stay as they are; how much of their limits people have used up."""

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("erasings", "spendings")

FACTS: Final = {
    "audit": ("id", "course_id", "action", "target", "request", "at"),
    "submissions": (
        *("id", "problem_id", "sequence", "version_id", "position", "draw", "received_at"),
    ),
    "gradings": (
        *("id", "answer_id", "kind", "status", "credit", "mistakes", "engine", "version_id"),
        *("regrade_id", "created_at"),
    ),
    "grade_changes": ("id", "assignment_id", "before", "after", "cause", "cause_id", "at"),
}
"""What nobody changes in rows that are only added."""
PERSONAL: Final = {
    "audit": ("actor_id", "acting_as", "target_id", "before", "after", "reason"),
    "submissions": ("student_id", "author_id", "answers", "key", "fingerprint", "reply"),
    "gradings": ("record", "said", "author_id", "reason"),
    "grade_changes": ("student_id", "author_id"),
}
"""What is changed while a person is erased, and at no other time."""
FUNCTION: Final = """
CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_NARGS > 0 AND EXISTS (SELECT FROM erasings) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "erasings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasings")),
    )
    op.create_table(
        "spendings",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_spendings")),
    )
    if _is_sqlite():
        for name, table, event, condition in _triggers():
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} {condition} BEGIN "
                f"SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
            )
        return
    op.execute(FUNCTION)
    for table, facts in FACTS.items():
        _guard("kept", table, f"DELETE OR UPDATE OF {_columns(facts)}", "ROW EXECUTE FUNCTION")
        personal = f"UPDATE OF {_columns(PERSONAL[table])}"
        _guard("kept_but_erased", table, personal, "ROW EXECUTE FUNCTION", "'erasing'")
        _guard("kept_whole", table, "TRUNCATE", "STATEMENT EXECUTE FUNCTION")


def downgrade() -> None:
    """Take the change back."""
    if _is_sqlite():
        for name, *_ in _triggers():
            op.execute(f"DROP TRIGGER IF EXISTS {name}")
    else:
        for table in FACTS:
            for name in ("kept", "kept_but_erased", "kept_whole"):
                op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute("DROP FUNCTION keep_row()")
    op.drop_table("spendings")
    op.drop_table("erasings")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _guard(name: str, table: str, event: str, runs: str, told: str = "") -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {runs} keep_row({told})")


def _triggers() -> Iterator[tuple[str, str, str, str]]:
    """Yield name, table, event and condition of each trigger on SQLite."""
    for table, facts in FACTS.items():
        yield f"kept_{table}_delete", table, "DELETE", ""
        yield f"kept_{table}_update", table, f"UPDATE OF {_columns(facts)}", ""
        personal = f"UPDATE OF {_columns(PERSONAL[table])}"
        unless = "WHEN NOT EXISTS (SELECT 1 FROM erasings)"
        yield f"kept_{table}_erased", table, personal, unless
