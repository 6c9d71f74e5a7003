"""Measure how much one student can store, and how large lists and exports of it become.

``python benchmarks/storage.py [COUNT]``: a student submits COUNT (100) unreadable lists of three
texts of 19,900 characters, then arrays of 4,000 cells of the wrong size, up to COUNT or the first
refusal. It prints the growth of the SQLite database, and the size and the additional memory of the
longest list and of the export.
"""

import json
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from intake import Server, build_service_command, run_server
from intake_class import IntakeClass, Student
from load_client import send_requests
from sqlalchemy import text

from api.db.engine import Database
from api.db.migrations import upgrade
from grader.reading import RawAnswer

COUNT = 100
PROBLEM, PART = "binary-image-conv", "output"
TEXTS, TEXT_CHARACTERS = 3, 19_900
CELLS, CELL_DIGITS = 4_000, 14
CREATED = 201
MEBIBYTE = 1024 * 1024


def build_unreadable_answer(number: int) -> RawAnswer:
    """Return a list of texts of 4-byte characters that no other request has."""
    return [f"{number} {item} ".ljust(TEXT_CHARACTERS, "😀") for item in range(TEXTS)]


def build_answer_of_another_size(number: int) -> RawAnswer:
    """Return a row of long numbers for a part that expects a matrix of a few cells."""
    return [[10**CELL_DIGITS + number * CELLS + cell for cell in range(CELLS)]]


def build_request(course: IntakeClass, student: Student, raw_answer: RawAnswer) -> bytes:
    """Return the bytes of a request whose characters are not escaped."""
    body = json.dumps({"answers": {PART: raw_answer}}, ensure_ascii=False).encode()
    head = (
        f"POST /api/v1/assignments/{course.assignment}/problems/{PROBLEM}/submissions HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: Bearer {student.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def measure_database_bytes(db: Database) -> int:
    """Return the size of a database, including its write-ahead log."""
    with db.reading() as session:
        pages, size = (
            session.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size")
        )
    return pages * size


def read_memory_mebibytes(server: Server, field: str) -> float:
    """Return a *field* of the status of a process, such as its resident memory."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


@contextmanager
def measure_peak_memory(server: Server) -> Iterator[list[float]]:
    """Yield a list; after the block it contains the additional peak memory in MiB."""
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5", encoding="ascii")
    before = read_memory_mebibytes(server, "VmRSS")
    grown_mebibytes: list[float] = []
    yield grown_mebibytes
    grown_mebibytes.append(read_memory_mebibytes(server, "VmHWM") - before)


def send_until_refused(server: Server, db: Database, requests: list[bytes]) -> None:
    """Send *requests* until one is refused, and print the growth of the database."""
    statuses: Counter[int] = Counter()
    before = measure_database_bytes(db)
    for batch in (requests[start : start + 1] for start in range(len(requests))):
        statuses += send_requests(batch, port=server.port, clients=1).statuses
        if set(statuses) != {CREATED}:
            break
    stored_count, grown_bytes = statuses[CREATED], measure_database_bytes(db) - before
    kib_each = grown_bytes / max(1, stored_count) / 1024
    print(f"  {dict(statuses)}: {grown_bytes / MEBIBYTE:.1f} MiB, {kib_each:.1f} KiB each")


def read_path(server: Server, course: IntakeClass, student: Student, path: str) -> None:
    """Request a *path*, and print the size of the response and the additional memory."""
    address = f"http://127.0.0.1:{server.port}/api/v1{path}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {student.token}"})
    with (
        measure_peak_memory(server) as grown_mebibytes,
        urllib.request.urlopen(request, timeout=600) as response,  # noqa: S310
    ):
        size = 0
        while piece := response.read(64 * 1024):
            size += len(piece)
    shortened_path = path.replace(str(course.assignment), "…")
    print(
        f"  GET {shortened_path}: {size / MEBIBYTE:.2f} MiB, {grown_mebibytes[0]:.0f} MiB of memory"
    )


def measure(url: str, count: int) -> None:
    """Measure over a database, and print the figures."""
    db = Database(url)
    upgrade(db)
    course = IntakeClass(db, students=1, seeds=1)
    [student] = course.students
    command, port, settings = build_service_command(url)
    submissions = f"/assignments/{course.assignment}/problems/{PROBLEM}/submissions?limit=200"
    for build_answer in (build_unreadable_answer, build_answer_of_another_size):
        print(build_answer.__name__)
        with run_server(command, port, **settings) as server:
            send_until_refused(
                server,
                db,
                [build_request(course, student, build_answer(number)) for number in range(count)],
            )
        for path in (submissions, "/me/export"):
            with run_server(command, port, **settings) as server:  # a new process
                read_path(server, course, student, path)
    db.close()


def main(count: str = str(COUNT)) -> None:
    """Measure over a new SQLite file."""
    with TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder)}/storage.db", int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
