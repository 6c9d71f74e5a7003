"""What refused submissions cost: processor time, and the latency of `/healthz` meanwhile.

``python benchmarks/refused.py [DATABASE] [COUNT]``: one student has used up the rate limit and
sends COUNT more requests (758), each a matrix of 390 cells such as ``sqrt(7)``, over eight
connections. Another client asks for `/healthz` every 20 ms.
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

from intake import request, served, the_service
from intake_class import Answer, IntakeClass, Student
from load_client import run

from api.db.engine import Database
from api.db.migrations import upgrade
from grader.reading import RawAnswer

COUNT = 758
CLIENTS = 8
CELLS = 390
LIMIT = 30
POLL_SECONDS = 0.02
PROBLEM, PART = "binary-image-conv", "output"


def roots(made: IntakeClass, student: Student, number: int) -> bytes:
    """Return a request that hands in a matrix of roots that no other request has."""
    cells: list[RawAnswer] = [f"sqrt({number * CELLS + at})" for at in range(CELLS)]
    return request(made.assignment, Answer(student, PROBLEM, PART, [cells]))


@contextmanager
def health(port: int) -> Iterator[list[float]]:
    """Yield the milliseconds that each request for `/healthz` takes until the block ends."""
    taken: list[float] = []
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(POLL_SECONDS):
            began = time.perf_counter()
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60).close()
            taken.append(1e3 * (time.perf_counter() - began))

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield taken
    finally:
        stop.set()
        thread.join()


def measure(url: str, count: int) -> None:
    """Measure over a database, and print the figures."""
    db = Database(url)
    upgrade(db)
    made = IntakeClass(db, students=1, seeds=1)
    db.close()
    [student] = made.students
    command, port, settings = the_service(url)
    settings["GRADER_SUBMISSIONS_PER_MINUTE"] = str(LIMIT)
    with served(command, port, **settings) as server:
        run([roots(made, student, at) for at in range(LIMIT + 1)], port=port, clients=1)
        flood = [roots(made, student, at) for at in range(100, 100 + count)]
        before = server.cpu
        with health(port) as taken:
            load = run(flood, port=port, clients=CLIENTS)
        used = server.cpu - before
    print(f"{count} requests in {load.lasted:.1f} s: {dict(load.statuses)}")
    print(f"processor {used:.1f} s, {1e3 * used / count:.2f} ms a request")
    print(f"/healthz median {median(taken):.0f} ms, most {max(taken):.0f} ms of {len(taken)}")


def main(database: str = "", count: str = str(COUNT)) -> None:
    """Measure over a database, or over a new SQLite file."""
    with TemporaryDirectory() as folder:
        measure(database or f"sqlite:///{Path(folder)}/refused.db", int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
