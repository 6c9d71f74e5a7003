"""Tests of `make run` as a real process: the lines that it prints, and a second start."""

import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from world import World

from api.db.engine import Database
from api.db.migrations import upgrade
from problems.catalog import ProblemCatalog

ROOT = Path(__file__).parents[2]
BANK = ("conv-output-shape", "conv2d-by-hand", "max-pool-invariance")
AFTERWARDS = "pooling-purpose"
"""A problem that the demo does not use: the running service publishes it."""
PATIENCE = 90


@dataclass
class Running:
    """A running service, and the lines that it has printed."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def read_until(self, pattern: str) -> re.Match[str]:
        """Read lines until one matches *pattern*, and return the match."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"it ended before {pattern!r}: {''.join(self.lines)}")

    @property
    def curl(self) -> list[list[str]]:
        """The printed curl commands, split into words."""
        return [shlex.split(line) for line in self.lines if line.startswith("curl ")]


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    for name in (*BANK, AFTERWARDS):
        shutil.copy(ProblemCatalog().path(name), folder)
    return folder


@contextmanager
def started(folder: Path, **environment: str) -> Iterator[Running]:
    inherited = {name: one for name, one in os.environ.items() if not name.startswith("GRADER_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(ROOT), "GRADER_PORT": "0"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Running(process)
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def demo(folder: Path, bank: Path, **environment: str) -> Any:
    more = {"GRADER_SEEDS": "3", "GRADER_DEMO_STUDENTS": "6", "GRADER_PASSWORD_MEMORY": "8"}
    return started(folder, GRADER_DEMO="1", GRADER_BANK=str(bank), **more, **environment)


def pasted(words: list[str]) -> Any:
    """Run a printed curl command and return its JSON; without curl, send the request here."""
    if shutil.which("curl"):
        done = subprocess.run(
            [*words, "--noproxy", "*"], capture_output=True, text=True, check=True, timeout=PATIENCE
        )
        return json.loads(done.stdout)
    given = dict(pairwise(words))
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    method = "POST" if "-d" in given else "GET"
    answer = httpx2.request(
        method, words[-1], headers=headers, content=given.get("-d"), trust_env=False
    )
    return answer.json()


def rows(folder: Path, query: str) -> list[Any]:
    with sqlite3.connect(folder / "grader.db") as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


def test_first_start_prints_working_commands_and_second_keeps_data(tmp_path, bank):
    with demo(tmp_path, bank) as first:
        first.read_until("the class got wrong")
        first.read_until("^curl ")
        told = {title: pasted(line) for title, line in zip(titles(first), first.curl, strict=True)}
        assert [one.get("status", 200) for one in told.values()] == [200] * 5, told
        assert told["a correct answer"]["results"][0]["status"] == "correct"
        assert told["an incorrect answer"]["results"][0]["status"] == "mistake"
        assert told["what the student has to do"]["items"]
        first.read_until(r"The bank is complete: 1 problem published\.")
    before = rows(tmp_path, "SELECT id FROM submissions ORDER BY id")
    assert before
    with demo(tmp_path, bank) as second:
        second.read_until("the class got wrong")
        second.read_until("^curl ")
        assert not any("Publishing" in line for line in second.lines)
        old = [word.replace(port(first), port(second)) for word in first.curl[0]]
        assert pasted(old)["code"] == "unauthenticated"
        again = pasted(second.curl[1])
        assert again["results"][0]["status"] == "correct"
        assert again["results"][0]["repeats"] is not None
    assert len(rows(tmp_path, "SELECT id FROM submissions")) == len(before) + 1
    assert set(before) < set(rows(tmp_path, "SELECT id FROM submissions"))


def test_demo_on_all_addresses_warns_and_accepts_only_localhost(tmp_path, bank):
    with demo(tmp_path, bank, GRADER_HOST="0.0.0.0") as running:  # noqa: S104  # the test is about it
        running.read_until(r"The demo listens on 0\.0\.0\.0, which other machines may reach")
        address = running.read_until(r"running on (http://127\.0\.0\.1:\d+)")[1]
        running.read_until("^curl ")
        assert httpx2.get(f"{address}/healthz", trust_env=False).status_code == 200
        other = {"Host": "192.0.2.7:8000"}
        response = httpx2.get(f"{address}/healthz", headers=other, trust_env=False)
        assert response.json()["code"] == "unknown_host"


def titles(running: Running) -> list[str]:
    return [line[2:].strip() for line in running.lines if line.startswith("# ")]


def port(running: Running) -> str:
    found = re.search(r"http://127\.0\.0\.1:(\d+)", " ".join(running.curl[0]))
    assert found is not None
    return found[1]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
def test_background_publisher_stops_when_server_is_killed(tmp_path):
    with started(tmp_path, GRADER_SEEDS="500") as running:
        running.read_until("running on http")
        [child] = publishers(running.process.pid)
        os.kill(running.process.pid, signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while Path(f"/proc/{child}").exists() and not is_zombie(child):
            assert time.monotonic() < until, "it goes on without its parent"
            time.sleep(0.1)


def publishers(pid: int) -> list[int]:
    """Return the children that publish; Python's resource tracker is also a child."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(one)
        for one in children
        if b"resource_tracker" not in Path(f"/proc/{one}/cmdline").read_bytes()
    ]


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_demo_is_refused_in_database_in_use(tmp_path, bank):
    url = f"sqlite:///{tmp_path / 'grader.db'}"
    db = Database(url)
    upgrade(db)
    db.close()
    world = World(url)
    world.person()
    world.close()
    with demo(tmp_path, bank) as running:
        running.read_until("made in an empty database only, and this one is in use")
        assert running.process.wait(timeout=PATIENCE) == 2
