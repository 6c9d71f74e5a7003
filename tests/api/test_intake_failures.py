"""Tests of storage failures: no false success, and no effect on other submissions."""

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import pytest
from failing_storage import refuse_submissions
from sqlalchemy import func, select, text
from world import Person, ProblemReference, World

from api.db.models import Submission

POISON = "poison"


@pytest.fixture
def scene(world: World, student: Person, problem: ProblemReference):
    """Yield a student and a problem; the database refuses one key, at commit if it can."""
    student.get("/me")  # notes that the token is in use, so that no later request writes for that
    with refuse_submissions(world, f"NEW.key = '{POISON}'"):
        yield student, problem


def stored(world: World) -> int:
    with world.session() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


def test_failed_commit_returns_503_and_can_be_retried(world, scene):
    student, problem = scene
    got = student.submit(problem, {"cells": "9"}, key=POISON)
    assert (got.status_code, got.json()["code"]) == (503, "unavailable")
    assert int(got.headers["retry-after"]) > 0
    assert "fire" not in got.text
    assert stored(world) == 0
    assert student.submit(problem, {"cells": "9"}, key="other").status_code == 201


def test_failing_submission_does_not_affect_others_in_its_batch(world, scene):
    student, problem = scene
    keys = ["a", POISON, "b", "c", POISON, "d"]
    with ThreadPoolExecutor(len(keys)) as pool, Held(world):
        found = [pool.submit(send, student, problem, n, key) for n, key in enumerate(keys)]
        wait_for(world, len(keys))
    assert [one.result() for one in found] == [201, 503, 201, 201, 503, 201]
    assert stored(world) == 4


def send(student: Person, problem: ProblemReference, number: int, key: str) -> int:
    return student.submit(problem, {"cells": str(number)}, key=key).status_code


def wait_for(world: World, count: int) -> None:
    """Wait until *count* submissions are with the writer, including any it has taken."""
    pause = Event()
    for _ in range(6_000):
        if world.service.writer.pending_count >= count:
            return
        pause.wait(0.01)
    raise AssertionError("the requests never came to the writer")


class Held:
    """Context manager that blocks the writer by holding its turn at the database."""

    def __init__(self, world: World) -> None:
        self._transaction = world.db.transaction()
        self._world = world

    def __enter__(self) -> None:
        session = self._transaction.__enter__()
        if not self._world.db.is_sqlite:
            session.execute(text("LOCK TABLE standings IN EXCLUSIVE MODE"))

    def __exit__(self, *_: object) -> None:
        self._transaction.__exit__(None, None, None)


def test_stopping_service_writes_accepted_submissions(world):
    course = world.course()
    [problem] = world.assignment(course)
    students = [world.enrol(course) for _ in range(6)]
    with ThreadPoolExecutor(len(students)) as pool:
        found = [pool.submit(send, one, problem, 9, "k") for one in students]
        wait_for_any(world)
        world.service.writer.close()
        got = [one.result() for one in found]
    assert set(got) <= {201, 503}
    assert stored(world) == got.count(201)


def wait_for_any(world: World) -> None:
    pause = Event()
    while stored(world) == 0:
        pause.wait(0.01)


def test_submissions_beyond_the_queue_size_get_503_with_retry_after(world, monkeypatch):
    monkeypatch.setattr("api.services.submissions.writer.writer_thread.MAX_QUEUE_SIZE", 2)
    small = World(world.url, clock=world.clock)
    course = small.course()
    [problem] = small.assignment(course)
    students = [small.enrol(course) for _ in range(10)]
    for one in students:
        one.get("/me")
    with ThreadPoolExecutor(len(students)) as pool:
        with Held(small):
            found = [pool.submit(send, one, problem, 9, "k") for one in students]
            wait_for(small, 2)
            Event().wait(1.5)
        got = [one.result() for one in found]
    assert got.count(503) >= 1
    assert got.count(201) >= 2
    assert stored(small) == got.count(201)
    small.close()


def test_background_work_waits_while_submissions_are_queued(world):
    course = world.course()
    [problem] = world.assignment(course)
    students = [world.enrol(course) for _ in range(6)]
    for one in students:
        one.get(problem.path)
    with ThreadPoolExecutor(len(students) + 1) as pool:
        with Held(world):
            found = [pool.submit(send, one, problem, 9, "k") for one in students]
            wait_for(world, len(students))
            work = pool.submit(world.service.writer.wait_briefly_until_drained)
            assert not wait([work], timeout=0.3).done
        work.result(timeout=5)
        assert {one.result() for one in found} == {201}
    world.service.writer.wait_briefly_until_drained()
