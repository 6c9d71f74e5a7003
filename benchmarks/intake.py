"""How many submissions a second the service takes, beside servers that do less, in one run.

``python benchmarks/intake.py [DATABASE] [COUNT] [PROCESSES]``: COUNT submissions (2,000) for each
server and number of clients, in three rounds, over an empty database (a new SQLite file if none is
named). Each server is a process of its own, the service PROCESSES (1). They take turns, so that
whatever else the machine does meets all of them. R, ``raw``, is FastAPI with one raw statement and
commit a request; it grades nothing.
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

from intake_class import ASKED, Answer, IntakeClass, Student
from load_client import Load, run
from sqlalchemy import select

from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import Submission

STUDENTS = 400
APART = 100
"""Students of the server with a session for each request: what it writes of them, the service would
have to ask for anew."""
MEETINGS = 3
"""How often each student hands in before, for every process to have met nearly all of them."""
SEEDS = 50
ROUNDS = 3
CLIENTS = (16, 64)
COUNT = 2_000
SCALARS = "scalars and shapes"
SLOWEST = "orm"
REFERENCES = ("alone", "raw", SLOWEST)
HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
PACES = ("SUBMISSIONS", "DRAFTS", "REQUESTS")


@dataclass(frozen=True)
class Server:
    """A process that serves at a port."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def cpu(self) -> float:
        """The seconds of processor time that it has taken, with the processes that it started."""
        own = Path(f"/proc/{self.process.pid}")
        started = (own / f"task/{self.process.pid}/children").read_text(encoding="ascii").split()
        return sum(_ticks(one) for one in (own, *(own.parent / pid for pid in started))) / TICKS


def _ticks(process: Path) -> int:
    stat = (process / "stat").read_text(encoding="ascii")
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@dataclass(frozen=True)
class Measured:
    """What came of a load, and the milliseconds of processor time for each request."""

    load: Load
    cpu: float


def request(assignment: object, one: Answer) -> bytes:
    """Return the bytes of a request that hands in *one* answer."""
    body = json.dumps({"answers": {one.part: one.typed}}).encode()
    head = (
        f"POST /api/v1/assignments/{assignment}/problems/{one.problem}/submissions HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: Bearer {one.student.token}\r\n"
        f"Idempotency-Key: {uuid4()}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def served(command: Sequence[str], port: int, **more: str) -> Iterator[Server]:
    """Run a server until the block ends."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=os.environ | more, stdout=quiet, stderr=quiet)  # noqa: S603
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command)} ended with code {process.returncode}")
            time.sleep(0.05)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def the_service(url: str, processes: int = 1) -> tuple[list[str], int, dict[str, str]]:
    """Return how the service is started over a database, and its port."""
    port = free_port()
    paces = {f"GRADER_{pace}_PER_MINUTE": "1000000" for pace in PACES}
    told = {"GRADER_DATABASE": url, "GRADER_PORT": str(port), "GRADER_SEEDS": "1"}
    told |= {"GRADER_PROCESSES": str(processes), "GRADER_WORKER": "apart"}
    return [sys.executable, "-m", "api"], port, paces | told


def a_reference(kind: str, url: str, told: Path) -> tuple[list[str], int]:
    """Return how a server is started that the service is compared with, and its port."""
    port = free_port()
    script = str(HERE / "intake_references.py")
    return [sys.executable, script, kind, url, str(told), str(port)], port


def reply_of(url: str) -> dict[str, object]:
    """Return a stored submission as the references repeat it: its ids and its reply."""
    db = Database(url)
    with db.reading() as session:
        one = session.scalars(select(Submission).limit(1)).one()
        ids = {"problem": one.problem_id, "student": one.student_id, "version": one.version_id}
        told = {
            "row": {name: each.hex for name, each in ids.items()},
            "reply": json.dumps(one.reply),
        }
    db.close()
    return told


def measured(server: Server, requests: Sequence[bytes], clients: int) -> Measured:
    """Return what comes of *requests* to a server."""
    before = server.cpu
    load = run(requests, port=server.port, clients=clients)
    if set(load.statuses) != {201}:
        raise SystemExit(f"the server answered {dict(load.statuses)}")
    return Measured(load, 1e3 * (server.cpu - before) / len(requests))


def compare(url: str, count: int, folder: Path, *, processes: int) -> None:
    """Measure all servers in turn, and print what each did beside R."""
    db = Database(url)
    upgrade(db)
    made = IntakeClass(db, students=STUDENTS + APART, seeds=SEEDS)
    db.close()
    with ExitStack() as running:
        command, port, more = the_service(url, processes)
        service = running.enter_context(served(command, port, **more))
        print(f"{STUDENTS} students, {SEEDS} variants a problem, {count} submissions a turn,")
        print(f"{processes} process(es) of the service")
        todo = {load: _requests(made, load, made.students[APART:]) for load in ASKED}
        for load in ASKED:
            first = [next(todo[load]) for _ in range(len(ASKED[load]) * STUDENTS)]
            show(f"first of each, {load}", 16, [measured(service, first, 16)], 0)
            for _ in range(MEETINGS * (processes - 1)):
                measured(service, [next(todo[load]) for _ in first], 16)
        told = folder / "told.json"
        told.write_text(json.dumps(reply_of(url)), encoding="utf-8")
        others = {
            kind: running.enter_context(served(*a_reference(kind, url, told)))
            for kind in REFERENCES
        }
        apart = _requests(made, SCALARS, made.students[:APART])
        _turns(service, others, todo, apart, count)


def _turns(
    service: Server,
    others: dict[str, Server],
    todo: dict[str, Iterator[bytes]],
    apart: Iterator[bytes],
    count: int,
) -> None:
    for clients in CLIENTS:
        found: dict[str, list[Measured]] = {}
        for _ in range(ROUNDS):
            for kind, server in others.items():
                requests = apart if kind == SLOWEST else todo[SCALARS]
                some = [next(requests) for _ in range(_share(kind, count))]
                found.setdefault(kind, []).append(measured(server, some, clients))
            for load, requests in todo.items():
                some = [next(requests) for _ in range(count)]
                found.setdefault(load, []).append(measured(service, some, clients))
        raw = median(one.load.rate for one in found["raw"])
        for what, every in found.items():
            show(what, clients, every, raw)


def _share(kind: str, count: int) -> int:
    return count // 5 if kind == SLOWEST else count


def _requests(made: IntakeClass, load: str, students: Sequence[Student]) -> Iterator[bytes]:
    return (request(made.assignment, one) for one in made.answers(load, students))


def show(what: str, clients: int, every: Sequence[Measured], raw: float) -> None:
    """Print the medians of the rounds."""
    rate = median(one.load.rate for one in every)
    beside = f"{rate / raw:5.2f} R" if raw else "       "
    p50, p99 = (median(one.load.percentile(at) for one in every) for at in (50, 99))
    print(
        f"{what:34} {clients:3} clients {rate:7.0f}/s {beside}  p50 {p50:6.1f} ms  "
        f"p99 {p99:6.1f} ms  processor {median(one.cpu for one in every):6.3f} ms",
        flush=True,
    )


def main(database: str = "", count: str = str(COUNT), processes: str = "1") -> None:
    """Measure over a database, or over a new SQLite file."""
    with TemporaryDirectory() as folder:
        url = database or f"sqlite:///{folder}/intake.db"
        compare(url, int(count), Path(folder), processes=int(processes))


if __name__ == "__main__":
    main(*sys.argv[1:])
