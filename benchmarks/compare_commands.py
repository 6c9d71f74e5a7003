"""Compare commands of several checkouts in one run, by the processor time of all their processes.

``python benchmarks/compare_commands.py CHECKOUT... [--rounds N]``: each CHECKOUT is a folder of
this repository, such as a git worktree; all run in the environment of this one, in turns. Bytecode
is cached, as in an installation. The table shows the best round.
"""

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ANSWER: Final = ("conv-output-shape", "stride_2", "64x64x16")
CHECKED: Final = ("convolution/conv2d-by-hand.yaml", "networks/table-of-branches.yaml")
COMMANDS: Final = {
    "grader --help": ["--help"],
    "grader mark": ["mark", *ANSWER],
    "grader check --seeds 8, two problems": ["check", "--seeds", "8", *CHECKED],
    "grader check, two problems": ["check", *CHECKED],
}
RUN: Final = "from api.cli.main import main; main()"


def measure(checkout: Path, arguments: list[str], bytecode: str) -> float:
    """Return the CPU seconds of a command."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "PYTHONPYCACHEPREFIX": bytecode}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-c", RUN, *arguments],
        env=environment,
        cwd=checkout / "problems" / "bank",
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Compare the checkouts of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    checkouts = [path.resolve() for path in options.checkouts]
    with TemporaryDirectory() as folder:
        for checkout in checkouts:  # writes the bytecode
            measure(checkout, COMMANDS["grader mark"], folder)
        for name, arguments in COMMANDS.items():
            times: dict[Path, list[float]] = {checkout: [] for checkout in checkouts}
            for _ in range(options.rounds):
                for checkout in checkouts:
                    times[checkout].append(measure(checkout, arguments, folder))
            for checkout in checkouts:
                best, first = min(times[checkout]), min(times[checkouts[0]])
                print(
                    f"{name:38} {checkout.name:12} {best:7.2f} s, "
                    f"{first / best:5.2f} times {checkouts[0].name}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
