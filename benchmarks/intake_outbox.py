"""Submissions a second with and without an outbox at work over the same database, in one run.

``PYTHONPATH=tests python benchmarks/intake_outbox.py [DATABASE] [COUNT] [ROUNDS]``: in each of
ROUNDS (5) turns, the service takes COUNT submissions (6,000) alone, and as many while a worker
sends 10 scores per second to a stand-in of a learning platform. The order changes with each turn.
A worker begins with a comparison of all scores, so COUNT should last for some seconds. The table
has the medians, and the median of the ratios of the turns.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from intake import SCALARS, SEEDS, Measured, measured, request, served, the_service
from intake_class import ASKED, IntakeClass
from lti_platform import DIALECTS
from passback import LIMITS, LimitedPlatform, connect, fill
from sqlalchemy import func, select
from world import World

from api.config.settings import ServiceSettings
from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import OutboxMessage
from api.server.worker import NICENESS
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.runner import ScoreRunner
from api.services.lti.tool import LtiTool

STUDENTS = 400
CLIENTS = 16
RECIPIENTS, ASSIGNMENTS = 500, 20
"""People and assignments with scores to send: more than a run takes."""
START_SECONDS = 60


def create_platform() -> LimitedPlatform:
    """Return a stand-in that accepts 10 scores in any second, and answers each after 0.1 s."""
    limiter = LIMITS["sliding"](10, 1, time.monotonic)
    return LimitedPlatform(DIALECTS["moodle"], limiter=limiter, latency=0.1)


def send_scores(url: str) -> None:
    """Send scores until this process is stopped, as the worker does."""
    os.nice(NICENESS)
    db, platform = Database(url, pool=2), create_platform()
    platform.tool_keys = load_public_keys(db, now=datetime.now(UTC))
    tool = LtiTool.from_settings(ServiceSettings(database=url))
    tool.http = PlatformHttp(platform.transport)
    runner = ScoreRunner(db, lambda: datetime.now(UTC), tool)
    while True:
        time.sleep(runner.run_once())


def count_sent(db: Database) -> int:
    """Return how many scores were sent."""
    with db.reading() as session:
        sent = select(func.count()).where(OutboxMessage.status == "sent")
        return session.scalar(sent) or 0


@contextmanager
def outbox_at_work(db: Database, url: str) -> Iterator[None]:
    """Run the sender in a process of its own; begin once scores leave."""
    before = count_sent(db)
    process = subprocess.Popen([sys.executable, __file__, "--send", url])  # noqa: S603
    try:
        until = time.monotonic() + START_SECONDS
        while count_sent(db) == before and time.monotonic() < until:
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def compare(url: str, count: int, rounds: int) -> None:
    """Measure both in turn, and print them side by side."""
    db = Database(url)
    upgrade(db)
    made = IntakeClass(db, students=STUDENTS, seeds=SEEDS)
    world = World(url)
    connect(world, create_platform())
    fill(world, students=RECIPIENTS, assignments=ASSIGNMENTS)
    world.close()
    answers = made.answers(SCALARS, made.students)
    requests = (request(made.assignment, one) for one in answers)
    command, port, env = the_service(url)
    alone: list[Measured] = []
    beside: list[Measured] = []
    rates: list[float] = []
    with served(command, port, **env) as server:
        first = [next(requests) for _ in range(len(ASKED[SCALARS]) * STUDENTS)]
        measured(server, first, CLIENTS)
        for turn in range(rounds):
            for with_outbox in (False, True) if turn % 2 else (True, False):
                some = [next(requests) for _ in range(count)]
                if not with_outbox:
                    alone.append(measured(server, some, CLIENTS))
                    continue
                with outbox_at_work(db, url):
                    begun, before = time.monotonic(), count_sent(db)
                    beside.append(measured(server, some, CLIENTS))
                    passed = time.monotonic() - begun
                    rates.append((count_sent(db) - before) / passed)
    show("without the outbox", alone)
    show("with the outbox", beside)
    ratios = [b.load.rate / a.load.rate for a, b in zip(alone, beside, strict=True)]
    cpu = [b.cpu / a.cpu for a, b in zip(alone, beside, strict=True)]
    print(
        f"with / without: rate {median(ratios):.2f}, processor of the service {median(cpu):.2f}; "
        f"{median(rates):.1f} scores/s left meanwhile"
    )
    db.close()


def show(name: str, turns: list[Measured]) -> None:
    """Print the medians of the turns."""
    print(
        f"{name:20} {median(one.load.rate for one in turns):6.0f}/s  "
        f"p50 {median(one.load.percentile(50) for one in turns):6.1f} ms  "
        f"p99 {median(one.load.percentile(99) for one in turns):6.1f} ms  "
        f"processor {median(one.cpu for one in turns):6.3f} ms"
    )


def main(database: str = "", count: str = "6000", rounds: str = "5") -> None:
    """Measure over a database, or over a new SQLite file."""
    with TemporaryDirectory() as folder:
        url = database or f"sqlite:///{Path(folder) / 'intake.db'}"
        compare(url, int(count), int(rounds))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--send"]:
        send_scores(sys.argv[2])
    else:
        main(*sys.argv[1:])
