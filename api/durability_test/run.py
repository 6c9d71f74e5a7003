"""Durability test for operators: scratch database, service, clients and kills."""

from contextlib import closing
from typing import Final

from api.core.clock import system_clock
from api.core.errors import FileError
from api.db.engine import Database
from api.durability_test.course_fixture import create_schema_and_course, write_bank
from api.durability_test.fault_injection import DurabilityReport, kill_under_load
from api.durability_test.scratch import scratch_database
from api.durability_test.service import ServiceProcess, ServiceStartError, build_environment

STUDENTS: Final = 200
STUDENTS_PER_SECOND: Final = 4


def run_durability_test(url: str, *, seconds: float, seed: int) -> DurabilityReport:
    """Kill a service on a scratch database beside that of *url*, and return the report.

    Raises `FileError` if no such database is possible or no service starts on it.
    """
    students = STUDENTS + int(seconds * STUDENTS_PER_SECOND)
    with scratch_database(url) as (scratch_url, folder), closing(Database(scratch_url)) as db:
        course = create_schema_and_course(db, students=students, now=system_clock())
        service = ServiceProcess(
            build_environment(scratch_url, write_bank(folder / "bank")), folder
        )
        try:
            return kill_under_load(db, course, [service], seconds=seconds, seed=seed)
        except ServiceStartError as error:
            raise FileError(f"the service does not start: {error}") from error
