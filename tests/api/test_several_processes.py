"""Tests of several `python -m api` processes with `grader work`, as real processes."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from actors import FakeClock, Person, ProblemReference
from world import World

from problems.catalog import ProblemCatalog

ROOT = Path(__file__).parents[2]
PATIENCE = 120
SMALL = "pooling-purpose"
ASKS = "figures-for-the-test"


@dataclass
class Service:
    """A process and its log file."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict]:
        """Return the log entries; skip lines that are not JSON."""
        told = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in told if line.startswith("{")]

    def wait_for(self, said: str, *, times: int = 1) -> list[str]:
        """Wait for *times* log messages that match *said*, and return them."""

        def found() -> list[str]:
            return [one["message"] for one in self.lines() if re.search(said, one["message"])]

        until(lambda: len(found()) >= times or self.process.poll() is not None)
        assert len(found()) >= times, self.log.read_text(encoding="utf-8")
        return found()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


@contextmanager
def started(folder: Path, *command: str, **settings: str) -> Iterator[Service]:
    kept = {name: one for name, one in os.environ.items() if not name.startswith("GRADER_")}
    given = {"PYTHONPATH": str(ROOT), "GRADER_PORT": "0", "GRADER_LOG_FORMAT": "json"}
    given |= {"GRADER_BANK": str(bank(folder)), "GRADER_SEEDS": "1"}
    given |= {f"GRADER_{name.upper()}": value for name, value in settings.items()}
    log = folder / "service.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=folder, env=kept | given, stdout=written, stderr=written
        )
    try:
        yield Service(process, log)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def bank(folder: Path) -> Path:
    """Return the folder of a bank with one problem."""
    made = folder / "bank"
    made.mkdir(exist_ok=True)
    shutil.copy(ProblemCatalog().path(SMALL), made)
    return made


@pytest.fixture
def assigned(sqlite_template, tmp_path) -> tuple[ProblemReference, Person]:
    """Return an open problem and a student who may answer it, in the service's database."""
    shutil.copyfile(sqlite_template, tmp_path / "grader.db")
    world = World(f"sqlite:///{tmp_path / 'grader.db'}", clock=FakeClock(datetime.now(UTC)))
    course = world.course()
    student = world.enrol(course)
    [problem] = world.assignment(course)
    world.close()
    return problem, student


@dataclass
class Ledger:
    """Submissions of one student and their outcomes."""

    address: str
    problem: ProblemReference
    student: Person
    stored: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    broken: int = 0

    def hand_in(self, times: int) -> None:
        """Submit answers, each on a new connection, until the service is gone."""
        for _ in range(times):
            try:
                answer = httpx2.post(
                    f"{self.address}/api/v1{self.problem.path}/submissions",
                    json={"answers": {"cells": "9"}},
                    headers={
                        "Authorization": f"Bearer {self.student.token}",
                        "Idempotency-Key": str(uuid4()),
                    },
                    trust_env=False,
                    timeout=PATIENCE,
                )
            except httpx2.TransportError:
                self.broken += 1
                return
            if answer.status_code == 201:
                self.stored.append(answer.json()["id"])
            else:
                self.refused.append(answer.status_code)

    def figure(self, name: str) -> float:
        """Return a metric of the service, summed over its labels."""
        asked = {"Authorization": f"Bearer {ASKS}"}
        told = httpx2.get(f"{self.address}/metrics", headers=asked, trust_env=False).text
        return sum(
            float(line.rpartition(" ")[2]) for line in told.splitlines() if line.startswith(name)
        )


def rows(folder: Path, query: str) -> list[str]:
    with closing(sqlite3.connect(folder / "grader.db")) as opened:
        return [str(value) for (value,) in opened.execute(query)]


def servers(service: Service) -> set[int]:
    return {one["process"] for one in service.lines() if one["logger"] == "api.access"}


def visited(service: Service, address: str, count: int) -> list[int]:
    """Return how many of *count* visitors each process answered; all stay connected."""
    before = len(service.lines())
    with ExitStack() as stay:
        for _ in range(count):
            line = HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)
            stay.enter_context(closing(line)).request("GET", "/nothing")
            line.getresponse().read()
    until(lambda: len(service.lines()) >= before + count)
    return sorted(Counter(one["process"] for one in service.lines()[before:]).values())


