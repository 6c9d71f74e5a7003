"""Tests of PostgreSQL outages: the service recovers without a restart."""

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
from durability.client_requests import CONCURRENT_REQUESTS, iter_limited_targets, race_for_attempts
from durability.durability_run import IS_LONG_RUN, TEST_DURATION_SECONDS, DurabilityRun
from durability.proxy import FaultProxy

MAX_RECOVERY_SECONDS = 5.0
"""Maximum time from the end of a fault to the next stored submission."""
BLACKHOLE_SECONDS = 30.0 if IS_LONG_RUN else 1.0
"""Time during which the proxy drops all data."""
REPLY_DELAY_SECONDS = 2.0 if IS_LONG_RUN else 0.2
TIMEOUT_SECONDS = 60


def inject_faults_under_load(
    run: DurabilityRun, faults: dict[str, Callable[[], object]], *, url: str = ""
) -> tuple[Counter[str], float]:
    """Inject each of *faults* at least once while clients submit.

    Return the number of faults by name, and the longest recovery in seconds. Asserts that
    the service is still running and that its connection pool still works.
    """
    service, slowest_seconds, fault_counts = run.start_service(url=url), 0.0, Counter[str]()
    pid, deadline = service.pid, time.monotonic() + TEST_DURATION_SECONDS
    with LoadGenerator(
        run.course.targets,
        [service.port],
        run.ledger,
        keyless_interval=0,
        timeout_seconds=TIMEOUT_SECONDS,
    ):
        for name in cycle(faults):
            if fault_counts.total() >= len(faults) and time.monotonic() > deadline:
                break
            wait_for_receipt(run)
            faults[name]()
            fault_counts[name] += 1
            slowest_seconds = max(slowest_seconds, wait_for_receipt(run))
            assert slowest_seconds < MAX_RECOVERY_SECONDS, (
                f"{name}: {slowest_seconds:.1f} s until the next receipt"
            )
    assert service.pid == pid
    assert not service.wait_until_ended(0)
    assert service.is_responding("/readyz")
    responses = race_for_attempts(run, [service], next(iter_limited_targets(run)))
    assert Counter(response.status for response in responses) == {
        201: ATTEMPT_LIMIT,
        409: CONCURRENT_REQUESTS - ATTEMPT_LIMIT,
    }
    return fault_counts, slowest_seconds


def wait_for_receipt(run: DurabilityRun) -> float:
    """Wait for the next receipt, and return the wait in seconds."""
    started = time.monotonic()
    while (elapsed_seconds := run.ledger.seconds_until_receipt(started)) is None:
        assert time.monotonic() < started + 2 * MAX_RECOVERY_SECONDS, "no receipt arrives"
        time.sleep(0.01)
    return elapsed_seconds


def assert_clean(run: DurabilityRun, fault_counts: Counter[str], slowest_seconds: float) -> None:
    """Print the figures, and assert that no guarantee is violated."""
    report = run.build_report()
    print(  # noqa: T201
        f"faults: {dict(fault_counts)}, recovery {slowest_seconds:.1f} s at most",
        report.to_text(),
        sep="\n",
    )
    assert report.has_no_findings, report.to_text()
    assert set(report.statuses) <= ALLOWED_STATUSES


def test_every_receipt_survives_server_restarts_kills_and_disconnects(create_run, cluster):
    run = create_run("postgresql")
    faults = {
        "fast restart": cluster.restart_fast,
        "immediate restart": cluster.restart_immediate,
        "kill -9 of the server": cluster.kill_and_restart,
        "kill -9 of a connection": cluster.kill_backend,
        "connections terminated": cluster.terminate_connections,
    }
    fault_counts, slowest_seconds = inject_faults_under_load(run, faults)
    assert fault_counts.keys() == faults.keys()
    assert_clean(run, fault_counts, slowest_seconds)
    assert cluster.find_corruption(run.url.rpartition("/")[2]) == ""


