"""Compare requests of several checkouts in one run: first submissions and pages about a class.

``python benchmarks/compare_requests.py CHECKOUT... [--students N] [--problems N] [--each N]
[--first N] [--rounds N] [--postgresql URL]``: each CHECKOUT is a folder of this repository, such as
a git worktree; all run in the environment of this one. They take turns, each in its own process and
on its own new database: a SQLite file, or a database of the PostgreSQL server at URL. The class has
10 problems and 5 submissions of each student to each, unless *problems* and *each* say otherwise.
The first submissions come from students who are not cached, 16 at a time. For each request the
table shows the best round: CPU milliseconds, including PostgreSQL, and statements.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

CLIENTS: Final = 16
PROBLEMS: Final = 10
REPETITIONS: Final = 3
CREATED: Final = 201
STAFF_REQUESTS: Final = (
    "gradebook page",
    "results of the assignment, computed",
    "results of a problem, computed",
)


def measure(
    url: str, students: int, first: int, problems: int, each: int
) -> dict[str, dict[str, float]]:
    """Return the figures of each request, from a new class.

    The Python of this environment runs this with the modules of a checkout.
    """
    sys.path.append(str(Path(__file__).parent))  # behind those of the checkout
    import growth_class  # noqa: PLC0415 - the module of the checkout, as the next
    from anyio.from_thread import start_blocking_portal  # noqa: PLC0415
    from growth import GrowthBenchmark  # noqa: PLC0415
    from processor_time import server_seconds  # noqa: PLC0415

    from api.core.process_lifecycle import freeze_gc  # noqa: PLC0415

    growth_class.SUBMISSIONS_PER_STUDENT = each
    with start_blocking_portal() as loop:
        benchmark = GrowthBenchmark(url, loop)
        large = growth_class.GrowingClass(benchmark.db, "large", problems)
        large.submit_answers(benchmark.app, loop, benchmark.statements)
        large.grow(students)
        growth_class.TEMPLATE_COUNT = first
        fresh = growth_class.GrowingClass(benchmark.db, "fresh", problems)
        benchmark.analyze_tables()
        freeze_gc()

        def run(requests: Sequence[Callable[[], Any]], clients: int) -> dict[str, float]:
            before, server = benchmark.statements.count, server_seconds(benchmark.db)
            cpu_seconds = time.process_time()
            with ThreadPoolExecutor(clients) as pool:
                responses = list(pool.map(lambda send: send(), requests))
            for response in responses:
                if response.status > CREATED:
                    raise SystemExit(response.body.decode())
            cpu_seconds = time.process_time() - cpu_seconds + server_seconds(benchmark.db) - server
            statements = benchmark.statements.count - before
            return {
                "ms": 1000 * cpu_seconds / len(requests),
                "statements": statements / len(requests),
            }

        path = f"{fresh.path(0)}/submissions"

        def submit(number: int, token: str) -> Callable[[], Any]:
            client = benchmark.create_client(token)
            return lambda: client.post(path, {"answers": {"cells": str(1000 + number)}})

        submissions = [submit(index, student.token) for index, student in enumerate(fresh.students)]
        run(submissions[:CLIENTS], CLIENTS)  # loads the problem and compiles the statements
        figures = {"first submission": run(submissions[CLIENTS:], CLIENTS)}
        requests = dict(benchmark.build_requests(large))
        for name in STAFF_REQUESTS:
            measured = [run([requests[name]()], 1) for _ in range(REPETITIONS)]
            figures[name] = min(measured, key=lambda student: student["ms"])
        benchmark.app.state.service.close()
    return figures


def main() -> None:
    """Compare the checkouts of the command line."""
    from compare_regrading import new_database, run_in  # noqa: PLC0415 - not those of a checkout

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--postgresql", default="", help="URL of a PostgreSQL server")
    parser.add_argument("--students", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=400, help="number of first submissions")
    parser.add_argument("--problems", type=int, default=PROBLEMS)
    parser.add_argument("--each", type=int, default=5, help="submissions to each problem")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    checkouts = [figures.resolve() for figures in options.checkouts]
    rounds: dict[Path, list[Any]] = {checkout: [] for checkout in checkouts}
    for _ in range(options.rounds):
        for checkout in checkouts:
            with new_database(options.postgresql) as url:
                size = (options.students, options.first, options.problems, options.each)
                figures = run_in(checkout, __file__, url, *size)
                rounds[checkout].append(figures)
    for name in rounds[checkouts[0]][0]:
        for checkout, measured in rounds.items():
            best = min((figures[name] for figures in measured), key=lambda figures: figures["ms"])
            before = min(figures[name]["ms"] for figures in rounds[checkouts[0]])
            print(
                f"{name:36} {checkout.name:12} {best['ms']:9,.2f} ms, "
                f"{before / best['ms']:5.2f} times {checkouts[0].name}; "
                f"{best['statements']:5.1f} statements"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(sys.argv[2], *map(int, sys.argv[3:7]))))
    else:
        main()
