"""Tests of the worker pool: it ends jobs that hang and loses no others."""

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, wait
from pathlib import Path

import pytest

from api.core.worker_pool import MAX_JSON_BYTES, DeadlineExceeded, WorkerPool

ROOT = Path(__file__).parents[2]
SECONDS = 60
ENDLESS = 10**6
NATIVE = 2_000_000
"""The factorial of this number takes minutes, in C, without a Python step in between."""


@pytest.fixture
def pool():
    pool = WorkerPool(2, deadline_seconds=SECONDS)
    yield pool
    pool.kill()


@pytest.fixture
def impatient():
    pool = WorkerPool(3, deadline_seconds=3)
    yield pool
    pool.kill()


def wait_until(holds):
    until = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    assert holds()


def is_running(pid):
    """Return whether the process exists and has not ended."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_worker_pool_returns_results_and_raises_errors(pool):
    assert list(pool.map(math.factorial, range(20))) == [math.factorial(n) for n in range(20)]
    with pytest.raises(ValueError, match="not defined for negative") as raised:
        pool.submit(math.factorial, -1).result()
    assert "Traceback" in raised.value.__notes__[0]
    with pytest.raises(FileNotFoundError):
        pool.submit(os.stat, "/nowhere").result()


def test_unpicklable_job_or_result_fails_only_its_own_job(pool):
    with pytest.raises(Exception, match=r"pickle|local"):
        pool.submit(lambda: 1).result()
    with pytest.raises(RuntimeError, match="cannot be sent back"):
        pool.submit(threading.Lock).result()
    assert pool.submit(abs, -1).result() == 1


def test_worker_is_reused(pool):
    assert len({pool.submit(os.getpid).result() for _ in range(5)}) == 1


def test_job_that_misses_its_deadline_is_killed_without_losing_others(impatient):
    assert impatient.submit(abs, -1).result(timeout=SECONDS) == 1
    stuck = impatient.submit(time.sleep, ENDLESS)
    native = impatient.submit(math.factorial, NATIVE)
    with pytest.raises(DeadlineExceeded, match=r"longer than 3 seconds"):
        stuck.result(timeout=SECONDS)
    with pytest.raises(DeadlineExceeded):
        native.result(timeout=SECONDS)
    assert impatient.submit(abs, -1).result(timeout=SECONDS) == 1


def test_dead_worker_is_replaced_without_losing_other_jobs(pool):
    sleeper = pool.submit(time.sleep, 1)
    with pytest.raises(BrokenExecutor, match="died"):
        pool.submit(os._exit, 3).result()
    assert pool.submit(abs, -1).result() == 1
    assert sleeper.result() is None


def test_killed_pool_stops_busy_workers_immediately(pool):
    running = [pool.submit(time.sleep, ENDLESS), pool.submit(math.factorial, NATIVE)]
    waiting = pool.submit(abs, -1)
    wait_until(lambda: all(one.running() for one in running))
    began = time.monotonic()
    pool.kill()
    assert time.monotonic() - began < 5
    wait(running, timeout=SECONDS)
    assert [type(one.exception()) for one in running] == [BrokenExecutor, BrokenExecutor]
    assert waiting.cancelled()
    with pytest.raises(BrokenExecutor, match="was stopped"):
        pool.submit(abs, -1)


def test_shut_down_pool_finishes_its_jobs_and_stops_its_workers():
    before = {one.pid for one in multiprocessing.active_children()}
    with WorkerPool(2, deadline_seconds=SECONDS) as pool:
        found = [pool.submit(abs, -n) for n in range(6)]
    assert [one.result() for one in found] == list(range(6))
    assert {one.pid for one in multiprocessing.active_children()} <= before


PARENT = """
import math, os, signal, sys, time
from api.core.worker_pool import WorkerPool

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have ignored it
    pool = WorkerPool(1, deadline_seconds=600)
    print(pool.submit(os.getpid).result(), flush=True)
    if sys.argv[1] == "native":
        pool.submit(math.factorial, 2_000_000)
    elif sys.argv[1] == "asleep":
        pool.submit(time.sleep, 600)
    time.sleep(0.5)
    print("busy", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("state", ["idle", "asleep", "native"])
def test_worker_exits_with_its_parent(tmp_path, state, end):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    command = [sys.executable, str(script), state]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as parent:
        worker = int(parent.stdout.readline())
        parent.stdout.readline()
        assert is_running(worker)
        parent.send_signal(end)
        parent.wait(timeout=SECONDS)
    wait_until(lambda: not is_running(worker))


class Hostile:
    """Value whose unpickling would run code in the process that receives it."""

    def __reduce__(self):
        return os.mkdir, ("taken-over",)


def send_hostile():
    return Hostile()


def send_large():
    return "x" * (MAX_JSON_BYTES + 1)


@pytest.fixture
def guarded():
    pool = WorkerPool(1, deadline_seconds=SECONDS, json_results=True)
    yield pool
    pool.kill()


def test_json_results_execute_no_code_in_the_parent_process(guarded, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert guarded.submit(math.factorial, 5).result() == 120
    with pytest.raises(RuntimeError, match="Hostile is not JSON serializable"):
        guarded.submit(send_hostile).result()
    with pytest.raises(RuntimeError, match="not defined for negative"):
        guarded.submit(math.factorial, -1).result()
    assert not (tmp_path / "taken-over").exists()


def test_worker_that_sends_too_much_json_is_replaced(guarded):
    with pytest.raises(BrokenExecutor, match="died"):
        guarded.submit(send_large).result()
    assert guarded.submit(math.factorial, 5).result() == 120
