"""Tests of backups: consistent under writes, and restored only into an empty database."""

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import psycopg
import pytest
from sqlalchemy import make_url, select, text
from uploads import REPORT, confirm, create_report
from word_files import from_lines

from api.backups.operations import EMPTY_DATABASE_MESSAGE
from api.db.engine import Database
from api.db.migrations import downgrade, get_newest_revision, list_known_revisions
from api.db.models import Base, Report
from migrations.losses import LossError

EVERY = "SELECT * FROM"
ALL = [table.name for table in Base.metadata.sorted_tables]


def rows(url: str) -> dict[str, list[tuple]]:
    """Return all rows of every table, sorted within each table."""
    db = Database(url)
    with db.reading() as session:
        found = {
            name: sorted(tuple(map(str, row)) for row in session.execute(text(f"{EVERY} {name}")))
            for name in ALL
        }
    db.close()
    return found


def load_documents(url: str) -> list[bytes]:
    """Return the documents of all reports."""
    db = Database(url)
    with db.reading() as session:
        documents = list(session.scalars(select(Report.document)))
    db.close()
    return documents


@pytest.fixture
def empty(database_url, tmp_path):
    """Yield the URL of an empty database of the same kind."""
    server_url, _, _ = database_url.rpartition("/")
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'restored.db'}"
        return
    name = f"grader_restored_{os.getpid()}"
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        yield f"{server_url}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def handed_in(problem, student):
    """Return a student who has submitted."""
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    return student


def test_backup_restores_every_row(database_url, empty, grader, tmp_path, problem, handed_in):
    document = from_lines(REPORT)
    report = create_report(handed_in, problem, document, "report.docx")
    assert confirm(handed_in, report, certain=True)[0]["error"] is None
    file = tmp_path / "a.backup"
    made = grader("backup", str(file), "--database", database_url)
    assert (made.code, made.out) == (0, ""), made.err
    assert f"schema {get_newest_revision()}" in made.err
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("*.part")) == []
    before = rows(database_url)
    assert before["submissions"]
    assert {part for row in before["report_answers"] for part in row} >= {"cells", "doubled", "why"}
    back = grader("restore", str(file), "--database", empty)
    assert back.code == 0, back.err
    assert rows(empty) == before
    assert load_documents(empty) == [document]
    again = grader("restore", str(file), "--database", empty)
    assert again.code == 2
    assert "is not empty" in again.err
    assert rows(empty) == before


@pytest.mark.usefixtures("handed_in")
def test_older_backup_is_restored_with_every_row_and_upgraded_on_request(
    database_url, empty, grader, tmp_path, monkeypatch
):
    """A downgraded copy of this backup is the older one; new tables have no rows in it."""
    file, older = tmp_path / "new.backup", tmp_path / "old.backup"
    assert grader("backup", str(file), "--database", database_url).code == 0
    assert grader("restore", str(file), "--database", empty).code == 0
    taken_back(empty)
    made = grader("backup", str(older), "--database", empty)
    assert f"schema {list_known_revisions()[-1]}" in made.err
    wipe(empty)
    told = grader("restore", str(older), "--database", empty)
    assert (told.code, "Use --upgrade to restore" in told.err) == (2, True)
    assert "is empty" in grader("db", "check", "--database", empty).err
    done = grader("restore", str(older), "--upgrade", "--database", empty)
    assert (done.code, "brought up to date" in done.err) == (0, True), done.err
    assert grader("db", "check", "--database", empty).code == 0
    lost = {"stamps", "spendings", "alembic_version"}
    before, after = rows(database_url), rows(empty)
    assert {name: after[name] for name in ALL if name not in lost} == {
        name: before[name] for name in ALL if name not in lost
    }
    wipe(empty)
    monkeypatch.setattr(
        "api.backups.operations.upgrade", Mock(side_effect=LossError("It would lose data."))
    )
    told = grader("restore", str(older), "--upgrade", "--database", empty)
    is_sqlite = empty.startswith("sqlite")
    left = (
        "was not changed"
        if is_sqlite
        else f"now contains the backup, with schema {list_known_revisions()[-1]}"
    )
    assert (told.code, f"It would lose data. The database {left}." in told.err) == (2, True)
    monkeypatch.undo()
    assert grader("db", "upgrade", "--database", empty).code == 0


