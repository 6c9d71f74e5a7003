"""Measure `grader batch` on 1,000,000 answers, and compare it with polars.

Each row of the table is a command in its own process. The commands take turns, round by round:
polars reads the file and writes it again; polars reads it and writes our columns; then the command
as typed, including its start: for one row, for shared variants without formulas, for shared
variants, and for individual variants. The table shows the seconds, CPU seconds and memory of the
best round, summed over all processes. A first run compiles the modules, as in an installation.

Run with ``.venv/bin/python benchmarks/batch.py [STUDENTS] [VERSIONS] [ROUNDS] [FOLDER]``; the
defaults are 5000, 200 and 3. The first run publishes the problems and writes the files to FOLDER,
which takes a quarter of an hour.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from batch_file import DEFAULT_ARGUMENTS, write_file

ARGUMENTS = ("5000", "200", "3", DEFAULT_ARGUMENTS[-1])
GRADER = str(Path(sys.executable).with_name("grader"))
COPY_WITH_POLARS = (
    "import sys, polars as p; p.read_csv(sys.argv[1], infer_schema=False).write_csv(sys.argv[2])"
)
ONE_ROW, OUR_COLUMNS = "grader, one row", "polars reads the file and writes our columns"
WARM_UP_COMMANDS = (OUR_COLUMNS, ONE_ROW)
"""Commands that together load all modules."""
MEGABYTE = 1_000_000
TICKS_PER_SECOND, PAGE_BYTES = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
TABLE_ROW = "{:<44} {:>8} {:>10} {:>8} {:>10} {:>12}"
ADD_COLUMNS_WITH_POLARS = """
import sys, polars as p
rows = p.read_csv(sys.argv[1], infer_schema=False)
texts = dict(status="correct", credit="1.000000", score="1.000000", points="1.000000")
texts |= dict(feedback="Right for the value that you have.", current="true")
results = rows.with_columns(p.lit(text).alias(name) for name, text in texts.items())
results.with_columns(read_as="answer", mistakes=None, error=None).write_csv(sys.argv[2])
"""


@dataclass(frozen=True)
class Cost:
    """Cost of a process and its children: seconds, CPU seconds and peak memory."""

    seconds: float
    cpu_seconds: float
    memory_bytes: int


def measure_session(pid: int) -> dict[int, tuple[float, int]]:
    """Return CPU seconds and resident bytes of each process in the session of *pid*."""
    usage_by_pid = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == pid:
            cpu_seconds = (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
            usage_by_pid[int(path.parent.name)] = (cpu_seconds, int(fields[21]) * PAGE_BYTES)
    return usage_by_pid


def measure_command(command: list[str], bytecode: Path) -> Cost:
    """Run a command that caches its bytecode in the folder *bytecode*, and return its cost."""
    start, cpu_by_pid, peak_bytes = time.perf_counter(), {}, 0
    process = subprocess.Popen(  # noqa: S603  # our own
        command,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONDONTWRITEBYTECODE": ""},
    )
    while process.poll() is None:
        usage = measure_session(process.pid)
        cpu_by_pid |= {pid: seconds for pid, (seconds, _) in usage.items()}
        peak_bytes = max(peak_bytes, sum(size for _, size in usage.values()))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Cost(time.perf_counter() - start, sum(cpu_by_pid.values()), peak_bytes)


def build_commands(folder: Path, published: Path, scratch: Path) -> dict[str, list[str]]:
    """Return the commands to measure by their row labels."""
    out = str(scratch / "out.csv")
    shared, plain, own = (str(folder / f"{kind}.csv") for kind in ("shared", "plain", "own"))
    one_row = scratch / "one.csv"
    with Path(shared).open(encoding="utf-8") as stream:
        one_row.write_text(stream.readline() + stream.readline(), encoding="utf-8")
    python = [sys.executable, "-c"]
    batch = [GRADER, "batch"]
    return {
        "polars reads the file and writes it again": [*python, COPY_WITH_POLARS, plain, out],
        OUR_COLUMNS: [*python, ADD_COLUMNS_WITH_POLARS, plain, out],
        ONE_ROW: [*batch, str(one_row), "-o", out],
        "grader, shared variants, no formulas": [*batch, plain, "-o", out],
        "grader, shared variants": [*batch, shared, "-o", out],
        "grader, individual variants": [*batch, own, "-o", out, "--published", str(published)],
    }


def write_missing_files(folder: Path, cache: Path, students: int, versions: int) -> None:
    """Write the files of answers that do not exist yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("shared", "plain", "own"):
        path = folder / f"{kind}.csv"
        if not path.is_file():
            write_file(path, kind, students=students, versions=versions, folder=cache)


def main(arguments: list[str]) -> None:
    """Measure all commands and print a row for each."""
    students, versions, rounds, cache_path = (*arguments, *ARGUMENTS[len(arguments) :])
    cache, folder = Path(cache_path), Path(cache_path) / f"answers-{students}-{versions}"
    write_missing_files(folder, cache, int(students), int(versions))
    rows = int(students) * int(versions)
    costs_by_name: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as compiled:
        commands = build_commands(folder, cache, Path(scratch))
        for name in WARM_UP_COMMANDS:
            measure_command(commands[name], Path(compiled))
        for _ in range(int(rounds)):
            for name, command in commands.items():
                costs_by_name.setdefault(name, []).append(measure_command(command, Path(compiled)))
    print(TABLE_ROW.format(f"{rows:,} answers", "s", "CPU s", "MB", "rows/s", "× polars CPU"))
    best = {
        name: min(costs, key=lambda cost: cost.cpu_seconds) for name, costs in costs_by_name.items()
    }
    polars = best[OUR_COLUMNS].cpu_seconds
    for name, cost in best.items():
        seconds, cpu_seconds, megabytes = (
            f"{cost.seconds:.2f}",
            f"{cost.cpu_seconds:.2f}",
            f"{cost.memory_bytes / MEGABYTE:,.0f}",
        )
        rate, ratio = f"{rows / cost.seconds:,.0f}", f"{cost.cpu_seconds / polars:.1f}"
        print(TABLE_ROW.format(name, seconds, cpu_seconds, megabytes, rate, ratio))


if __name__ == "__main__":
    main(sys.argv[1:])
