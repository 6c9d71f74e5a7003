"""Measure memory and health latency while clients read large responses slowly or not at all.

``python benchmarks/downloads.py [DATABASE] [CONNECTIONS] [SECONDS] [ATTACK ...]``: a new service
for each attack, over one class in which each student has a report and an attachment of 4.9 MB each;
the first student also has 50,000 entries in the audit log, like a member of staff. CONNECTIONS
(100) are opened at once, and read nothing for SECONDS (10), or some bytes a second. Prints the
resident memory before the attack and at its peak, the statuses of the responses, the connections
still open at the end, and the latency and failures of ``/healthz`` during the attack. In
``openapi-full`` the connections reach the limit of the service, and read 24 KiB a second; in
``openapi-again`` their clients also reconnect every 4 seconds.
DATABASE is the URL of an empty database, by default a new SQLite file. Everything stays on
127.0.0.1.
"""

import hashlib
import os
import socket
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from connections import (
    MEBIBYTE,
    SAMPLE_SECONDS,
    count_open_connections,
    measure_health_seconds,
    read_resident_bytes,
)
from intake import build_service_command, run_server
from intake_class import START, IntakeClass
from sqlalchemy import insert, select

from api.core.ids import new_id
from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import AssignmentProblem, Attachment, AttachmentPage, AuditEntry, Report

FILE_BYTES: Final = 4_900_000
STUDENTS: Final = 40
HEAD_BYTES: Final = 16
"""Bytes of a response to keep; they include the status."""
RECEIVE_BYTES: Final = 4096
"""Size of the client's receive buffer, small so that the kernel does not read ahead."""
READ_EVERY_SECONDS: Final = 1.0
AUDIT_ENTRY_COUNT: Final = 50_000
SLOW_BYTES: Final = 24 * 1024
"""Bytes a second of clients that never fall behind the minimum rate."""


@dataclass(frozen=True, slots=True)
class Attack:
    """Requests to *path* by *callers* in turn, which read *reads* bytes a second.

    With *fills*, the connections reach the limit of the service. Clients reconnect after
    *reconnect_seconds*, at different times.
    """

    path: str
    callers: int = 1
    reads: int = 0
    fills: bool = False
    reconnect_seconds: float = inf


ATTACKS: Final[Mapping[str, Attack]] = {
    "document": Attack("/api/v1/assignments/{assignment}/reports/{report}/document"),
    "attachment": Attack("/api/v1/attachments/{attachment}/image"),
    "attachment-many": Attack("/api/v1/attachments/{attachment}/image", STUDENTS),
    "attachment-slow": Attack("/api/v1/attachments/{attachment}/image", STUDENTS, reads=1),
    "export": Attack("/api/v1/me/export"),
    "export-many": Attack("/api/v1/me/export", STUDENTS),
    "openapi": Attack("/api/v1/openapi.json", 0),
    "export-staff": Attack("/api/v1/me/export"),
    "openapi-full": Attack("/api/v1/openapi.json", 0, reads=SLOW_BYTES, fills=True),
    "openapi-again": Attack(
        "/api/v1/openapi.json", 0, reads=SLOW_BYTES, fills=True, reconnect_seconds=4
    ),
    "openapi-slow": Attack("/api/v1/openapi.json", 0, reads=1),
    "reference": Attack("/api", 0),
}


def write_files(db: Database, course: IntakeClass) -> list[dict[str, str]]:
    """Store a report and an attachment of each student; return the path parameters of each."""
    addresses = []
    with db.transaction() as session:
        problem = session.scalars(select(AssignmentProblem.id).limit(1)).one()
        for student in course.students:
            report, attachment = new_id(), new_id()
            common = {"student_id": student.id, "author_id": student.id, "uploaded_at": START}
            common |= {"digest": hashlib.sha256(student.id.bytes).hexdigest()}
            common |= {"size_bytes": FILE_BYTES}
            session.add_all(_file_rows(course, common, report, attachment, problem))
            session.flush()
            session.add(
                AttachmentPage(
                    attachment_id=attachment,
                    number=1,
                    media_type="image/png",
                    width=1,
                    height=1,
                    content=os.urandom(FILE_BYTES),
                )
            )
            ids = {"assignment": course.assignment, "report": report, "attachment": attachment}
            addresses.append({name: str(id_) for name, id_ in ids.items()})
        actor, note = course.students[0].id, {"text": "why? " * 20}
        session.execute(
            insert(AuditEntry),
            [
                {"id": new_id(), "actor_id": actor, "action": "graded", "after": note, "at": START}
                for _ in range(AUDIT_ENTRY_COUNT)
            ],
        )
    return addresses


