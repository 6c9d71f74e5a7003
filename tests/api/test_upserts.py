"""Tests of bulk writes: rows of every column type round-trip on SQLite and PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column
from temporary_tables import create_base, open_database

from api.core.json_text import serialize_json
from api.db.engine import Database
from api.db.upserts import (
    RowBatch,
    insert_missing_rows,
    insert_rows,
    update_rows,
    upsert_rows,
    write_batches,
)

Tables = create_base()


class Thing(Tables):
    """A row with a column of each type."""

    __tablename__ = "things_of_a_test"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    told: Mapped[dict[str, Any] | None]
    some: Mapped[list[Any] | None]
    words: Mapped[str | None]
    exact: Mapped[Fraction | None]
    at: Mapped[datetime | None]
    share: Mapped[float | None]
    other: Mapped[UUID | None]
    print: Mapped[bytes | None]
    kind: Mapped[str] = mapped_column(default="plain")
    version: Mapped[int] = mapped_column(default=0)


COLUMNS: Final = Thing.__table__.c
FULL: Final = {
    "told": {"say": 'a "quoted" \\ text, {in} braces;\x1e and \n½', "all": [None, 1.5, {"b": []}]},
    "some": [],
    "words": 'NULL, "x" \\ {1,2} ½',
    "exact": Fraction(-7, 3),
    "at": datetime(2026, 11, 2, 12, 0, 0, 250, UTC),
    "share": 0.1,
    "other": uuid4(),
    "print": b"\x00\xff\\",
}
EMPTY: Final = dict.fromkeys(FULL)
VAIN: Final = EMPTY | {"told": {}, "some": [None], "words": "", "exact": Fraction(0), "print": b""}


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    with open_database(Tables, database_url) as database:
        yield database


def things(db: Database) -> list[dict[str, Any]]:
    with db.reading() as session:
        rows = session.execute(select(*COLUMNS).order_by(COLUMNS.id)).mappings().all()
    return [dict(row) for row in rows]


def some(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": UUID(int=at), **row} for at, row in enumerate(rows)]


@pytest.mark.parametrize(
    "rows",
    [[FULL], [EMPTY], [VAIN], [FULL, EMPTY, VAIN], [EMPTY, EMPTY], [EMPTY, FULL], [FULL, EMPTY]],
)
@pytest.mark.parametrize("write", [insert_rows, insert_missing_rows, upsert_rows])
def test_written_rows_are_read_back_unchanged(db, write, rows):
    given = some(*rows)
    with db.transaction() as session:
        write(session, Thing, given)
    assert things(db) == [{**row, "kind": "plain", "version": 0} for row in given]


def test_already_serialized_json_is_stored_as_is(db):
    with db.transaction() as session:
        insert_rows(session, Thing, some(EMPTY | {"told": serialize_json(FULL["told"])}))
    assert things(db)[0]["told"] == FULL["told"]


def test_existing_row_is_kept_or_overwritten_and_version_increments(db):
    with db.transaction() as session:
        insert_rows(session, Thing, some(FULL))
        insert_missing_rows(session, Thing, some(EMPTY, VAIN))
    assert things(db) == [{**row, "kind": "plain", "version": 0} for row in some(FULL, VAIN)]
    with db.transaction() as session:
        upsert_rows(session, Thing, some(VAIN, FULL, EMPTY), increments_version=True)
        update_rows(session, Thing, [{"id": UUID(int=0), "kind": "other"}])
    told = [(row["kind"], row["version"], row["told"]) for row in things(db)]
    assert told == [("other", 1, {}), ("plain", 1, FULL["told"]), ("plain", 0, None)]


@pytest.mark.parametrize("rows", [[FULL], [EMPTY], [EMPTY, FULL, VAIN], [VAIN, EMPTY]])
def test_rows_are_updated_with_values_of_every_type(db, rows):
    others = some(*([FULL, VAIN, EMPTY, FULL, VAIN][: len(rows) + 1]))
    with db.transaction() as session:
        insert_rows(session, Thing, others)
        update_rows(session, Thing, some(*rows))
    expected = [*some(*rows), others[-1]]
    assert things(db) == [{**row, "kind": "plain", "version": 0} for row in expected]


@pytest.mark.parametrize("write", [insert_rows, insert_missing_rows, upsert_rows, update_rows])
def test_naive_datetime_is_rejected_with_same_message_on_both_databases(db, write):
    naive = FULL["at"].replace(tzinfo=None)
    said = r"^2026-11-02T12:00:00\.000250 has no time zone$"
    with pytest.raises(ValueError, match=said), db.transaction() as session:
        write(session, Thing, some(FULL | {"at": naive}))
    assert things(db) == []


def test_table_may_be_written_only_once_per_batch(db):
    twice = [RowBatch(Thing, some(FULL)), RowBatch(Thing, some(EMPTY), "in place")]
    with pytest.raises(ValueError, match="written twice"), db.transaction() as session:
        write_batches(session, twice)
    assert things(db) == []
