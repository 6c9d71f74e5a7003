"""Tests of revisions: going up, down and up over a used database changes nothing.

Planted harmful revisions prove that the checks detect a loss.
"""

import os
import shutil
from collections.abc import Iterator

import psycopg
import pytest
from full_database import ANSWERS, PARTS, empty_tables, fill_every_table
from revisions import (
    Revisions,
    contents,
    copy_revisions,
    find_changed_columns,
    list_indexes_and_triggers,
)
from sqlalchemy import delete, select, text, update
from world import TEXT_PROBLEM, World

from api.core.person_names import name_sort_key
from api.db.engine import Database
from api.db.migrations import schema_state
from api.db.models import (
    Answer,
    AnswerAttachment,
    Attachment,
    AttachmentPage,
    CalendarFeed,
    LtiContext,
    LtiDeployment,
    LtiKey,
    LtiLaunch,
    LtiLineItem,
    LtiLink,
    LtiMember,
    LtiPlatform,
    LtiRegistrationLink,
    LtiScore,
    LtiUser,
    MailKey,
    MailOptOut,
    OutboxMessage,
    Report,
    ReportAnswer,
    User,
)
from grader.kinds import KINDS
from migrations.losses import LossError

LTI_TABLES = (
    *(LtiScore, LtiLineItem, LtiLaunch, LtiUser, LtiMember, LtiLink, LtiContext, LtiDeployment),
    *(LtiRegistrationLink, LtiPlatform, LtiKey),
)
"""Tables of LTI, those that refer to others first."""
MAIL_TABLES = (OutboxMessage, MailOptOut, MailKey, CalendarFeed)
GOOD = """
def upgrade():
    with op.batch_alter_table("submissions") as batch:
        batch.add_column(sa.Column("more", sa.Text(), nullable=True))
    op.create_table("mores", sa.Column("id", sa.Uuid(), primary_key=True))


def downgrade():
    op.drop_table("mores")
    with op.batch_alter_table("submissions") as batch:
        batch.drop_column("more")
"""
ANEW = """
def upgrade():
    with op.batch_alter_table("comments", recreate="always") as batch:
        batch.alter_column("public", existing_type=sa.Boolean(), nullable=True)


def downgrade():
    with op.batch_alter_table("comments", recreate="always") as batch:
        batch.alter_column("public", existing_type=sa.Boolean(), nullable=False)
"""
"""Revision that recreates a table on SQLite to which others may refer."""

NOTHING_BACK = "\n\ndef downgrade():\n    pass\n"
FORGETS = """
def upgrade():
    op.execute("DELETE FROM comments")
"""
CLEARS = """
def upgrade():
    op.execute("UPDATE reviews SET marked_by = NULL")
"""
ROUNDS = """
def upgrade():
    op.execute("UPDATE answers SET credit = '0'")
"""
SWAPS = """
def upgrade():
    op.execute(
        "UPDATE users SET name = CASE name WHEN 'A classmate' THEN 'A stranger' "
        "WHEN 'A stranger' THEN 'A classmate' ELSE name END"
    )
"""
CASCADES = """
def upgrade():
    op.create_table(
        "mores",
        sa.Column("id", sa.Uuid(), sa.ForeignKey("comments.id", ondelete="CASCADE")),
        if_not_exists=True,
    )
    op.execute("INSERT INTO mores SELECT id FROM comments")


def downgrade():
    with op.batch_alter_table("comments", recreate="always") as batch:
        batch.alter_column("public", existing_type=sa.Boolean(), nullable=True)
"""


def on(*systems: str) -> pytest.MarkDecorator:
    """Return the mark that runs a test on these database systems."""
    return pytest.mark.parametrize("full", systems, indirect=True, scope="module")


on_both, on_sqlite = on("sqlite", "postgresql"), on("sqlite")


