"""Tests of syncs with strace: SQLite syncs its write-ahead log before each response.

Tests that kill a process cannot detect a missing sync: data that a process has written
survives the process, but not a crash of the machine.
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

from durability.client_requests import submit_answer
from durability.durability_run import DurabilityRun

SUBMISSION_COUNT = 8
ATTACH_TIMEOUT_SECONDS = 20


@pytest.fixture
def strace() -> str:
    """Return the path of strace.

    Without strace, skip the test, or fail it if `GRADER_TEST_ALL` is set.
    """
    path = shutil.which("strace")
    if path is None:
        skip_or_fail = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        skip_or_fail("strace is not installed (Debian: apt install strace)")
    return str(path)


@contextmanager
def trace_syncs(strace: str, pid: int, log: Path) -> Iterator[None]:
    """Write the sync calls of a process and its threads to *log* during the block."""
    command = [strace, "-f", "-qq", "-y", "-e", "trace=fsync,fdatasync", "-o", str(log)]
    with subprocess.Popen([*command, "-p", str(pid)], stderr=subprocess.PIPE) as tracer:
        deadline = time.monotonic() + ATTACH_TIMEOUT_SECONDS
        while not is_traced(pid):
            if tracer.poll() is not None or time.monotonic() > deadline:
                tracer.kill()
                assert tracer.stderr is not None
                pytest.fail(f"strace cannot be used: {tracer.stderr.read().decode()}")
            time.sleep(0.01)
        yield
        tracer.send_signal(signal.SIGINT)


def is_traced(pid: int) -> bool:
    """Return whether all threads of a process are traced."""
    statuses = [(thread / "status").read_text() for thread in Path(f"/proc/{pid}/task").iterdir()]
    return all(re.search(r"^TracerPid:\t[1-9]", status, re.MULTILINE) for status in statuses)


def count_syncs(run: DurabilityRun, strace: str, *, bug: str = "") -> int:
    """Send `SUBMISSION_COUNT` submissions in sequence; count the syncs of the log."""
    service = run.start_service(bug=bug)
    target, log = run.course.targets[0], run.folder / "strace"
    submit_answer(service.port, target, run.ledger, key="first")  # stores the token's last use
    with trace_syncs(strace, service.pid, log):
        for number in range(SUBMISSION_COUNT):
            response = submit_answer(service.port, target, run.ledger, key=f"key-{number}")
            assert response.status == 201
    return len(re.findall(r"(?:fsync|fdatasync)\(\d+<[^>]*-wal>\)\s+= 0", log.read_text()))


def test_every_sqlite_submission_is_synced_once_before_the_reply(create_run, strace):
    assert SUBMISSION_COUNT <= count_syncs(create_run("sqlite"), strace) <= SUBMISSION_COUNT + 2


def test_service_without_sync_is_caught(create_run, strace):
    assert count_syncs(create_run("sqlite"), strace, bug="disable sync") < SUBMISSION_COUNT
