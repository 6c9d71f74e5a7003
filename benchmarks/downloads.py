"""Memory and health latency while clients take large responses slowly, or not at all.

``python benchmarks/downloads.py [DATABASE] [CONNECTIONS] [SECONDS] [ATTACK ...]``: a new service
for each attack, over one class in which each student has a report of 4.9 MB and an attachment of as
much; the first also has 50,000 entries in the audit log, as a member of staff has. CONNECTIONS
(100) are opened at once, and read nothing for SECONDS (10), or some bytes a second. Prints the
resident memory before and at its peak, the answers, the connections that the service still holds at
the end, the latency of ``/healthz`` meanwhile, and how often it was not answered. In
``openapi-full`` the connections are all that the service accepts, and read 24 KiB a second; in
``openapi-again`` their clients also reconnect every 4 seconds.
DATABASE is the address of an empty database, a new SQLite file by default. Everything stays on
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

from connections import MEBIBYTE, SAMPLE_SECONDS, health_seconds, open_connections, resident_bytes
from intake import served, the_service
from intake_class import START, IntakeClass
from sqlalchemy import insert, select

from api.core.ids import new_id
from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import AssignmentProblem, Attachment, AttachmentPage, AuditEntry, Report

FILE_BYTES: Final = 4_900_000
STUDENTS: Final = 40
HEAD_BYTES: Final = 16
"""Bytes of a response that are kept: the status is among them."""
RECEIVE_BYTES: Final = 4096
"""Size of the client's buffer in the kernel, which would take a part of the response."""
READ_EVERY_SECONDS: Final = 1.0
ACTS: Final = 50_000
SLOW_BYTES: Final = 24 * 1024
"""Bytes a second of clients that never fall behind the minimum rate."""


@dataclass(frozen=True, slots=True)
class Attack:
    """Requests to *path* by some *callers*, in turn; *reads* so many bytes a second.

    With *fills*, the service accepts no more connections than these. Clients reconnect after
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


def write_files(db: Database, made: IntakeClass) -> list[dict[str, str]]:
    """Store a report and an attachment of each student; return what an address says of them."""
    addresses = []
    with db.transaction() as session:
        problem = session.scalars(select(AssignmentProblem.id).limit(1)).one()
        for student in made.students:
            report, attachment = new_id(), new_id()
            common = {"student_id": student.id, "author_id": student.id, "uploaded_at": START}
            common |= {"digest": hashlib.sha256(student.id.bytes).hexdigest()}
            common |= {"size_bytes": FILE_BYTES}
            session.add_all(_file_rows(made, common, report, attachment, problem))
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
            ids = {"assignment": made.assignment, "report": report, "attachment": attachment}
            addresses.append({name: str(id_) for name, id_ in ids.items()})
        actor, note = made.students[0].id, {"text": "why? " * 20}
        session.execute(
            insert(AuditEntry),
            [
                {"id": new_id(), "actor_id": actor, "action": "graded", "after": note, "at": START}
                for _ in range(ACTS)
            ],
        )
    return addresses


def _file_rows(made: IntakeClass, common: dict[str, Any], *ids: Any) -> tuple[Report, Attachment]:
    report, attachment, problem = ids
    return (
        Report(
            id=report,
            assignment_id=made.assignment,
            file_name="report.pdf",
            document=os.urandom(FILE_BYTES),
            reading={"parts": [], "draws": {}},
            **common,
        ),
        Attachment(id=attachment, problem_id=problem, part="x", file_name="a.png", **common),
    )


def connect(port: int, path: str, token: str) -> socket.socket:
    """Return a connection on which *path* was asked for."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    opened.connect(("127.0.0.1", port))
    sender = f"Authorization: Bearer {token}\r\n" if token else ""
    opened.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{sender}\r\n".encode())
    opened.settimeout(0)
    return opened


