"""Tests of concurrent requests to two processes on one database: limits and keys are exact."""

import time
from collections import Counter

import pytest

from api.durability_test.course_fixture import ATTEMPT_LIMIT
from durability.client_requests import (
    CONCURRENT_REQUESTS,
    iter_limited_targets,
    race_for_attempts,
    race_with_same_key,
)
from durability.durability_run import TEST_DURATION_SECONDS

MIN_RACES = 4


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_two_processes_accept_exactly_allowed_attempts_and_each_key_once(create_run, system):
    run = create_run(system)
    services = [run.start_service() for _ in range(2)]
    targets, deadline = iter_limited_targets(run), time.monotonic() + TEST_DURATION_SECONDS
    for race_count, target in enumerate(targets):
        if race_count >= MIN_RACES and time.monotonic() > deadline:
            break
        responses = race_for_attempts(run, services, target)
        assert Counter(response.status for response in responses) == {
            201: ATTEMPT_LIMIT,
            409: CONCURRENT_REQUESTS - ATTEMPT_LIMIT,
        }
        responses = race_with_same_key(run, services, next(targets))
        assert {response.status for response in responses} == {201}
        assert len({response.content for response in responses}) == 1
    report = run.build_report()
    assert report.has_no_findings, report.to_text()
