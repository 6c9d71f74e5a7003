"""Fixtures for the command line, and for the service on SQLite and PostgreSQL."""

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import database_template
import psycopg
import pytest
from smtp_process import MailServer, running_mail_server
from world import Person, ProblemReference, World

from api.cli.grading import main
from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import Base


@dataclass
class Ran:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


@pytest.fixture
def grader(
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Ran]:
    """Return a function that runs `grader` with its arguments in this process."""
    request.getfixturevalue("restored_logging")

    def run(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["grader", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    """Yield an SMTP server that stores messages in files."""
    with running_mail_server(tmp_path / "mail") as server:
        yield server


POSTGRESQL = os.environ.get("GRADER_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
"""Server on which the tests of the service create their own databases."""


def _is_there(url: str) -> bool:
    try:
        psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty database with all tables; each test uses a copy."""
    return database_template.create_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Yield the URL of this process's PostgreSQL database, which tests empty after use."""
    if not _is_there(POSTGRESQL):
        absent = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        absent(f"there is no PostgreSQL at {POSTGRESQL} (GRADER_TEST_POSTGRESQL)")
    name = f"grader_test_{os.getpid()}"
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    db = Database(f"{POSTGRESQL}/{name}")
    upgrade(db)
    World.compiled["postgresql"] = db.engine
    db.close()
    yield f"{POSTGRESQL}/{name}"
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def empty_postgresql(postgresql_url: str) -> Iterator[Callable[[], None]]:
    """Yield a function that deletes all rows without checking foreign keys."""
    tables = ";".join(f"DELETE FROM {name}" for name in Base.metadata.tables)  # noqa: S608
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield lambda: connection.execute(tables) and None


def _database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        path = folder / "grader.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    empty = request.getfixturevalue("empty_postgresql")
    yield request.getfixturevalue("postgresql_url")
    empty()


SYSTEMS = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests that need a database on each system.

    Page tests, which only use the service, run on SQLite. So do modules with
    `ONE_DATABASE = True`, whose statements other tests run on both systems (ADR 36),
    tests with the marker `sqlite_only`, and all tests with `--quick`.
    """
    is_single = metafunc.module.__name__.rpartition(".")[2].startswith("test_pages_")
    is_single |= getattr(metafunc.module, "ONE_DATABASE", False)
    is_single |= metafunc.definition.get_closest_marker("sqlite_only") is not None
    is_single |= metafunc.config.getoption("quick")
    for name in {"database_url", "shared_database_url"} & set(metafunc.fixturenames):
        systems = SYSTEMS[:1] if is_single else SYSTEMS
        metafunc.parametrize(name, systems, indirect=True, scope=SCOPES[name])


SCOPES: Final = {"database_url": "function", "shared_database_url": "module"}


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of an empty database with all tables, on each system in turn."""
    yield from _database(request, tmp_path)


@pytest.fixture(params=SYSTEMS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of a database without tables, on each system in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    url = request.getfixturevalue("postgresql_url").rpartition("/")[0]
    name = f"grader_empty_{os.getpid()}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        yield f"{url}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def shared_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield one such database for all tests of a module, which must not interfere."""
    yield from _database(request, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """Yield a service with an empty database."""
    world = World(database_url)
    yield world
    world.close()


@pytest.fixture
def course(world: World) -> UUID:
    """Return an empty course; a module that needs another defines its own `course`."""
    return world.course()


@pytest.fixture
def teacher(world: World, course: UUID) -> Person:
    """Return an instructor of the course."""
    return world.enrol(course, "Tea Cher", role="instructor")


@pytest.fixture
def prof(world: World, course: UUID) -> Person:
    """Return another instructor of the course."""
    return world.enrol(course, "Grace Prof", role="instructor")


@pytest.fixture
def student(world: World, course: UUID) -> Person:
    return world.enrol(course)


@pytest.fixture
def problem(world: World, course: UUID) -> ProblemReference:
    """Return the default text problem in an assignment of the course."""
    [assigned] = world.assignment(course)
    return assigned


@pytest.fixture
def other(world: World) -> Iterator[World]:
    """Yield another service on the same database."""
    found = World(world.url, clock=world.clock)
    yield found
    found.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of two threads."""
    with ThreadPoolExecutor(2) as pool:
        yield pool
