"""Tests of a service with endless workers: it answers, stops in time, and ends them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from world import TEXT_PROBLEM, World

from api.db.migrations import upgrade

ROOT = Path(__file__).parents[2]
SECONDS = 120
STOP_SECONDS = 2
"""Seconds that this service waits for requests when it stops; the default is 20 s."""
MARGIN_SECONDS = 20
ENDLESS = TEXT_PROBLEM.replace("why-small-kernels", "endless")
SERVICE = f"""
from api.server import uvicorn_server
from api.services.problems import publishing_pool
from slow_work import publish_or_sleep

assert hasattr(publishing_pool, "publish_problem_source")
publishing_pool.publish_problem_source = publish_or_sleep
uvicorn_server.SHUTDOWN_GRACE_SECONDS = {STOP_SECONDS}

if __name__ == "__main__":
    from api.server.main import main

    main()
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a service process over the database in *folder*, and its address."""
    script = folder / "service.py"
    script.write_text(SERVICE)
    (folder / "bank").mkdir()
    environment = {name: one for name, one in os.environ.items() if not name.startswith("GRADER_")}
    environment |= {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
        "GRADER_PORT": "0",
        "GRADER_BANK": str(folder / "bank"),
        "GRADER_PASSWORD_MEMORY": "8",
    }
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stderr or ():
            if found := re.search(r"running on (http://\S+)", line):
                break
        else:
            raise AssertionError("the service did not start")
        yield process, found[1]
    finally:
        process.kill()
        process.communicate()


def descendants(pid: int) -> set[int]:
    """Return the ids of all descendants of the process *pid*."""
    children: dict[int, set[int]] = {}
    for one in Path("/proc").iterdir():
        if one.name.isdigit() and (stat := stat_of(int(one.name))):
            children.setdefault(int(stat[1]), set()).add(int(one.name))
    found, waiting = set(), [pid]
    while waiting:
        new = children.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def stat_of(pid: int) -> list[str]:
    """Return a process's stat fields, state and parent first; an ended one has none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if fields[0] == "Z" else fields


@pytest.fixture
def teachers(tmp_path: Path) -> list[tuple[str, str]]:
    """Return a path and a token for each instructor of a new database."""
    world = World(f"sqlite:///{tmp_path / 'grader.db'}")
    upgrade(world.db)
    course = world.course()
    people = [world.enrol(course, f"Iris {n} Example", role="instructor") for n in range(3)]
    world.close()
    return [(f"/api/v1/courses/{course}/problems/check", one.token) for one in people]


def check(address: str, path: str, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/yaml"}
    try:
        return httpx2.post(
            address + path, content=ENDLESS, headers=headers, timeout=SECONDS, trust_env=False
        )
    except httpx2.HTTPError:
        return None


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_stuck_checks_block_neither_health_checks_nor_shutdown(tmp_path, teachers, end):
    with served(tmp_path) as (process, address), ThreadPoolExecutor(12) as threads:
        asked = [threads.submit(check, address, *one) for one in teachers for _ in range(4)]
        until = time.monotonic() + SECONDS
        while sum(one.done() for one in asked) < 6 and time.monotonic() < until:
            time.sleep(0.1)  # two of each wait for a worker, two are refused
        refused = [one.result().status_code for one in asked if one.done()]
        assert refused == [429] * 6
        latencies = []
        for _ in range(10):
            began = time.monotonic()
            health = httpx2.get(f"{address}/healthz", timeout=SECONDS, trust_env=False)
            latencies.append(time.monotonic() - began)
            assert health.status_code == 200
        assert sorted(latencies)[5] < 1
        workers = descendants(process.pid)
        assert workers
        assert sum(one.done() for one in asked) == 6  # the others are stuck
        began = time.monotonic()
        process.send_signal(end)
        process.wait(timeout=SECONDS)
        assert time.monotonic() - began < STOP_SECONDS + MARGIN_SECONDS
        assert process.returncode == (0 if end == signal.SIGTERM else -signal.SIGKILL)
        while any(map(stat_of, workers)) and time.monotonic() < began + SECONDS:
            time.sleep(0.1)
        assert [one for one in workers if stat_of(one)] == []
