"""Tests of bulk lookups: rows come with their position in the request, by an index.

The tests run on SQLite and on PostgreSQL.
"""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Mapped, mapped_column
from temporary_tables import create_base, open_database

from api.db.engine import Database
from api.db.models import ProblemProgress, Submission
from api.db.upserts import RowBatch, insert_rows, write_batches
from api.services.submissions.writer.locks import PROGRESS_LOCKS
from api.services.submissions.writer.lookup_statements import build_lookup_statements, look_up_rows
from api.services.submissions.writer.replays import SELECT_STORED_REQUESTS

Tables = create_base()


class Thing(Tables):
    """A row with a composite key: an owner and a name."""

    __tablename__ = "places_of_a_test"

    owner: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]


class Other(Tables):
    __tablename__ = "others_of_a_test"

    id: Mapped[UUID] = mapped_column(primary_key=True)


COLUMNS = Thing.__table__.c
NAMES = ["plain", 'a "quoted" one', "back\\slash", "{1,2}", "NULL", "½ ☃", "0" * 32]
ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    with open_database(Tables, database_url) as database:
        yield database


@pytest.fixture
def things(db: Database) -> Database:
    rows = [{"owner": ONE, "name": name, "number": at} for at, name in enumerate(NAMES)]
    with db.transaction() as session:
        insert_rows(session, Thing, rows)
    return db


@pytest.mark.parametrize("lock", ["none", "write", "read"])
def test_lookup_returns_rows_with_position_of_their_key_pair(things, lock):
    found = build_lookup_statements([COLUMNS.owner, COLUMNS.name], COLUMNS.number, lock=lock)
    asked = [(TWO.hex, "plain"), *((ONE.hex, name) for name in reversed(NAMES)), (ONE.hex, "")]
    with things.transaction() as session:
        rows = look_up_rows(session, found, asked)
    assert sorted(map(tuple, rows)) == [(1 + at, 6 - at) for at in range(7)]


def test_lookup_by_single_id_returns_typed_columns(things):
    found = build_lookup_statements([COLUMNS.owner], COLUMNS.owner, COLUMNS.number)
    with things.transaction() as session:
        rows = look_up_rows(session, found, [(TWO.hex,), (ONE.hex,)])
    assert sorted(map(tuple, rows)) == [(1, ONE, number) for number in range(7)]


@pytest.mark.parametrize(
    ("table", "statements"),
    [(ProblemProgress, PROGRESS_LOCKS.statements), (Submission, SELECT_STORED_REQUESTS)],
    ids=["standings", "keys"],
)
def test_lookups_use_an_index(db, table, statements):
    compiled = statements[db.is_sqlite].compile(db.engine)
    explain = "EXPLAIN QUERY PLAN" if db.is_sqlite else "EXPLAIN"
    given = {name: value for name, value in compiled.params.items() if value is not None}
    given |= {"given": "[]"} if db.is_sqlite else {"firsts": "{}", "seconds": "{}"}
    asked = compiled.construct_params(given)
    values = tuple(asked[one] for one in compiled.positiontup) if db.is_sqlite else asked
    with db.engine.begin() as connection:
        if not db.is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.exec_driver_sql(f"{explain} {compiled}", values).all()
    name = table.__tablename__
    by_index = [str(one) for row in plan for one in row if name in str(one)]
    assert any("INDEX" in one.upper() for one in by_index)
    assert not any(one.startswith(f"SCAN {name}") or "Seq Scan" in one for one in by_index)


def test_postgresql_inserts_into_several_tables_in_one_statement(db):
    run: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if "_of_a_test" in statement:
            run.append(statement)

    rows = [{"owner": ONE, "name": name, "number": 0} for name in NAMES]
    with db.transaction() as session:
        event.listen(session.get_bind(), "before_cursor_execute", note)
        write_batches(
            session, [RowBatch(Thing, rows), RowBatch(Other, [{"id": ONE}]), RowBatch(Other, [])]
        )
        event.remove(session.get_bind(), "before_cursor_execute", note)
    assert len(run) == (2 if db.is_sqlite else 1)
    with db.reading() as session:
        numbers = [session.query(table).count() for table in (Thing, Other)]
    assert numbers == [7, 1]
