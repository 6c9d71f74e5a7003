"""How fast 100,000 submissions are marked again: dry run, apply and undo, each with its rate.

In each phase the work is begun by another process, which is killed half-way, and then taken up
again; the rate is that of both, their start included. At the end nothing may be lost or doubled:
what is shown is what is applied, and undoing restores every standing and grade.

Run with ``.venv/bin/python benchmarks/regrading.py [STUDENTS] [EACH] [URL] [WORKERS]``; by default
20,000 students with 5 submissions each on a new SQLite file. A database at a URL, such as
``postgresql://user@host/name``, must be empty; its tables are made and left. Two of five
submissions gain credit.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from regrading_class import Class
from sqlalchemy import event
from sqlalchemy.orm import Session

from api.core.clock import system_clock
from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import ProblemVersion, Regrade
from api.services.regrades.execution.apply import RegradeApplyOptions, start_applying_regrade
from api.services.regrades.execution.runner import RegradeRunner
from api.services.regrades.execution.undo import start_undoing_regrade
from api.services.regrades.planning import RegradeOptions, create_regrade

DEFAULTS = ("20000", "5", "", "2")
WORK = "--work"
KILLED = 9
QUIET = (sys.executable, "-Wignore:resource_tracker:UserWarning")
"""Runs Python; who is killed cannot tidy up, which is the point."""


def work(url: str, workers: int, dies_at: int) -> None:
    """Work on the regrades of a database, and die before commit number *dies_at*."""
    left = dies_at

    def count(_session: Session) -> None:
        nonlocal left
        left -= 1
        if not left:
            os._exit(KILLED)

    event.listen(Session, "before_commit", count)
    RegradeRunner(Database(url), system_clock, workers=workers).run_until_idle()


def timed(what: str, here: Class, runner: RegradeRunner, workers: int, submissions: int) -> None:
    """Print how long the work takes of which another process dies half-way."""
    url = here.db.engine.url.render_as_string(hide_password=False)
    begin = time.perf_counter()
    half = [*QUIET, __file__, WORK, url, str(workers), str(here.chunks() // 2 + 1)]
    if subprocess.run(half, check=False).returncode != KILLED:  # noqa: S603  # our own
        raise SystemExit("the other process did not die")
    middle, busy = time.perf_counter(), time.process_time()
    runner.run_until_idle()
    end, busy = time.perf_counter(), time.process_time() - busy
    rate = f"{submissions / (end - begin):9,.0f} submissions/s"
    halves = f"{middle - begin:.1f} s until killed, {end - middle:.1f} s after that"
    print(f"{what:8} {end - begin:7.1f} s {rate}; {halves} ({busy:.1f} s of processor time)")


def run(url: str, students: int, each: int, workers: int) -> None:
    """Seed a database at *url* and time the phases of one regrade of it."""
    db = Database(url)
    upgrade(db)
    begin = time.perf_counter()
    here = Class(db)
    here.hand_in(students, each)
    print(f"{students:,} students × {each}, seeded in {time.perf_counter() - begin:.1f} s")
    before = here.digest()
    runner = RegradeRunner(db, system_clock, workers=workers)
    with db.transaction() as session:
        version = session.get_one(ProblemVersion, here.new)
        row = create_regrade(
            session, here.posed(session), version, RegradeOptions(), now=system_clock()
        )
    timed("dry run", here, runner, workers, students * each)
    with db.transaction() as session:
        start_applying_regrade(
            session, here.member(session), row.id, RegradeApplyOptions(), now=system_clock()
        )
    timed("apply", here, runner, workers, students * each)
    after, unlike, doubled = here.digest(), here.unlike(row.id), here.doubled()
    with db.transaction() as session:
        start_undoing_regrade(session, here.member(session), row.id, reason="", now=system_clock())
    timed("undo", here, runner, workers, students * each)
    with db.reading() as session:
        print(session.get_one(Regrade, row.id).status, session.get_one(Regrade, row.id).counts)
    print(f"{unlike} students have another score than was shown; {doubled} gradings too many")
    print("restored" if before == here.digest() != after else "NOT RESTORED")
    runner.close()
    db.close()


def main(arguments: list[str]) -> None:
    """Run with what the command line says."""
    if arguments[:1] == [WORK]:
        work(arguments[1], int(arguments[2]), int(arguments[3]))
        return
    students, each, url, workers = (*arguments, *DEFAULTS[len(arguments) :])
    with tempfile.TemporaryDirectory() as folder:
        run(url or f"sqlite:///{Path(folder) / 'b.db'}", int(students), int(each), int(workers))


if __name__ == "__main__":
    main(sys.argv[1:])