def _file_rows(course: IntakeClass, common: dict[str, Any], *ids: Any) -> tuple[Report, Attachment]:
    report, attachment, problem = ids
    return (
        Report(
            id=report,
            assignment_id=course.assignment,
            file_name="report.pdf",
            document=os.urandom(FILE_BYTES),
            reading={"parts": [], "draws": {}},
            **common,
        ),
        Attachment(id=attachment, problem_id=problem, part="x", file_name="a.png", **common),
    )


def open_download(port: int, path: str, token: str) -> socket.socket:
    """Return a connection on which *path* was requested."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    opened.connect(("127.0.0.1", port))
    sender = f"Authorization: Bearer {token}\r\n" if token else ""
    opened.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{sender}\r\n".encode())
    opened.settimeout(0)
    return opened


def read_whole(port: int, path: str, token: str) -> None:
    """Read a whole response, so that the service has cached it."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
        while response.read(MEBIBYTE):
            pass


def read_some(opened: socket.socket, size: int) -> bytes:
    """Read at most *size* bytes that have arrived, and return the first of them."""
    head, left = b"", size
    try:
        while left and (piece := opened.recv(left)):
            head, left = head or piece[:HEAD_BYTES], left - len(piece)
    except OSError:
        pass
    return head


def parse_status(opened: socket.socket, head: bytes) -> str:
    """Return the status of a response whose *head* was read, at least in part."""
    try:
        head += opened.recv(16) if len(head) < HEAD_BYTES else b""
    except BlockingIOError:
        pass
    except OSError:
        return "reset"
    return head[9:12].decode("ascii") or "no response"


def measure(
    pid: int, port: int, attack: Attack, requests: Sequence[tuple[str, str]], hold_seconds: float
) -> None:
    """Send *requests* (path and token), each on its own connection; print the measurements."""
    before = peak = read_resident_bytes(pid)
    downloads = [open_download(port, path, token) for path, token in requests]
    heads = [b""] * len(downloads)
    latencies: list[float] = []
    failures = 0
    start = time.monotonic()
    until, read_at = start + hold_seconds, 0.0
    replace_at = [
        start + attack.reconnect_seconds * (1 + number / len(downloads))
        for number in range(len(downloads))
    ]
    open_count = 0
    while time.monotonic() < until:
        seconds = measure_health_seconds(port)
        failures += seconds is None
        if seconds is not None:
            latencies.append(seconds)
        peak, open_count = max(peak, read_resident_bytes(pid)), count_open_connections(pid)
        if attack.reads and time.monotonic() > read_at:
            heads = [
                (head + read_some(download, attack.reads))[:HEAD_BYTES]
                for head, download in zip(heads, downloads, strict=True)
            ]
            read_at = time.monotonic() + READ_EVERY_SECONDS
        for number, request in enumerate(requests):
            if time.monotonic() > replace_at[number]:
                downloads[number].close()
                downloads[number], heads[number] = open_download(port, *request), b""
                replace_at[number] += attack.reconnect_seconds
        time.sleep(SAMPLE_SECONDS)
    statuses = Counter(map(parse_status, downloads, heads))
    for download in downloads:
        download.close()
    time.sleep(1)
    print(
        f"memory {before / MEBIBYTE:4.0f} -> {peak / MEBIBYTE:4.0f} MiB, after "
        f"{read_resident_bytes(pid) / MEBIBYTE:4.0f}; open {open_count:3}; health median "
        f"{1e3 * median(latencies or [0]):5.1f} ms, max {1e3 * max(latencies or [0]):6.1f}, "
        f"{failures} of {failures + len(latencies)} failed; {dict(statuses)}",
        flush=True,
    )


def run_attacks(url: str, connections: int, hold_seconds: float, names: Sequence[str]) -> None:
    """Start a new service over a database for each attack."""
    db = Database(url)
    upgrade(db)
    course = IntakeClass(db, students=STUDENTS, seeds=1)
    addresses = write_files(db, course)
    db.close()
    for name in names:
        attack = ATTACKS[name]
        command, port, settings = build_service_command(url)
        if attack.fills:
            settings["GRADER_CONNECTIONS"] = str(connections)
        callers = [index % max(attack.callers, 1) for index in range(connections)]
        requests = [
            (
                attack.path.format(**addresses[index]),
                course.students[index].token if attack.callers else "",
            )
            for index in callers
        ]
        with run_server(command, port, **settings) as server:
            read_whole(port, *requests[0])
            print(f"{name:15} {connections:4} connections: ", end="")
            measure(server.process.pid, port, attack, requests, hold_seconds)


def main(url: str = "", connections: str = "100", seconds: str = "10", *names: str) -> None:
    """Measure over an empty database."""
    with TemporaryDirectory() as folder:
        run_attacks(
            url or f"sqlite:///{Path(folder) / 'grader.db'}",
            int(connections),
            float(seconds),
            names or tuple(ATTACKS),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