def test_empty_database_is_not_backed_up(empty, grader, tmp_path):
    """A mistyped URL must not produce a file that looks like a backup."""
    if empty.startswith("sqlite"):
        Path(make_url(empty).database).touch()
    told = grader("backup", str(tmp_path / "a.backup"), "--database", empty)
    assert told.code == 2
    assert EMPTY_DATABASE_MESSAGE in told.err
    assert "grader db upgrade" in told.err
    assert list(tmp_path.glob("a.backup*")) == []


def test_backup_is_flushed_to_disk_before_it_is_reported(
    database_url, grader, tmp_path, monkeypatch
):
    """The file is flushed, then renamed; then the folder that holds the name is flushed."""
    file, flushed = tmp_path / "a.backup", []
    fsync = os.fsync

    def flush(opened: int) -> None:
        flushed.append((stat.S_ISDIR(os.fstat(opened).st_mode), file.exists()))
        fsync(opened)

    monkeypatch.setattr(os, "fsync", flush)
    assert grader("backup", str(file), "--database", database_url).code == 0
    assert flushed == [(False, False), (True, True)]


def test_backup_is_a_consistent_snapshot_during_writes(world, problem, student, grader, tmp_path):
    """Every submission in it has its answers, although submissions arrive all the time."""
    stop, submitted = threading.Event(), threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            student.submit(problem, {"cells": str(number), "doubled": "20"})
            submitted.set()

    writer = threading.Thread(target=work)
    writer.start()
    try:
        files = [tmp_path / f"{number}.backup" for number in range(3)]
        for file in files:
            assert grader("backup", str(file), "--database", world.url).code == 0
            submitted.clear()
            assert submitted.wait(10)  # or the next backup may have no more submissions
    finally:
        stop.set()
        writer.join()
    if world.db.is_sqlite:
        counts = [torn(file) for file in files]
        assert [alone for _, alone in counts] == [0, 0, 0]
        assert counts[0][0] < counts[-1][0]


def torn(file: Path) -> tuple[int, int]:
    """Return how many submissions a backup has, and how many of them have no answers."""
    with closing(sqlite3.connect(file)) as opened:
        [(count,)] = opened.execute("SELECT count(*) FROM submissions")
        [(alone,)] = opened.execute(
            "SELECT count(*) FROM submissions WHERE id NOT IN (SELECT submission_id FROM answers)"
        )
    return count, alone


def revised(file: Path, revision: str) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = ?", (revision,))


@pytest.fixture
def kept(sqlite_template, tmp_path):
    """Return a backup of an empty service on SQLite."""
    return Path(shutil.copy(sqlite_template, tmp_path / "kept.backup"))


def test_backup_of_a_newer_version_is_refused(kept, grader, tmp_path):
    revised(kept, "9999")
    ran = grader("restore", str(kept), "--database", f"sqlite:///{tmp_path / 'new.db'}")
    assert ran.code == 2
    assert "written by a newer version of Grader (schema 9999)" in ran.err
    assert not (tmp_path / "new.db").exists()


def test_backup_of_an_older_version_is_upgraded_on_request(kept, grader, tmp_path):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    downgraded(kept)
    told = grader("restore", str(kept), "--database", url)
    assert (told.code, "an older version of Grader" in told.err) == (2, True)
    assert not (tmp_path / "old.db").exists()
    done = grader("restore", str(kept), "--upgrade", "--database", url)
    assert done.code == 0, done.err
    assert "brought up to date" in done.err
    assert grader("db", "check", "--database", url).code == 0


