"""Measure the CPU time of refused submissions, and the latency of `/healthz` during them.

``python benchmarks/refused.py [DATABASE] [COUNT]``: one student has used up the rate limit and
sends COUNT more requests (758), each a matrix of 390 cells such as ``sqrt(7)``, over eight
connections. Another client requests `/healthz` every 20 ms.
"""

import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from intake import build_request, build_service_command, run_server
from intake_class import Answer, IntakeClass, Student
from load_client import send_requests

from api.db.engine import Database
from api.db.migrations import upgrade
from grader.reading import RawAnswer

COUNT = 758
CLIENTS = 8
CELLS = 390
LIMIT = 30
POLL_SECONDS = 0.02
PROBLEM, PART = "binary-image-conv", "output"


def build_request_of_roots(course: IntakeClass, student: Student, number: int) -> bytes:
    """Return a request that submits a matrix of roots that no other request has."""
    cells: list[RawAnswer] = [f"sqrt({number * CELLS + cell})" for cell in range(CELLS)]
    return build_request(course.assignment, Answer(student, PROBLEM, PART, [cells]))


@contextmanager
def poll_health(port: int) -> Iterator[list[float]]:
    """Yield the latencies of `/healthz` in milliseconds, measured until the block ends."""
    latencies_ms: list[float] = []
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(POLL_SECONDS):
            start = time.perf_counter()
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60).close()
            latencies_ms.append(1e3 * (time.perf_counter() - start))

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield latencies_ms
    finally:
        stop.set()
        thread.join()


def measure(url: str, count: int) -> None:
    """Measure over a database, and print the figures."""
    db = Database(url)
    upgrade(db)
    course = IntakeClass(db, students=1, seeds=1)
    db.close()
    [student] = course.students
    command, port, settings = build_service_command(url)
    settings["GRADER_SUBMISSIONS_PER_MINUTE"] = str(LIMIT)
    with run_server(command, port, **settings) as server:
        send_requests(
            [build_request_of_roots(course, student, number) for number in range(LIMIT + 1)],
            port=port,
            clients=1,
        )
        flood = [
            build_request_of_roots(course, student, number) for number in range(100, 100 + count)
        ]
        before = server.cpu_seconds
        with poll_health(port) as latencies_ms:
            load = send_requests(flood, port=port, clients=CLIENTS)
        seconds = server.cpu_seconds - before
    print(f"{count} requests in {load.duration_seconds:.1f} s: {dict(load.statuses)}")
    print(f"processor {seconds:.1f} s, {1e3 * seconds / count:.2f} ms a request")
    print(
        f"/healthz median {median(latencies_ms):.0f} ms, "
        f"max {max(latencies_ms):.0f} ms of {len(latencies_ms)}"
    )


def main(database: str = "", count: str = str(COUNT)) -> None:
    """Measure over a database, or over a new SQLite file."""
    with TemporaryDirectory() as folder:
        measure(database or f"sqlite:///{Path(folder)}/refused.db", int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
