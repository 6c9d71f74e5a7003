"""Tests of the start: it waits for a database, and refuses one that may lose commits."""

import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from api.config.settings import ServiceSettings
from api.db.engine import DURABILITY_SETTINGS, Database
from api.db.migrations import upgrade
from api.db.wait_for_database import explain_database_error
from api.server.bootstrap import StartupError, bootstrap


@pytest.fixture
def own_database(postgresql_url):
    """Yield the URL of an empty PostgreSQL database, and a function that sets a setting."""
    server_url, _, _ = postgresql_url.rpartition("/")
    name = f"grader_starting_{os.getpid()}"
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        url = f"{server_url}/{name}"
        yield url, lambda what: server.execute(f"ALTER DATABASE {name} SET {what}")
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_postgresql_with_unsafe_durability_settings_is_refused(own_database):
    url, change = own_database
    with pytest.raises(StartupError, match="grader db upgrade"):
        bootstrap(ServiceSettings(database=url))
    change("synchronous_commit = off")
    with pytest.raises(StartupError, match="runs with synchronous_commit = off") as refused:
        bootstrap(ServiceSettings(database=url))
    assert "ALTER SYSTEM" in str(refused.value)
    change("synchronous_commit = local")
    with pytest.raises(StartupError, match="grader db upgrade"):
        bootstrap(ServiceSettings(database=url))


def test_durability_settings_exist_in_postgresql(own_database):
    """The test server has each of these settings, so no name is misspelled."""
    url, _ = own_database
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s)", [list(DURABILITY_SETTINGS)]
        ).fetchall()
    assert {name for (name,) in found} == {"fsync", "full_page_writes", "synchronous_commit"}


def test_read_only_database_is_not_ready(own_database):
    url, change = own_database
    db = Database(url)
    upgrade(db)
    db.check_writable()
    db.close()
    change("default_transaction_read_only = on")
    with pytest.raises(DBAPIError, match="read-only transaction"):
        db.check_writable()
    db.close()


def test_startup_waits_for_late_database(own_database, caplog):
    url, _ = own_database
    with late_way_to(url, seconds=1.2) as way, caplog.at_level(logging.WARNING):
        began = time.monotonic()
        with pytest.raises(StartupError, match="grader db upgrade"):
            bootstrap(ServiceSettings(database=way, database_wait=30))
        assert 1 < time.monotonic() - began < 20
    [said] = [one for one in caplog.records if one.name == "api.reaching"]
    assert "does not respond" in said.message


def test_startup_gives_up_after_configured_wait():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(OperationalError):
        bootstrap(ServiceSettings(database=f"postgresql://x@127.0.0.1:{port}/x", database_wait=1))
    assert 0.4 < time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"database": "grader_is_not_there"}, "has no such database. Create it (createdb)"),
        ({"username": "nobody_is_called_so"}, "has no such user that can log in. Create one"),
    ],
)
def test_missing_postgresql_database_or_user_is_reported_without_retry(
    postgresql_url, grader, caplog, change, said
):
    url = make_url(postgresql_url).set(**change).render_as_string(hide_password=False)
    with pytest.raises(OperationalError) as refused:
        bootstrap(ServiceSettings(database=url, database_wait=5))
    assert said in explain_database_error(refused.value)
    assert caplog.records == []
    told = grader("db", "upgrade", "--wait", "5", "--database", url)
    assert (told.code, said in told.err) == (2, True), told.err


@pytest.mark.parametrize("place", ["none/grader.db", "."])
def test_unopenable_sqlite_file_is_reported_with_its_folder(tmp_path, place):
    with pytest.raises(OperationalError) as refused:
        bootstrap(ServiceSettings(database=f"sqlite:///{tmp_path / place}"))
    assert "its folder does not exist or is not writable" in explain_database_error(refused.value)


