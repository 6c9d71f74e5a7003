"""Tests of the supervisor: a failed start ends all processes, without endless retries.

`tests/api/test_several_processes.py` kills and replaces real servers.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from api.server.supervisor import MAX_BACKOFF_SECONDS, SERVER_SLOT, ProcessSlot, Supervisor


@pytest.fixture
def as_before() -> Iterator[None]:
    """Restore the signal handlers after the test."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.usefixtures("as_before")
def test_process_that_cannot_start_stops_all_processes_with_exit_code_1(capfd):
    ended, up = [], []
    posts = [ProcessSlot(SERVER_SLOT, int, ()) for _ in range(2)]  # int(...) of a function fails
    supervisor = Supervisor(posts, on_ready=lambda: up.append(True), on_end=ended.append)
    assert supervisor.run() == 1
    assert up == []
    assert len(ended) == 1
    assert all(post.process is None or post.process.exitcode is not None for post in posts)
    capfd.readouterr()


def is_up(told: Callable[[], None]) -> None:
    """Report that the process is ready, and keep running."""
    told()
    time.sleep(60)


def starts(_told: Callable[[], None]) -> None:
    """Keep running without ever being ready."""
    time.sleep(60)


def fails_late(_told: Callable[[], None]) -> None:
    """Exit after other processes have had time to become ready."""
    time.sleep(1)


@pytest.mark.usefixtures("as_before")
def test_service_is_not_ready_while_its_server_fails_to_start(capfd):
    up = []
    posts = [ProcessSlot("worker", is_up, ()), ProcessSlot(SERVER_SLOT, fails_late, ())]
    assert Supervisor(posts, on_ready=lambda: up.append(True)).run() == 1
    assert up == []
    capfd.readouterr()


@pytest.mark.usefixtures("as_before")
def test_stop_signal_during_startup_exits_with_0():
    stop = threading.Timer(0.1, signal.raise_signal, (signal.SIGTERM,))
    stop.start()
    up = []
    posts = [ProcessSlot(SERVER_SLOT, starts, ())]
    assert Supervisor(posts, on_ready=lambda: up.append(True)).run() == 0
    assert up == []
    stop.join()


@pytest.mark.usefixtures("as_before")
def test_stop_callback_runs_while_processes_are_still_alive():
    posts = [ProcessSlot(SERVER_SLOT, is_up, ())]
    lived = []

    def stopping() -> None:
        lived.append([post.process is not None and post.process.is_alive() for post in posts])

    supervisor = Supervisor(
        posts, on_ready=lambda: signal.raise_signal(signal.SIGTERM), on_stop=stopping
    )
    assert supervisor.run() == 0
    assert lived == [[True]]


class Ended:
    """Stand-in for a process that has exited."""

    exitcode = 1

    def join(self) -> None:
        """Return at once."""


def test_process_that_exits_before_it_is_ready_restarts_with_growing_backoff(monkeypatch):
    now = 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    post, waits = ProcessSlot("server", int, ()), []
    for _ in range(7):
        post.process = Ended()  # type: ignore[assignment]
        assert post.reap_if_exited()
        waits.append(post.restart_after - now)
    assert waits == [1, 3, 7, 15, MAX_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS]
    post.process, post.is_ready, post.failures = Ended(), True, 0  # type: ignore[assignment]
    assert post.reap_if_exited()
    assert post.restart_after == now
    assert not post.reap_if_exited()
