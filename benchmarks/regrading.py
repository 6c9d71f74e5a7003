"""Measure the dry run, apply and undo of a regrade of 100,000 submissions.

Each phase starts in another process, which is killed half-way, and continues in this one; the rate
includes both, with their start. At the end nothing may be lost or duplicated: the applied scores
equal those of the dry run, and undoing restores all progress and grades.

Run with ``.venv/bin/python benchmarks/regrading.py [STUDENTS] [EACH] [URL] [WORKERS]``; by default
20,000 students with 5 submissions each on a new SQLite file. A database at a URL, such as
``postgresql://user@host/name``, must be empty; the script creates its tables and leaves them. Two
of five submissions gain credit.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from regrading_class import RegradeClass
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

DEFAULT_ARGUMENTS = ("20000", "5", "", "2")
WORKER_OPTION = "--work"
EXIT_CODE = 9
PYTHON_COMMAND = (sys.executable, "-Wignore:resource_tracker:UserWarning")
"""Runs Python without the warning about resources that the killed process leaves behind."""


def run_worker(url: str, workers: int, fatal_commit: int) -> None:
    """Run the regrades of a database, and exit just before commit number *fatal_commit*."""
    remaining_commits = fatal_commit

    def count(_session: Session) -> None:
        nonlocal remaining_commits
        remaining_commits -= 1
        if not remaining_commits:
            os._exit(EXIT_CODE)

    event.listen(Session, "before_commit", count)
    RegradeRunner(Database(url), system_clock, workers=workers).run_until_idle()


def measure_phase(
    phase: str, regrade_class: RegradeClass, runner: RegradeRunner, workers: int, submissions: int
) -> None:
    """Run a phase, of which another process dies half-way, and print its duration."""
    url = regrade_class.db.engine.url.render_as_string(hide_password=False)
    start = time.perf_counter()
    command = [
        *PYTHON_COMMAND,
        __file__,
        WORKER_OPTION,
        url,
        str(workers),
        str(regrade_class.count_chunks() // 2 + 1),
    ]
    if subprocess.run(command, check=False).returncode != EXIT_CODE:  # noqa: S603  # own script
        raise SystemExit("the other process did not die")
    killed_at, cpu_seconds = time.perf_counter(), time.process_time()
    runner.run_until_idle()
    end, cpu_seconds = time.perf_counter(), time.process_time() - cpu_seconds
    rate = f"{submissions / (end - start):9,.0f} submissions/s"
    halves = f"{killed_at - start:.1f} s until killed, {end - killed_at:.1f} s after that"
    print(f"{phase:8} {end - start:7.1f} s {rate}; {halves} ({cpu_seconds:.1f} CPU seconds)")


def measure_regrade(url: str, students: int, each: int, workers: int) -> None:
    """Fill the database at *url*, and measure the phases of a regrade."""
    db = Database(url)
    upgrade(db)
    start = time.perf_counter()
    regrade_class = RegradeClass(db)
    regrade_class.submit_answers(students, each)
    print(f"{students:,} students × {each}, seeded in {time.perf_counter() - start:.1f} s")
    before = regrade_class.compute_digest()
    runner = RegradeRunner(db, system_clock, workers=workers)
    with db.transaction() as session:
        version = session.get_one(ProblemVersion, regrade_class.new)
        regrade = create_regrade(
            session,
            regrade_class.load_assigned_problem(session),
            version,
            RegradeOptions(),
            now=system_clock(),
        )
    measure_phase("dry run", regrade_class, runner, workers, students * each)
    with db.transaction() as session:
        start_applying_regrade(
            session,
            regrade_class.load_instructor(session),
            regrade.id,
            RegradeApplyOptions(),
            now=system_clock(),
        )
    measure_phase("apply", regrade_class, runner, workers, students * each)
    after, differing, duplicates = (
        regrade_class.compute_digest(),
        regrade_class.count_differing_scores(regrade.id),
        regrade_class.count_duplicate_gradings(),
    )
    with db.transaction() as session:
        start_undoing_regrade(
            session,
            regrade_class.load_instructor(session),
            regrade.id,
            reason="",
            now=system_clock(),
        )
    measure_phase("undo", regrade_class, runner, workers, students * each)
    with db.reading() as session:
        print(
            session.get_one(Regrade, regrade.id).status, session.get_one(Regrade, regrade.id).counts
        )
    print(f"{differing} scores differ from the dry run; {duplicates} gradings too many or missing")
    print("restored" if before == regrade_class.compute_digest() != after else "NOT RESTORED")
    runner.close()
    db.close()


def main(arguments: list[str]) -> None:
    """Run with the arguments of the command line."""
    if arguments[:1] == [WORKER_OPTION]:
        run_worker(arguments[1], int(arguments[2]), int(arguments[3]))
        return
    students, each, url, workers = (*arguments, *DEFAULT_ARGUMENTS[len(arguments) :])
    with tempfile.TemporaryDirectory() as folder:
        measure_regrade(
            url or f"sqlite:///{Path(folder) / 'b.db'}", int(students), int(each), int(workers)
        )


if __name__ == "__main__":
    main(sys.argv[1:])
