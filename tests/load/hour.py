"""Load test of the last hour before a deadline, played in less time.

``python tests/load/hour.py [STUDENTS] [SECONDS] [DATABASE] [PROCESSES]``; by default
2,000 students in 600 seconds on a new SQLite file, one process. With the URL of a
PostgreSQL server, the test creates a database there and drops it afterwards.
It prints the load that the service carried. The exit status is 1 if a submission is
lost, duplicated or unanswered, or if a response is unexpected.
"""

import asyncio
import os
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Final, Self

from driver import Desk, Hall, play
from lines import Lines
from plan import acts_of, rate_per_student

from api.auth.secrets import new_secret
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import LoginSession
from api.db.upserts import insert_rows
from api.durability_test.course_fixture import (
    DurabilityCourse,
    create_schema_and_course,
    write_bank,
)
from api.durability_test.fault_injection import find_database_violations
from api.durability_test.scratch import scratch_database
from api.durability_test.service import ServiceProcess, build_environment

DEFAULTS: Final = ("2000", "600", "sqlite:///grader.db", "1")
LINES: Final = 64
SEED: Final = 1
PROBLEMS: Final = 2
"""Number of problems that each student works on."""
SIZES: Final = (2_000, 100_000, 1_000_000)
BUSY: Final = 0.6
"""Highest average utilization of a process at which nobody waits long."""


def sit_down(db: Database, scene: DurabilityCourse) -> list[Desk]:
    """Log in all students, and return their desks at all problems."""
    now = datetime.now(UTC)
    students = dict.fromkeys(one.student for one in scene.targets)
    secrets = {one: new_secret("session") for one in students}
    rows = [
        {
            "id": new_id(),
            "prefix": secret.prefix,
            "digest": secret.digest,
            "user_id": student,
            "created_at": now,
            "seen_at": now,
        }
        for student, secret in secrets.items()
    ]
    with db.transaction() as session:
        insert_rows(session, LoginSession, rows)
    return [Desk(one, secrets[one.student].text) for one in scene.targets]


@dataclass(frozen=True, slots=True)
class Worked:
    """Processor seconds of the service, and of PostgreSQL if it runs on this machine."""

    service: float
    database: float

    @classmethod
    def so_far(cls, group: int) -> Self:
        """Return the processor time of a process group and of all processes named postgres."""
        found = Counter[str]()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, _, told = stat.read_text(encoding="utf-8").rpartition(")")
            except OSError:
                continue
            fields = told.split()
            ticks = int(fields[11]) + int(fields[12])
            found["service"] += ticks * (int(fields[2]) == group)
            found["database"] += ticks * name.endswith("(postgres")
        each = os.sysconf("SC_CLK_TCK")
        return cls(found["service"] / each, found["database"] / each)

    def since(self, before: Self) -> Self:
        """Return the processor time spent since *before*."""
        return replace(
            self, service=self.service - before.service, database=self.database - before.database
        )


def run(students: int, seconds: float, url: str, processes: int) -> bool:
    """Play the hour, print the figures, and return whether the test passed."""
    with scratch_database(url) as (made, folder), closing(Database(made)) as db:
        scene = create_schema_and_course(db, students=students, now=datetime.now(UTC))
        desks = sit_down(db, scene)
        given = {"processes": str(processes), "drafts_per_minute": "1000000"}
        service = ServiceProcess(
            build_environment(made, write_bank(folder / "bank"), **given), folder
        )
        try:
            service.start()
            hall = Hall(desks, Lines(service.port, LINES))
            before = Worked.so_far(service.pid)
            asyncio.run(play(hall, acts_of(len(desks), seed=SEED), seconds=seconds))
            worked = Worked.so_far(service.pid).since(before)
        finally:
            service.kill()
        return _told(hall, worked, db, scene)


def _told(hall: Hall, worked: Worked, db: Database, scene: DurabilityCourse) -> bool:
    result, findings = hall.result, find_database_violations(db, scene, hall.ledger)
    count = sum(map(len, result.seconds.values()))
    print("\n".join(result.lines()))
    print(
        f"{count:,} requests in {result.lasted:.0f} s, {1e3 * worked.service / count:.2f} ms of "
        f"processor time each, {worked.service / result.lasted:.2f} cores; at most "
        f"{result.behind:.1f} s behind the plan"
    )
    for students in SIZES:
        print(_sized(students, worked, count, is_sqlite=db.is_sqlite))
    print(f"{hall.ledger.receipt_count:,} receipts, {hall.ledger.replayed} repeated")
    for said, times in result.odd.most_common(3):
        print(f"not promised, {times} times: {said}")
    print(findings.to_text() or "nothing is lost, doubled or changed")
    return not (findings or result.odd or hall.ledger.unanswered)


def _sized(students: int, worked: Worked, count: int, *, is_sqlite: bool) -> str:
    """Extrapolate the measured load to the peak of an hour with *students*, as text."""
    rate = students * sum(rate_per_student(PROBLEMS).values())
    cores = rate * worked.service / count
    told = f"{students:,} students: {rate:,.0f} requests a second, {cores:.1f} cores of services"
    processes = ceil(cores / BUSY)
    told += f", {processes} processes at {BUSY:.0%}"
    return told if is_sqlite else f"{told}, {rate * worked.database / count:.1f} of PostgreSQL"


def main(arguments: list[str]) -> None:
    students, seconds, url, processes = (*arguments, *DEFAULTS[len(arguments) :])
    if not run(int(students), float(seconds), url or DEFAULTS[2], int(processes)):
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
