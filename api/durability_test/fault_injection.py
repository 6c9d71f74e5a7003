"""Durability run: services killed repeatedly while clients submit, and the resulting losses."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.core.failpoints import FAILPOINTS
from api.db.engine import Database
from api.durability_test.course_fixture import DurabilityCourse
from api.durability_test.ledger import Ledger
from api.durability_test.load_generator import LoadGenerator
from api.durability_test.service import ServiceProcess
from api.durability_test.stored_submissions import find_sqlite_damage, load_submission_snapshots
from api.durability_test.verification import Findings, find_violations

ANY_TIME: Final = "any time"
ONE_OF_SEVERAL: Final = "one of several"
KILL_MOMENTS: Final = (ANY_TIME, *FAILPOINTS)
KILL_MOMENTS_OF_SEVERAL: Final = (ANY_TIME, ONE_OF_SEVERAL, ONE_OF_SEVERAL)
"""Moments for killing a service of several processes, or one of its processes.

The service replaces a killed process. `KILL_MOMENTS` are those of a single process.
"""
MAX_KILL_DELAY_SECONDS: Final = 0.5
"""Maximum seconds between a receipt and the kill of a service."""
MAX_FAILPOINT_HITS: Final = 8
"""Maximum number of hits of a failpoint until it ends the service."""
WAIT_TIMEOUT_SECONDS: Final = 15.0
"""Maximum seconds to wait for a failpoint or a receipt."""


@dataclass(frozen=True, slots=True)
class DurabilityReport:
    """Report of a run: requests, responses and findings; *kills* counts by moment of the kill."""

    kills: Counter[str]
    requests: int
    receipts: int
    replayed: int
    unanswered: int
    statuses: Counter[int]
    unexpected: tuple[str, ...]
    longest_wait_seconds: float
    findings: Findings

    @property
    def has_no_findings(self) -> bool:
        """Whether there are no findings and no unexpected statuses."""
        return not self.findings and not self.unexpected

    def to_text(self) -> str:
        """Return the report as lines of text."""
        kills = ", ".join(f"{moment} {count}" for moment, count in sorted(self.kills.items()))
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(self.statuses.items()))
        lines = [
            *([f"kills: {self.kills.total()} ({kills})"] if kills else ()),
            f"requests: {self.requests}, answers {codes}, without an answer {self.unanswered}",
            f"receipts: {self.receipts}, repeated after a loss {self.replayed}",
            f"longest wait: {self.longest_wait_seconds:.1f} s",
            f"lost: {len(self.findings.lost)}, doubled: {len(self.findings.doubled)}",
            *(f"not promised: {one}" for one in self.unexpected[:3]),
            self.findings.to_text(),
        ]
        return "\n".join(filter(None, lines))


def kill_under_load(
    db: Database,
    course: DurabilityCourse,
    services: Sequence[ServiceProcess],
    *,
    seconds: float,
    seed: int = 0,
    rounds: int = 0,
    moments: Sequence[str] = KILL_MOMENTS,
) -> DurabilityReport:
    """Kill *services* repeatedly for *seconds*, and return a report; they are dead afterwards.

    The order of *moments* is drawn from *seed*. Each round has every moment once; there are at
    least *rounds* rounds.
    """
    ledger, kills, rng = Ledger(), Counter[str](), random.Random(seed)  # noqa: S311
    next_moments = _iter_kill_moments(moments, rng)
    planned_moments: dict[ServiceProcess, str] = {}

    def start_service(service: ServiceProcess) -> None:
        planned_moments[service] = next(next_moments)
        service.start(**_failpoint_settings(planned_moments[service], rng))

    try:
        for service in services:
            start_service(service)
        with LoadGenerator(course.targets, [one.port for one in services], ledger):
            until = time.monotonic() + seconds
            while time.monotonic() < until or kills.total() < rounds * len(moments):
                victim = rng.choice(services)
                kills[_end_service(victim, planned_moments[victim], ledger, rng)] += 1
                if planned_moments[victim] == ONE_OF_SEVERAL:
                    planned_moments[victim] = next(next_moments)
                else:
                    start_service(victim)
            for service in services:
                kills[_end_service(service, planned_moments[service], ledger, rng)] += 1
                service.kill()
                service.start()
    finally:
        for service in services:
            service.kill()
    kills[ANY_TIME] += len(services)
    return build_report(ledger, find_database_violations(db, course, ledger), kills)


def _iter_kill_moments(moments: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Yield the moment of the next kill; all are equally frequent, in changing order."""
    while True:
        yield from rng.sample(moments, len(moments))


def _failpoint_settings(moment: str, rng: random.Random) -> dict[str, str]:
    return (
        {}
        if moment not in FAILPOINTS
        else {"failpoint": f"{moment}:{rng.randint(1, MAX_FAILPOINT_HITS)}"}
    )


def _end_service(service: ServiceProcess, moment: str, ledger: Ledger, rng: random.Random) -> str:
    """End a service under load, by its failpoint or by a kill; return the moment."""
    if moment in FAILPOINTS and service.wait_until_ended(WAIT_TIMEOUT_SECONDS):
        service.kill()
        return moment
    _wait_for_receipt(ledger)
    time.sleep(rng.uniform(0, MAX_KILL_DELAY_SECONDS))
    if moment == ONE_OF_SEVERAL:
        service.kill_serving_process(rng.choice)
        return moment
    service.kill()
    return ANY_TIME


def _wait_for_receipt(ledger: Ledger) -> None:
    """Wait up to `WAIT_TIMEOUT_SECONDS` for a new receipt. Without one, no loss could show."""
    started = time.monotonic()
    while (
        ledger.seconds_until_receipt(started) is None
        and time.monotonic() < started + WAIT_TIMEOUT_SECONDS
    ):
        time.sleep(0.01)


def find_database_violations(db: Database, course: DurabilityCourse, ledger: Ledger) -> Findings:
    """Return the differences between the database and the ledger."""
    return find_violations(
        ledger.entries,
        load_submission_snapshots(db),
        limits=course.limits,
        damaged=find_sqlite_damage(db),
    )


def build_report(ledger: Ledger, findings: Findings, kills: Counter[str]) -> DurabilityReport:
    """Return the report of a ledger and its findings."""
    return DurabilityReport(
        kills=kills,
        requests=len(ledger.entries),
        receipts=ledger.receipt_count,
        replayed=ledger.replayed,
        unanswered=ledger.unanswered,
        statuses=ledger.statuses,
        unexpected=tuple(ledger.unexpected),
        longest_wait_seconds=ledger.longest_wait_seconds,
        findings=findings,
    )