def test_failed_upgrade_after_a_restore_leaves_no_database(kept, grader, tmp_path, monkeypatch):
    def lose(_db: Database) -> None:
        raise LossError("Revision 0009 would lose data: answers (3).")

    monkeypatch.setattr("api.backups.operations.upgrade", lose)
    downgraded(kept)
    url = f"sqlite:///{tmp_path / 'old.db'}"
    told = grader("restore", str(kept), "--upgrade", "--database", url)
    assert (told.code, "answers (3). The database was not changed." in told.err) == (2, True)
    assert list(tmp_path.glob("old.db*")) == []


@pytest.mark.parametrize("option", [False, True])
def test_database_password_is_never_passed_as_an_argument(
    postgresql_url, grader, tmp_path, monkeypatch, option
):
    """The fake `pg_dump` prints its arguments and fails, so that Grader reports them."""
    program = (
        '#!/bin/sh\n[ "$1" = --version ] && exec echo 99\necho "$@ $PGPASSWORD." >&2\nexit 1\n'
    )
    (tmp_path / "pg_dump").write_text(program)
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    where, word = make_url(postgresql_url), "geheim"
    url = where.update_query_dict({"password": word}) if option else where.set(password=word)
    address = url.render_as_string(hide_password=False)
    said = grader("backup", str(tmp_path / "x"), "--database", address).err
    assert "--dbname=postgresql://" in said
    assert (said.count("geheim"), said.endswith(" geheim.\n")) == (1, True)


def taken_back(url: str) -> None:
    """Downgrade a database to the first revision."""
    db = Database(url)
    downgrade(db, list_known_revisions()[-1], lose_data=True)
    db.close()


def downgraded(file: Path) -> None:
    """Downgrade an SQLite database, and write its WAL back into the file."""
    taken_back(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def wipe(url: str) -> None:
    if url.startswith("sqlite"):
        Path(make_url(url).database).unlink()
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def damage(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        opened.write(b"\xff" * 20_000)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file.write_bytes(b"hello"), "is not a backup"),
        (lambda file: file.write_bytes(b""), "is not a backup"),
        (
            lambda file: file.write_bytes(b"PGDMP"),
            "is a backup of postgresql, but the database is not",
        ),
        (lambda file: file.unlink(), "cannot be read: no such file"),
        (damage, "kept.backup"),
        (lambda file: file.write_bytes(file.read_bytes()[:30_000]), "kept.backup"),
    ],
)
def test_damaged_backup_is_refused_and_no_database_is_created(kept, grader, tmp_path, spoil, said):
    spoil(kept)
    ran = grader("restore", str(kept), "--database", f"sqlite:///{tmp_path / 'new.db'}")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "new.db").exists()


def test_backup_overwrites_no_file_and_requires_a_database(grader, tmp_path):
    (tmp_path / "there").write_text("mine")
    url = f"sqlite:///{tmp_path / 'none.db'}"
    ran = grader("backup", str(tmp_path / "there"), "--database", url)
    assert (ran.code, "already exists" in ran.err) == (2, True)
    ran = grader("backup", str(tmp_path / "new"), "--database", url)
    assert (ran.code, "there is no database at" in ran.err) == (2, True)
    ran = grader("backup", str(tmp_path / "no" / "folder"), "--database", url)
    assert (ran.code, "cannot be written" in ran.err) == (2, True)
    assert not (tmp_path / "none.db").exists()
    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (None, "pg_dump is not installed. It comes with PostgreSQL"),
        (
            "echo 'pg_dump (PostgreSQL) 9.6.24'",
            "pg_dump comes from PostgreSQL 9 and does not work with",
        ),
        ("echo no luck >&2; exit 1", "pg_dump failed: no luck"),
    ],
)
def test_missing_outdated_or_failing_pg_dump_is_reported(
    postgresql_url, grader, tmp_path, monkeypatch, program, said
):
    folder = tmp_path / "bin"
    folder.mkdir()
    if program:
        (folder / "pg_dump").write_text(f"#!/bin/sh\n{program}\n")
        (folder / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    ran = grader("backup", str(tmp_path / "x"), "--database", postgresql_url)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert list(tmp_path.glob("x*")) == []
