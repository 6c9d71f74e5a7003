"""Compare the regrades of several checkouts in one run: dry run, apply and undo.

``python benchmarks/compare_regrading.py CHECKOUT... [--students N] [--each N] [--rounds N]
[--postgresql URL]``: each CHECKOUT is a folder of this repository, such as a git worktree; all run
in the environment of this one. They take turns, each in its own process and on its own new
database: a SQLite file, or a database of the PostgreSQL server at URL. For each phase the table
shows the best round: submissions a second, submissions per CPU second, and the number of
statements. CPU time includes PostgreSQL if it runs on the same machine.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from compare_intake import create_database

MEASURE: Final = "measure"


def measure(url: str, students: int, submissions_each: int) -> dict[str, dict[str, float]]:
    """Regrade a new class, undo that, and return the figures of each phase.

    The Python of this environment runs this with the modules of a checkout.
    """
    sys.path.append(str(Path(__file__).parent))  # behind those of the checkout
    from processor_time import server_seconds  # noqa: PLC0415
    from regrading_class import RegradeClass  # noqa: PLC0415 - the module of the checkout
    from sqlalchemy import event  # noqa: PLC0415

    from api.core.clock import system_clock  # noqa: PLC0415
    from api.db.engine import Database  # noqa: PLC0415
    from api.db.migrations import upgrade  # noqa: PLC0415
    from api.db.models import ProblemVersion  # noqa: PLC0415
    from api.services.regrades.execution import apply, undo  # noqa: PLC0415
    from api.services.regrades.execution.runner import RegradeRunner  # noqa: PLC0415
    from api.services.regrades.planning import RegradeOptions, create_regrade  # noqa: PLC0415

    db = Database(url)
    upgrade(db)
    course = RegradeClass(db)
    course.submit_answers(students, submissions_each)
    runner = RegradeRunner(db, system_clock, workers=2)
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(db.engine, "before_cursor_execute", count)

    def run_phase() -> dict[str, float]:
        before = statements
        start, cpu_seconds, server = time.perf_counter(), time.process_time(), server_seconds(db)
        runner.run_until_idle()
        seconds = time.perf_counter() - start
        cpu_seconds = time.process_time() - cpu_seconds + server_seconds(db) - server
        return {"seconds": seconds, "cpu_seconds": cpu_seconds, "statements": statements - before}

    before = course.compute_digest()
    with db.transaction() as session:
        version = session.get_one(ProblemVersion, course.new)
        options = RegradeOptions()
        run = create_regrade(
            session, course.load_assigned_problem(session), version, options, now=system_clock()
        )
    phases = {"dry run": run_phase()}
    with db.transaction() as session:
        member = course.load_instructor(session)
        apply.start_applying_regrade(
            session, member, run.id, apply.RegradeApplyOptions(), now=system_clock()
        )
    phases["apply"] = run_phase()
    if (
        course.count_differing_scores(run.id)
        or course.count_duplicate_gradings()
        or course.compute_digest() == before
    ):
        raise SystemExit("the regrade was not applied as its dry run showed")
    with db.transaction() as session:
        member = course.load_instructor(session)
        undo.start_undoing_regrade(session, member, run.id, reason="", now=system_clock())
    phases["undo"] = run_phase()
    if course.compute_digest() != before:
        raise SystemExit("the undo did not restore everything")
    runner.close()
    db.close()
    return phases


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """Yield the URL of a new database, and delete it at the end."""
    with TemporaryDirectory() as folder:
        url = create_database(server, Path(folder))
        yield url
        if server:
            import psycopg  # noqa: PLC0415

            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {url.rpartition('/')[2]}")


def run_in(checkout: Path, script: str, *arguments: object) -> dict[str, dict[str, float]]:
    """Return the figures that *script* of this folder measures with the modules of a *checkout*."""
    paths = os.pathsep.join(str(checkout / name) for name in ("benchmarks", "tests", "."))
    command = [sys.executable, "-P", script, MEASURE, *map(str, arguments)]
    completed = subprocess.run(  # noqa: S603
        command, env=os.environ | {"PYTHONPATH": paths}, cwd=checkout, check=True, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return dict(json.loads(completed.stdout.splitlines()[-1]))


def measure_rounds(
    checkouts: Iterable[Path], server: str, *, rounds: int, students: int, submissions_each: int
) -> dict[Path, list[dict[str, dict[str, float]]]]:
    """Return the figures of each checkout in each round; in a round they take turns."""
    measured: dict[Path, list[dict[str, dict[str, float]]]] = {
        checkout.resolve(): [] for checkout in checkouts
    }
    for _ in range(rounds):
        for checkout, figures in measured.items():
            with new_database(server) as url:
                figures.append(run_in(checkout, __file__, url, students, submissions_each))
    return measured


def print_report(
    rounds: dict[Path, list[dict[str, dict[str, float]]]],
    submissions: int,
    print_line: Callable[..., Any],
) -> None:
    """Print the best round of each phase and checkout, and its ratio to the first checkout."""
    first: dict[str, float] = {}
    for checkout, measured in rounds.items():
        for phase in measured[0]:
            seconds = min(figures[phase]["seconds"] for figures in measured)
            cpu_seconds = min(figures[phase]["cpu_seconds"] for figures in measured)
            first.setdefault(phase, cpu_seconds)
            print_line(
                f"{checkout.name:12} {phase:8} {submissions / seconds:8,.0f}/s "
                f"{submissions / cpu_seconds:8,.0f} a CPU second, "
                f"{first[phase] / cpu_seconds:5.2f} times {next(iter(rounds)).name}; "
                f"{measured[0][phase]['statements']:6,.0f} statements"
            )


def main() -> None:
    """Compare the checkouts of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--postgresql", default="", help="URL of a PostgreSQL server")
    parser.add_argument("--students", type=int, default=4_000)
    parser.add_argument("--each", type=int, default=5, help="submissions per student")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    measured = measure_rounds(
        options.checkouts,
        options.postgresql,
        rounds=options.rounds,
        students=options.students,
        submissions_each=options.each,
    )
    print_report(measured, options.students * options.each, print)


if __name__ == "__main__":
    if sys.argv[1:2] == [MEASURE]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
    else:
        main()
