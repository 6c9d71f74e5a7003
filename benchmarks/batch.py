"""How fast `grader batch` marks 1,000,000 answers, beside polars that only reads and writes.

Each line is a process of its own, all of them in turn, round after round: polars reading the file
and writing it again; reading it and writing the columns that we write; then the command as it is
typed, with its start, on one row, on shared variants without formulas, on all, and on each
student's own variants. Told are the fastest round's seconds, the seconds of all its processors,
and the memory of all its processes together. Modules are compiled before, as they are wherever the
command was run once, whatever this environment says about that.

Run with ``.venv/bin/python benchmarks/batch.py [STUDENTS] [VERSIONS] [ROUNDS] [FOLDER]``, by
default 5000, 200 and 3. The files are made in the folder the first time, for which the problems are
published: that takes a quarter of an hour.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from batch_file import DEFAULTS, write_file

ARGUMENTS = ("5000", "200", "3", DEFAULTS[-1])
GRADER = str(Path(sys.executable).with_name("grader"))
ONLY_IN = (
    "import sys, polars as p; p.read_csv(sys.argv[1], infer_schema=False).write_csv(sys.argv[2])"
)
ONE, OUR_COLUMNS = "grader, one row", "polars reads it and writes our columns"
COMPILED_BY = (OUR_COLUMNS, ONE)
"""What loads all modules between them."""
MB = 1_000_000
TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
LINE = "{:<44} {:>8} {:>10} {:>8} {:>10} {:>12}"
ONLY_OUT = """
import sys, polars as p
given = p.read_csv(sys.argv[1], infer_schema=False)
texts = dict(status="correct", credit="1.000000", score="1.000000", points="1.000000")
texts |= dict(feedback="Right for the value that you have.", current="true")
told = given.with_columns(p.lit(text).alias(name) for name, text in texts.items())
told.with_columns(read_as="answer", mistakes=None, error=None).write_csv(sys.argv[2])
"""


@dataclass(frozen=True)
class Cost:
    """What a process took with all that it started: seconds, those of processors, bytes."""

    seconds: float
    busy: float
    memory: int


def session_of(pid: int) -> dict[int, tuple[float, int]]:
    """Return seconds of processor and bytes of each process that *pid* leads."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == pid:
            busy = (int(fields[11]) + int(fields[12])) / TICKS
            found[int(path.parent.name)] = (busy, int(fields[21]) * PAGE)
    return found


def cost_of(command: list[str], bytecode: Path) -> Cost:
    """Run a command, its modules compiled in the folder *bytecode*, and return what it took."""
    begin, busy, memory = time.perf_counter(), {}, 0
    ran = subprocess.Popen(  # noqa: S603  # our own
        command,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONDONTWRITEBYTECODE": ""},
    )
    while ran.poll() is None:
        now = session_of(ran.pid)
        busy |= {pid: spent for pid, (spent, _) in now.items()}
        memory = max(memory, sum(size for _, size in now.values()))
        time.sleep(0.02)
    if ran.returncode:
        raise SystemExit(f"{command} ended with {ran.returncode}")
    return Cost(time.perf_counter() - begin, sum(busy.values()), memory)


def commands(folder: Path, published: Path, scratch: Path) -> dict[str, list[str]]:
    """Return what is measured, by what it is called."""
    out = str(scratch / "out.csv")
    shared, plain, own = (str(folder / f"{kind}.csv") for kind in ("shared", "plain", "own"))
    one = scratch / "one.csv"
    with Path(shared).open(encoding="utf-8") as stream:
        one.write_text(stream.readline() + stream.readline(), encoding="utf-8")
    python = [sys.executable, "-c"]
    batch = [GRADER, "batch"]
    return {
        "polars reads it and writes it again": [*python, ONLY_IN, plain, out],
        OUR_COLUMNS: [*python, ONLY_OUT, plain, out],
        ONE: [*batch, str(one), "-o", out],
        "grader, shared variants, no formulas": [*batch, plain, "-o", out],
        "grader, shared variants": [*batch, shared, "-o", out],
        "grader, own variants": [*batch, own, "-o", out, "--published", str(published)],
    }


def prepare(folder: Path, published: Path, students: int, versions: int) -> None:
    """Make the files that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("shared", "plain", "own"):
        path = folder / f"{kind}.csv"
        if not path.is_file():
            write_file(path, kind, students=students, versions=versions, folder=published)


def main(arguments: list[str]) -> None:
    """Measure and print, one line for each command."""
    students, versions, rounds, cache = (*arguments, *ARGUMENTS[len(arguments) :])
    published, folder = Path(cache), Path(cache) / f"answers-{students}-{versions}"
    prepare(folder, published, int(students), int(versions))
    rows = int(students) * int(versions)
    found: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as compiled:
        ran = commands(folder, published, Path(scratch))
        for name in COMPILED_BY:
            cost_of(ran[name], Path(compiled))
        for _ in range(int(rounds)):
            for name, command in ran.items():
                found.setdefault(name, []).append(cost_of(command, Path(compiled)))
    print(LINE.format(f"{rows:,} answers", "s", "CPU s", "MB", "rows/s", "× polars CPU"))
    best = {name: min(costs, key=lambda one: one.busy) for name, costs in found.items()}
    polars = best[OUR_COLUMNS].busy
    for name, one in best.items():
        seconds, busy, memory = f"{one.seconds:.2f}", f"{one.busy:.2f}", f"{one.memory / MB:,.0f}"
        rate, ratio = f"{rows / one.seconds:,.0f}", f"{one.busy / polars:.1f}"
        print(LINE.format(name, seconds, busy, memory, rate, ratio))


if __name__ == "__main__":
    main(sys.argv[1:])
