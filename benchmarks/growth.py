"""Measure requests as the database and a class grow.

A class of 200 students stays the same while another one grows to 10,000 submissions, 100,000 and so
on. The small class shows the effect of the size of the database, the large one the effect of the
size of a class. Then students submit matrices from 3×3 to 60×60. Every request runs in this
process, without a network. The table shows medians: CPU milliseconds of the service, elapsed
milliseconds (which include the PostgreSQL server), and SQL statements.

Run with ``.venv/bin/python benchmarks/growth.py [SIZES] [URL]``; by default ``10000,100000`` and a
new SQLite file. A database at a URL must be empty; the script creates its tables and leaves them.
"""

import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

from anyio.from_thread import BlockingPortal, start_blocking_portal
from asgi_client import Response, StatementCounter
from fastapi import FastAPI
from growth_class import SUBMISSIONS_PER_STUDENT, ApiClient, GrowingClass
from sqlalchemy import text

from api.app import create_app
from api.config.settings import ServiceSettings
from api.core.process_lifecycle import freeze_gc
from api.db.engine import Database
from api.db.migrations import upgrade

DEFAULT_ARGUMENTS = ("10000,100000", "")
ROUND_COUNT = 7
SLOW_MS = 2_000
"""A request that takes longer is sent only twice."""
REQUESTS_PER_MINUTE = 1_000_000
PROBLEMS = 10
SMALL_CLASS_STUDENTS = 200
RESULTS_PREFIX, MAX_RESULTS_STUDENTS = "results", 20_000
"""Results of larger classes are not measured: they take minutes."""
ANSWER_NUMBERS = itertools.count(200)
FIRST_ERROR_STATUS = 300
MATRIX_SIDES = (3, 10, 30, 60)
MATRIX_PROBLEM = """\
id: cells-of-a-kernel
title: A rotated matrix
topic: convolution
difficulty: 1
params: {{X: {{integers: [-9, 9], shape: [{side}, {side}]}}}}
statement: A matrix.
parts:
  - {{id: cells, kind: matrix, prompt: "$X$ rotated by 180 degrees?", key: flip(X)}}
"""

Send = Callable[[], Response]


class GrowthBenchmark:
    """The service in this process, and the requests to measure."""

    def __init__(self, url: str, loop: BlockingPortal) -> None:
        """Create the service over an empty database."""
        self.db, self.loop = Database(url), loop
        upgrade(self.db)
        rate_limits = ("submissions_per_minute", "drafts_per_minute", "requests_per_minute")
        settings = {"database": url, "password_memory": 8, "regrade_workers": 0, "worker": "apart"}
        self.app: FastAPI = create_app(
            ServiceSettings(**settings, **dict.fromkeys(rate_limits, REQUESTS_PER_MINUTE))
        )  # type: ignore[arg-type]
        self.statements = StatementCounter(self.app)

    def build_requests(
        self, growing_class: GrowingClass
    ) -> Iterator[tuple[str, Callable[[], Send]]]:
        """Yield the requests about a class by name, each as a function that prepares one."""
        clients = itertools.cycle(
            [self.create_client(client.token) for client in growing_class.students]
        )
        staff = self.create_client(growing_class.staff.token)
        problem_path, course_path = growing_class.path(0), f"/courses/{growing_class.course}"

        def submit(client: ApiClient) -> Response:
            return client.post(
                f"{problem_path}/submissions", {"answers": {"cells": str(next(ANSWER_NUMBERS))}}
            )

        def prepare_uncached() -> Send:
            self.app.state.service.submission_cache.__init__()  # as after a start
            client = next(clients)
            return lambda: submit(client)

        def prepare_cached() -> Send:
            client = next(clients)
            submit(client)
            return lambda: submit(client)

        def as_student(path: str) -> Callable[[], Send]:
            return lambda: lambda: next(clients).get(path)

        def recompute_as_staff(path: str) -> Callable[[], Send]:
            def prepare() -> Send:
                cache = self.app.state.service.analytics_cache
                cache.__init__(cache.work_timer)  # drop the caches of large classes
                return lambda: staff.get(path)

            return prepare

        def as_staff(path: str) -> Callable[[], Send]:
            return lambda: lambda: staff.get(path)

        draft = json.dumps({"answers": {"cells": "7"}}).encode()
        yield "submit", prepare_cached
        yield "submit, empty cache", prepare_uncached
        yield "draft", lambda: lambda: next(clients).put(f"{problem_path}/draft", draft)
        yield "problem", as_student(problem_path)
        yield "my assignments", as_student("/me/assignments")
        yield "gradebook page", as_staff(f"{course_path}/gradebook")
        results_path = f"/assignments/{growing_class.assignment}/analytics"
        yield "results of the assignment, computed", recompute_as_staff(results_path)
        yield "results of the assignment, requested again", as_staff(results_path)
        yield "results of a problem, computed", recompute_as_staff(f"{problem_path}/analytics")

    def create_client(self, token: str) -> ApiClient:
        """Return a client with a token."""
        return ApiClient(self.app, self.loop, self.statements, token=token)

    def measure(self, growing_class: GrowingClass) -> Mapping[str, str]:
        """Return the formatted medians of each request by its name."""
        return {
            name: "-"
            if name.startswith(RESULTS_PREFIX) and growing_class.size > MAX_RESULTS_STUDENTS
            else format_medians(self._send_repeatedly(prepare))
            for name, prepare in self.build_requests(growing_class)
        }

    def _send_repeatedly(self, prepare: Callable[[], Send]) -> list[Response]:
        responses = []
        for _ in range(ROUND_COUNT):
            send = prepare()
            responses.append(send())
            if responses[-1].status >= FIRST_ERROR_STATUS:
                raise SystemExit(responses[-1].body.decode())
            if len(responses) > 1 and responses[-1].cpu_ms > SLOW_MS:
                break
        return responses[1:]

    def analyze_tables(self) -> None:
        """Update the statistics of PostgreSQL's query planner, as autovacuum does later."""
        if not self.db.is_sqlite:
            with self.db.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def format_medians(responses: list[Response]) -> str:
    """Return the medians of some responses as a cell of the table."""
    cpu_ms, wall_ms = (
        median(getattr(response, name) for response in responses) for name in ("cpu_ms", "wall_ms")
    )
    return f"{cpu_ms:.1f} / {wall_ms:.1f} ms, {responses[-1].statements} SQL"


