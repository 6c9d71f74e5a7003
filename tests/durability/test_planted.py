"""Tests of the durability checks themselves: they detect bugs injected into services."""

import time
from collections import Counter
from collections.abc import Callable

import psycopg

from api.durability_test.course_fixture import ATTEMPT_LIMIT
from api.durability_test.load_generator import LoadGenerator
from durability.asking import limited, race_for_attempts
from durability.trying import Tried

KILLS = 6
ROUNDS = 12


def faults_after_kills(world: Tried, plant: str, **settings: str) -> str:
    """Return the first findings after kills of a service with a bug, or an empty string.

    The service is killed and restarted up to `KILLS` times.
    """
    service = world.service(plant=plant)
    for _ in range(KILLS):
        service.start(**settings)
        with LoadGenerator(
            world.scene.targets, [service.port], world.ledger, clients=6, timeout_seconds=5
        ):
            begun = time.monotonic()
            while world.ledger.seconds_until_receipt(
                begun
            ) is None and not service.wait_until_ended(0.01):
                assert time.monotonic() < begun + 30
            service.wait_until_ended(0.2)
            service.kill()
            service.start()
        found = world.report()
        if found.findings:
            return found.findings.to_text()
    return ""


def test_a_service_that_answers_before_it_commits_is_caught(tried):
    assert "lost: " in faults_after_kills(tried("sqlite"), "acknowledge before commit")


def test_a_service_that_forgets_keys_is_caught(tried):
    found = faults_after_kills(tried("sqlite"), "forget keys", failpoint="after_commit:2")
    assert "doubled: " in found


def race(
    world: Tried, plant: str, is_caught: Callable[[Counter[int]], bool]
) -> set[tuple[int, int]]:
    """Return each status with its count, from races at two services until one shows the bug."""
    services = [world.started(plant=plant) for _ in range(2)]
    seen: set[tuple[int, int]] = set()
    for _, place in zip(range(ROUNDS), limited(world), strict=False):
        got = race_for_attempts(world, services, place)
        counts = Counter(one.status for one in got)
        seen |= set(counts.items())
        if is_caught(counts):
            break
    return seen


def test_a_service_that_counts_and_then_inserts_is_caught(tried):
    world = tried("postgresql")
    with psycopg.connect(world.url, autocommit=True) as server:
        found = server.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'u' "
            "AND conrelid = 'submissions'::regclass AND array_length(conkey, 1) = 3"
        ).fetchall()
        for (name,) in found:
            server.execute(f"ALTER TABLE submissions DROP CONSTRAINT {name}")
    seen = race(world, "count then insert", lambda counts: counts[201] > ATTEMPT_LIMIT)
    assert max(count for status, count in seen if status == 201) > ATTEMPT_LIMIT
    found = world.report().findings.to_text()
    assert "gaps: " in found
    assert "attempts: " in found


def test_a_service_that_takes_the_file_only_when_it_writes_is_caught(tried):
    world = tried("sqlite")
    seen = race(world, "begin deferred", lambda counts: counts[503] > 0)
    assert 503 in {status for status, _ in seen}
