"""What a request costs in a small and in a large database, beside each other.

A class of 200 students stays as it is while another grows beside it: to 10,000 submissions, 100,000
and so on. What the small one costs tells what the size of the database costs, the other what that
of a class does. Then matrices from 3×3 to 60×60 are handed in. Every request is asked in this
process, without a network; a figure is the median of milliseconds of processor time of the service
(on PostgreSQL its server works beside it: hence the time that passed stands there too).

Run with ``.venv/bin/python benchmarks/growth.py [SIZES] [URL]``; by default ``10000,100000`` and a
new SQLite file. A database at a URL must be empty; its tables are made and left.
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
from fastapi import FastAPI
from growth_class import EACH, Asker, Growing
from pages_asked import Answer, Statements
from sqlalchemy import text

from api.app import create_app
from api.config.settings import ServiceSettings
from api.core.process_lifecycle import freeze_gc
from api.db.engine import Database
from api.db.migrations import upgrade

DEFAULTS = ("10000,100000", "")
ROUNDS = 7
SLOW = 2_000
"""What takes so many milliseconds is asked twice only."""
OFTEN = 1_000_000
PROBLEMS = 10
SMALL = 200
RESULTS, MOST = "results", 20_000
"""Results of a class of more students are left out: they take minutes."""
TURNS = itertools.count(200)
GOOD = 300
SIDES = (3, 10, 30, 60)
MATRIX = """\
id: cells-of-a-kernel
title: A matrix, turned
topic: convolution
difficulty: 1
params: {{X: {{integers: [-9, 9], shape: [{side}, {side}]}}}}
statement: A matrix.
parts:
  - {{id: cells, kind: matrix, prompt: "$X$ turned by 180 degrees?", key: flip(X)}}