@pytest.fixture(scope="module")
def full(request, tmp_path_factory) -> Iterator[str]:
    """Yield the URL of a database made by revisions alone, with rows in every table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('full') / 'grader.db'}"
        _fill(url)
        yield url
        return
    server = request.getfixturevalue("postgresql_url").rpartition("/")[0]
    name = f"grader_full_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        _fill(f"{server}/{name}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _fill(url: str) -> None:
    db = Database(url)
    Revisions(db).up()
    db.close()
    world = World(url)
    fill_every_table(world)
    assert empty_tables(world) == []
    world.close()


@pytest.fixture
def url(full, tmp_path) -> Iterator[str]:
    """Yield the URL of a copy of the full database."""
    if full.startswith("sqlite"):
        path = tmp_path / "copy.db"
        shutil.copyfile(full.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        return
    server, _, name = full.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
        yield f"{full}_copy"
        connection.execute(f"DROP DATABASE {name}_copy WITH (FORCE)")


@pytest.fixture
def db(url) -> Iterator[Database]:
    db = Database(url)
    yield db
    db.close()


def steps(revisions: Revisions, **said: object) -> Iterator[str]:
    """Go down and up again over every revision but the first; yield each difference.

    Data in a revision's own tables and columns is lost on the way down. These are empty
    after the way up.
    """
    db, whole = revisions.db, contents(revisions.db)
    there = list_indexes_and_triggers(db)
    for before in revisions.names[-2::-1]:
        revisions.down(before, lose_data=True, **said)
        yield from (
            f"{one} on the way down to {before}"
            for one in find_changed_columns(whole, contents(db))
        )
    least = contents(db)
    for name in revisions.names[1:]:
        revisions.up(name, **said)
        yield from (
            f"{one} on the way up to {name}" for one in find_changed_columns(least, contents(db))
        )
    yield from (f"{one} is not made again" for one in there - list_indexes_and_triggers(db))


@on_both
def test_migration_data_contains_every_answer_kind(db):
    with db.reading() as session:
        found = set(session.scalars(select(Answer.part)))
    assert ANSWERS.keys() <= found
    assert PARTS.keys() == KINDS.keys()


@on_both
def test_downgrade_and_upgrade_of_all_revisions_keep_data(db):
    assert list(steps(Revisions(db))) == []
    assert schema_state(db) == "current"


@on_both
def test_upgrade_fills_sort_names(db):
    with db.transaction() as session:
        session.execute(update(User).where(User.name == "A classmate").values(name="Łu Đặng, Jr."))
        # The way back refuses to lose them.
        attached = AnswerAttachment, AttachmentPage, Attachment
        for table in (*LTI_TABLES, *MAIL_TABLES, ReportAnswer, Report, *attached):
            session.execute(delete(table))
    revisions = Revisions(db)
    revisions.down("0003")
    revisions.up()
    with db.reading() as session:
        found = dict(session.execute(select(User.name, User.sort_name)).all())
    assert found["Łu Đặng, Jr."] == "dang, jr.  lu"
    # By the rule of the service, so that rows written before and after stand in one order.
    assert found == {name: name_sort_key(name) for name in found}


@on_both
@pytest.mark.parametrize("body", [GOOD, ANEW])
def test_harmless_revision_passes_the_check(db, tmp_path, body):
    revisions = Revisions(db, copy_revisions(tmp_path, body))
    before, there = contents(db), list_indexes_and_triggers(db)
    revisions.up()
    assert find_changed_columns(before, contents(db)) == []
    assert there - list_indexes_and_triggers(db) == set()
    assert list(steps(revisions)) == []


@on_sqlite
@pytest.mark.parametrize(
    ("body", "harm"),
    [
        (FORGETS, "comments.text"),
        (CLEARS, "reviews.marked_by"),
        (ROUNDS, "answers.credit"),
        (SWAPS, "users.name"),
    ],
)
def test_revision_that_alters_user_data_is_detected(db, tmp_path, body, harm):
    before = contents(db)
    Revisions(db, copy_revisions(tmp_path, body + NOTHING_BACK)).up(lose_data=True)
    assert harm in find_changed_columns(before, contents(db))


@on_sqlite
@pytest.mark.parametrize(("body", "gone"), [(FORGETS, "comments"), (CLEARS, "reviews.marked_by")])
def test_sqlite_upgrade_that_loses_data_is_rolled_back_with_error(db, tmp_path, body, gone):
    before = contents(db)
    with pytest.raises(LossError, match=rf"planted would lose data: {gone} \(\d+\)\. Nothing"):
        Revisions(db, copy_revisions(tmp_path, body + NOTHING_BACK)).up()
    assert contents(db) == before
    assert schema_state(db) == "current"


@on_sqlite
def test_recreating_a_sqlite_table_does_not_cascade_deletes(db, tmp_path):
    """SQLite deletes a dropped table's rows and, by ON DELETE, rows that refer to them."""
    revisions = Revisions(db, copy_revisions(tmp_path, CASCADES))
    revisions.up()
    before = contents(db)
    with pytest.raises(LossError, match="mores"):
        revisions.down(revisions.names[-2], over=enforced(db))
    assert contents(db) == before
    revisions.down(revisions.names[-2])
    assert find_changed_columns(before, contents(db)) == []
    revisions.up()
    before = contents(db)
    revisions.down(revisions.names[-2], over=enforced(db), lose_data=True)
    assert find_changed_columns(before, contents(db)) == ["mores.id"]


