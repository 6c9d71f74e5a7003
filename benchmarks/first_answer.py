"""Measure the time from a fresh environment with only the wheel to a graded answer.

`python benchmarks/first_answer.py [WHEEL] [--python python3.12] [--limit SECONDS]`; without
WHEEL it builds that of the checkout. It prints seconds and processor seconds of each step: with uv
and with pip, both with an empty package cache, and with the cache that pip left. On a busy machine
compare processor seconds. With `--limit` it exits with 1 if a first answer takes longer with uv,
which `docs/tour.md` recommends, and an empty package cache.
"""

# ruff: noqa: S603  # its own programs
import argparse
import math
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[1]
QUESTION = ("conv-output-shape", "stride_2", "63x63x16")
VENV, INSTALL, MARK, SERVE, SUBMIT = STEPS = (
    "create the environment",
    "install the wheel",
    "grade an answer with `grader mark`",
    "`grader serve --demo` until it listens",
    "grade an answer of a student",
)
BY_COMMAND = (VENV, INSTALL, MARK)
BY_SERVICE = (VENV, INSTALL, SERVE, SUBMIT)
WAYS = [("first answer by command", BY_COMMAND), ("first answer by service", BY_SERVICE)]
REQUEST_LINE = re.compile(
    r"^curl .*'(?P<name>[^:']+): (?P<token>[^']+)' (?P<url>\S+)/me/assignments$"
)
PROGRAMS = Path("venv", "Scripts" if sys.platform == "win32" else "bin")
UV = Path(sys.executable).with_name("uv")
Times = dict[str, tuple[float, float]]
"""Seconds and processor seconds by step; those of the service are in the step SERVE."""
Commands = tuple[list[str], list[str]]
"""The command that creates an environment, and the one that installs what follows it."""


def main() -> None:
    """Measure with uv and with pip, and print all times side by side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("wheel", nargs="?", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--limit", type=float, metavar="SECONDS", default=math.inf)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = (options.wheel or build_wheel(folder)).resolve()
        print(f"{wheel.name}, {subprocess.check_output([options.python, '-V'], text=True).strip()}")
        runs = {
            "uv, empty cache": (use_uv, "uv-cache"),
            "pip, empty cache": (use_pip, "pip-cache"),
            "pip, its own cache": (use_pip, "pip-cache"),
        }
        times = {
            title: measure(folder / title, wheel, install(options.python), cache=folder / cache)
            for title, (install, cache) in runs.items()
        }
        size = count_megabytes(folder / "uv, empty cache" / "venv")
        print(f"The environment has {size:,.0f} MB.")
    print_table(times)
    if slow := find_slow(times["uv, empty cache"], options.limit):
        sys.exit(f"Slower than {options.limit:g} s with uv: {', '.join(slow)}.")


def use_uv(python: str) -> Commands:
    """Return the commands with which uv creates an environment and installs a wheel."""
    return [str(UV), "venv", "-q", "--python", python, "venv"], [str(UV), "pip", "install", "-q"]


def use_pip(python: str) -> Commands:
    """Return the commands with which venv and pip do the same."""
    pip = [str(PROGRAMS / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    return [python, "-m", "venv", "venv"], pip


def find_slow(times: Times, limit_seconds: float) -> list[str]:
    """Return the ways to a first answer that take longer than a limit."""
    return [title for title, steps in WAYS if sum(times[step][0] for step in steps) > limit_seconds]


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def measure(folder: Path, wheel: Path, installer: Commands, *, cache: Path) -> Times:
    """Return the times of all steps in an empty *folder*; downloads are kept in *cache*."""
    folder.mkdir()
    times: Times = {}
    names = [name for name in os.environ if not name.startswith(("GRADER_", "PYTHON"))]
    environment = {name: os.environ[name] for name in names} | {
        "PIP_CACHE_DIR": str(cache),
        "UV_CACHE_DIR": str(cache),
        "VIRTUAL_ENV": str(folder / "venv"),
    }
    create, install = installer
    grader = str(folder / PROGRAMS / "grader")
    for step, command in (
        (VENV, create),
        (INSTALL, [*install, str(wheel)]),
        (MARK, [grader, "mark", *QUESTION]),
    ):
        with timing(times, step):
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    serve_and_submit(times, [grader], folder, environment)
    return times


def serve_and_submit(
    times: Times, grader: Sequence[str], folder: Path, environment: dict[str, str]
) -> None:
    """Start the demo, submit an answer as its student, and stop it."""
    command = [*grader, "serve", "--demo", "--port", "0"]
    before, start = processor_seconds(), time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as service:
        try:
            line = next(filter(None, map(REQUEST_LINE.match, service.stdout or ())))
            listening = time.perf_counter()
            submit(line["url"], {line["name"]: line["token"]})
            graded = time.perf_counter()
        finally:
            service.terminate()
            service.communicate()
    times[SERVE] = (listening - start, processor_seconds() - before)
    times[SUBMIT] = (graded - listening, 0.0)


def submit(base: str, headers: dict[str, str]) -> None:
    """Submit the answer to the problem in the assignment that is open; it must be graded."""
    problem, part, answer = QUESTION
    with httpx2.Client(base_url=base, headers=headers, trust_env=False) as student:
        [assignment] = [
            assignment["id"]
            for assignment in student.get("/me/assignments").raise_for_status().json()["items"]
            if any(row["problem"] == problem for row in assignment["problems"])
        ]
        path = f"/assignments/{assignment}/problems/{problem}/submissions"
        reply = student.post(path, json={"answers": {part: answer}})
    [result] = reply.raise_for_status().json()["results"]
    print(f"The service graded {answer} as {result['status']}: {result['feedback']}")


@contextmanager
def timing(times: Times, step: str) -> Iterator[None]:
    """Store the seconds and the processor seconds of a step."""
    before, start = processor_seconds(), time.perf_counter()
    yield
    times[step] = (time.perf_counter() - start, processor_seconds() - before)


def processor_seconds() -> float:
    """Return the processor seconds of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def count_megabytes(folder: Path) -> float:
    """Return the size of all files below *folder* in MB."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def print_table(runs: dict[str, Times]) -> None:
    """Print the times of each step and the sums to the first answer, all runs side by side."""
    rows: list[tuple[str, tuple[str, ...]]] = [(step, (step,)) for step in STEPS]
    rows += WAYS
    print(f"{'':40}", *(f"{title:>22}" for title in runs))
    print(f"{'':40}", *(f"{'seconds':>11} {'processor':>10}" for _ in runs))
    for title, steps in rows:
        cells = [
            f"{sum(times[step][index] for step in steps):{width}.1f}"
            for times in runs.values()
            for index, width in ((0, 11), (1, 10))
        ]
        print(f"{title:40} {' '.join(cells)}")
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{cores} cores; average load in the last minute: {load:.1f}")


if __name__ == "__main__":
    main()