"""

Call = Callable[[], Answer]


class Bench:
    """The service in this process, and what it is asked."""

    def __init__(self, url: str, loop: BlockingPortal) -> None:
        """Make the service over an empty database."""
        self.db, self.loop = Database(url), loop
        upgrade(self.db)
        paces = ("submissions_per_minute", "drafts_per_minute", "requests_per_minute")
        given = {"database": url, "password_memory": 8, "regrade_workers": 0, "worker": "apart"}
        self.app: FastAPI = create_app(ServiceSettings(**given, **dict.fromkeys(paces, OFTEN)))  # type: ignore[arg-type]
        self.statements = Statements(self.app)

    def calls(self, here: Growing) -> Iterator[tuple[str, Callable[[], Call]]]:
        """Yield what is asked of a class, each as what makes the next call."""
        askers = itertools.cycle([self.asker(one.token) for one in here.students])
        staff = self.asker(here.staff.token)
        first, course = here.path(0), f"/courses/{here.course}"

        def handed(one: Asker) -> Answer:
            return one.post(f"{first}/submissions", {"answers": {"cells": str(next(TURNS))}})

        def cold() -> Call:
            self.app.state.service.submission_cache.__init__()  # as a service that has just started
            one = next(askers)
            return lambda: handed(one)

        def warm() -> Call:
            one = next(askers)
            handed(one)
            return lambda: handed(one)

        def of_student(path: str) -> Callable[[], Call]:
            return lambda: lambda: next(askers).get(path)

        def anew(path: str) -> Callable[[], Call]:
            def make() -> Call:
                kept = self.app.state.service.analytics_cache
                kept.__init__(kept.work_timer)  # drop the caches of large classes
                return lambda: staff.get(path)

            return make

        def of_staff(path: str) -> Callable[[], Call]:
            return lambda: lambda: staff.get(path)

        draft = json.dumps({"answers": {"cells": "7"}}).encode()
        yield "submit", warm
        yield "submit, empty cache", cold
        yield "draft", lambda: lambda: next(askers).put(f"{first}/draft", draft)
        yield "problem", of_student(first)
        yield "my assignments", of_student("/me/assignments")
        yield "gradebook page", of_staff(f"{course}/gradebook")
        results = f"/assignments/{here.assignment}/analytics"
        yield "results of the assignment, computed", anew(results)
        yield "results of the assignment, asked again", of_staff(results)
        yield "results of a problem, computed", anew(f"{first}/analytics")

    def asker(self, token: str) -> Asker:
        """Return who asks with a token."""
        return Asker(self.app, self.loop, self.statements, token=token)

    def measure(self, here: Growing) -> Mapping[str, str]:
        """Return by request what it takes: of the processor, in time, in statements."""
        return {
            name: "-" if name.startswith(RESULTS) and here.size > MOST else told(self._asked(make))
            for name, make in self.calls(here)
        }

    def _asked(self, make: Callable[[], Call]) -> list[Answer]:
        answers = []
        for _ in range(ROUNDS):
            call = make()
            answers.append(call())
            if answers[-1].status >= GOOD:
                raise SystemExit(answers[-1].body.decode())
            if len(answers) > 1 and answers[-1].worked > SLOW:
                break
        return answers[1:]

    def settle(self) -> None:
        """Let PostgreSQL count what is there, as it does by itself after a while."""
        if not self.db.is_sqlite:
            with self.db.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def told(answers: list[Answer]) -> str:
    """Return the medians of some answers in a cell of the table."""
    worked, took = (median(getattr(one, name) for one in answers) for name in ("worked", "took"))
    return f"{worked:.1f} / {took:.1f} ms, {answers[-1].statements} SQL"


def show(head: str, columns: Mapping[str, Mapping[str, str]]) -> None:
    """Print a table: a line for each request, a column for each size."""
    print(f"\n| {head} | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(one[name] for one in columns.values())} |", flush=True)


def grow(bench: Bench, sizes: list[int]) -> None:
    """Measure both classes at each size of the database."""
    small = Growing(bench.db, "small", PROBLEMS)
    large = Growing(bench.db, "large", PROBLEMS)
    for one in (small, large):
        one.hand_in(bench.app, bench.loop, bench.statements)
    small.grow(SMALL)
    freeze_gc()
    found: dict[str, dict[str, Mapping[str, str]]] = {"small": {}, "large": {}}
    for size in sizes:
        began = time.perf_counter()
        large.grow(size // (PROBLEMS * EACH))
        bench.settle()
        column = f"{size:,} submissions, {large.size:,} students"
        print(f"{column}: written in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        found["small"][f"beside {size:,} submissions"] = bench.measure(small)
        found["large"][column] = bench.measure(large)
    show("a class of 200 students", found["small"])
    show("the class that grows", found["large"])


def matrices(bench: Bench) -> None:
    """Measure the handing in of matrices of each size."""
    found: dict[str, Mapping[str, str]] = {}
    for side in SIDES:
        here = Growing(bench.db, f"side-{side}", 1, MATRIX.format(side=side))
        askers = itertools.cycle([bench.asker(one.token) for one in here.students[:ROUNDS]])
        answers = []
        for turn in range(3 * ROUNDS):  # the first two of each student are not counted
            typed = [
                [(row * column + turn) % 19 - 9 for column in range(side)] for row in range(side)
            ]
            path = f"{here.path(0)}/submissions"
            answers.append(next(askers).post(path, {"answers": {"cells": typed}}))
        found[f"{side}×{side}"] = {"submit": told(answers[2 * ROUNDS :])}
        if answers[-1].status >= GOOD:
            raise SystemExit(answers[-1].body.decode())
    show("a matrix", found)


def main(arguments: list[str]) -> None:
    """Run with what the command line says."""
    sizes, url = (*arguments, *DEFAULTS[len(arguments) :])
    with tempfile.TemporaryDirectory() as folder, start_blocking_portal() as loop:
        bench = Bench(url or f"sqlite:///{Path(folder) / 'growth.db'}", loop)
        grow(bench, [int(one) for one in sizes.split(",")])
        matrices(bench)
        bench.app.state.service.close()


if __name__ == "__main__":
    main(sys.argv[1:])
