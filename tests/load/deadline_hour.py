"""Load test: the last hour before a deadline, compressed into less time.

Usage: ``python tests/load/deadline_hour.py [STUDENTS] [SECONDS] [DATABASE] [PROCESSES]``.
The default is 2,000 students in 600 seconds on a new SQLite file, with one process. With
the URL of a PostgreSQL server, the test creates a database there and drops it afterwards.
It prints the measured load. The exit status is 1 if a submission is lost, duplicated or
unanswered, or if a response is unexpected.
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

from connection_pool import ConnectionPool
from driver import LoadRun, ProblemSession, run_plan
from plan import compute_peak_rates, plan_requests

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

DEFAULT_ARGUMENTS: Final = ("2000", "600", "sqlite:///grader.db", "1")
CONNECTION_COUNT: Final = 64
SEED: Final = 1
PROBLEMS_PER_STUDENT: Final = 2
STUDENT_COUNTS: Final = (2_000, 100_000, 1_000_000)
MAX_UTILIZATION: Final = 0.6
"""Highest average utilization of a process at which response times stay short."""


def log_in_students(db: Database, course: DurabilityCourse) -> list[ProblemSession]:
    """Log in all students, and return a session for each student and problem."""
    now = datetime.now(UTC)
    students = dict.fromkeys(target.student for target in course.targets)
    secrets = {student: new_secret("session") for student in students}
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
    return [ProblemSession(target, secrets[target.student].text) for target in course.targets]


@dataclass(frozen=True, slots=True)
class CpuTime:
    """CPU time of the service, and of PostgreSQL if it runs on this machine."""

    service_seconds: float
    database_seconds: float

    @classmethod
    def measure(cls, process_group: int) -> Self:
        """Return the CPU time of a process group and of all processes named postgres."""
        ticks = Counter[str]()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, _, numbers = stat.read_text(encoding="utf-8").rpartition(")")
            except OSError:
                continue
            fields = numbers.split()
            process_ticks = int(fields[11]) + int(fields[12])
            ticks["service"] += process_ticks * (int(fields[2]) == process_group)
            ticks["database"] += process_ticks * name.endswith("(postgres")
        ticks_per_second = os.sysconf("SC_CLK_TCK")
        return cls(ticks["service"] / ticks_per_second, ticks["database"] / ticks_per_second)

    def since(self, before: Self) -> Self:
        """Return the CPU time spent since the measurement *before*."""
        return replace(
            self,
            service_seconds=self.service_seconds - before.service_seconds,
            database_seconds=self.database_seconds - before.database_seconds,
        )


def run_load_test(students: int, seconds: float, url: str, processes: int) -> bool:
    """Run the plan, print the measurements, and return whether the test passed."""
    with scratch_database(url) as (database_url, folder), closing(Database(database_url)) as db:
        course = create_schema_and_course(db, students=students, now=datetime.now(UTC))
        sessions = log_in_students(db, course)
        settings = {"processes": str(processes), "drafts_per_minute": "1000000"}
        service = ServiceProcess(
            build_environment(database_url, write_bank(folder / "bank"), **settings), folder
        )
        try:
            service.start()
            load_run = LoadRun(sessions, ConnectionPool(service.port, CONNECTION_COUNT))
            before = CpuTime.measure(service.pid)
            plan = plan_requests(len(sessions), seed=SEED)
            asyncio.run(run_plan(load_run, plan, seconds=seconds))
            cpu_time = CpuTime.measure(service.pid).since(before)
        finally:
            service.kill()
        return _print_results(load_run, cpu_time, db, course)


def _print_results(
    load_run: LoadRun, cpu_time: CpuTime, db: Database, course: DurabilityCourse
) -> bool:
    """Print the measurements and findings, and return whether the test passed."""
    measurements, ledger = load_run.measurements, load_run.ledger
    findings = find_database_violations(db, course, ledger)
    count = sum(map(len, measurements.durations.values()))
    print("\n".join(measurements.format_table()))
    seconds = measurements.total_seconds
    print(
        f"{count:,} requests in {seconds:.0f} s, {1e3 * cpu_time.service_seconds / count:.2f} ms "
        f"of processor time each, {cpu_time.service_seconds / seconds:.2f} cores; at most "
        f"{measurements.max_delay_seconds:.1f} s behind the plan"
    )
    for students in STUDENT_COUNTS:
        print(_extrapolate(students, cpu_time, count, is_sqlite=db.is_sqlite))
    print(f"{ledger.receipt_count:,} receipts, {ledger.replayed} replayed")
    for description, times in measurements.unexpected.most_common(3):
        print(f"unexpected, {times} times: {description}")
    print(findings.to_text() or "no submission is lost, duplicated or changed")
    return not (findings or measurements.unexpected or ledger.unanswered)


def _extrapolate(students: int, cpu_time: CpuTime, request_count: int, *, is_sqlite: bool) -> str:
    """Return a sentence that extrapolates the load to the peak of an hour with *students*."""
    rate = students * sum(compute_peak_rates(PROBLEMS_PER_STUDENT).values())
    cores = rate * cpu_time.service_seconds / request_count
    text = f"{students:,} students: {rate:,.0f} requests a second, {cores:.1f} cores of services"
    processes = ceil(cores / MAX_UTILIZATION)
    text += f", {processes} processes at {MAX_UTILIZATION:.0%}"
    if is_sqlite:
        return text
    return f"{text}, {rate * cpu_time.database_seconds / request_count:.1f} of PostgreSQL"


def main(arguments: list[str]) -> None:
    students, seconds, url, processes = (*arguments, *DEFAULT_ARGUMENTS[len(arguments) :])
    url = url or DEFAULT_ARGUMENTS[2]
    if not run_load_test(int(students), float(seconds), url, int(processes)):
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
