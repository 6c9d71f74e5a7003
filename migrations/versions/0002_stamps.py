"""stamps: by which a process knows that what it keeps in memory of courses and people holds."""

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None
may_go: Final = ("stamps",)

EVERY: Final = ("INSERT", "UPDATE", "DELETE")
CHANGE: Final = ("UPDATE", "DELETE")
WATCHED: Final = (
    ("courses", ("id",), ("UPDATE",)),
    ("assignments", ("id",), CHANGE),
    ("assignment_problems", ("assignment_id",), EVERY),
    ("extensions", ("student_id", "course_id"), EVERY),
    ("enrolments", ("user_id",), CHANGE),
    ("overrides", ("student_id",), EVERY),
    ("excuses", ("student_id",), EVERY),
    ("late_days", ("student_id",), EVERY),
    ("draws", ("student_id",), CHANGE),
    ("users", ("id",), ("UPDATE OF id, is_admin, suspended_at, erased_at",)),
    ("tokens", ("user_id",), ("UPDATE OF revoked_at, expires_at, scopes, course_id", "DELETE")),
    ("sessions", ("user_id",), ("UPDATE OF revoked_at, expires_at", "DELETE")),
)
"""Which changes are noted: of which tables, under the first of these columns that has a value."""
NEW_NUMBERS: Final = "CREATE TRIGGER stamp_new_numbers AFTER INSERT ON draws FOR EACH ROW "
"""That a student sees a problem for the first time changes nothing, new numbers do."""
FUNCTION: Final = """
CREATE FUNCTION note_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told jsonb := CASE TG_OP WHEN 'INSERT' THEN to_jsonb(NEW) ELSE to_jsonb(OLD) END;
BEGIN
    INSERT INTO stamps (id, scope, number)
    VALUES (gen_random_uuid(), COALESCE(told ->> TG_ARGV[0], told ->> TG_ARGV[1])::uuid, 1);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "stamps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stamps")),
    )
    op.create_index(op.f("ix_stamps_scope_number"), "stamps", ["scope", "number"], unique=False)
    if _is_sqlite():
        for name, table, event, scope in _triggers():
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} {_noting(scope)}")
        op.execute(f"{NEW_NUMBERS} WHEN NEW.number > 0 {_noting('NEW.student_id')}")
        return
    op.execute(FUNCTION)
    for table, columns, events in WATCHED:
        told = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"CREATE TRIGGER stamp AFTER {' OR '.join(events)} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION note_stamp({told})"
        )
    op.execute(f"{NEW_NUMBERS} WHEN (NEW.number > 0) EXECUTE FUNCTION note_stamp('student_id')")


def downgrade() -> None:
    """Take the change back."""
    if _is_sqlite():
        for name, *_ in _triggers():
            op.execute(f"DROP TRIGGER {name}")
        op.execute("DROP TRIGGER stamp_new_numbers")
    else:
        op.execute("DROP TRIGGER stamp_new_numbers ON draws")
        for table, *_ in WATCHED:
            op.execute(f"DROP TRIGGER stamp ON {table}")
        op.execute("DROP FUNCTION note_stamp()")
    op.drop_index(op.f("ix_stamps_scope_number"), table_name="stamps")
    op.drop_table("stamps")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _noting(scope: str) -> str:
    """Return the body of a trigger on SQLite."""
    stamp = f"VALUES (lower(hex(randomblob(16))), {scope}, 1)"
    return f"BEGIN INSERT INTO stamps (id, scope, number) {stamp}; END"


def _triggers() -> Iterator[tuple[str, str, str, str]]:
    """Yield name, table, event and scope of the triggers on SQLite, one for each event."""
    for table, columns, events in WATCHED:
        for event in events:
            kind = event.partition(" ")[0]
            row = "NEW" if kind == "INSERT" else "OLD"
            told = ", ".join(f"{row}.{column}" for column in columns)
            scope = f"COALESCE({told})" if len(columns) > 1 else told
            yield f"stamp_{table}_{kind.lower()}", table, event, scope
