"""Tests of the database: durable commits and case-insensitive search, on both systems."""

import os
import time
from contextlib import ExitStack, closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.db.engine import Database
from api.db.migrations import upgrade

THREADS = 40
"""Number of requests that a process handles at once."""


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    yield database
    database.close()


def test_new_sqlite_file_is_private_and_existing_permissions_are_kept(tmp_path):
    before = os.umask(0o022)
    try:
        for name, mode in (("new.db", 0o600), ("there.db", 0o640)):
            file = tmp_path / name
            if mode == 0o640:
                file.touch(mode)
            database = Database(f"sqlite:///{file}")
            upgrade(database)
            assert {one.stat().st_mode & 0o777 for one in tmp_path.glob(f"{name}*")} == {mode}
            database.close()
    finally:
        os.umask(before)


def test_sqlite_syncs_to_disk_at_each_commit(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'grader.db'}")
    with database.reading() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL
    database.close()


@pytest.mark.parametrize(
    ("letters", "lowered"), [(None, None), ("", ""), ("ÅSA", "åsa"), ("ЖУК", "жук"), ("Ann", "ann")]
)
def test_lower_casing_is_identical_on_both_databases(database, letters, lowered):
    with database.reading() as session:
        given = {"letters": letters}
        assert session.scalar(text("SELECT lower(CAST(:letters AS TEXT))"), given) == lowered


def test_database_errors_contain_no_bound_values(database):
    """Errors are logged, and values may be answers, names or digests."""
    sent = {"value": "what somebody typed"}
    with pytest.raises(DBAPIError) as raised, database.reading() as session:
        session.execute(text("SELECT :value FROM there_is_no_such_table"), sent)
    assert "there_is_no_such_table" in str(raised.value)
    assert sent["value"] not in str(raised.value)


def test_sqlite_write_transaction_does_not_wait_for_a_connection(tmp_path):
    """A write transaction gets a connection while `THREADS` others are reading."""
    with ExitStack() as ends:
        db = ends.enter_context(closing(Database(f"sqlite:///{tmp_path / 'grader.db'}")))
        for _ in range(THREADS):
            ends.enter_context(db.reading()).execute(text("SELECT 1"))
        began = time.monotonic()
        with db.transaction() as session:
            session.execute(text("SELECT 1"))
        assert time.monotonic() - began < 5
