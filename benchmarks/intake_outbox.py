"""Measure the submission rate with and without an outbox that sends scores and e-mail, in one run.

``PYTHONPATH=tests python benchmarks/intake_outbox.py [DATABASE] [COUNT] [ROUNDS]``: in each of
ROUNDS (5) rounds, the service accepts COUNT submissions (6,000) alone, and as many while a worker
sends 10 scores per second to a simulated learning platform, and as many messages as an SMTP server
in a third process accepts. The scores and messages are stored before. The order alternates. A
worker begins by comparing all scores, so COUNT should last for some seconds. The table shows the
medians, and the medians of the ratios of the rounds.
"""

import operator
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
from smtp_process import running_mail_server
from sqlalchemy import func, insert, select
from world import World

from api.config.settings import ServiceSettings
from api.core.ids import new_id
from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import OutboxMessage, User
from api.server.worker import NICENESS
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.runner import ScoreRunner
from api.services.lti.tool import LtiTool
from api.services.outbox.kinds import SCORE_KIND
from api.services.outbox.runner import OutboxRunner

STUDENTS = 400
CLIENTS = 16
RECIPIENTS, ASSIGNMENTS = 500, 20
"""People and assignments with scores to send: more than a run sends."""
MESSAGES = 20_000
"""Messages to send: more than a run sends."""
START_SECONDS = 120


def create_platform() -> LimitedPlatform:
    """Return a platform that accepts 10 scores in any second, and replies after 0.1 s."""
    limiter = LIMITS["sliding"](10, 1, time.monotonic)
    return LimitedPlatform(DIALECTS["moodle"], limiter=limiter, latency=0.1)


def store_messages(db: Database) -> None:
    """Store messages to as many people, which are due."""
    now = datetime.now(UTC)
    people = [new_id() for _ in range(MESSAGES)]
    rows = {
        User: [
            {"id": person, "name": "Ann", "email": f"{person}@example.edu", "created_at": now}
            for person in people
        ],
        OutboxMessage: [
            {"id": new_id(), "recipient_id": person, "kind": "password_reset"}
            | {"created_at": now, "due_at": now, "status": "waiting"}
            for person in people
        ],
    }
    with db.transaction() as session:
        for model, values in rows.items():
            session.execute(insert(model), values)


def send_everything(url: str, smtp_port: str) -> None:
    """Send scores and e-mail as the worker does, until this process is terminated."""
    os.nice(NICENESS)
    mail = {"smtp_host": "127.0.0.1", "smtp_port": int(smtp_port), "smtp_tls": "none"}
    settings = ServiceSettings(database=url, mail_from="grader@example.edu", **mail)
    db, platform = Database(url, pool=2), create_platform()
    platform.tool_keys = load_public_keys(db, now=datetime.now(UTC))
    tool = LtiTool.from_settings(settings)
    tool.http = PlatformHttp(platform.transport)
    OutboxRunner.from_settings(db, lambda: datetime.now(UTC), settings).start()
    runner = ScoreRunner(db, lambda: datetime.now(UTC), tool)
    while True:
        time.sleep(runner.run_once())


def count_sent(db: Database) -> tuple[int, int]:
    """Return the numbers of sent scores and of sent e-mails."""
    with db.reading() as session:
        sent = select(func.count()).where(OutboxMessage.status == "sent")
        scores = session.scalar(sent.where(OutboxMessage.kind == SCORE_KIND)) or 0
        return scores, (session.scalar(sent) or 0) - scores


@contextmanager
def run_outbox(db: Database, url: str, smtp_port: int) -> Iterator[None]:
    """Run the sender in its own process; enter the block once it has sent a score and an e-mail."""
    before = count_sent(db)
    command = [sys.executable, __file__, "--send", url, str(smtp_port)]
    process = subprocess.Popen(command)  # noqa: S603
    try:
        until = time.monotonic() + START_SECONDS
        while any(map(operator.eq, count_sent(db), before)):
            if time.monotonic() > until:
                raise TimeoutError("the outbox sends nothing")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def compare(url: str, count: int, rounds: int, smtp_port: int) -> None:
    """Measure with and without the outbox in turn, and print both."""
    db = Database(url)
    upgrade(db)
    course = IntakeClass(db, students=STUDENTS, seeds=SEEDS)
    world = World(url)
    connect(world, create_platform())
    fill(world, students=RECIPIENTS, assignments=ASSIGNMENTS)
    world.close()
    store_messages(db)
    answers = course.generate_answers(SCALARS, course.students)
    requests = (build_request(course.assignment, answer) for answer in answers)
    command, port, env = build_service_command(url)
    without_outbox_runs: list[LoadMeasurement] = []
    with_outbox_runs: list[LoadMeasurement] = []
    sent_rates: list[tuple[float, ...]] = []
    with run_server(command, port, **env) as server:
        first_requests = [next(requests) for _ in range(len(PROBLEMS_BY_LOAD[SCALARS]) * STUDENTS)]
        measure_load(server, first_requests, CLIENTS)
        for turn in range(rounds):
            for with_outbox in (False, True) if turn % 2 else (True, False):
                batch = [next(requests) for _ in range(count)]
                if not with_outbox:
                    without_outbox_runs.append(measure_load(server, batch, CLIENTS))
                    continue
                with run_outbox(db, url, smtp_port):
                    start, sent_before = time.monotonic(), count_sent(db)
                    with_outbox_runs.append(measure_load(server, batch, CLIENTS))
                    seconds = time.monotonic() - start
                    sent = map(operator.sub, count_sent(db), sent_before)
                    sent_rates.append(tuple(number / seconds for number in sent))
    print_row("without the outbox", without_outbox_runs)
    print_row("with the outbox", with_outbox_runs)
    print_ratios(without_outbox_runs, with_outbox_runs)
    scores, messages = map(median, zip(*sent_rates, strict=True))
    print(f"sent during the runs: {scores:.1f} scores/s, {messages:.1f} e-mails/s")
    db.close()


def print_ratios(
    without_outbox_runs: list[LoadMeasurement], with_outbox_runs: list[LoadMeasurement]
) -> None:
    """Print the medians of the ratios of the rounds."""
    measures: dict[str, Callable[[LoadMeasurement], float]] = {
        "rate": lambda run: run.load.rate,
        "p99": lambda run: run.load.percentile(99),
        "processor of the service": lambda run: run.cpu_ms,
    }
    pairs = list(zip(without_outbox_runs, with_outbox_runs, strict=True))
    ratios = {
        name: median(measure(run) / measure(without) for without, run in pairs)
        for name, measure in measures.items()
    }
    print("with / without:", ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()))


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
    with TemporaryDirectory() as folder, running_mail_server(Path(folder) / "mail") as server:
        url = database or f"sqlite:///{Path(folder) / 'intake.db'}"
        compare(url, int(count), int(rounds), server.port)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--send"]:
        send_everything(sys.argv[2], sys.argv[3])
    else:
        main(*sys.argv[1:])
