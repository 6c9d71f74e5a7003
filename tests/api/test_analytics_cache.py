"""Tests of the statistics cache: slow statistics are kept for a while and dated."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from actors import NOW
from analytics_course import POWERS, RIGHT, WRONG, AnalyticsCourse
from pages import Browser

from api.services.analytics.timed_cache import (
    CACHE_FACTOR,
    MAX_AGE,
    MIN_COMPUTE_SECONDS,
    TimedCache,
)


@dataclass
class Worker:
    """Computation that takes *took* seconds of CPU time and counts its calls."""

    took: float = 1.0
    seconds: float = 0.0
    made: list[int] = field(default_factory=list)

    def clock(self) -> float:
        return self.seconds

    def work(self) -> int:
        self.seconds += self.took
        self.made.append(len(self.made))
        return self.made[-1]


def shown(took: float, *later: timedelta) -> list[int]:
    """Return the cached values now and at later moments."""
    worker = Worker(took)
    figures = TimedCache(worker.clock)
    return [
        figures.get_or_compute("key", worker.work, now=NOW + at) for at in (timedelta(), *later)
    ]


@pytest.mark.parametrize(
    ("took", "later", "expected"),
    [
        (MIN_COMPUTE_SECONDS, timedelta(), [0, 1]),
        (
            MIN_COMPUTE_SECONDS * 2,
            timedelta(seconds=MIN_COMPUTE_SECONDS * 2 * CACHE_FACTOR - 1),
            [0, 0],
        ),
        (
            MIN_COMPUTE_SECONDS * 2,
            timedelta(seconds=MIN_COMPUTE_SECONDS * 2 * CACHE_FACTOR),
            [0, 1],
        ),
        (3600, MAX_AGE - timedelta(seconds=1), [0, 0]),
        (3600, MAX_AGE, [0, 1]),
        (3600, timedelta(seconds=-1), [0, 1]),
    ],
)
def test_statistics_are_cached_for_a_multiple_of_their_computation_time(took, later, expected):
    assert shown(took, later) == expected


def test_concurrent_readers_get_the_cached_result_during_recomputation():
    worker, seen = Worker(), []
    figures = TimedCache(worker.clock)
    figures.get_or_compute("key", worker.work, now=NOW)
    late = NOW + timedelta(hours=1)

    def slow():
        seen.append(figures.get_or_compute("key", worker.work, now=late))
        return worker.work()

    assert figures.get_or_compute("key", slow, now=late) == 1
    assert (seen, worker.made) == ([0], [0, 1])


def test_failed_computations_are_retried_and_keys_are_cached_separately():
    worker = Worker()
    figures = TimedCache(worker.clock)
    with pytest.raises(ZeroDivisionError):
        figures.get_or_compute("key", lambda: 1 // 0, now=NOW)
    assert [
        figures.get_or_compute(key, worker.work, now=NOW) for key in ("key", "other", "key")
    ] == [0, 1, 0]


def test_analytics_work_is_measured_in_thread_or_wall_time(world):
    before = world.service.analytics_cache.work_timer()
    world.clock.advance(seconds=100)
    passed = world.service.analytics_cache.work_timer() - before
    assert passed < 50 if world.db.is_sqlite else passed == 100


def test_cached_statistics_show_their_computation_time(world, monkeypatch):
    monkeypatch.setattr("api.services.analytics.timed_cache.MIN_COMPUTE_SECONDS", -1)
    monkeypatch.setattr("api.services.analytics.timed_cache.CACHE_FACTOR", 1_000_000)
    here = AnalyticsCourse(world, 2)
    world.service.analytics_cache.work_timer = (
        time.thread_time
    )  # the clock of the test stands still
    [assigned] = world.assignment(here.course, POWERS)
    here.hand_in(assigned, RIGHT)
    first, about = here.of(assigned), here.of_problem(assigned)
    assert first["opened"] == about["opened"] == 1
    world.clock.advance(seconds=1)
    here.hand_in(assigned, None, WRONG)
    for told, before in ((here.of(assigned), first), (here.of_problem(assigned), about)):
        assert told == before
    for path in (f"/assignments/{assigned.assignment}/results", f"{assigned.path}/results"):
        assert "These figures are as of" in Browser(world, here.staff).get(path).text
    world.clock.advance(minutes=11)
    now = here.of(assigned)
    assert (now["opened"], now["as_of"] > first["as_of"]) == (2, True)