def test_unwritable_sqlite_file_is_reported(tmp_path):
    (tmp_path / "x.db").touch()
    engine = create_engine(f"sqlite:///file:{tmp_path / 'x.db'}?mode=ro&uri=true")
    with engine.connect() as connection, pytest.raises(OperationalError) as refused:
        connection.execute(text("CREATE TABLE x (y)"))
    engine.dispose()
    assert "or its folder is not writable" in explain_database_error(refused.value)


def test_upgrade_by_non_owner_explains_how_to_change_owner(own_database, grader):
    """Since PostgreSQL 15 only the owner may create tables in a database."""
    url = make_url(own_database[0])
    user = f"{url.database}_user"
    named = url.set(username=user, password=user).render_as_string(hide_password=False)
    with psycopg.connect(own_database[0], autocommit=True) as server:
        server.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{user}'")
        try:
            refused = grader("db", "upgrade", "--database", named)
            server.execute(f"ALTER DATABASE {url.database} OWNER TO {user}")
            taken = grader("db", "upgrade", "--database", named)
        finally:
            server.execute(f"REASSIGN OWNED BY {user} TO CURRENT_USER")
            server.execute(f"DROP ROLE {user}")
    assert refused.code == 2
    assert "Make them the owner of the database (ALTER DATABASE … OWNER TO …)" in refused.err
    assert taken.code == 0, taken.err


STARTING = ("57P03", "the database system is starting up")
CROWDED = ("53300", "sorry, too many clients already")
WRONG = ("28P01", 'password authentication failed for user "x"')


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (WRONG, "refuses the password"),
        (("28000", 'no pg_hba.conf entry for host "::1", user "x"'), "Check its pg_hba.conf"),
        (("28000", 'Ident authentication failed for user "x"'), "Check its pg_hba.conf"),
        (("42501", 'permission denied for database "x"'), "GRANT CONNECT"),
    ],
)
def test_startup_retries_while_server_starts_but_not_when_it_refuses(told, said, monkeypatch):
    monkeypatch.setattr("api.db.wait_for_database.RETRY_SECONDS", 0.01)
    with refusing_server([STARTING, CROWDED, told]) as (url, left):
        with pytest.raises(OperationalError) as refused:
            bootstrap(ServiceSettings(database=url, database_wait=5))
        assert left == []
    assert said in explain_database_error(refused.value)
    assert "geheim" not in explain_database_error(refused.value)


@contextmanager
def refusing_server(answers: list[tuple[str, str]]) -> Iterator[tuple[str, list]]:
    """Yield the URL of a fake PostgreSQL that returns each error once, and those left."""
    left, stop = list(answers), threading.Event()

    def serve(listener: socket.socket) -> None:
        listener.settimeout(0.05)
        while not stop.is_set():
            try:
                line, _ = listener.accept()
            except TimeoutError:
                continue
            with line:
                while line.recv(4096)[4:6] == b"\x04\xd2":  # it asks for TLS first
                    line.sendall(b"N")
                code, words = left.pop(0)
                fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": words}
                body = b"".join(f"{key}{value}\0".encode() for key, value in fields.items()) + b"\0"
                line.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"postgresql://x:geheim@127.0.0.1:{listener.getsockname()[1]}/x", left
        finally:
            stop.set()
            thread.join()


class late_way_to:  # noqa: N801  # it reads as a function
    """A port that forwards to a database after *seconds*."""

    def __init__(self, url: str, *, seconds: float) -> None:
        self._target, self._seconds = make_url(url), seconds
        self._stop = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as found:
            self._port = found.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        way = self._target.set(host="127.0.0.1", port=self._port)
        return way.render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        time.sleep(self._seconds)
        with socket.create_server(("127.0.0.1", self._port)) as listener:
            listener.settimeout(0.1)
            while not self._stop.is_set():
                try:
                    near, _ = listener.accept()
                except TimeoutError:
                    continue
                far = socket.create_connection((self._target.host, self._target.port or 5432))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with source, sink:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
