"""Tests of the storage budget: the bytes that one person may store per day.

It covers submissions and drafts.
"""

import json
from uuid import UUID

import pytest
from sqlalchemy import func, select
from world import Person, ProblemReference, World

from api.config.settings import ServiceSettings
from api.db.engine import Database
from api.db.models import Answer, Grading, RateLimitUsage, Submission
from api.rate_limits.distributed import MIN_RETENTION, DistributedRateLimits
from api.rate_limits.leaky_bucket import LeakyBucketLimiter
from api.rate_limits.storage_budget import (
    MIN_EXCHANGED_BYTES,
    StorageBudget,
    daily_rate,
    utf8_size,
)

MEBIBYTE = 1024 * 1024
DAY_SECONDS = 24 * 60 * 60
LONG_TEXT = "why? " * 3_900
PACE = "stored_bytes"


@pytest.fixture
def world(database_url):
    world = World(database_url, settings={"stored_mebibytes_per_day": 1})
    yield world
    world.close()


def answers(number: int) -> dict[str, str]:
    return {"why": f"{number} {LONG_TEXT}"}


def spend_budget(student: Person, problem: ProblemReference) -> int:
    """Submit long texts until one is refused, and return how many were stored."""
    for number in range(100):
        response = student.submit(problem, answers(number), key=str(number))
        if response.status_code != 201:
            return number
    raise AssertionError("nothing was refused")


def count_submissions(world: World) -> int:
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


def test_full_storage_budget_returns_sufficient_retry_after(world, course, problem):
    student, other = world.enrol(course), world.enrol(course, "Other")
    stored = spend_budget(student, problem)
    assert count_submissions(world) == stored
    refused = student.submit(problem, answers(99))
    body, wait = refused.json(), int(refused.headers["Retry-After"])
    assert (refused.status_code, body["code"]) == (429, "storage_budget")
    assert body["detail"].startswith(
        "You have stored 1 MiB of answers, drafts and readings of reports within a day"
    )
    assert 0 < wait == body["retry_after"] < DAY_SECONDS // 10
    assert other.submit(problem, {"cells": "9"}).status_code == 201
    world.clock.advance(seconds=wait)
    assert student.submit(problem, answers(99)).status_code == 201
    assert student.submit(problem, answers(100)).json()["code"] == "storage_budget"


def test_multi_day_storage_stays_within_budget(world, course, problem):
    student = world.enrol(course)
    stored, days = 0, 3
    for _ in range(days):
        for number in range(100):
            if student.submit(problem, answers(number)).status_code != 201:
                break
            stored += 1
        world.clock.advance(seconds=DAY_SECONDS)
    with world.db.reading() as session:
        row = session.scalars(select(Submission).limit(1)).one()
    assert days - 1 < stored * len(row.answers["why"]) / MEBIBYTE < days


def test_replay_succeeds_with_full_storage_budget(world, course, problem):
    student = world.enrol(course)
    last = spend_budget(student, problem) - 1
    again = student.submit(problem, answers(last), key=str(last))
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")


def test_drafts_count_only_growth_against_budget(world, course, problem):
    student = world.enrol(course)
    path = f"{problem.path}/draft"
    long, short = {"answers": {"why": LONG_TEXT}}, {"answers": {"why": "why?"}}
    for _ in range(100):
        assert student.put(path, long).status_code == 200  # as a page that saves while one types
    spend_budget(student, problem)
    assert student.put(path, {"answers": answers(1)}).json()["code"] == "storage_budget"
    assert student.put(path, short).status_code == 200
    assert student.put(path, long).json()["code"] == "storage_budget"
    assert student.delete(path).status_code == 200


def test_regrowing_draft_counts_each_time(world, course, problem):
    student = world.enrol(course)
    path = f"{problem.path}/draft"
    grown = 0
    while student.put(path, {"answers": {"why": LONG_TEXT}}).status_code == 200:
        grown += 1
        student.delete(path)
    assert grown == pytest.approx(MEBIBYTE / len(LONG_TEXT), abs=1)


@pytest.fixture
def counted(monkeypatch) -> list[int]:
    """Return a list that collects the sizes counted from now on."""
    sizes: list[int] = []
    monkeypatch.setattr(LeakyBucketLimiter, "add", lambda _, __, amount: sizes.append(amount))
    return sizes


def test_counted_size_covers_all_stored_text(world, course, problem, counted):
    student = world.enrol(course)
    student.submit(problem, {"cells": "9", "why": "é" * 5_000, "doubled": "?" * 3_000})
    with world.db.reading() as session:
        submissions = session.scalars(select(Submission)).all()
        gradings = session.scalars(select(Grading)).all()
        shown = session.scalars(select(Answer.shown)).all()
    data = [one for row in submissions for one in (row.answers, row.reply)]
    data += [one for row in gradings for one in (row.record, row.said)]
    texts = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in data]
    stored = sum(map(utf8_size, [*texts, *shown]))
    assert stored < sum(counted) < stored + 10 * 1024


def test_hundred_short_answers_use_small_part_of_budget(world, course, problem, counted):
    student = world.enrol(course)
    for number in range(100):
        assert student.submit(problem, {"cells": str(number)}).status_code == 201
    default = ServiceSettings().stored_mebibytes_per_day
    assert sum(counted) < default * MEBIBYTE / 30


@pytest.fixture
def processes(world, database_url):
    """Yield the storage limits of two processes over the same database."""
    databases = [Database(database_url) for _ in range(2)]
    yield [
        DistributedRateLimits(
            db, world.clock, {PACE: daily_rate(1)}, min_pending={PACE: MIN_EXCHANGED_BYTES}
        )
        for db in databases
    ]
    for db in databases:
        db.close()


def test_storage_of_one_process_counts_in_other_processes(processes):
    person = UUID(int=1)
    budgets = [StorageBudget(process.limiters[PACE]) for process in processes]
    for budget, process in zip(budgets, processes, strict=True):
        budget.add(person, 3 * MEBIBYTE // 4)
        assert not budget.is_spent(person)
        process.exchange_usage()
    assert budgets[1].is_spent(person)


def test_small_usage_is_not_exchanged_and_daily_usage_is_retained(processes, world):
    people = [UUID(int=number) for number in range(2)]
    one, two = processes
    StorageBudget(one.limiters[PACE]).add(people[0], MIN_EXCHANGED_BYTES - 1)
    StorageBudget(one.limiters[PACE]).add(people[1], 2 * MEBIBYTE)
    one.exchange_usage()
    with world.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(RateLimitUsage)) == 1
    world.clock.advance(seconds=2 * MIN_RETENTION.total_seconds())
    two_budget = StorageBudget(two.limiters[PACE])
    two_budget.add(people[1], MIN_EXCHANGED_BYTES)
    two.exchange_usage()
    assert two_budget.is_spent(people[1])
