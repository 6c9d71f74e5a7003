"""Measure the submission rate of the service, next to simpler servers, in one run.

``python benchmarks/intake.py [DATABASE] [COUNT] [PROCESSES]``: COUNT submissions (2,000) for each
server and number of clients, in three rounds, over an empty database (by default a new SQLite
file). Each server runs in its own process, the service in PROCESSES (1). They take turns, so that
other work of the machine affects all of them alike. R, ``raw``, is FastAPI with one raw statement
and commit for each request, without grading.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

from intake_class import PROBLEMS_BY_LOAD, Answer, IntakeClass, Student
from load_client import LoadResult, send_requests
from sqlalchemy import select

from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import Submission

STUDENTS = 400
ORM_STUDENTS = 100
"""Number of students of the ORM server only; its writes would make their cached state stale."""
WARM_UPS_PER_PROCESS = 3
"""Submissions of each student before measuring, so that every process caches nearly all."""
SEEDS = 50
ROUNDS = 3
CLIENTS = (16, 64)
COUNT = 2_000
SCALARS = "scalars and shapes"
SLOWEST = "orm"
REFERENCE_SERVERS = ("alone", "raw", SLOWEST)
FOLDER = Path(__file__).parent
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
RATE_LIMITS = ("SUBMISSIONS", "DRAFTS", "REQUESTS")


@dataclass(frozen=True)
class Server:
    """Server process and its port."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def cpu_seconds(self) -> float:
        """The CPU seconds of the process and its children."""
        process = Path(f"/proc/{self.process.pid}")
        children = (
            (process / f"task/{self.process.pid}/children").read_text(encoding="ascii").split()
        )
        return (
            sum(_ticks(path) for path in (process, *(process.parent / pid for pid in children)))
            / TICKS_PER_SECOND
        )


def _ticks(process: Path) -> int:
    stat = (process / "stat").read_text(encoding="ascii")
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@dataclass(frozen=True)
class LoadMeasurement:
    """Result of a load, and the CPU milliseconds of each request."""

    load: LoadResult
    cpu_ms: float


