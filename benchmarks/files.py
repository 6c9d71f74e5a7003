"""Measure loading and solving the bank, grading a file of answers, and broken problem files.

Run with `make bench`, or `.venv/bin/python benchmarks/files.py [ROUNDS]`.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from timing import Row, measure_fastest

from api.services.batch.formats.sources import open_source
from api.services.batch.questions import BatchProblems
from api.services.batch.runner import Batch, run_batch
from grader.errors import ProblemError
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.files.loader import load_problem
from problems.registry import REGISTRY

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "answers.csv"
COPIES = 200
BROKEN_PROBLEMS = {
    "a tag": "id: !!python/object/apply:os.system [ls]",
    "10,000 brackets": "a: " + "[" * 10_000,
    "two equal keys": "id: a\nid: b",
    "aliases": "a: &a [x, x]\nb: &b [*a, *a]\n" + "c: [" + "*b, " * 60 + "]",
    "a sexagesimal number": "id: 12:30",
    "an unknown field": "id: a\ntitel: b",
    "300 KB": "a: " + "x" * 300_000,
}


@contextmanager
def print_duration(label: str, count: int) -> Iterator[None]:
    """Print the duration of the block, in total and for each of *count* items."""
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{label:<42} {count:>7} {seconds:8.2f} s {1e6 * seconds / count:10.0f} µs each")


def write_class(path: Path) -> int:
    """Write the example with `COPIES` copies of its students; return the number of rows."""
    with EXAMPLE.open(newline="", encoding="utf-8") as source:
        header, *rows = csv.reader(source)
    with path.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow(header)
        for copy in range(COPIES):
            writer.writerows([f"{student}-{copy}", *rest] for student, *rest in rows)
    return COPIES * len(rows)


def measure_bank(catalog: ProblemCatalog) -> None:
    """Print the time for loading the bank and for solving its textbook variants."""
    with print_duration("problems loaded", len(catalog.ids)):
        bank = [catalog.get(name) for name in catalog.ids]
    originals = [problem for problem in bank if problem.has_original]
    with print_duration("originals solved, mistakes included", len(originals)):
        for problem in originals:
            solve_variant(problem, None, REGISTRY)


def measure_answers(catalog: ProblemCatalog) -> None:
    """Print the time for reading and grading a file of answers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "class.csv"
        count = write_class(path)
        with print_duration("rows graded", count):
            run_batch(
                Batch(open_source(path, {}), BatchProblems(catalog), Path(folder) / "out.csv")
            )


def load_error(text: str) -> str:
    """Return the error of a problem file."""
    try:
        return load_problem(text, file="a.yaml").id
    except ProblemError as error:
        return str(error)


def main() -> None:
    """Print a row for each stage and each broken file."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    catalog = ProblemCatalog()
    measure_bank(catalog)
    measure_answers(catalog)
    for label, text in BROKEN_PROBLEMS.items():
        (micros,) = measure_fastest(
            Row(label, {"": lambda text=text: load_error(text)}, 1), rounds
        ).values()
        print(f"broken: {label:<42} {micros:20.1f} µs   {load_error(text)[:40]}")


if __name__ == "__main__":
    main()
