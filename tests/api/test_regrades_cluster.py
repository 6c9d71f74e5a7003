"""Tests of regrades on a Dask cluster: the same outcome, and none without the cluster."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import closing

import pytest
from regrading import create_answered_problem, create_regrade, get_regrade, read_grades

from api.services.regrades.execution import grading_jobs
from api.services.regrades.execution.grading_jobs import get_executor_factory
from api.services.regrades.execution.runner import MAX_TRIES, RegradeRunner

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the extra `cluster` is not installed"
)


CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    given = {"processes": False, "protocol": "tcp", "host": "127.0.0.1", "silence_logs": 50}
    with LocalCluster(2, threads_per_worker=1, dashboard_address="127.0.0.1:0", **given) as one:
        print(one.scheduler_address, flush=True)
        sys.stdin.read()
"""
"""Script of a cluster: two workers, threads of one process, until its stdin closes."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Yield the address of a Dask scheduler."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", CLUSTER], **pipes) as process:
        yield process.stdout.readline().strip()


@pytest.fixture
def problem(world, course, monkeypatch):
    """Return a problem whose submissions are graded in pieces."""
    monkeypatch.setattr(grading_jobs, "MIN_SUBMISSIONS_FOR_PROCESSES", 2)
    return create_answered_problem(world, course)


def test_dask_cluster_grades_like_local_process(world, teacher, problem, address, monkeypatch):
    here = create_regrade(teacher, problem)
    world.service.regrades.run_until_idle()
    expected = get_regrade(teacher, here)["counts"]
    teacher.post(f"/regrades/{here['id']}/cancel", {})
    judged = []
    pieces = grading_jobs._split_job  # noqa: SLF001
    monkeypatch.setattr(
        grading_jobs, "_split_job", lambda *told: judged.append(told) or pieces(*told)
    )
    there = create_regrade(teacher, problem)
    with closing(
        RegradeRunner(
            world.db, world.clock, workers=2, executor_factory=get_executor_factory(address)
        )
    ) as runner:
        runner.run_until_idle()
    ready = get_regrade(teacher, there)
    assert (ready["status"], ready["counts"]) == ("ready", expected)
    assert len(judged) == 1


def test_regrade_waits_for_unreachable_dask_cluster(world, teacher, problem):
    run, before = create_regrade(teacher, problem), read_grades(world, problem)
    with closing(
        RegradeRunner(
            world.db, world.clock, workers=2, executor_factory=get_executor_factory("nonsense")
        )
    ) as runner:
        # More often than other failures are tried: a cluster may take minutes to start.
        for _ in range(MAX_TRIES + 1):
            with pytest.raises(BrokenExecutor, match="no Dask scheduler responds at nonsense"):
                runner.run_until_idle()
        assert get_regrade(teacher, run)["status"] == "judging"
    world.service.regrades.run_until_idle()
    assert get_regrade(teacher, run)["status"] == "ready"
    assert read_grades(world, problem) == before
