"""Tests of the durability checks themselves: they detect bugs that are injected into services."""

import time
from collections import Counter
from collections.abc import Callable

import psycopg

from api.durability_test.course_fixture import ATTEMPT_LIMIT
from api.durability_test.load_generator import LoadGenerator
from durability.client_requests import iter_limited_targets, race_for_attempts
from durability.durability_run import DurabilityRun

MAX_KILLS = 6
MAX_RACES = 12


def find_violations_with_kills(run: DurabilityRun, bug: str, **settings: str) -> str:
    """Kill and restart a service with a bug, and return the first findings.

    The result is "" if `MAX_KILLS` kills reveal no violation.
    """
    service = run.create_service(bug=bug)
    for _ in range(MAX_KILLS):
        service.start(**settings)
        with LoadGenerator(
            run.course.targets, [service.port], run.ledger, clients=6, timeout_seconds=5
        ):
            started = time.monotonic()
            while run.ledger.seconds_until_receipt(
                started
            ) is None and not service.wait_until_ended(0.01):
                assert time.monotonic() < started + 30
            service.wait_until_ended(0.2)
            service.kill()
            service.start()
        report = run.build_report()
        if report.findings:
            return report.findings.to_text()
    return ""


def test_acknowledging_before_commit_is_caught(create_run):
    findings = find_violations_with_kills(create_run("sqlite"), "acknowledge before commit")
    assert "lost: " in findings


def test_forgetting_idempotency_keys_is_caught(create_run):
    run = create_run("sqlite")
    findings = find_violations_with_kills(
        run, "ignore idempotency keys", failpoint="after_commit:2"
    )
    assert "doubled: " in findings


def race_until_caught(
    run: DurabilityRun, bug: str, is_caught: Callable[[Counter[int]], bool]
) -> set[tuple[int, int]]:
    """Race for attempts at two services until a race reveals the bug.

    Return each status with its count.
    """
    services = [run.start_service(bug=bug) for _ in range(2)]
    status_counts: set[tuple[int, int]] = set()
    for _, target in zip(range(MAX_RACES), iter_limited_targets(run), strict=False):
        responses = race_for_attempts(run, services, target)
        counts = Counter(response.status for response in responses)
        status_counts |= set(counts.items())
        if is_caught(counts):
            break
    return status_counts


def test_count_then_insert_race_is_caught(create_run):
    run = create_run("postgresql")
    with psycopg.connect(run.url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'u' "
            "AND conrelid = 'submissions'::regclass AND array_length(conkey, 1) = 3"
        ).fetchall()
        for (name,) in rows:
            connection.execute(f"ALTER TABLE submissions DROP CONSTRAINT {name}")
    counts = race_until_caught(run, "skip row locks", lambda counts: counts[201] > ATTEMPT_LIMIT)
    assert max(count for status, count in counts if status == 201) > ATTEMPT_LIMIT
    findings = run.build_report().findings.to_text()
    assert "gaps: " in findings
    assert "attempts: " in findings


def test_deferred_sqlite_write_lock_is_caught(create_run):
    run = create_run("sqlite")
    counts = race_until_caught(run, "begin deferred", lambda counts: counts[503] > 0)
    assert 503 in {status for status, _ in counts}
