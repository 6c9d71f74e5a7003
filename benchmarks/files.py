"""What files cost: the bank loaded and solved, a file of answers marked, broken problem files.

Run with `make bench`, or `.venv/bin/python benchmarks/files.py [ROUNDS]`.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from timing import Row, fastest

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
BROKEN = {
    "a tag": "id: !!python/object/apply:os.system [ls]",
    "10,000 brackets": "a: " + "[" * 10_000,
    "two equal keys": "id: a\nid: b",
    "aliases": "a: &a [x, x]\nb: &b [*a, *a]\n" + "c: [" + "*b, " * 60 + "]",
    "a sexagesimal number": "id: 12:30",
    "an unknown field": "id: a\ntitel: b",
    "300 KB": "a: " + "x" * 300_000,
}


@contextmanager
def measured(what: str, count: int) -> Iterator[None]:
    """Print how long the block took, and how long for each of *count* things."""
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{what:<42} {count:>7} {seconds:8.2f} s {1e6 * seconds / count:10.0f} µs each")


def write_class(path: Path) -> int:
    """Write the example as a class of `COPIES` times its students; return the number of rows."""
    with EXAMPLE.open(newline="", encoding="utf-8") as source:
        header, *rows = csv.reader(source)
    with path.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow(header)
        for copy in range(COPIES):
            writer.writerows([f"{student}-{copy}", *rest] for student, *rest in rows)
    return COPIES * len(rows)


def measure_bank(catalogue: ProblemCatalog) -> None:
    """Print how long the bank takes to be loaded and its textbook variants to be solved."""
    with measured("problems loaded", len(catalogue.ids)):
        bank = [catalogue.get(name) for name in catalogue.ids]
    originals = [problem for problem in bank if problem.has_original]
    with measured("originals solved, mistakes included", len(originals)):
        for problem in originals:
            solve_variant(problem, None, REGISTRY)


def measure_answers(catalogue: ProblemCatalog) -> None:
    """Print how long a file of answers takes to be read and marked."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "class.csv"
        count = write_class(path)
        with measured("rows marked", count):
            run_batch(
                Batch(open_source(path, {}), BatchProblems(catalogue), Path(folder) / "out.csv")
            )


def refused(text: str) -> str:
    """Return why a problem file is refused."""
    try:
        return load_problem(text, file="a.yaml").id
    except ProblemError as error:
        return str(error)


def main() -> None:
    """Measure and print, one line for each stage and each broken file."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    catalogue = ProblemCatalog()
    measure_bank(catalogue)
    measure_answers(catalogue)
    for what, text in BROKEN.items():
        (spent,) = fastest(Row(what, {"": lambda text=text: refused(text)}, 1), rounds).values()
        print(f"broken: {what:<42} {spent:20.1f} µs   {refused(text)[:40]}")


if __name__ == "__main__":
    main()
