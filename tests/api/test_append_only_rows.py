"""Tests of append-only rows: both databases refuse to change or delete them.

Personal columns can change only while their owner is erased.
"""

from contextlib import contextmanager
from uuid import uuid4

import pytest
from append_only import disable_triggers
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from world import World

from api.db.models import (
    AuditEntry,
    ErasureFlag,
    Grade,
    GradeChange,
    Grading,
    Submission,
    Token,
    User,
)

KEPT = (AuditEntry, Submission, Grading, GradeChange)
PERSONAL = {
    AuditEntry: {"actor_id", "acting_as", "target_id", "before", "after", "reason"},
    Submission: {"student_id", "author_id", "answers", "key", "fingerprint", "reply"},
    Grading: {"record", "said", "author_id", "reason"},
    GradeChange: {"student_id", "author_id"},
}
COLUMNS = {table: {one.name for one in table.__table__.columns} for table in KEPT}
by_table = pytest.mark.parametrize("table", KEPT, ids=lambda table: table.__tablename__)


@pytest.fixture(scope="module")
def world(shared_database_url):
    """Yield a service with append-only rows of every kind; tests commit no changes."""
    world = World(shared_database_url)
    course = world.course()
    teacher, student = world.enrol(course, role="instructor"), world.enrol(course)
    [problem] = world.assignment(course)
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    made = teacher.post(f"/courses/{course}/sections", {"name": "Monday"})
    assert made.status_code == 201, made.text
    yield world
    world.close()


@contextmanager
def undone(world, *, erasing=False):
    """Yield a session that may write and never commits."""
    with Session(world.db._writing) as session:  # noqa: SLF001  # what never commits
        if erasing:
            session.add(ErasureFlag())
            session.flush()
        yield session


def tried(world, statement, *, erasing=False):
    """Return how many rows *statement* would change."""
    with undone(world, erasing=erasing) as session:
        return session.execute(statement).rowcount


def rows(world, table):
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def same(table, column):
    """Return an update that sets a column to its own value."""
    return update(table.__table__).values({column: table.__table__.c[column]})


def refused(world, table, *, erasing):
    """Return the columns that the database refuses to write."""
    found = set()
    for column in COLUMNS[table]:
        try:
            changed = tried(world, same(table, column), erasing=erasing)
        except DBAPIError as error:
            assert f"rows of {table.__tablename__} are only added" in str(error)  # noqa: PT017
            found.add(column)
        else:
            assert changed == rows(world, table) > 0
    return found


@by_table
def test_no_column_of_an_append_only_row_can_be_updated(world, table):
    assert refused(world, table, erasing=False) == COLUMNS[table]


@by_table
def test_only_personal_columns_can_be_updated_during_erasure(world, table):
    kept = COLUMNS[table] - PERSONAL[table]
    assert refused(world, table, erasing=True) == kept


@by_table
@pytest.mark.parametrize("erasing", [False, True])
def test_append_only_rows_cannot_be_deleted(world, table, erasing):
    with pytest.raises(DBAPIError, match=f"rows of {table.__tablename__} are only added"):
        tried(world, delete(table), erasing=erasing)


@by_table
def test_append_only_tables_cannot_be_truncated(world, table):
    name = table.__tablename__
    # SQLite cuts a table short by itself where no row of it is named.
    emptied = f"DELETE FROM {name}" if world.db.is_sqlite else f"TRUNCATE {name} CASCADE"  # noqa: S608
    with pytest.raises(DBAPIError, match="are only added"):
        tried(world, text(emptied))


def test_user_id_can_be_changed_only_during_erasure(world):
    """Foreign keys would carry the new id into the append-only rows."""
    with world.db.reading() as session:
        student = session.scalar(select(Submission.student_id).limit(1))
    renamed = update(User).where(User.id == student).values(id=uuid4())
    with pytest.raises(DBAPIError, match="are only added"):
        tried(world, renamed)
    assert tried(world, renamed, erasing=True) == 1


def test_other_tables_can_still_be_updated(world):
    assert tried(world, same(Grade, "score")) == rows(world, Grade) > 0
    assert tried(world, same(Token, "revoked_at")) == rows(world, Token)


def test_erasure_flag_is_cleared_after_erasure(world):
    admin, somebody = world.person("An Admin", admin=True), world.person("Some Body")
    assert rows(world, ErasureFlag) == 0
    told = admin.post(f"/users/{somebody.id}/erase", {"confirm": somebody.name})
    assert told.status_code == 200
    assert rows(world, ErasureFlag) == 0


@by_table
def test_rows_can_be_deleted_when_triggers_are_disabled(world, table):
    """Verifies these tests; the owner of the database can still do this."""
    with undone(world) as session:
        disable_triggers(session)
        if world.db.is_sqlite:
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
        assert session.execute(delete(table)).rowcount > 0
