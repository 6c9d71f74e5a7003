"""Measure the rate at which scores reach a learning platform, relative to its limit.

``PYTHONPATH=tests python benchmarks/score_rate.py [COUNT] [DATABASE] [LATENCY] [LIMIT] [KIND...]``:
COUNT scores (300) for a platform that accepts LIMIT (10) of them per second, answers 429 above,
and takes LATENCY (0.2) seconds for each. KIND is how it counts: ``sliding`` (within any second),
``window`` (within each second of its clock) or ``bucket``; by default each in turn. The platform is
simulated, without a network; everything else is the service: the database (by default a new SQLite
file), the comparison of the scores, the outbox, and the threads that send.
"""

import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import database_template
from lti_platform import DIALECTS
from passback import LIMITS, LimitedPlatform, connect, count_waiting, fill
from world import World

from api.db.engine import Database
from api.db.migrations import upgrade
from api.services.lti.scores.runner import ScoreRunner

ASSIGNMENTS = 10


def measure(url: str, kind: str, count: int, *, latency: float, limit: int) -> None:
    """Send *count* scores, and print their rate and its share of the limit."""
    world = World(url)
    platform = LimitedPlatform(
        DIALECTS["moodle"], limiter=LIMITS[kind](limit, 1, time.monotonic), latency=latency
    )
    tool = connect(world, platform)
    fill(world, students=count // ASSIGNMENTS, assignments=ASSIGNMENTS)
    runner = ScoreRunner(world.db, lambda: datetime.now(UTC), tool, max_rate=limit)
    cpu_seconds = time.process_time()
    pause_seconds = runner.run_once()
    while count_waiting(world):
        time.sleep(pause_seconds)
        pause_seconds = runner.run_once()
    cpu_seconds = time.process_time() - cpu_seconds
    seconds = platform.last_at - platform.first_at
    arrived, rate = len(platform.scores), (len(platform.scores) - 1) / seconds
    print(
        f"{kind:8} {arrived:6,} scores in {seconds:6.1f} s  {rate:5.2f}/s  limit {limit}/s  "
        f"rate / limit {rate / limit:5.1%}  refused by 429 {platform.limited:4}  "
        f"processor {1e3 * cpu_seconds / arrived:5.1f} ms per score",
        flush=True,
    )
    world.close()


def main(
    count: str = "300", database: str = "", latency: str = "0.2", limit: str = "10", *kinds: str
) -> None:
    """Measure each kind of limit."""
    with TemporaryDirectory() as folder:
        template = database_template.create_template(Path(folder))
        for kind in kinds or LIMITS:
            path = Path(folder) / f"{kind}.db"
            shutil.copyfile(template, path)
            if database:
                db = Database(database)
                upgrade(db)
                db.close()
            url = database or f"sqlite:///{path}"
            measure(url, kind, int(count), latency=float(latency), limit=int(limit))


if __name__ == "__main__":
    main(*sys.argv[1:])
