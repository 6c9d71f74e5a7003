"""Durability run: services killed repeatedly while clients submit, and the resulting losses."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.core.failpoints import FAILPOINTS
from api.db.engine import Database
from api.durability_test.checking import Findings, check
from api.durability_test.clients import Load
from api.durability_test.ledger import Ledger
from api.durability_test.scene import Scene
from api.durability_test.service import Service
from api.durability_test.stored import damage, stored

__all__ = ["ANY_TIME", "WAYS", "WAYS_OF_SEVERAL", "Report", "judged", "kill_under_load", "report"]

ANY_TIME: Final = "any time"
ONE_OF_SEVERAL: Final = "one of several"
WAYS: Final = (ANY_TIME, *FAILPOINTS)
WAYS_OF_SEVERAL: Final = (ANY_TIME, ONE_OF_SEVERAL, ONE_OF_SEVERAL)
"""How a service ends that is one process, and one that has several and replaces them."""
LONGEST: Final = 0.5
"""How many seconds after a receipt a service is killed at the latest."""
LATEST: Final = 8
"""At which time of being reached a failpoint ends the service at the latest."""
PATIENCE: Final = 15.0
"""How many seconds a failpoint or a receipt is waited for."""


@dataclass(frozen=True, slots=True)
class Report:
    """Report of a run: requests, responses and findings; *kills* counts by moment of the kill."""

    kills: Counter[str]
    requests: int
    receipts: int
    replayed: int
    unanswered: int
    statuses: Counter[int]
    odd: tuple[str, ...]
    longest: float
    findings: Findings

    @property
    def good(self) -> bool:
        """Whether there are no findings and no unexpected statuses."""
        return not self.findings and not self.odd

    def told(self) -> str:
        """Return the report as lines of text."""
        kills = ", ".join(f"{moment} {count}" for moment, count in sorted(self.kills.items()))
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(self.statuses.items()))
        lines = [
            *([f"kills: {self.kills.total()} ({kills})"] if kills else ()),
            f"requests: {self.requests}, answers {codes}, without an answer {self.unanswered}",
            f"receipts: {self.receipts}, of them told again after a loss {self.replayed}",
            f"longest wait: {self.longest:.1f} s",
            f"lost: {len(self.findings.lost)}, doubled: {len(self.findings.doubled)}",
            *(f"not promised: {one}" for one in self.odd[:3]),
            self.findings.told(),
        ]
        return "\n".join(filter(None, lines))


def kill_under_load(
    db: Database,
    scene: Scene,
    services: Sequence[Service],
    *,
    seconds: float,
    seed: int = 0,
    rounds: int = 0,
    moments: Sequence[str] = WAYS,
) -> Report:
    """Kill *services* repeatedly for *seconds*, and return a report; they are dead afterwards.

    The order of *moments* is drawn from *seed*. Each round has every moment once; there are at
    least *rounds* rounds.
    """
    ledger, kills, stream = Ledger(), Counter[str](), random.Random(seed)  # noqa: S311
    ways = _ways(moments, stream)
    armed: dict[Service, str] = {}

    def start(service: Service) -> None:
        armed[service] = next(ways)
        service.start(**_settings(armed[service], stream))

    try:
        for service in services:
            start(service)
        with Load(scene.places, [one.port for one in services], ledger):
            until = time.monotonic() + seconds
            while time.monotonic() < until or kills.total() < rounds * len(moments):
                victim = stream.choice(services)
                kills[_end(victim, armed[victim], ledger, stream)] += 1
                if armed[victim] == ONE_OF_SEVERAL:
                    armed[victim] = next(ways)
                else:
                    start(victim)
            for service in services:
                kills[_end(service, armed[service], ledger, stream)] += 1
                service.kill()
                service.start()
    finally:
        for service in services:
            service.kill()
    kills[ANY_TIME] += len(services)
    return report(ledger, judged(db, scene, ledger), kills)


def _ways(moments: Sequence[str], stream: random.Random) -> Iterator[str]:
    """Yield the moment of the next kill; all are equally frequent, in changing order."""
    while True:
        yield from stream.sample(moments, len(moments))


def _settings(armed: str, stream: random.Random) -> dict[str, str]:
    return {} if armed not in FAILPOINTS else {"failpoint": f"{armed}:{stream.randint(1, LATEST)}"}


def _end(victim: Service, armed: str, ledger: Ledger, stream: random.Random) -> str:
    """End a service under load, by its failpoint or by a kill; return the moment."""
    if armed in FAILPOINTS and victim.ends(PATIENCE):
        victim.kill()
        return armed
    _wait_for_a_receipt(ledger)
    time.sleep(stream.uniform(0, LONGEST))
    if armed == ONE_OF_SEVERAL:
        victim.kill_child(stream.choice)
        return armed
    victim.kill()
    return ANY_TIME


def _wait_for_a_receipt(ledger: Ledger) -> None:
    """Wait up to `PATIENCE` for a new receipt: before that there is nothing to lose."""
    begun = time.monotonic()
    while ledger.accepted_after(begun) is None and time.monotonic() < begun + PATIENCE:
        time.sleep(0.01)


def judged(db: Database, scene: Scene, ledger: Ledger) -> Findings:
    """Return the differences between the database and the ledger."""
    return check(ledger.entries, stored(db), limits=scene.limits, damaged=damage(db))


def report(ledger: Ledger, findings: Findings, kills: Counter[str]) -> Report:
    """Return the report of a ledger and its findings."""
    return Report(
        kills=kills,
        requests=len(ledger.entries),
        receipts=ledger.receipts,
        replayed=ledger.replayed,
        unanswered=ledger.unanswered,
        statuses=ledger.statuses,
        odd=tuple(ledger.odd),
        longest=ledger.longest,
        findings=findings,
    )
