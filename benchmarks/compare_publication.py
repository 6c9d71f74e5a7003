"""Compare the publication of the problems of the bank by several checkouts, in processor time.

``python benchmarks/compare_publication.py CHECKOUT... [--seeds N] [--problems ID...]``: each
CHECKOUT is a folder of this repository, such as a git worktree; all run in the environment of this
one, on the problems that the first one has. The table shows the mean, and the problems that take
the first checkout longest.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

SHOWN_PROBLEMS: Final = 10
PUBLISH: Final = """
import json, sys, time
from problems.catalog import ProblemCatalog
from problems.publish import publish_problem
from problems.registry import REGISTRY

catalog, seconds = ProblemCatalog(), {}
for name in sys.argv[2:] or catalog.ids:
    problem = catalog.get(name)
    if problem.has_drawn_params:
        started = time.process_time()
        publish_problem(problem, REGISTRY, limit=int(sys.argv[1]))
        seconds[name] = time.process_time() - started
print(json.dumps(seconds))
"""


def publish_bank(checkout: Path, seeds: int, problems: list[str]) -> dict[str, float]:
    """Return the CPU seconds to publish each of *problems*, or all that have draws."""
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-c", PUBLISH, str(seeds), *problems],
        env=os.environ | {"PYTHONPATH": str(checkout)},
        cwd=checkout,
        check=True,
        capture_output=True,
        text=True,
    )
    seconds: dict[str, float] = json.loads(run.stdout)
    return seconds


def main() -> None:
    """Compare the checkouts of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--problems", nargs="+", default=[])
    options = parser.parse_args()
    checkouts = [path.resolve() for path in options.checkouts]
    print(f"{options.seeds} seeds, CPU seconds: {', '.join(one.name for one in checkouts)}")
    columns: list[dict[str, float]] = []
    names = options.problems
    for checkout in checkouts:
        columns.append(publish_bank(checkout, options.seeds, names))
        names = list(columns[0])
    means = [sum(column.values()) / len(column) for column in columns]
    print(f"{f'mean of {len(names)} problems':44}", *(f"{mean:8.3f}" for mean in means))
    for name in sorted(names, key=lambda name: -columns[0][name])[:SHOWN_PROBLEMS]:
        print(f"{name:44}", *(f"{column[name]:8.2f}" for column in columns))


if __name__ == "__main__":
    main()
