"""Tests of races at two processes on one database: limits and keys hold exactly."""

import time
from collections import Counter

import pytest

from api.durability_test.course_fixture import ATTEMPT_LIMIT
from durability.asking import AT_ONCE, limited, race_for_attempts, race_with_one_key
from durability.trying import SECONDS

ROUNDS = 4


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_two_processes_take_as_many_attempts_as_there_are_and_each_key_once(tried, system):
    world = tried(system)
    services = [world.started() for _ in range(2)]
    places, until = limited(world), time.monotonic() + SECONDS
    for done, place in enumerate(places):
        if done >= ROUNDS and time.monotonic() > until:
            break
        got = race_for_attempts(world, services, place)
        assert Counter(one.status for one in got) == {
            201: ATTEMPT_LIMIT,
            409: AT_ONCE - ATTEMPT_LIMIT,
        }
        got = race_with_one_key(world, services, next(places))
        assert {one.status for one in got} == {201}
        assert len({one.text for one in got}) == 1
    told = world.report()
    assert told.is_clean, told.to_text()