def test_two_processes_replace_killed_one_and_finish_accepted_requests(tmp_path, assigned):
    settings = {
        "processes": "2",
        "worker": "apart",
        "metrics_token": ASKS,
        "submissions_per_minute": "100000",
        "stored_mebibytes_per_day": "100000",
    }
    with started(tmp_path, "-m", "api", **settings) as service:
        [said] = service.wait_for(r"running on (http://\S+)")
        ledger = Ledger(re.findall(r"http://\S+", said)[0], *assigned)
        service.wait_for("Application startup complete", times=2)
        until(lambda: ledger.hand_in(4) is None and len(servers(service)) == 2)
        few, many = visited(service, ledger.address, 20)
        assert many - few <= 4  # whoever is slow to take one is passed over
        posts = 'grader_requests_total{method="POST"'
        assert ledger.figure(posts) == len(ledger.stored)  # of both, whichever is asked
        killed = min(servers(service))
        os.kill(killed, signal.SIGKILL)
        ledger.hand_in(10)
        service.wait_for(rf"server, process {killed}, ended and is replaced")
        service.wait_for("Application startup complete", times=3)
        until(lambda: ledger.hand_in(4) is None and len(servers(service)) == 3)
        assert ledger.figure(posts) == len(ledger.stored)
        assert (ledger.refused, ledger.broken) == ([], 0)
        clients = [threading.Thread(target=ledger.hand_in, args=(5_000,)) for _ in range(6)]
        for one in clients:
            one.start()
        enough = len(ledger.stored) + 40
        until(lambda: len(ledger.stored) >= enough)
        service.process.terminate()
        for one in clients:
            one.join()
        assert service.process.wait(timeout=PATIENCE) == 0
    assert ledger.broken == len(clients)
    assert ledger.refused in ([], [503] * len(ledger.refused))
    kept = rows(tmp_path, "SELECT id FROM submissions")
    assert sorted(kept) == sorted(one.replace("-", "") for one in ledger.stored)
    assert len(service.wait_for("running on")) == 1
    assert not [one for one in service.lines() if "exception" in one]


def half_sent(
    address: str, problem: ProblemReference, student: Person, body: bytes
) -> HTTPConnection:
    """Return a connection on which the service has read the head and half of *body*."""
    line = HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)
    line.putrequest("POST", f"/api/v1{problem.path}/submissions")
    line.putheader("Authorization", f"Bearer {student.token}")
    line.putheader("Idempotency-Key", str(uuid4()))
    line.putheader("Content-Type", "application/json")
    line.putheader("Content-Length", str(len(body)))
    line.putheader("Expect", "100-continue")
    line.endheaders(body[: len(body) // 2])
    line.sock.recv(1, socket.MSG_PEEK)  # it was told to go on
    return line


def takes_connections(address: str) -> bool:
    host, _, port = address.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()
    except ConnectionError:
        return False
    return True


def test_shutdown_refuses_new_connections_while_finishing_open_requests(tmp_path, assigned):
    body = b'{"answers": {"cells": "9"}}'
    with started(tmp_path, "-m", "api", processes="2", worker="apart") as service:
        [said] = service.wait_for(r"running on (http://\S+)")
        [address] = re.findall(r"http://\S+", said)
        with closing(half_sent(address, *assigned, body)) as line:
            service.process.terminate()
            until(lambda: not takes_connections(address))
            line.send(body[len(body) // 2 :])
            assert line.getresponse().status == 201
        assert service.process.wait(timeout=PATIENCE) == 0


def test_second_server_on_same_port_fails_with_address_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = str(found.getsockname()[1])
    folders = [tmp_path / name for name in ("one", "other")]
    with ExitStack() as stack:
        services = []
        for folder in folders:
            folder.mkdir()
            service = started(folder, "-m", "api", port=port, worker="apart")
            services.append(stack.enter_context(service))
        until(lambda: any(one.process.poll() is not None for one in services))
        services.sort(key=lambda one: one.process.poll() is None)
        refused, serving = services
        assert refused.process.returncode == 2
        assert f"port {port}: address already in use" in refused.log.read_text(encoding="utf-8")
        serving.wait_for(f"running on http://127.0.0.1:{port}")
    assert refused.lines() == []


def test_worker_publishes_writes_heartbeat_and_stops_on_sigterm(tmp_path):
    heartbeat = tmp_path / "heartbeat"
    run = "from api.cli.grading import main; import sys; sys.argv = ['grader', 'work']; main()"
    with started(tmp_path, "-c", run, worker="apart", heartbeat=str(heartbeat)) as service:
        service.wait_for("the worker is running")
        until(heartbeat.exists)
        check = [sys.executable, "-m", "api.server.healthcheck"]
        alive = os.environ | {"GRADER_HEARTBEAT": str(heartbeat)}
        assert subprocess.run(check, env=alive, cwd=ROOT, check=False).returncode == 0
        until(lambda: rows(tmp_path, "SELECT problem FROM problem_versions") == [SMALL])
        service.process.terminate()
        assert service.process.wait(timeout=PATIENCE) == 0
    os.utime(heartbeat, (time.time() - 60, time.time() - 60))
    assert subprocess.run(check, env=alive, cwd=ROOT, check=False).returncode == 1
