"""Tests of `grader batch` in several processes: identical output if a process fails."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from slow_work import judge_or_sleep

from api.core.errors import FileError
from api.services.batch import grading
from api.services.batch.executors import (
    KILLED_MESSAGE,
    BatchPool,
    InlineExecutor,
    _check_engines,
    open_process_pool,
)
from api.services.batch.formats.sources import open_source
from api.services.batch.grading_jobs import Chunk, grade_chunk
from api.services.batch.questions import BatchProblems
from api.services.batch.runner import Batch, run_batch
from problems.catalog import ProblemCatalog

GRADER = Path(sys.executable).with_name("grader")
HEAD = "student,problem,part,answer\n"
POISON = "666"
SECONDS = 120


def write(path: Path, answers: int) -> Path:
    rows = (f"s{at % 50},yolo-output-depth,yolov{1 + 2 * (at % 2)},{at}\n" for at in range(answers))
    path.write_text(HEAD + "".join(rows))
    return path


def marked(path: Path, out: Path, pool: BatchPool | None = None) -> bytes:
    run_batch(Batch(open_source(path, {}), BatchProblems(ProblemCatalog()), out), pool)
    return out.read_bytes()


class Dying(InlineExecutor):
    """Executor that breaks, like a pool with a dead process, on each chunk with `POISON`."""

    def __init__(self) -> None:
        self.broken = False

    def submit(self, fn: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        if self.broken:
            raise BrokenProcessPool
        held = fn is grade_chunk and any(
            asked.typed == POISON for job in arguments[0] for asked in job.questions
        )
        if not held:
            return super().submit(fn, *arguments, **named)
        self.broken = True
        broken: Future[Any] = Future()
        broken.set_exception(BrokenProcessPool())
        return broken


def test_answer_that_crashes_its_process_fails_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", 3000)
    expected = marked(path, tmp_path / "one.csv").decode().splitlines()
    found = (
        marked(path, tmp_path / "other.csv", BatchPool(Dying, max_waiting=4)).decode().splitlines()
    )
    other = [(one, two) for one, two in zip(expected, found, strict=True) if one != two]
    assert len(other) == 1
    assert other[0][0].startswith(f"s16,yolo-output-depth,yolov1,{POISON},")
    assert KILLED_MESSAGE in other[0][1]


def test_answer_that_takes_too_long_is_skipped_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", 700)
    rows = len(marked(path, tmp_path / "one.csv").splitlines())
    with open_process_pool(2) as pool:
        pool.grade = judge_or_sleep
        found = marked(path, tmp_path / "other.csv", pool).decode().splitlines()
    assert len(found) == rows
    [left_out] = [row for row in found if KILLED_MESSAGE in row]
    assert left_out.startswith(f"s16,yolo-output-depth,yolov1,{POISON},")


def test_two_processes_write_the_same_output_as_one(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", 4000)
    with open_process_pool(2) as pool:
        assert marked(path, tmp_path / "two.csv", pool) == marked(path, tmp_path / "one.csv")


class Recording(InlineExecutor):
    """Executor that records the chunks that it grades."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def submit(self, fn: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        if fn is grade_chunk:
            self.chunks.append(arguments[0])
        return super().submit(fn, *arguments, **named)


def test_chunk_ends_at_a_problem_or_variant_boundary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "CHUNK_QUESTIONS", 10)
    asked = (
        ("yolo-output-depth", "yolov3", ""),
        *(("conv-sizing", "kernel_size", seed) for seed in "123"),
    )
    rows = (
        f"ann,{problem},{part},{at},{seed}\n" for problem, part, seed in asked for at in range(6)
    )
    path = tmp_path / "in.csv"
    path.write_text("student,problem,part,answer,seed\n" + "".join(rows))
    judges = Recording()
    marked(path, tmp_path / "out.csv", BatchPool(lambda: judges, max_waiting=1))
    found = [
        {(Path(job.source.file).stem, one.seed) for job in chunk for one in job.questions}
        for chunk in judges.chunks
    ]
    assert len(found) == len(asked)
    assert set().union(*found) == {(name, int(seed) if seed else None) for name, _, seed in asked}


