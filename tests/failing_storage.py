"""Storage failures: a trigger in the database refuses submissions."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from world import World

SQLITE = (
    (
        "CREATE TRIGGER refusal BEFORE INSERT ON submissions WHEN {when} "
        "BEGIN SELECT RAISE(ABORT, 'disk on fire'); END"
    ),
)
POSTGRESQL = (
    (
        "CREATE OR REPLACE FUNCTION refusal() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF {when} THEN RAISE 'disk on fire'; END IF; RETURN NULL; END $$"
    ),
    (
        "CREATE CONSTRAINT TRIGGER refusal AFTER INSERT ON submissions "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refusal()"
    ),
)


@contextmanager
def refuse_submissions(world: World, when: str = "TRUE") -> Iterator[None]:
    """Make the database refuse submissions that match the SQL *when*, by default all.

    PostgreSQL refuses them at commit, SQLite at the insert.
    """
    with world.session() as session:
        for statement in SQLITE if world.db.is_sqlite else POSTGRESQL:
            session.execute(text(statement.format(when=when)))
    try:
        yield
    finally:
        with world.session() as session:
            on = "" if world.db.is_sqlite else " ON submissions"
            session.execute(text(f"DROP TRIGGER refusal{on}"))
