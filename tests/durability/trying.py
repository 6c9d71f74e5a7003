"""Helpers for durability tests: a database with a course, and services to run on it."""

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
from durability.nursery import Nursery

SECONDS = float(os.environ.get("GRADER_DURABILITY_SECONDS", "1"))
"""Duration of each test that can run for any length of time."""
IS_LONG = SECONDS >= 30
SEED = int(os.environ.get("GRADER_DURABILITY_SEED", "1"))


@dataclass
class Tried:
    """A database with a course in it, and services on it that end with the test.

    *ledger* records the responses that the clients receive.
    """

    url: str
    folder: Path
    nursery: Nursery
    ledger: Ledger = field(default_factory=Ledger)
    services: list[ServiceProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bank = write_bank(self.folder / "bank")
        self.db = Database(self.url)
        self.scene: DurabilityCourse = create_schema_and_course(
            self.db, students=200, now=datetime.now(UTC)
        )

    def service(
        self, *, launched: Launcher | None = None, plant: str = "", url: str = "", **settings: str
    ) -> ServiceProcess:
        """Return a service that is not started yet, on the database at *url*.

        *launched* starts it, by default the nursery, with the bug that *plant* names.
        """
        given = build_environment(url or self.url, self.bank, **settings)
        service = ServiceProcess(
            given, self.folder, launcher=launched or self.nursery.planted(plant)
        )
        self.services.append(service)
        return service

    def started(self, **given: str) -> ServiceProcess:
        service = self.service(**given)
        service.start()
        return service

    def report(self) -> DurabilityReport:
        """Kill the services, and return how the database differs from the ledger."""
        self.end()
        return build_report(
            self.ledger, find_database_violations(self.db, self.scene, self.ledger), Counter()
        )

    def end(self) -> None:
        """Kill the services."""
        for service in self.services:
            service.kill()

    def close(self) -> None:
        """Kill the services and close the database."""
        self.end()
        self.db.close()
