"""Long run of all fuzz tests: `make fuzz SECONDS=600 SEED=1`.

It prints the figures of each test. A failure is printed in full, with the seed that
reproduces it. The exit status is the number of tests that failed.
"""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
RUNS: Final = {
    "random tokens to the readers": ("property/test_reading_fuzz.py",),
    "random answers to every kind": ("property/test_answer_fuzz.py",),
    "raw requests to all routes": ("api/test_http_socket_fuzz.py",),
    "calls by the description": ("schemathesis_runs.py",),
    "texts by coverage: readers": ("fuzz_targets.py", "readers"),
    "texts by coverage: kinds": ("fuzz_targets.py", "kinds"),
    "texts by coverage: expressions": ("fuzz_targets.py", "expressions"),
    "texts by coverage: YAML": ("fuzz_targets.py", "documents"),
    "texts by coverage: TeX and Markdown": ("fuzz_targets.py", "texts"),
}
"""Fuzz tests to run, each for an equal share of the time."""
TOLD: Final = re.compile(r"^(?:seed \d+: .*|Done .*|slowest .*|largest .*)$", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    options = ("--seconds", str(given.seconds // len(RUNS)), "--seed", str(given.seed))
    sys.exit(sum(not fine(name, [*run, *options]) for name, run in RUNS.items()))


def fine(name: str, run: list[str]) -> bool:
    """Run one test, print its figures, and return whether it passed.

    If it fails, its whole output is printed, too.
    """
    began = time.monotonic()
    script, *options = run
    command = [sys.executable, str(HERE / script), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    figures = "\n".join(f"  {line[:160]}" for line in TOLD.findall(said))
    print(f"{name}, {time.monotonic() - began:.0f} s:\n{figures}", flush=True)  # noqa: T201
    if done.returncode:
        print(said, flush=True)  # noqa: T201
    return not done.returncode


if __name__ == "__main__":
    main()