def print_table(title: str, columns: Mapping[str, Mapping[str, str]]) -> None:
    """Print a table with a row for each request and a column for each size."""
    print(f"\n| {title} | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(column[name] for column in columns.values())} |", flush=True)


def measure_growth(bench: GrowthBenchmark, sizes: list[int]) -> None:
    """Measure both classes at each size of the database."""
    small = GrowingClass(bench.db, "small", PROBLEMS)
    large = GrowingClass(bench.db, "large", PROBLEMS)
    for growing_class in (small, large):
        growing_class.submit_answers(bench.app, bench.loop, bench.statements)
    small.grow(SMALL_CLASS_STUDENTS)
    freeze_gc()
    columns: dict[str, dict[str, Mapping[str, str]]] = {"small": {}, "large": {}}
    for size in sizes:
        start = time.perf_counter()
        large.grow(size // (PROBLEMS * SUBMISSIONS_PER_STUDENT))
        bench.analyze_tables()
        column = f"{size:,} submissions, {large.size:,} students"
        print(f"{column}: written in {time.perf_counter() - start:.0f} s", file=sys.stderr)
        columns["small"][f"next to {size:,} submissions"] = bench.measure(small)
        columns["large"][column] = bench.measure(large)
    print_table("a class of 200 students", columns["small"])
    print_table("the growing class", columns["large"])


def measure_matrices(bench: GrowthBenchmark) -> None:
    """Measure submissions of matrices of each size."""
    columns: dict[str, Mapping[str, str]] = {}
    for side in MATRIX_SIDES:
        growing_class = GrowingClass(bench.db, f"side-{side}", 1, MATRIX_PROBLEM.format(side=side))
        clients = itertools.cycle(
            [bench.create_client(student.token) for student in growing_class.students[:ROUND_COUNT]]
        )
        responses = []
        for turn in range(3 * ROUND_COUNT):  # the first two of each student are warm-up
            cells = [
                [(row * column + turn) % 19 - 9 for column in range(side)] for row in range(side)
            ]
            path = f"{growing_class.path(0)}/submissions"
            responses.append(next(clients).post(path, {"answers": {"cells": cells}}))
        columns[f"{side}×{side}"] = {"submit": format_medians(responses[2 * ROUND_COUNT :])}
        if responses[-1].status >= FIRST_ERROR_STATUS:
            raise SystemExit(responses[-1].body.decode())
    print_table("a matrix", columns)


def main(arguments: list[str]) -> None:
    """Run with the arguments of the command line."""
    sizes, url = (*arguments, *DEFAULT_ARGUMENTS[len(arguments) :])
    with tempfile.TemporaryDirectory() as folder, start_blocking_portal() as loop:
        bench = GrowthBenchmark(url or f"sqlite:///{Path(folder) / 'growth.db'}", loop)
        measure_growth(bench, [int(size) for size in sizes.split(",")])
        measure_matrices(bench)
        bench.app.state.service.close()


if __name__ == "__main__":
    main(sys.argv[1:])