@on_sqlite
def test_recreated_table_must_keep_its_triggers(db, tmp_path):
    with db.begin_migration() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER watch AFTER UPDATE ON comments BEGIN SELECT 1; END"
        )
    there = list_indexes_and_triggers(db)
    revisions = Revisions(db, copy_revisions(tmp_path, ANEW))
    with pytest.raises(LossError, match="trigger watch"):
        revisions.up()
    assert list_indexes_and_triggers(db) == there
    revisions.up(lose_data=True)
    assert there - list_indexes_and_triggers(db) == {"trigger watch"}


def enforced(db: Database):
    """Return a write connection that enforces foreign keys, like those of the service."""
    return db._writing.begin()  # noqa: SLF001  # what no code of ours would migrate by


@on_both
def test_downgrade_that_would_lose_new_data_is_refused(db, tmp_path):
    revisions = Revisions(db, copy_revisions(tmp_path, GOOD))
    revisions.up()
    revisions.down(revisions.names[-2])
    revisions.up()
    with db.transaction() as session:
        session.execute(text("UPDATE submissions SET more = 'kept'"))
    before = contents(db)
    with pytest.raises(LossError, match=r"back over revision planted .* submissions\.more \(\d+\)"):
        revisions.down(revisions.names[-2])
    assert contents(db) == before
    revisions.down(revisions.names[-2], lose_data=True)
    assert "more" not in contents(db)["submissions"]


@on_sqlite
def test_revision_can_declare_columns_that_may_be_lost(db, tmp_path):
    body = GOOD.replace("\ndef upgrade", 'may_go = ("submissions.more",)\n\n\ndef upgrade', 1)
    revisions = Revisions(db, copy_revisions(tmp_path, body))
    revisions.up()
    with db.transaction() as session:
        session.execute(text("UPDATE submissions SET more = 'kept elsewhere'"))
    revisions.down(revisions.names[-2])
    assert "more" not in contents(db)["submissions"]


@on_both
def test_current_code_works_on_next_schema_version(url, db, tmp_path):
    """In a rolling restart the old processes keep working after the upgrade."""
    world = World(url)
    course = world.course()
    [problem] = world.assignment(course, TEXT_PROBLEM)
    student, teacher = world.enrol(course), world.enrol(course, role="instructor")

    def work(typed: str) -> list[int]:
        # Often enough that PostgreSQL keeps the statements as it prepared them.
        sent = [student.submit(problem, {"cells": f"{typed}{n}"}).status_code for n in range(7)]
        read = [teacher.get(f"/courses/{course}/gradebook").status_code for _ in range(7)]
        return [*sent, *read, student.get(problem.path).status_code]

    first = work("1")
    Revisions(db, copy_revisions(tmp_path, GOOD)).up()
    assert set(work("2")) == set(first) == {200, 201}
    world.close()
    assert schema_state(db) == "newer"
