"""Tests of concurrent submissions to two services on a database: limits hold exactly."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from world import TEXT_PROBLEM, Person, World

from api.db.models import Answer, LateDays, Submission

ROUNDS = int(os.environ.get("GRADER_RACE_ROUNDS", "40"))
AT_ONCE = 16


@pytest.fixture
def worlds(world: World) -> Iterator[tuple[World, World]]:
    """Yield two services on one database, each with its own writer, pool and cache."""
    other = World(world.url, clock=world.clock)
    yield world, other
    other.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool


def at(world: World, person: Person) -> Person:
    """Return *person* with a client of another service."""
    return replace(person, client=world.client)


def all_at_once(
    pool: ThreadPoolExecutor, worlds: tuple[World, World], student: Person, act: Callable[..., Any]
) -> list[Any]:
    """Return the responses to sixteen concurrent requests, half of them by each service."""
    sides = [at(world, student) for world in worlds]
    return list(pool.map(lambda n: act(sides[n % 2], n), range(AT_ONCE)))


def test_attempt_limit_of_three_accepts_three_of_sixteen_concurrent_requests(worlds, pool):
    world, _ = worlds
    course = world.course()
    [problem] = world.assignment(course, TEXT_PROBLEM, attempts=3)
    rounds = ROUNDS if not world.db.is_sqlite else ROUNDS // 4
    for _ in range(rounds):
        student = world.enrol(course)
        got = all_at_once(
            pool, worlds, student, lambda who, n: who.submit(problem, {"cells": str(100 + n)})
        )
        assert Counter(one.status_code for one in got) == {201: 3, 409: AT_ONCE - 3}
        with world.session() as session:
            sequences = session.scalars(
                select(Submission.sequence).where(Submission.student_id == student.id)
            ).all()
            attempts = session.scalars(
                select(Answer.attempt).where(Answer.student_id == student.id)
            ).all()
        assert sorted(sequences) == sorted(attempts) == [1, 2, 3]


def test_same_idempotency_key_sixteen_times_stores_one_submission(worlds, pool):
    world, _ = worlds
    course = world.course()
    [problem] = world.assignment(course)
    for _ in range(5):
        student = world.enrol(course)
        got = all_at_once(
            pool, worlds, student, lambda who, _: who.submit(problem, {"cells": "9"}, key="once")
        )
        assert {one.status_code for one in got} == {201}
        assert len({one.text for one in got}) == 1
        with world.session() as session:
            stored = session.scalar(select(func.count()).where(Submission.student_id == student.id))
        assert stored == 1


def test_concurrent_submissions_never_exceed_the_late_day_budget(worlds, pool):
    world, _ = worlds
    course = world.course(late_day_budget=1)
    spec = {"due": "2026-11-02 11:00", "late_days": 1, "close": "2026-11-20 12:00"}
    homework = [world.assignment(course, timeline_spec=spec)[0] for _ in range(2)]
    for _ in range(5):
        student = world.enrol(course)
        got = all_at_once(
            pool, worlds, student, lambda who, n: who.submit(homework[n % 2], {"cells": str(n)})
        )
        assert {one.status_code for one in got} == {201}
        with world.session() as session:
            spent = session.scalar(
                select(func.sum(LateDays.days)).where(LateDays.student_id == student.id)
            )
        assert spent == 1
