"""Tests of a database that turns read-only: writes fail, reads work, it recovers."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url
from world import World

from api.db.models import Submission


@contextmanager
def read_only(world: World) -> Iterator[None]:
    """Make the database refuse every write, as a read-only file or server does."""
    with _sqlite_read_only(world) if world.db.is_sqlite else _postgresql_read_only(world):
        yield


@contextmanager
def _sqlite_read_only(world: World) -> Iterator[None]:
    """Make writes fail with SQLITE_READONLY, as without permission for file or folder."""
    refuses = True

    def connected(connection) -> None:
        connection.connection.driver_connection.execute(f"PRAGMA query_only = {int(refuses)}")

    event.listen(world.db.engine, "engine_connect", connected)
    yield
    refuses = False


@contextmanager
def _postgresql_read_only(world: World) -> Iterator[None]:
    """Set the database to read-only and end the service's sessions, as a server does.

    Sessions that begin during this time stay read-only until they end.
    """
    url = make_url(world.url)
    name = sql.Identifier(url.database or "")
    server = url.set(drivername="postgresql", database="postgres")
    with psycopg.connect(
        server.render_as_string(hide_password=False), autocommit=True
    ) as connection:
        change = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
        connection.execute(change.format(name))
        world.db.engine.dispose()
        try:
            yield
        finally:
            reset = sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only")
            connection.execute(reset.format(name))


def count_submissions(world: World) -> int:
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


@pytest.fixture
def scene(world, course, student):
    [problem] = world.assignment(course)
    assert student.get(problem.path).status_code == 200
    assert student.submit(problem, {"cells": "8"}).status_code == 201
    return student, problem


def test_read_only_database_returns_503_for_writes_and_serves_reads(world, scene):
    student, problem = scene
    with read_only(world):
        for number in range(3):
            refused = student.submit(problem, {"cells": "9"}, key=str(number))
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert int(refused.headers["Retry-After"]) > 0
        saved = student.put(f"{problem.path}/draft", {"answers": {"cells": "9"}})
        assert (saved.status_code, int(saved.headers["Retry-After"]) > 0) == (503, True)
        paths = ["/me", problem.path, f"{problem.path}/submissions", f"{problem.path}/draft"]
        assert {student.get(path).status_code for path in paths} == {200}
        assert world.client.get("/readyz").status_code == 503
        assert world.client.get("/healthz").status_code == 200
        assert count_submissions(world) == 1


def test_read_only_database_recovers_and_retried_request_is_stored_once(world, scene):
    student, problem = scene
    with read_only(world):
        assert student.submit(problem, {"cells": "9"}, key="same").status_code == 503
    for _ in range(2):
        assert student.submit(problem, {"cells": "9"}, key="same").status_code == 201
    assert student.put(f"{problem.path}/draft", {"answers": {"why": "?"}}).status_code == 200
    assert count_submissions(world) == 2
