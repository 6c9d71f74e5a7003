"""Tests of PostgreSQL stopped, killed and cut off: the running service recovers."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import cycle

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError

from api.db.engine import Database, InDoubtError
from api.durability_test.course_fixture import ATTEMPT_LIMIT
from api.durability_test.load_generator import ALLOWED_STATUSES, LoadGenerator
from durability.asking import AT_ONCE, limited, race_for_attempts
from durability.proxy import Proxy
from durability.trying import IS_LONG, SECONDS, Tried

RECOVERY = 5.0
"""Seconds after the end of a fault within which a submission is stored again."""
HOLE = 30.0 if IS_LONG else 1.0
"""Seconds during which the proxy forwards nothing."""
DELAY = 2.0 if IS_LONG else 0.2
PATIENCE = 60


def faults_under_load(
    world: Tried, faults: dict[str, Callable[[], object]], *, url: str = ""
) -> tuple[Counter[str], float]:
    """Return how often each fault occurred and the longest recovery in seconds.

    Each of *faults* occurs at least once. Asserts that the service has not ended and
    that its pool still gives connections.
    """
    service, slowest, done = world.started(url=url), 0.0, Counter[str]()
    pid, until = service.pid, time.monotonic() + SECONDS
    with LoadGenerator(
        world.scene.targets,
        [service.port],
        world.ledger,
        keyless_interval=0,
        timeout_seconds=PATIENCE,
    ):
        for name in cycle(faults):
            if done.total() >= len(faults) and time.monotonic() > until:
                break
            wait_for_a_receipt(world)
            faults[name]()
            done[name] += 1
            slowest = max(slowest, wait_for_a_receipt(world))
            assert slowest < RECOVERY, f"{name}: {slowest:.1f} s until the next receipt"
    assert service.pid == pid
    assert not service.wait_until_ended(0)
    assert service.is_responding("/readyz")
    got = race_for_attempts(world, [service], next(limited(world)))
    assert Counter(one.status for one in got) == {201: ATTEMPT_LIMIT, 409: AT_ONCE - ATTEMPT_LIMIT}
    return done, slowest


def wait_for_a_receipt(world: Tried) -> float:
    """Wait for the next receipt, and return the seconds that it took."""
    begun = time.monotonic()
    while (passed := world.ledger.seconds_until_receipt(begun)) is None:
        assert time.monotonic() < begun + 2 * RECOVERY, "no receipt comes any more"
        time.sleep(0.01)
    return passed


def hold(world: Tried, done: Counter[str], slowest: float) -> None:
    """Print the figures, and assert that every promise was kept."""
    told = world.report()
    print(f"faults: {dict(done)}, recovery {slowest:.1f} s at most\n{told.to_text()}")  # noqa: T201
    assert told.is_clean, told.to_text()
    assert set(told.statuses) <= ALLOWED_STATUSES


def test_every_receipt_survives_a_server_that_is_stopped_killed_or_throws_people_out(
    tried, cluster
):
    world = tried("postgresql")
    faults = {
        "fast restart": cluster.restart_fast,
        "immediate restart": cluster.restart_immediate,
        "kill -9 of the server": cluster.kill,
        "kill -9 of a connection": cluster.kill_backend,
        "connections terminated": cluster.terminate,
    }
    done, slowest = faults_under_load(world, faults)
    assert done.keys() == faults.keys()
    hold(world, done, slowest)
    assert cluster.damage(world.url.rpartition("/")[2]) == ""


def test_every_receipt_survives_a_line_that_breaks_in_every_way(tried, cluster):
    world = tried("postgresql")
    with Proxy(cluster.port) as proxy:

        def come_late() -> None:
            proxy.delay = DELAY
            time.sleep(2 * DELAY)
            proxy.delay = 0

        def swallow() -> None:
            proxy.swallows = True
            time.sleep(HOLE)
            proxy.swallows = False
            proxy.reset()

        faults = {
            "replies delayed": come_late,
            "connections reset": proxy.reset,
            "replies to COMMIT lost": lambda: lose_commits(proxy, 3),
            "nothing passed on": swallow,
        }
        done, slowest = faults_under_load(world, faults, url=through(proxy, world))
        assert proxy.lost >= 3
        world.end()
    hold(world, done, slowest)


def through(proxy: Proxy, world: Tried) -> str:
    """Return the URL of the world's database through *proxy*."""
    return make_url(world.url).set(port=proxy.port).render_as_string()


def lose_commits(proxy: Proxy, count: int) -> None:
    """Drop the replies to *count* COMMITs, each of which the database carries out."""
    lost, until = proxy.lost, time.monotonic() + PATIENCE
    proxy.loses = count
    while proxy.lost < lost + count:
        assert time.monotonic() < until, "no COMMIT came"
        time.sleep(0.01)


def test_a_request_without_a_key_is_stored_once_at_most_though_the_reply_to_commit_is_lost(
    tried, cluster
):
    world = tried("postgresql")
    with Proxy(cluster.port) as proxy:
        service = world.started(url=through(proxy, world))
        with LoadGenerator(world.scene.targets, [service.port], world.ledger, keyless_interval=1):
            wait_for_a_receipt(world)
            lose_commits(proxy, 5)
        world.end()
    told = world.report()
    assert told.is_clean, told.to_text()


def test_a_commit_whose_reply_is_lost_is_distinguished_from_one_that_failed(tried, cluster):
    world = tried("postgresql")
    create = "CREATE TABLE kept (id int, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)"
    with Proxy(cluster.port) as proxy, closing(Database(through(proxy, world))) as db:
        with db.transaction() as session:
            session.execute(text(create))
        proxy.loses = 1
        with pytest.raises(InDoubtError), db.transaction() as session:
            session.execute(text("INSERT INTO kept VALUES (1)"))
        with pytest.raises(IntegrityError) as failed, db.transaction() as session:
            session.execute(text("INSERT INTO kept VALUES (1)"))
        assert not isinstance(failed.value, InDoubtError)
    with world.db.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM kept")) == 1


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    """Yield a connection of the kind that the service opens."""
    db = Database(url)
    try:
        with db.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            yield driver
    finally:
        db.close()


@pytest.mark.parametrize(
    ("setting", "most"),
    [
        ("statement_timeout", 30),
        ("lock_timeout", 10),
        ("idle_in_transaction_session_timeout", 60),
    ],
)
def test_no_statement_lock_or_transaction_lasts_for_ever(cluster, setting, most):
    with connected(cluster.url()) as connection:
        found = connection.execute(
            "SELECT setting::int / 1000 FROM pg_settings WHERE name = %s", [setting]
        ).fetchone()
    assert found is not None
    assert 0 < found[0] <= most


def test_a_server_that_is_not_heard_of_any_more_is_given_up(cluster):
    with connected(cluster.url()) as connection:
        line = socket.socket(fileno=connection.pgconn.socket)
        try:
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert 0 < line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
            idle = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            every = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
            times = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
            assert idle + every * times <= 30
        finally:
            line.detach()
