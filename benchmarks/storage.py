"""What one student can store, and how large lists and exports of it become.

``python benchmarks/storage.py [COUNT]``: a student hands in COUNT (100) unreadable
lists of three texts of 19,900 characters, then arrays of 4,000 cells of another size than the one
asked for, up to COUNT or to the first that is refused. It prints by how much the SQLite database
grows, and for the longest list and the export their size and the memory that the process needs
beyond what it had before.
"""

import json
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from intake import Server, served, the_service
from intake_class import IntakeClass, Student
from load_client import run
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


def unreadable(number: int) -> RawAnswer:
    """Return a list of texts that no other request has, of characters of four bytes."""
    return [f"{number} {item} ".ljust(TEXT_CHARACTERS, "😀") for item in range(TEXTS)]


def of_another_size(number: int) -> RawAnswer:
    """Return a row of long numbers, where a matrix of a few cells is asked for."""
    return [[10**CELL_DIGITS + number * CELLS + cell for cell in range(CELLS)]]


def hand_in(made: IntakeClass, student: Student, typed: RawAnswer) -> bytes:
    """Return the bytes of a request whose characters are not escaped."""
    body = json.dumps({"answers": {PART: typed}}, ensure_ascii=False).encode()
    head = (
        f"POST /api/v1/assignments/{made.assignment}/problems/{PROBLEM}/submissions HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: Bearer {student.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def database_bytes(db: Database) -> int:
    """Return how much a database holds, what is only in its log included."""
    with db.reading() as session:
        pages, size = (
            session.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size")
        )
    return pages * size


def memory_mebibytes(server: Server, field: str) -> float:
    """Return a *field* of the status of a process, such as its resident memory."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


@contextmanager
def peak_memory(server: Server) -> Iterator[list[float]]:
    """Yield a list that has, after the block, how many MiB the process needed more than before."""
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5", encoding="ascii")
    before = memory_mebibytes(server, "VmRSS")
    more: list[float] = []
    yield more
    more.append(memory_mebibytes(server, "VmHWM") - before)


def flood(server: Server, db: Database, requests: list[bytes]) -> None:
    """Send *requests* until one is refused, and print by how much each makes the file grow."""
    statuses: Counter[int] = Counter()
    before = database_bytes(db)
    for some in (requests[start : start + 1] for start in range(len(requests))):
        statuses += run(some, port=server.port, clients=1).statuses
        if set(statuses) != {CREATED}:
            break
    stored, grown = statuses[CREATED], database_bytes(db) - before
    each = grown / max(1, stored) / 1024
    print(f"  {dict(statuses)}: {grown / MEBIBYTE:.1f} MiB, {each:.1f} KiB each")


def read(server: Server, made: IntakeClass, student: Student, path: str) -> None:
    """Get a *path*, and print the size of the response and the memory that it took."""
    address = f"http://127.0.0.1:{server.port}/api/v1{path}"
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {student.token}"})
    with peak_memory(server) as more, urllib.request.urlopen(asked, timeout=600) as response:  # noqa: S310
        size = 0
        while piece := response.read(64 * 1024):
            size += len(piece)
    shown = path.replace(str(made.assignment), "…")
    print(f"  GET {shown}: {size / MEBIBYTE:.2f} MiB, {more[0]:.0f} MiB of memory")


def measure(url: str, count: int) -> None:
    """Measure over a database, and print the figures."""
    db = Database(url)
    upgrade(db)
    made = IntakeClass(db, students=1, seeds=1)
    [student] = made.students
    command, port, settings = the_service(url)
    submissions = f"/assignments/{made.assignment}/problems/{PROBLEM}/submissions?limit=200"
    for answers in (unreadable, of_another_size):
        print(answers.__name__)
        with served(command, port, **settings) as server:
            flood(server, db, [hand_in(made, student, answers(number)) for number in range(count)])
        for path in (submissions, "/me/export"):
            with served(command, port, **settings) as server:  # one that has held nothing yet
                read(server, made, student, path)
    db.close()


def main(count: str = str(COUNT)) -> None:
    """Measure over a new SQLite file."""
    with TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder)}/storage.db", int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
