"""All that is fuzzed, for a long time: `make fuzz SECONDS=600 SEED=1`; a line of figures for each.

What is found is printed whole, with the seed that finds it again, and the end is 1.
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
    "raw requests to all routes": ("api/test_wire_fuzz.py",),
    "calls by the description": ("described_calls.py",),
    "texts by coverage: readers": ("fuzz_targets.py", "readers"),
    "texts by coverage: kinds": ("fuzz_targets.py", "kinds"),
    "texts by coverage: expressions": ("fuzz_targets.py", "expressions"),
    "texts by coverage: YAML": ("fuzz_targets.py", "documents"),
    "texts by coverage: TeX and Markdown": ("fuzz_targets.py", "texts"),
}
"""What is run, each for an equal part of the time."""
TOLD: Final = re.compile(r"^(?:seed \d+: .*|Done .*|slowest .*|largest .*)$", re.MULTILINE)


def main() -> None:
    """Run all of it, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    options = ("--seconds", str(given.seconds // len(RUNS)), "--seed", str(given.seed))
    sys.exit(sum(not fine(name, [*run, *options]) for name, run in RUNS.items()))


def fine(name: str, run: list[str]) -> bool:
    """Run one, print its figures, or all that it says where it fails; tell whether it did not."""
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