def read_whole(port: int, path: str, token: str) -> None:
    """Take a response whole, so that what is made once is there."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
        while response.read(MEBIBYTE):
            pass


def read_some(opened: socket.socket, size: int) -> bytes:
    """Take at most *size* bytes that have arrived, and return their beginning."""
    head, left = b"", size
    try:
        while left and (piece := opened.recv(left)):
            head, left = head or piece[:HEAD_BYTES], left - len(piece)
    except OSError:
        pass
    return head


def status_of(opened: socket.socket, head: bytes) -> str:
    """Return the status of the response on a connection whose *head* was read up to a byte."""
    try:
        head += opened.recv(16) if len(head) < HEAD_BYTES else b""
    except BlockingIOError:
        pass
    except OSError:
        return "reset"
    return head[9:12].decode("ascii") or "no answer"


def measure(
    pid: int, port: int, attack: Attack, requests: Sequence[tuple[str, str]], hold: float
) -> None:
    """Send *requests*, each a path and a token, on connections of their own; print what is seen."""
    before = peak = resident_bytes(pid)
    lines = [connect(port, path, token) for path, token in requests]
    heads = [b""] * len(lines)
    latencies: list[float] = []
    failures = 0
    start = time.monotonic()
    until, read_at = start + hold, 0.0
    replace_at = [
        start + attack.reconnect_seconds * (1 + number / len(lines)) for number in range(len(lines))
    ]
    held = 0
    while time.monotonic() < until:
        took = health_seconds(port)
        failures += took is None
        if took is not None:
            latencies.append(took)
        peak, held = max(peak, resident_bytes(pid)), open_connections(pid)
        if attack.reads and time.monotonic() > read_at:
            heads = [
                (head + read_some(line, attack.reads))[:HEAD_BYTES]
                for head, line in zip(heads, lines, strict=True)
            ]
            read_at = time.monotonic() + READ_EVERY_SECONDS
        for number, request in enumerate(requests):
            if time.monotonic() > replace_at[number]:
                lines[number].close()
                lines[number], heads[number] = connect(port, *request), b""
                replace_at[number] += attack.reconnect_seconds
        time.sleep(SAMPLE_SECONDS)
    statuses = Counter(map(status_of, lines, heads))
    for line in lines:
        line.close()
    time.sleep(1)
    print(
        f"memory {before / MEBIBYTE:4.0f} -> {peak / MEBIBYTE:4.0f} MiB, after "
        f"{resident_bytes(pid) / MEBIBYTE:4.0f}; open {held:3}; health median "
        f"{1e3 * median(latencies or [0]):5.1f} ms, max {1e3 * max(latencies or [0]):6.1f}, "
        f"{failures} of {failures + len(latencies)} failed; {dict(statuses)}",
        flush=True,
    )


def run_attacks(url: str, connections: int, hold: float, names: Sequence[str]) -> None:
    """Attack one service after the other over a database."""
    db = Database(url)
    upgrade(db)
    made = IntakeClass(db, students=STUDENTS, seeds=1)
    addresses = write_files(db, made)
    db.close()
    for name in names:
        attack = ATTACKS[name]
        command, port, settings = the_service(url)
        if attack.fills:
            settings["GRADER_CONNECTIONS"] = str(connections)
        callers = [index % max(attack.callers, 1) for index in range(connections)]
        requests = [
            (attack.path.format(**addresses[at]), made.students[at].token if attack.callers else "")
            for at in callers
        ]
        with served(command, port, **settings) as server:
            read_whole(port, *requests[0])
            print(f"{name:15} {connections:4} connections: ", end="")
            measure(server.process.pid, port, attack, requests, hold)


def main(url: str = "", connections: str = "100", seconds: str = "10", *names: str) -> None:
    """Measure over a database that has nothing in it."""
    with TemporaryDirectory() as folder:
        run_attacks(
            url or f"sqlite:///{Path(folder) / 'grader.db'}",
            int(connections),
            float(seconds),
            names or tuple(ATTACKS),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
