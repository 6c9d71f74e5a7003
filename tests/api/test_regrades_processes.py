"""Tests of regrades in worker processes that may die, and by several services at once."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from regrading import create_answered_problem, create_regrade, get_regrade, read_grades, run_action
from slow_work import never_end
from sqlalchemy import func, select

from api.core.worker_pool import WorkerPool
from api.db.engine import Database
from api.db.models import Grading, RegradeChange
from api.services.regrades import planning
from api.services.regrades.execution import grading_jobs
from api.services.regrades.execution.runner import RegradeRunner

ROOT = Path(__file__).parents[2]
SECONDS = 60


@pytest.fixture
def problem(world, course, monkeypatch):
    """Return a problem with three chunks of students, graded in pieces."""
    monkeypatch.setattr(planning, "STUDENTS_IN_CHUNK", 2)
    monkeypatch.setattr(grading_jobs, "MIN_SUBMISSIONS_FOR_PROCESSES", 2)
    return create_answered_problem(world, course)


def wait_until(holds):
    until = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    assert holds()


def workers():
    return {one.pid for one in multiprocessing.active_children()}


def test_workers_grade_like_main_process_and_stop_with_runner(world, course, teacher, problem):
    before = read_grades(world, problem)
    here = workers()
    inline = create_regrade(teacher, problem)
    world.service.regrades.run_until_idle()
    applied = run_action(world, teacher, inline, "apply")
    after = read_grades(world, problem)
    run_action(world, teacher, inline, "undo")
    assert read_grades(world, problem) == before
    version = {"id": applied["to_version"]["id"]}
    assert (
        teacher.post(f"/courses/{course}/problems/{version['id']}/publish", {}).status_code == 200
    )
    again = teacher.post(f"{problem.path}/regrades", {"version": version}).json()
    runner = RegradeRunner(world.db, world.clock, workers=2)
    runner.run_until_idle()
    assert len(workers() - here) == 2
    assert get_regrade(teacher, again)["counts"] == applied["counts"]
    teacher.post(f"/regrades/{again['id']}/apply", {})
    runner.run_until_idle()
    runner.close()
    assert workers() <= here
    same = read_grades(world, problem)
    for turn in (after, same):
        for row in turn["answers"]:
            del row["grading_id"]
    assert same == after


def test_worker_death_costs_one_attempt_and_loses_no_work(world, teacher, problem):
    run = create_regrade(teacher, problem)
    here, killed = workers(), []

    def kill_one():
        if not killed:
            killed.append(min(workers() - here))
            os.kill(killed[0], signal.SIGKILL)
            wait_until(lambda: killed[0] not in workers())

    runner = RegradeRunner(world.db, world.clock, workers=2, after_chunk=kill_one)
    with pytest.raises(BrokenExecutor):
        runner.run_until_idle()
    assert get_regrade(teacher, run)["status"] == "judging"
    runner.run_until_idle()
    runner.close()
    ready = get_regrade(teacher, run)
    assert (ready["status"], ready["counts"]["answers"]) == ("ready", 12)
    assert ready["progress"]["done"] == ready["progress"]["total"] == 6


def test_grading_job_over_deadline_fails_its_regrade(world, teacher, problem, monkeypatch):
    run = create_regrade(teacher, problem)
    monkeypatch.setattr(grading_jobs, "grade_job", never_end)
    pool = WorkerPool(2, deadline_seconds=1)
    runner = RegradeRunner(world.db, world.clock, workers=2, executor_factory=lambda _: pool)
    runner.run_until_idle()
    runner.close()
    failed = get_regrade(teacher, run)
    assert failed["status"] == "failed"
    assert "DeadlineExceeded" in failed["error"]


def is_running(pid):
    """Return whether the process exists; a zombie does not count."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_two_runners_process_every_chunk_once(world, teacher, problem):
    before = read_grades(world, problem)
    run = create_regrade(teacher, problem)
    other = Database(world.url)
    runners = [world.service.regrades, RegradeRunner(other, world.clock, workers=0)]
    with ThreadPoolExecutor(2) as pool:
        for what in (None, "apply", "undo"):
            if what:
                assert teacher.post(f"/regrades/{run['id']}/{what}", {}).status_code == 200
            list(pool.map(RegradeRunner.run_until_idle, runners))
            told = get_regrade(teacher, run)
            assert told["progress"]["done"] == told["progress"]["total"] == 6
            if what == "apply":
                with world.db.reading() as session:
                    made = select(func.count(Grading.id)).where(Grading.kind == "regrade")
                    moved = RegradeChange.new_grading.is_not(None)
                    changed = select(func.count(RegradeChange.id)).where(moved)
                    assert session.scalar(made) == session.scalar(changed) > 0
                assert told["counts"]["students"] == 6
    other.close()
    assert get_regrade(teacher, run)["status"] == "undone"
    assert read_grades(world, problem) == before


POOL: str = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from api.core.process_lifecycle import initialize_worker

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, get_context("spawn"), initialize_worker, (0,))
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


def test_worker_exits_when_its_service_is_killed(tmp_path):
    script = tmp_path / "pool.py"
    script.write_text(POOL)
    command = [sys.executable, str(script)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)
        parent.kill()
    wait_until(lambda: not is_running(worker))
