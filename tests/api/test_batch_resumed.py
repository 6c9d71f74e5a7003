"""Tests of resuming a killed `grader batch`: it continues, and the output is the same."""

import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from api.core.errors import FileError
from api.services.batch import grading, runner
from api.services.batch.checkpoints import open_checkpoint_folder
from api.services.batch.executors import BatchPool, InlineExecutor
from api.services.batch.formats.blocks import BatchSource
from api.services.batch.formats.csv_rows import CsvSource
from api.services.batch.grading_jobs import grade_chunk
from api.services.batch.questions import BatchProblems
from api.services.batch.runner import Batch, run_batch
from api.services.batch.summary import BatchSummary
from problems.catalog import ProblemCatalog

HERE = Path(__file__).parents[1]
STUDENTS = 60
KILLED = """
import os, signal, sys
from pathlib import Path
from api.services.batch import checkpoints
from test_batch_resumed import batch

left = int(sys.argv[3])
keep = checkpoints.CheckpointFolder.write_atomically

def write(self, name, fill):
    global left
    left -= 1
    if not left:
        fill(self.part_path(name + checkpoints.TEMPORARY_SUFFIX))
        os.kill(os.getpid(), signal.SIGKILL)
    keep(self, name, fill)

checkpoints.CheckpointFolder.write_atomically = write
batch(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def answers() -> str:
    """Return a file with dependent answers, repeated attempts and rows that fail."""
    rows = ["student,problem,part,answer"]
    for at in range(STUDENTS):
        rows += [
            f"s{at},conv-stack-cost,shape_2,{at}x33x128",
            f"s{at},conv-stack-cost,shape_1,{at + 40}x65x64",
            f"s{at},yolo-output-depth,yolov3,{at * 5}",
            f"s{at},yolo-output-depth,yolov3,255",
            f's{at},yolo-output-depth,no-such,"{at}, {at}"',
        ]
    return "\n".join(rows)


def source(path: Path) -> BatchSource:
    return CsvSource(path, {}, block_bytes=2_000)


def batch(path: Path, out: Path, pool: BatchPool | None = None) -> BatchSummary:
    """Grade a file in small blocks and chunks."""
    rejects = out.with_name(f"rejects{out.suffix}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(grading, "CHUNK_QUESTIONS", 25)
        return run_batch(Batch(source(path), BatchProblems(ProblemCatalog()), out, rejects), pool)


def killed_at(part: int, path: Path, out: Path) -> None:
    """Run a batch in a subprocess that is killed while it writes part number *part*."""
    command = [sys.executable, "-c", KILLED, str(path), str(out), str(part)]
    paths = {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE / "api"), str(HERE.parent)])}
    ended = subprocess.run(command, env=os.environ | paths, check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(answers())
    return path


class Counting(InlineExecutor):
    """Executor that grades in this process and counts the questions."""

    asked = 0

    def submit(self, fn: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        if fn is grade_chunk:
            self.asked += sum(len(job.questions) for job in arguments[0])
        return super().submit(fn, *arguments, **named)


@pytest.mark.parametrize(("suffix", "parts"), [(".csv", (4, 9)), (".parquet", (13,))])
def test_killed_batch_resumes_and_writes_identical_output(
    path: Path, tmp_path: Path, suffix: str, parts: tuple[int, ...]
) -> None:
    whole, folder = tmp_path / f"whole{suffix}", tmp_path / suffix
    batch(path, whole)
    told = [whole.read_bytes(), (tmp_path / f"rejects{suffix}").read_bytes()]
    folder.mkdir()
    out = folder / f"out{suffix}"
    for part in parts:
        killed_at(part, path, out)
        assert [one.name for one in folder.iterdir()] == [f".out{suffix}.parts"]
    assert batch(path, out).resumed
    assert [out.read_bytes(), (folder / f"rejects{suffix}").read_bytes()] == told
    assert sorted(one.name for one in folder.iterdir()) == [f"out{suffix}", f"rejects{suffix}"]


def stopped(path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Grade a file except for the last step, and return the executor."""

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    counting = Counting()
    with monkeypatch.context() as patched:
        patched.setattr(runner, "write_file_atomically", fail)
        with pytest.raises(KeyboardInterrupt):
            batch(path, out, BatchPool(lambda: counting, max_waiting=1))
    assert not out.exists()
    return counting


def test_graded_questions_are_not_graded_again_on_resume(path, tmp_path, monkeypatch) -> None:
    out, again = tmp_path / "out.csv", Counting()
    assert stopped(path, out, monkeypatch).asked > STUDENTS
    assert batch(path, out, BatchPool(lambda: again, max_waiting=1)).resumed
    assert again.asked == 0


def test_checkpoint_torn_by_a_power_failure_is_graded_again(path, tmp_path, monkeypatch) -> None:
    out, again = tmp_path / "out.csv", Counting()
    stopped(path, out, monkeypatch)
    torn = tmp_path / ".out.csv.parts" / "judged-0-000001"
    torn.write_bytes(torn.read_bytes()[:100])
    batch(path, out, BatchPool(lambda: again, max_waiting=1))
    assert again.asked == 25


@pytest.mark.parametrize(("name", "other"), [("ENGINE", "another"), ("FORMAT_VERSION", 0)])
def test_changed_input_engine_or_format_restarts_the_batch(
    path, tmp_path, monkeypatch, name, other
) -> None:
    out, whole = tmp_path / "out.csv", tmp_path / "whole.csv"
    stopped(path, out, monkeypatch)
    path.write_text(answers().replace("yolov3,255", "yolov3,256"))
    assert stopped(path, out, monkeypatch).asked
    monkeypatch.setattr(runner, name, other)
    assert not batch(path, out).resumed
    batch(path, whole)
    assert out.read_bytes() == whole.read_bytes()


def test_second_batch_to_the_same_output_is_refused(path, tmp_path) -> None:
    out = tmp_path / "out.csv"
    with (
        open_checkpoint_folder(out),
        pytest.raises(FileError, match="another `grader batch` is writing"),
    ):
        batch(path, out)


def test_input_changed_while_being_read_is_refused(path, tmp_path) -> None:
    class Changing(Counting):
        def submit(self, fn: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
            path.write_text(answers() + "\n")
            return super().submit(fn, *arguments, **named)

    with pytest.raises(FileError, match="was changed while it was read"):
        batch(path, tmp_path / "out.csv", BatchPool(Changing, max_waiting=1))
    assert [one.name for one in tmp_path.iterdir()] == ["in.csv"]
