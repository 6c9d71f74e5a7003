"""Compare the intake of several checkouts in one run.

``python benchmarks/compare_intake.py CHECKOUT... [--postgresql URL] [--count N] [--clients N...]``:
each CHECKOUT is a folder of this repository in which ``make setup`` ran. Each serves the same load
from its own process and its own empty database: a new SQLite file, or a new database of the
PostgreSQL server at URL. The checkouts take turns, so that other work of the machine affects all of
them alike. The table shows the median rate of each checkout, and the median of its ratios to the
first checkout, round by round; then the same for the processor time of a request.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

PREPARE: Final = "prepare"
STUDENTS: Final = 400
SEEDS: Final = 50
ROUNDS: Final = 5
WARM_UP_CLIENTS: Final = 16


@dataclass(frozen=True)
class Checkout:
    """Running service of a checkout, with the requests still to send."""

    name: str
    port: int
    server: Any
    requests: dict[str, Iterator[bytes]]

    def take(self, load: str, count: int) -> list[bytes]:
        """Return the next *count* requests of a load."""
        return [next(self.requests[load]) for _ in range(count)]


def prepare(url: str, count: int, path: Path) -> None:
    """Create the class in the database at *url*, and write the command and requests to *path*.

    The Python of the checkout runs this, so the modules are those of the checkout.
    """
    import intake  # noqa: PLC0415 - the module of the checkout
    from intake_class import PROBLEMS_BY_LOAD, IntakeClass  # noqa: PLC0415

    db = intake.Database(url)  # type: ignore[attr-defined]
    intake.upgrade(db)  # type: ignore[attr-defined]
    course = IntakeClass(db, students=STUDENTS, seeds=SEEDS)
    db.close()
    command, port, env = intake.build_service_command(url)
    requests = {}
    for load in PROBLEMS_BY_LOAD:
        answers = course.generate_answers(load, course.students)
        first = [next(answers) for _ in range(len(PROBLEMS_BY_LOAD[load]) * STUDENTS)]
        rest = [next(answers) for _ in range(count)]
        requests[load] = [
            [intake.build_request(course.assignment, answer).decode() for answer in answers]
            for answers in (first, rest)
        ]
    prepared = {"command": command, "port": port, "env": env, "requests": requests}
    path.write_text(json.dumps(prepared), encoding="utf-8")


@contextmanager
def run_service(folder: Path, url: str, count: int, scratch: Path) -> Iterator[Checkout]:
    """Run the service of the checkout in *folder* until the block ends, warmed up."""
    import intake  # noqa: PLC0415 - the module of this checkout
    from load_client import send_requests  # noqa: PLC0415

    path = scratch / f"{uuid4().hex}.json"
    python = str(folder / ".venv" / "bin" / "python")
    paths = os.pathsep.join(str(folder / name) for name in ("benchmarks", "tests", "."))
    env = os.environ | {"PYTHONPATH": paths}
    arguments = [python, "-P", __file__, PREPARE, url, str(count), str(path)]
    subprocess.run(arguments, env=env, cwd=folder, check=True)  # noqa: S603
    prepared = json.loads(path.read_text(encoding="utf-8"))
    command = [python, *prepared["command"][1:]]
    with chdir(folder), intake.run_server(command, prepared["port"], **prepared["env"]) as server:
        requests = {}
        for load, (first, rest) in prepared["requests"].items():
            send_requests(
                [request.encode() for request in first],
                port=prepared["port"],
                clients=WARM_UP_CLIENTS,
            )
            requests[load] = iter([request.encode() for request in rest])
        yield Checkout(folder.name, prepared["port"], server, requests)


def compare(checkouts: Sequence[Checkout], *, count: int, clients: int) -> None:
    """Measure all loads of all checkouts in turn, and print a line for each."""
    from load_client import send_requests  # noqa: PLC0415

    for load in checkouts[0].requests:
        rates: dict[str, list[float]] = {checkout.name: [] for checkout in checkouts}
        times: dict[str, list[float]] = {checkout.name: [] for checkout in checkouts}
        for _ in range(ROUNDS):
            for checkout in checkouts:
                before = checkout.server.cpu_seconds
                result = send_requests(
                    checkout.take(load, count), port=checkout.port, clients=clients
                )
                times[checkout.name].append(1e3 * (checkout.server.cpu_seconds - before) / count)
                if set(result.statuses) != {201}:
                    raise SystemExit(f"{checkout.name} answered {dict(result.statuses)}")
                rates[checkout.name].append(result.rate)
        first_rates, first_times = rates[checkouts[0].name], times[checkouts[0].name]
        for name, values in rates.items():
            print(
                f"{load:20} {clients:3} clients  {name:16} {median(values):6.0f}/s "
                f"{_ratio(values, first_rates):5.2f}  processor {median(times[name]):6.3f} ms "
                f"{_ratio(times[name], first_times):5.2f}",
                flush=True,
            )


def _ratio(rates: Sequence[float], base: Sequence[float]) -> float:
    return median(rate / base_rate for rate, base_rate in zip(rates, base, strict=True))


def create_database(url: str, scratch: Path) -> str:
    """Return the URL of a new empty database: a SQLite file if *url* is empty."""
    name = f"intake_{uuid4().hex[:12]}"
    if not url:
        return f"sqlite:///{scratch}/{name}.db"
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"


def main() -> None:
    """Compare the checkouts of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--postgresql", default="", help="URL of a PostgreSQL server")
    parser.add_argument("--count", type=int, default=500, help="requests in each turn")
    parser.add_argument("--clients", type=int, nargs="+", default=[16, 64])
    options = parser.parse_args()
    total = options.count * ROUNDS * len(options.clients)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        scratch = Path(folder)
        checkouts = [
            stack.enter_context(
                run_service(
                    path.resolve(), create_database(options.postgresql, scratch), total, scratch
                )
            )
            for path in options.checkouts
        ]
        for clients in options.clients:
            compare(checkouts, count=options.count, clients=clients)


if __name__ == "__main__":
    if sys.argv[1:2] == [PREPARE]:
        prepare(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