def build_request(assignment: object, answer: Answer) -> bytes:
    """Return the bytes of a request that submits an answer."""
    body = json.dumps({"answers": {answer.part: answer.raw_answer}}).encode()
    head = (
        f"POST /api/v1/assignments/{assignment}/problems/{answer.problem}/submissions HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: Bearer {answer.student.token}\r\n"
        f"Idempotency-Key: {uuid4()}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def find_free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@contextmanager
def run_server(command: Sequence[str], port: int, **settings: str) -> Iterator[Server]:
    """Run a server until the block ends."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=os.environ | settings, stdout=quiet, stderr=quiet)  # noqa: S603
    try:
        while not _is_listening(port):
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command)} ended with code {process.returncode}")
            time.sleep(0.05)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait()


def _is_listening(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def build_service_command(url: str, processes: int = 1) -> tuple[list[str], int, dict[str, str]]:
    """Return the command of the service over a database, its port and its settings."""
    port = find_free_port()
    rate_limits = {f"GRADER_{pace}_PER_MINUTE": "1000000" for pace in RATE_LIMITS}
    settings = {"GRADER_DATABASE": url, "GRADER_PORT": str(port), "GRADER_SEEDS": "1"}
    settings |= {"GRADER_PROCESSES": str(processes), "GRADER_WORKER": "apart"}
    return [sys.executable, "-m", "api"], port, rate_limits | settings


def build_reference_command(kind: str, url: str, reply_path: Path) -> tuple[list[str], int]:
    """Return the command of a reference server, and its port."""
    port = find_free_port()
    script = str(FOLDER / "intake_references.py")
    return [sys.executable, script, kind, url, str(reply_path), str(port)], port


def load_reply(url: str) -> dict[str, object]:
    """Return the ids and the reply of a stored submission, which the references repeat."""
    db = Database(url)
    with db.reading() as session:
        submission = session.scalars(select(Submission).limit(1)).one()
        ids = {
            "problem": submission.problem_id,
            "student": submission.student_id,
            "version": submission.version_id,
        }
        stored = {
            "row": {name: id_.hex for name, id_ in ids.items()},
            "reply": json.dumps(submission.reply),
        }
    db.close()
    return stored


def measure_load(server: Server, requests: Sequence[bytes], clients: int) -> LoadMeasurement:
    """Return the measurement of *requests* to a server."""
    before = server.cpu_seconds
    load = send_requests(requests, port=server.port, clients=clients)
    if set(load.statuses) != {201}:
        raise SystemExit(f"the server answered {dict(load.statuses)}")
    return LoadMeasurement(load, 1e3 * (server.cpu_seconds - before) / len(requests))


def compare_servers(url: str, count: int, folder: Path, *, processes: int) -> None:
    """Measure all servers in turn, and print the rate of each relative to R."""
    db = Database(url)
    upgrade(db)
    course = IntakeClass(db, students=STUDENTS + ORM_STUDENTS, seeds=SEEDS)
    db.close()
    with ExitStack() as stack:
        command, port, settings = build_service_command(url, processes)
        service = stack.enter_context(run_server(command, port, **settings))
        print(f"{STUDENTS} students, {SEEDS} variants a problem, {count} submissions a turn,")
        print(f"{processes} process(es) of the service")
        requests = {
            load: _generate_requests(course, load, course.students[ORM_STUDENTS:])
            for load in PROBLEMS_BY_LOAD
        }
        for load in PROBLEMS_BY_LOAD:
            first_requests = [
                next(requests[load]) for _ in range(len(PROBLEMS_BY_LOAD[load]) * STUDENTS)
            ]
            print_row(
                f"first submissions, {load}", 16, [measure_load(service, first_requests, 16)], 0
            )
            for _ in range(WARM_UPS_PER_PROCESS * (processes - 1)):
                measure_load(service, [next(requests[load]) for _ in first_requests], 16)
        reply_path = folder / "reply.json"
        reply_path.write_text(json.dumps(load_reply(url)), encoding="utf-8")
        references = {
            kind: stack.enter_context(run_server(*build_reference_command(kind, url, reply_path)))
            for kind in REFERENCE_SERVERS
        }
        orm_requests = _generate_requests(course, SCALARS, course.students[:ORM_STUDENTS])
        _take_turns(service, references, requests, orm_requests, count)


def _take_turns(
    service: Server,
    references: dict[str, Server],
    service_requests: dict[str, Iterator[bytes]],
    orm_requests: Iterator[bytes],
    count: int,
) -> None:
    for clients in CLIENTS:
        measurements: dict[str, list[LoadMeasurement]] = {}
        for _ in range(ROUNDS):
            for kind, server in references.items():
                requests = orm_requests if kind == SLOWEST else service_requests[SCALARS]
                batch = [next(requests) for _ in range(_count_for(kind, count))]
                measurements.setdefault(kind, []).append(measure_load(server, batch, clients))
            for load, requests in service_requests.items():
                batch = [next(requests) for _ in range(count)]
                measurements.setdefault(load, []).append(measure_load(service, batch, clients))
        raw = median(measurement.load.rate for measurement in measurements["raw"])
        for label, rounds in measurements.items():
            print_row(label, clients, rounds, raw)


def _count_for(kind: str, count: int) -> int:
    return count // 5 if kind == SLOWEST else count


def _generate_requests(
    course: IntakeClass, load: str, students: Sequence[Student]
) -> Iterator[bytes]:
    return (
        build_request(course.assignment, answer)
        for answer in course.generate_answers(load, students)
    )


def print_row(label: str, clients: int, rounds: Sequence[LoadMeasurement], raw_rate: float) -> None:
    """Print the medians of the rounds."""
    rate = median(measurement.load.rate for measurement in rounds)
    beside = f"{rate / raw_rate:5.2f} R" if raw_rate else "       "
    cpu_ms = median(measurement.cpu_ms for measurement in rounds)
    p50, p99 = (
        median(measurement.load.percentile(percent) for measurement in rounds)
        for percent in (50, 99)
    )
    print(
        f"{label:34} {clients:3} clients {rate:7.0f}/s {beside}  p50 {p50:6.1f} ms  "
        f"p99 {p99:6.1f} ms  processor {cpu_ms:6.3f} ms",
        flush=True,
    )


def main(database: str = "", count: str = str(COUNT), processes: str = "1") -> None:
    """Measure over a database, or over a new SQLite file."""
    with TemporaryDirectory() as folder:
        url = database or f"sqlite:///{folder}/intake.db"
        compare_servers(url, int(count), Path(folder), processes=int(processes))


if __name__ == "__main__":
    main(*sys.argv[1:])
