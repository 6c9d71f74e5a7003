"""Durability run: a database with a course, and services that run on it."""

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from api.db.engine import Database
from api.durability_test.course_fixture import (
    DurabilityCourse,
    create_schema_and_course,
    write_bank,
)
from api.durability_test.fault_injection import (
    DurabilityReport,
    build_report,
    find_database_violations,
)
from api.durability_test.ledger import Ledger
from api.durability_test.service import Launcher, ServiceProcess, build_environment
from durability.fork_server import ForkServer

TEST_DURATION_SECONDS = float(os.environ.get("GRADER_DURABILITY_SECONDS", "1"))
"""Duration of each test that can run for any length of time."""
IS_LONG_RUN = TEST_DURATION_SECONDS >= 30
SEED = int(os.environ.get("GRADER_DURABILITY_SEED", "1"))


@dataclass
class DurabilityRun:
    """A database with a course, its services, and the ledger of the clients.

    *ledger* records the responses that the clients receive. `close` kills the services.
    """

    url: str
    folder: Path
    fork_server: ForkServer
    ledger: Ledger = field(default_factory=Ledger)
    services: list[ServiceProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bank = write_bank(self.folder / "bank")
        self.db = Database(self.url)
        self.course: DurabilityCourse = create_schema_and_course(
            self.db, students=200, now=datetime.now(UTC)
        )

    def create_service(
        self, *, launcher: Launcher | None = None, bug: str = "", url: str = "", **settings: str
    ) -> ServiceProcess:
        """Return a service that is not started yet.

        It uses the database at *url*, by default that of the run. *launcher* starts it,
        by default the fork server, which injects the *bug*.
        """
        environment = build_environment(url or self.url, self.bank, **settings)
        service = ServiceProcess(
            environment, self.folder, launcher=launcher or self.fork_server.build_launcher(bug)
        )
        self.services.append(service)
        return service

    def start_service(self, **options: str) -> ServiceProcess:
        service = self.create_service(**options)
        service.start()
        return service

    def build_report(self) -> DurabilityReport:
        """Kill the services and compare the database with the ledger."""
        self.kill_services()
        return build_report(
            self.ledger, find_database_violations(self.db, self.course, self.ledger), Counter()
        )

    def kill_services(self) -> None:
        for service in self.services:
            service.kill()

    def close(self) -> None:
        """Kill the services and close the database."""
        self.kill_services()
        self.db.close()
