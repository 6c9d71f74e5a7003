"""Tests of a full disk: writes fail, reads work, and the service recovers once space is free."""

import os
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from api.durability_test.course_fixture import SubmissionTarget
from api.durability_test.service import ServiceProcess
from durability.client_requests import send_request, submit_answer
from durability.cluster import Cluster
from durability.durability_run import IS_LONG_RUN, DurabilityRun
from durability.fork_server import ForkServer, find_mount_error

FREE_BYTES_ON_SQLITE = 192 * 1024
"""Free space that is left on the full disk, with a database on SQLite."""
FREE_BYTES_ON_POSTGRESQL = 2_500_000
REFUSAL_COUNT = 5
MAX_RECOVERY_SECONDS = 5.0
MAX_VIEWS = 40


@pytest.fixture
def disk(fork_server: ForkServer) -> Path:
    """Return the small disk of the fork server; skip the test if it cannot be mounted."""
    if fork_server.disk is None:
        pytest.skip(f"cannot mount a small disk: {find_mount_error()}")
    return fork_server.disk


def wait_for_readiness(status: int, service: ServiceProcess) -> None:
    """Wait for a status of `/readyz`, which checks the database at most once per second."""
    deadline = time.monotonic() + MAX_RECOVERY_SECONDS
    while service.fetch_status("/readyz") != status:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_full_disk_returns_503_until_space_is_freed(create_run, disk):
    run: DurabilityRun = create_run("sqlite")
    local_disk = run.fork_server.to_local_path(disk)
    run.db.close()  # merges the write-ahead log into the database file
    shutil.copy(run.folder / "grader.db", local_disk)
    service = run.start_service(url=f"sqlite:///{disk / 'grader.db'}")
    target, unopened = run.course.targets[0], run.course.targets[-1]
    assert submit_answer(service.port, target, run.ledger, key="first").status == 201
    assert service.fetch_status("/readyz") == 200

    fill_disk(local_disk, free_bytes=FREE_BYTES_ON_SQLITE)
    statuses = submit_until_refused(run, service.port)
    assert set(statuses) <= {201, 503}
    assert statuses[503] == REFUSAL_COUNT
    wait_for_readiness(503, service)
    assert service.is_responding("/healthz")
    assert get_status(service.port, target, "/me") == 200
    assert get_status(service.port, unopened, "/me") == 200
    assert get_status(service.port, target, get_problem_path(target)) == 200
    unopened = find_refused_view(run, service.port)

    (local_disk / "filler").unlink()
    retry_until_stored(run, service.port, target)
    wait_for_readiness(200, service)
    assert get_status(service.port, unopened, get_problem_path(unopened)) == 200

    service.kill()
    for path in local_disk.glob("grader.db*"):
        shutil.copy(path, run.folder)
    report = run.build_report()
    assert report.has_no_findings, report.to_text()


@pytest.mark.skipif(not IS_LONG_RUN, reason="in long runs only: make durability")
def test_full_postgresql_disk_loses_nothing_and_recovers_with_free_space(
    create_run, disk, fork_server
):
    local_disk = fork_server.to_local_path(disk)
    with Cluster(fork_server) as server:
        run: DurabilityRun = create_run("postgresql", server=server)
        service, target = run.start_service(), run.course.targets[0]
        fill_disk(local_disk, free_bytes=FREE_BYTES_ON_POSTGRESQL)
        assert set(submit_until_refused(run, service.port)) <= {201, 503}
        (local_disk / "filler").unlink()
        server.start()  # it shuts down if it cannot write its log
        retry_until_stored(run, service.port, target)
        report = run.build_report()
        assert report.has_no_findings, report.to_text()
        run.close()


def retry_until_stored(run: DurabilityRun, port: int, target: SubmissionTarget) -> None:
    """Submit with one key until the submission is stored."""
    started = time.monotonic()
    while submit_answer(port, target, run.ledger, key=f"retry-{started}").status != 201:
        assert time.monotonic() < started + MAX_RECOVERY_SECONDS


def fill_disk(folder: Path, *, free_bytes: int) -> None:
    """Fill the disk of *folder* except for *free_bytes*."""
    disk = os.statvfs(folder)
    with (folder / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, disk.f_bavail * disk.f_frsize - free_bytes)


def get_problem_path(target: SubmissionTarget) -> str:
    """Return the path of the target's problem."""
    return target.path.removesuffix("/submissions")


def get_status(port: int, target: SubmissionTarget, path: str) -> int:
    """Get *path* as the student of *target*, and return the status."""
    return send_request(port, "GET", path, token=target.token).status


def find_refused_view(run: DurabilityRun, port: int) -> SubmissionTarget:
    """Open problems for the first time until one is refused, and return its target.

    The first view of a problem stores its numbers. Some of them still fit into the space
    that a refused submission leaves in the write-ahead log.
    """
    for target in run.course.targets[: -2 * MAX_VIEWS : -1]:
        status = get_status(port, target, get_problem_path(target))
        if status == 503:
            return target
        assert status == 200
    pytest.fail(f"{MAX_VIEWS} first views fit on a full disk")


def submit_until_refused(run: DurabilityRun, port: int) -> Counter[int]:
    """Submit until `REFUSAL_COUNT` of them are refused, and count the statuses.

    A 409 is neither a refusal nor part of the result.
    """
    statuses: Counter[int] = Counter()
    for number, target in enumerate(run.course.targets[:-1] * 3):
        if statuses.total() - statuses[201] - statuses[409] == REFUSAL_COUNT:
            break
        statuses[submit_answer(port, target, run.ledger, key=f"filling-{number}").status] += 1
    del statuses[409]
    return statuses
