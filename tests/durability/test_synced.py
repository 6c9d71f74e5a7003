"""Tests of syncs traced with strace: SQLite's log is synced once per submission.

The sync comes before the response. Killing a process cannot show this: data that a
process has written survives the end of the process, but not a crash of the machine.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from durability.asking import hand_in
from durability.trying import Tried

COUNT = 8
PATIENCE = 20


@pytest.fixture
def strace() -> str:
    """Return the path of strace.

    Without strace, the test is skipped; with `GRADER_TEST_ALL` set, it fails.
    """
    found = shutil.which("strace")
    if found is None:
        absent = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        absent("strace is not installed (Debian: apt install strace)")
    return str(found)


@contextmanager
def traced(strace: str, pid: int, log: Path) -> Iterator[None]:
    """Write the sync calls of a process, with all its threads, to *log* during the block."""
    command = [strace, "-f", "-qq", "-y", "-e", "trace=fsync,fdatasync", "-o", str(log)]
    with subprocess.Popen([*command, "-p", str(pid)], stderr=subprocess.PIPE) as tracer:
        until = time.monotonic() + PATIENCE
        while not is_traced(pid):
            if tracer.poll() is not None or time.monotonic() > until:
                tracer.kill()
                assert tracer.stderr is not None
                pytest.fail(f"strace cannot be used: {tracer.stderr.read().decode()}")
            time.sleep(0.01)
        yield
        tracer.send_signal(signal.SIGINT)


def is_traced(pid: int) -> bool:
    """Return whether all threads of a process are traced."""
    told = [(one / "status").read_text() for one in Path(f"/proc/{pid}/task").iterdir()]
    return all(re.search(r"^TracerPid:\t[1-9]", one, re.MULTILINE) for one in told)


def synced(world: Tried, strace: str, *, plant: str = "") -> int:
    """Return how often the log is synced while `COUNT` submissions arrive one by one."""
    service = world.started(plant=plant)
    place, log = world.scene.targets[0], world.folder / "strace"
    hand_in(service.port, place, world.ledger, key="first")  # notes the use of the token, too
    with traced(strace, service.pid, log):
        for number in range(COUNT):
            answered = hand_in(service.port, place, world.ledger, key=f"key-{number}")
            assert answered.status == 201
    return len(re.findall(r"(?:fsync|fdatasync)\(\d+<[^>]*-wal>\)\s+= 0", log.read_text()))


def test_every_submission_on_sqlite_is_synced_once_before_it_is_answered(tried, strace):
    assert COUNT <= synced(tried("sqlite"), strace) <= COUNT + 2


def test_a_service_that_does_not_sync_is_caught(tried, strace):
    assert synced(tried("sqlite"), strace, plant="do not sync") < COUNT
