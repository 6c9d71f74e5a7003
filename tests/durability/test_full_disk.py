"""Tests of a full disk: writes are refused, reads work, and freed space is enough."""

import os
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from api.durability_test.course_fixture import SubmissionTarget
from api.durability_test.service import ServiceProcess
from durability.asking import ask, hand_in
from durability.cluster import Cluster
from durability.nursery import Nursery, cannot_mount
from durability.trying import IS_LONG, Tried

LEFT = 192 * 1024
"""Bytes left free on the full disk."""
LEFT_TO_POSTGRESQL = 2_500_000
REFUSALS = 5
RECOVERY = 5.0
MAX_VIEWS = 40


@pytest.fixture
def disk(nursery: Nursery) -> Path:
    """Return the nursery's small disk; skip the test where none can be mounted."""
    if nursery.disk is None:
        pytest.skip(f"there can be no small disk here: {cannot_mount()}")
    return nursery.disk


def wait_until_readiness_is(status: int, service: ServiceProcess) -> None:
    """Wait for a status of `/readyz`, which checks the database once a second at most."""
    until = time.monotonic() + RECOVERY
    while service.fetch_status("/readyz") != status:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_full_disk_gives_503_until_space_is_freed(tried, disk):
    world: Tried = tried("sqlite")
    inside = world.nursery.seen_from_here(disk)
    world.db.close()  # which leaves the one file
    shutil.copy(world.folder / "grader.db", inside)
    service = world.started(url=f"sqlite:///{disk / 'grader.db'}")
    place, unseen = world.scene.targets[0], world.scene.targets[-1]
    assert hand_in(service.port, place, world.ledger, key="first").status == 201
    assert service.fetch_status("/readyz") == 200

    fill(inside, left=LEFT)
    told = refusals(world, service.port)
    assert set(told) <= {201, 503}
    assert told[503] == REFUSALS
    wait_until_readiness_is(503, service)
    assert service.is_responding("/healthz")
    assert read(service.port, place, "/me") == read(service.port, unseen, "/me") == 200
    assert read(service.port, place, problem_of(place)) == 200
    unseen = find_refused_view(world, service.port)

    (inside / "filler").unlink()
    freed = time.monotonic()
    while hand_in(service.port, place, world.ledger, key=f"freed-{freed}").status != 201:
        assert time.monotonic() < freed + RECOVERY
    wait_until_readiness_is(200, service)
    assert read(service.port, unseen, problem_of(unseen)) == 200

    service.kill()
    for path in inside.glob("grader.db*"):
        shutil.copy(path, world.folder)
    found = world.report()
    assert found.is_clean, found.to_text()


@pytest.mark.skipif(not IS_LONG, reason="in long runs only: make durability")
def test_a_full_disk_of_postgresql_loses_nothing_and_freed_space_is_enough_to_go_on(
    tried, disk, nursery
):
    inside = nursery.seen_from_here(disk)
    with Cluster(nursery) as server:
        world: Tried = tried("postgresql", server=server)
        service, place = world.started(), world.scene.targets[0]
        fill(inside, left=LEFT_TO_POSTGRESQL)
        assert set(refusals(world, service.port)) <= {201, 503}
        (inside / "filler").unlink()
        server.start()  # it has ended itself where it could not write its log
        freed = time.monotonic()
        while hand_in(service.port, place, world.ledger, key=f"freed-{freed}").status != 201:
            assert time.monotonic() < freed + RECOVERY
        found = world.report()
        assert found.is_clean, found.to_text()
        world.close()


def fill(folder: Path, *, left: int) -> None:
    """Fill the disk of *folder*, except for *left* bytes."""
    space = os.statvfs(folder)
    with (folder / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, space.f_bavail * space.f_frsize - left)


def problem_of(place: SubmissionTarget) -> str:
    """Return the path of the problem itself."""
    return place.path.removesuffix("/submissions")


def read(port: int, place: SubmissionTarget, path: str) -> int:
    """Return the status of a GET of *path* by the student of *place*."""
    return ask(port, "GET", path, token=place.token).status


def find_refused_view(world: Tried, port: int) -> SubmissionTarget:
    """Open problems as students who have not seen them until one is refused; return that one.

    The first view of a problem stores its numbers. Some fit into the part of the write-ahead log
    that a refused submission has left.
    """
    for target in world.scene.targets[: -2 * MAX_VIEWS : -1]:
        status = read(port, target, problem_of(target))
        if status == 503:
            return target
        assert status == 200
    pytest.fail(f"{MAX_VIEWS} first views fit on a full disk")


def refusals(world: Tried, port: int) -> Counter[int]:
    """Submit until `REFUSALS` submissions are refused; return how often each status came.

    A 409 counts neither as a refusal nor in the result.
    """
    told: Counter[int] = Counter()
    for number, place in enumerate(world.scene.targets[:-1] * 3):
        if told.total() - told[201] - told[409] == REFUSALS:
            break
        told[hand_in(port, place, world.ledger, key=f"filling-{number}").status] += 1
    del told[409]
    return told
