"""How long the engine takes: the bank, its variants, and a file of answers."""

import csv
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.services.batch import FIELDS, mark_rows
from api.services.marking import Marker
from api.services.rows import read_table
from grader.variant import solve
from problems.book import BOOK
from problems.catalogue import Catalogue

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "answers.csv"
COPIES = 200


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


def main() -> None:
    """Measure and print, one line for each stage."""
    catalogue = Catalogue()
    with measured("problems loaded", len(catalogue.ids)):
        bank = [catalogue.get(name) for name in catalogue.ids]
    originals = [problem for problem in bank if problem.has_original]
    with measured("originals solved, mistakes included", len(originals)):
        for problem in originals:
            solve(problem, None, BOOK)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "class.csv"
        count = write_class(path)
        with measured("rows read", count):
            table = read_table(path, names={}, required=FIELDS[:4])
        with measured("rows marked", count):
            mark_rows(table.rows, Marker(catalogue))


if __name__ == "__main__":
    main()
