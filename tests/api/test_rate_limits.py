"""Tests of rate limits: separate for each class of requests and person, reset by time."""

import pytest
from world import World

PACES = {"submissions_per_minute": 2, "drafts_per_minute": 3, "requests_per_minute": 6}
ANSWER = {"cells": "9"}


@pytest.fixture
def world(database_url):
    world = World(database_url, settings=PACES)
    yield world
    world.close()


def hand_in(person, problem):
    return person.submit(problem, ANSWER)


def save(person, problem):
    return person.put(f"{problem.path}/draft", {"answers": ANSWER})


def preview(person, problem):
    return person.post(f"{problem.path}/reading", {"part": "cells", "answer": "9"})


def practise(person, problem):
    return person.post(f"{problem.path}/practice", {"answers": ANSWER})


def look(person, problem):
    return person.get(problem.path)


@pytest.mark.parametrize(
    ("act", "times"), [(hand_in, 2), (save, 3), (preview, 3), (practise, 3), (look, 6)]
)
def test_rate_limited_response_has_retry_after_and_limit_recovers(
    world, course, problem, act, times
):
    student, other = world.enrol(course), world.enrol(course, "Other")
    assert {act(student, problem).status_code for _ in range(times)}.isdisjoint({429})
    refused = act(student, problem)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    wait = int(refused.headers["Retry-After"])
    assert wait == refused.json()["retry_after"] == 60 // times
    assert act(other, problem).status_code != 429
    world.clock.advance(seconds=wait - 1)
    assert act(student, problem).status_code == 429
    world.clock.advance(seconds=1)
    assert act(student, problem).status_code != 429


def test_rate_limited_submission_is_not_stored(world, course, problem):
    student = world.enrol(course)
    answered = [hand_in(student, problem).status_code for _ in range(4)]
    assert answered == [201, 201, 429, 429]
    assert len(student.get(f"{problem.path}/submissions").json()["items"]) == 2


def test_drafts_and_reads_do_not_use_submission_rate_limit(world, course, problem):
    student = world.enrol(course)
    while save(student, problem).status_code != 429:
        pass
    while look(student, problem).status_code != 429:
        pass
    assert hand_in(student, problem).status_code == 201


def test_rate_limit_is_shared_by_all_tokens_of_a_user(world, course, problem):
    student = world.enrol(course)
    for _ in range(6):
        look(student, problem)
    student.token = world.token(student.id)
    assert look(student, problem).status_code == 429


def test_request_with_several_transactions_counts_once(world, course, problem):
    """The first view of a problem reads in one transaction and is recorded in another."""
    student = world.enrol(course)
    assert [look(student, problem).status_code for _ in range(7)] == [200] * 6 + [429]


def test_rate_limit_tolerates_clock_moving_backwards(world, course, problem):
    student = world.enrol(course)
    assert [hand_in(student, problem).status_code for _ in range(3)] == [201, 201, 429]
    world.clock.advance(hours=-2)
    assert hand_in(student, problem).status_code == 429
    world.clock.advance(seconds=30)
    assert hand_in(student, problem).status_code == 201


def test_anonymous_requests_get_401_instead_of_429(world, problem):
    assert {look(world.anonymous, problem).status_code for _ in range(9)} == {401}