def test_chunk_is_filled_within_a_long_variant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "CHUNK_QUESTIONS", 10)
    judges = Recording()
    marked(
        write(tmp_path / "in.csv", 50),
        tmp_path / "out.csv",
        BatchPool(lambda: judges, max_waiting=1),
    )
    sizes = [sum(len(job.questions) for job in chunk) for chunk in judges.chunks]
    assert sizes == [10] * 5


def test_batch_starts_without_importing_unneeded_modules() -> None:
    loads = "import sys, api.cli.batch; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", loads], capture_output=True, check=True, text=True)
    assert {"sqlalchemy", "polars", "numpy", "pydantic"}.isdisjoint(ran.stdout.split())


class Cluster:
    """Dask scheduler on this machine, with two workers."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._log = (folder / "log").open("w")
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        self.workers = [self._start("dask_worker", "--no-nanny", "--nthreads", "1") for _ in "ab"]

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        return subprocess.Popen(
            [*command, "--no-dashboard", "--scheduler-file", str(self._file)],
            stdout=self._log,
            stderr=self._log,
            cwd=self._file.parent,
        )

    def address(self) -> str:
        """Return the scheduler's address, as soon as it listens."""
        until(lambda: self._file.is_file() and self._file.read_text().endswith("}"))
        return str(json.loads(self._file.read_text())["address"])

    def close(self) -> None:
        """Kill the scheduler and the workers."""
        for one in (*self.workers, self.scheduler):
            one.kill()
            one.wait()
        self._log.close()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    found = Cluster(folder)
    try:
        yield found
    finally:
        found.close()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


class Lacking:
    """Client of a Dask cluster in which one machine lacks Grader."""

    def __init__(self, *, scheduler: bool) -> None:
        self._scheduler = scheduler

    def run(self, ask: Callable[[], str], *, on_error: str) -> dict[str, object]:
        assert on_error == "return"
        return {"tcp://127.0.0.1:1": ask() if self._scheduler else ModuleNotFoundError("api")}

    def run_on_scheduler(self, ask: Callable[[], str]) -> str:
        if self._scheduler:
            raise ModuleNotFoundError("api")
        return ask()


@pytest.mark.parametrize(
    ("scheduler", "named"), [(True, "the scheduler"), (False, "the worker tcp://127.0.0.1:1")]
)
def test_cluster_machine_without_grader_is_named(*, scheduler: bool, named: str) -> None:
    with pytest.raises(FileError, match=f"^{named} uses another engine .*--preload dlgrader"):
        _check_engines(Lacking(scheduler=scheduler))


@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the extra `cluster` is not installed"
)
def test_killed_cluster_worker_loses_and_duplicates_no_rows(
    tmp_path: Path,
) -> None:
    path, out = write(tmp_path / "in.csv", 20_000), tmp_path / "out.csv"
    parts = tmp_path / ".out.csv.parts"
    with cluster(tmp_path) as found:
        address = found.address()
        command = [GRADER, "batch", path, "-o", out, "--cluster", address]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as ran:
            until(lambda: len(list(parts.glob("judged-*"))) > 2 or ran.poll() is not None)
            os.kill(found.workers[0].pid, signal.SIGKILL)
            killed_at = len(list(parts.glob("judged-*")))
            _, said = ran.communicate(timeout=SECONDS)
        assert ran.returncode == 0, said.decode()
    assert 2 < killed_at < 20
    assert out.read_bytes() == marked(path, tmp_path / "here.csv")


@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the extra `cluster` is not installed"
)
def test_unreachable_cluster_is_reported(grader, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", 2)
    ran = grader("batch", str(path), "--cluster", "nonsense")
    assert ran.code == 2
    assert "no Dask scheduler responds at nonsense" in ran.err


class OfCluster(InlineExecutor):
    """Executor whose `shutdown` accepts only *wait*, like that of a Dask cluster."""

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002  # as the base has it
        self.ended = wait


def test_lost_cluster_executor_is_replaced():
    pool = BatchPool(OfCluster, max_waiting=1)
    first = pool.executor
    pool.replace_executor()
    assert first.ended is False
    assert pool.executor is not first
