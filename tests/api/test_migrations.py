"""Tests of the migrations: up, down, up again, concurrently, and never halfway."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from schema_differences import list_schema_differences
from sqlalchemy import inspect, text
from world import World

from api.config.settings import ServiceSettings
from api.db.engine import Database
from api.db.migrations import downgrade, schema_state, upgrade
from api.server.bootstrap import (
    SCHEMA_TOO_NEW_MESSAGE,
    SCHEMA_TOO_OLD_MESSAGE,
    StartupError,
    bootstrap,
)
from migrations.losses import LossError


@pytest.fixture
def db(empty_url: str) -> Iterator[Database]:
    db = Database(empty_url)
    yield db
    db.close()


def tables(db: Database) -> set[str]:
    return set(inspect(db.engine).get_table_names())


def set_revision(db: Database, revision: str) -> None:
    with db.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})


def test_migrations_create_the_tables_of_the_models(db):
    assert schema_state(db) == "empty"
    upgrade(db)
    assert list_schema_differences(db) == []
    assert schema_state(db) == "current"


def test_schema_check_detects_differences_from_the_models(db):
    upgrade(db)
    with db.begin_migration() as connection:
        connection.exec_driver_sql("ALTER TABLE knocks ADD COLUMN more INTEGER")
        connection.exec_driver_sql("DROP TABLE drafts")
    assert sorted(one[0] for one in list_schema_differences(db)) == [
        "add_index",
        "add_table",
        "remove_column",
    ]


def test_downgrade_requires_confirmation_to_lose_data_and_can_be_reversed(db, empty_url):
    upgrade(db)
    world = World(empty_url)
    course = world.course()
    student = world.enrol(course)
    [assigned] = world.assignment(course)
    assert student.submit(assigned, {"cells": "9"}).status_code == 201
    world.close()
    with pytest.raises(LossError, match=r"submissions \(1\).*Nothing was changed"):
        downgrade(db, "base")
    assert schema_state(db) == "current"
    downgrade(db, "base", lose_data=True)
    assert tables(db) == {"alembic_version"}
    upgrade(db)
    assert list_schema_differences(db) == []


def test_upgrading_a_current_database_changes_nothing(db):
    upgrade(db)
    before = tables(db)
    upgrade(db)
    assert tables(db) == before


def test_failed_upgrade_leaves_nothing_behind(db):
    with db.begin_migration() as connection:
        connection.exec_driver_sql("CREATE TABLE variants (id INTEGER)")
    with pytest.raises(Exception, match="variants"):
        upgrade(db)
    assert tables(db) == {"variants"}
    assert schema_state(db) == "empty"


def test_concurrent_upgrades_run_once(db, empty_url):
    run = "from api.cli.grading import main; main()"
    command = [sys.executable, "-c", run, "db", "upgrade", "--database", empty_url]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [one.communicate(timeout=60)[1] for one in both]
    assert told == ["The database is up to date.\n"] * 2
    assert schema_state(db) == "current"
    assert list_schema_differences(db) == []


def test_schema_of_a_newer_version_is_refused_and_unchanged(db, empty_url, grader):
    upgrade(db)
    set_revision(db, "9999")
    before = tables(db)
    assert schema_state(db) == "newer"
    for demo in (False, True):
        with pytest.raises(StartupError, match="A newer version of Grader wrote") as refused:
            bootstrap(ServiceSettings(database=empty_url, demo=demo))
        assert str(refused.value) == SCHEMA_TOO_NEW_MESSAGE
    for command in ("upgrade", "check"):
        told = grader("db", command, "--database", empty_url)
        assert (told.code, "newer version of Grader" in told.err) == (
            2 if command == "upgrade" else 1,
            True,
        )
    assert tables(db) == before
    assert schema_state(db) == "newer"


def test_service_refuses_an_empty_postgresql_and_upgrades_sqlite(db, empty_url):
    settings = ServiceSettings(database=empty_url)
    if db.is_sqlite:
        assert bootstrap(settings) is None
        assert schema_state(db) == "current"
        return
    with pytest.raises(StartupError) as refused:
        bootstrap(settings)
    assert str(refused.value) == SCHEMA_TOO_OLD_MESSAGE
    assert tables(db) == set()
    upgrade(db)
    assert bootstrap(settings) is None


def test_upgrade_command_reports_the_database_state(empty_url, grader):
    before = grader("db", "check", "--database", empty_url)
    assert (before.code, before.err) == (1, "The database is empty. Run: grader db upgrade\n")
    for command in ("upgrade", "upgrade", "check"):
        told = grader("db", command, "--database", empty_url)
        assert (told.code, told.err) == (0, "The database is up to date.\n")


def test_commands_warn_about_an_unused_password_only_with_the_configured_url(
    tmp_path, grader, monkeypatch
):
    url = f"sqlite:///{tmp_path / 'none.db'}"
    monkeypatch.setenv("GRADER_DATABASE", url)
    monkeypatch.setenv("GRADER_DATABASE_PASSWORD", "geheim")
    assert "GRADER_DATABASE_PASSWORD is set but not used" in grader("db", "check").err
    assert "PASSWORD" not in grader("db", "check", "--database", url).err


def test_checking_a_missing_database_file_does_not_create_it(tmp_path, grader, monkeypatch):
    monkeypatch.setenv("GRADER_DATABASE", f"sqlite:///{tmp_path / 'none.db'}")
    told = grader("db", "check")
    assert (told.code, told.err) == (1, "The database is empty. Run: grader db upgrade\n")
    told = grader("user", "list")
    assert (told.code, "there is no database at" in told.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "this is not the address of a database"),
        ("sqlite:////nowhere/at/all/grader.db", "the database cannot be reached"),
        ("postgresql://nobody@127.0.0.1:1/none", "the database cannot be reached"),
        ("sqlite:///{folder}/notes.txt", "the file is not an SQLite database"),
        ("postgresql://u:geheim@127.0.0.1:1/g?foo=bar", "is not an option of PostgreSQL"),
        ("mysql://u:geheim@db/g", "only SQLite and PostgreSQL are supported"),
    ],
)
def test_unusable_database_is_reported_without_a_traceback(
    url, words, grader, monkeypatch, tmp_path
):
    (tmp_path / "notes.txt").write_text("No database. " * 10)
    url = url.format(folder=tmp_path)
    monkeypatch.setenv("GRADER_DATABASE", url)
    for command in (("db", "check", "--database", url), ("user", "list")):
        told = grader(*command)
        assert told.code == 2
        assert words in told.err
        assert "Traceback" not in told.err
        assert "geheim" not in told.err


def test_upgrade_that_would_lose_data_is_reported_without_a_traceback(
    empty_url, grader, monkeypatch
):
    def lose(_db: Database) -> None:
        raise LossError("Revision 0009 would lose data: answers (3). Nothing was changed.")

    monkeypatch.setattr("api.db.migrations.upgrade", lose)
    monkeypatch.setattr("api.server.bootstrap.upgrade", lose)
    told = grader("db", "upgrade", "--database", empty_url)
    assert (told.code, "answers (3). Nothing was changed" in told.err) == (2, True)
    assert "Traceback" not in told.err
    if empty_url.startswith("sqlite"):
        with pytest.raises(StartupError, match=r"answers \(3\)"):
            bootstrap(ServiceSettings(database=empty_url))
