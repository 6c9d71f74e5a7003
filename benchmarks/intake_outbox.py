"""Measure the submission rate with and without an outbox that sends scores, in one run.

``PYTHONPATH=tests python benchmarks/intake_outbox.py [DATABASE] [COUNT] [ROUNDS]``: in each of
ROUNDS (5) rounds, the service accepts COUNT submissions (6,000) alone, and as many while a worker
sends 10 scores per second to a simulated learning platform. The order alternates. A worker begins
by comparing all scores, so COUNT should last for some seconds. The table shows the medians, and the
median of the ratios of the rounds.
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

from intake import (
    SCALARS,
    SEEDS,
    LoadMeasurement,
    build_request,
    build_service_command,
    measure_load,
    run_server,
)
from intake_class import PROBLEMS_BY_LOAD, IntakeClass
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
"""People and assignments with scores to send: more than a run sends."""
START_SECONDS = 60


def create_platform() -> LimitedPlatform:
    """Return a platform that accepts 10 scores in any second, and replies after 0.1 s."""
    limiter = LIMITS["sliding"](10, 1, time.monotonic)
    return LimitedPlatform(DIALECTS["moodle"], limiter=limiter, latency=0.1)


def send_scores(url: str) -> None:
    """Send scores as the worker does, until this process is terminated."""
    os.nice(NICENESS)
    db, platform = Database(url, pool=2), create_platform()
    platform.tool_keys = load_public_keys(db, now=datetime.now(UTC))
    tool = LtiTool.from_settings(ServiceSettings(database=url))
    tool.http = PlatformHttp(platform.transport)
    runner = ScoreRunner(db, lambda: datetime.now(UTC), tool)
    while True:
        time.sleep(runner.run_once())


def count_sent(db: Database) -> int:
    """Return the number of sent scores."""
    with db.reading() as session:
        sent = select(func.count()).where(OutboxMessage.status == "sent")
        return session.scalar(sent) or 0


@contextmanager
def run_outbox(db: Database, url: str) -> Iterator[None]:
    """Run the sender in its own process; enter the block once it has sent a score."""
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
    """Measure with and without the outbox in turn, and print both."""
    db = Database(url)
    upgrade(db)
    course = IntakeClass(db, students=STUDENTS, seeds=SEEDS)
    world = World(url)
    connect(world, create_platform())
    fill(world, students=RECIPIENTS, assignments=ASSIGNMENTS)
    world.close()
    answers = course.generate_answers(SCALARS, course.students)
    requests = (build_request(course.assignment, answer) for answer in answers)
    command, port, env = build_service_command(url)
    without_outbox_runs: list[LoadMeasurement] = []
    with_outbox_runs: list[LoadMeasurement] = []
    score_rates: list[float] = []
    with run_server(command, port, **env) as server:
        first_requests = [next(requests) for _ in range(len(PROBLEMS_BY_LOAD[SCALARS]) * STUDENTS)]
        measure_load(server, first_requests, CLIENTS)
        for turn in range(rounds):
            for with_outbox in (False, True) if turn % 2 else (True, False):
                batch = [next(requests) for _ in range(count)]
                if not with_outbox:
                    without_outbox_runs.append(measure_load(server, batch, CLIENTS))
                    continue
                with run_outbox(db, url):
                    start, sent_before = time.monotonic(), count_sent(db)
                    with_outbox_runs.append(measure_load(server, batch, CLIENTS))
                    seconds = time.monotonic() - start
                    score_rates.append((count_sent(db) - sent_before) / seconds)
    print_row("without the outbox", without_outbox_runs)
    print_row("with the outbox", with_outbox_runs)
    ratios = [
        with_scores.load.rate / without.load.rate
        for without, with_scores in zip(without_outbox_runs, with_outbox_runs, strict=True)
    ]
    cpu_ratios = [
        with_scores.cpu_ms / without.cpu_ms
        for without, with_scores in zip(without_outbox_runs, with_outbox_runs, strict=True)
    ]
    print(
        f"with / without: rate {median(ratios):.2f}, "
        f"processor of the service {median(cpu_ratios):.2f}; "
        f"{median(score_rates):.1f} scores/s sent during the runs"
    )
    db.close()


def print_row(name: str, runs: list[LoadMeasurement]) -> None:
    """Print the medians of some runs."""
    print(
        f"{name:20} {median(run.load.rate for run in runs):6.0f}/s  "
        f"p50 {median(run.load.percentile(50) for run in runs):6.1f} ms  "
        f"p99 {median(run.load.percentile(99) for run in runs):6.1f} ms  "
        f"processor {median(run.cpu_ms for run in runs):6.3f} ms"
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