def test_every_receipt_survives_connection_failures_of_every_kind(create_run, cluster):
    run = create_run("postgresql")
    with FaultProxy(cluster.port) as proxy:

        def delay_replies() -> None:
            proxy.delay_seconds = REPLY_DELAY_SECONDS
            time.sleep(2 * REPLY_DELAY_SECONDS)
            proxy.delay_seconds = 0

        def drop_data() -> None:
            proxy.drops_data = True
            time.sleep(BLACKHOLE_SECONDS)
            proxy.drops_data = False
            proxy.reset_connections()

        faults = {
            "replies delayed": delay_replies,
            "connections reset": proxy.reset_connections,
            "replies to COMMIT dropped": lambda: drop_commit_replies(proxy, 3),
            "all data dropped": drop_data,
        }
        fault_counts, slowest_seconds = inject_faults_under_load(
            run, faults, url=build_proxied_url(proxy, run)
        )
        assert proxy.dropped_commit_replies >= 3
        run.kill_services()
    assert_clean(run, fault_counts, slowest_seconds)


def build_proxied_url(proxy: FaultProxy, run: DurabilityRun) -> str:
    """Return the URL of the run's database through *proxy*."""
    return make_url(run.url).set(port=proxy.port).render_as_string()


def drop_commit_replies(proxy: FaultProxy, count: int) -> None:
    """Drop the replies to the next *count* COMMITs, which the database carries out."""
    dropped, deadline = proxy.dropped_commit_replies, time.monotonic() + TIMEOUT_SECONDS
    proxy.commit_replies_to_drop = count
    while proxy.dropped_commit_replies < dropped + count:
        assert time.monotonic() < deadline, "no COMMIT arrives"
        time.sleep(0.01)


def test_keyless_request_is_stored_at_most_once_if_commit_reply_is_lost(create_run, cluster):
    run = create_run("postgresql")
    with FaultProxy(cluster.port) as proxy:
        service = run.start_service(url=build_proxied_url(proxy, run))
        with LoadGenerator(run.course.targets, [service.port], run.ledger, keyless_interval=1):
            wait_for_receipt(run)
            drop_commit_replies(proxy, 5)
        run.kill_services()
    report = run.build_report()
    assert report.has_no_findings, report.to_text()


def test_lost_commit_reply_is_distinguished_from_failed_commit(create_run, cluster):
    run = create_run("postgresql")
    create = "CREATE TABLE unique_values (id int, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)"
    with FaultProxy(cluster.port) as proxy, closing(Database(build_proxied_url(proxy, run))) as db:
        with db.transaction() as session:
            session.execute(text(create))
        proxy.commit_replies_to_drop = 1
        with pytest.raises(InDoubtError), db.transaction() as session:
            session.execute(text("INSERT INTO unique_values VALUES (1)"))
        with pytest.raises(IntegrityError) as failed, db.transaction() as session:
            session.execute(text("INSERT INTO unique_values VALUES (1)"))
        assert not isinstance(failed.value, InDoubtError)
    with run.db.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM unique_values")) == 1


@contextmanager
def connect(url: str) -> Iterator[psycopg.Connection]:
    """Yield a connection with the settings of the service."""
    db = Database(url)
    try:
        with db.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            yield driver
    finally:
        db.close()


@pytest.mark.parametrize(
    ("setting", "max_seconds"),
    [
        ("statement_timeout", 30),
        ("lock_timeout", 10),
        ("idle_in_transaction_session_timeout", 60),
    ],
)
def test_statements_locks_and_transactions_have_time_limits(cluster, setting, max_seconds):
    with connect(cluster.url()) as connection:
        row = connection.execute(
            "SELECT setting::int / 1000 FROM pg_settings WHERE name = %s", [setting]
        ).fetchone()
    assert row is not None
    assert 0 < row[0] <= max_seconds


def test_silent_server_is_detected_by_tcp_keepalive(cluster):
    with connect(cluster.url()) as connection:
        client_socket = socket.socket(fileno=connection.pgconn.socket)
        try:
            assert client_socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert (
                0 < client_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
            )
            idle_seconds = client_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            interval_seconds = client_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
            probe_count = client_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
            assert idle_seconds + interval_seconds * probe_count <= 30
        finally:
            client_socket.detach()
