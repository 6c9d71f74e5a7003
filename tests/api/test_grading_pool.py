"""Tests of expensive grading: rate limited first, run in one thread, and bounded."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from event_loops import run_in_shared_loop
from pages import Browser
from student_setup import under_way
from world import Person, ProblemReference, World

from api.core.errors import RateLimited, ServiceUnavailable
from api.core.ids import new_id
from api.services.engine import keyless_reading
from api.services.engine.grading_pool import (
    MAX_WAITING_PER_PERSON,
    MAX_WAITING_THREADS,
    GradingPool,
    is_expensive,
)
from api.services.student import practice
from api.services.submissions import grading
from api.services.submissions.writer.write_transaction import StaleCache

ARRAY = """\
id: two-rows
title: Two rows
topic: convolution
difficulty: 1
params:
  K: {choose: [3, 5, 7], original: 3}
statement: |
  A number {{K}}.
parts:
  - {id: rows, kind: matrix, prompt: "Two rows?", key: "[[K, 1], [1, K]]", reason: an example}
  - {id: side, kind: integer, prompt: "The side?", key: "K + 1"}
  - {id: twice, kind: integer, prompt: "Twice that?", key: "2*side"}
"""
SHORT = {"side": "4"}
LONG = {"rows": [[f"sqrt({at})" for at in range(20)] for _ in range(10)]}
LONG_TEXT = {"rows": f"[[{', '.join(f'sqrt({at})' for at in range(40))}]]"}
HERE = "judging"


@pytest.fixture
def limited(database_url: str) -> Iterator[World]:
    """Yield a service that accepts two submissions per minute."""
    world = World(database_url, settings={"submissions_per_minute": 2})
    yield world
    world.close()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that records the names of the threads that grade submissions."""
    return note_threads(monkeypatch, grading, "grade")


def note_threads(monkeypatch: pytest.MonkeyPatch, module: Any, function: str) -> list[str]:
    names: list[str] = []
    act: Callable[..., Any] = getattr(module, function)

    def noted(*given: Any, **named: Any) -> Any:
        names.append(threading.current_thread().name.partition("_")[0])
        return act(*given, **named)

    monkeypatch.setattr(module, function, noted)
    return names


def create_student_and_problem(world: World, **settings: Any) -> tuple[Person, ProblemReference]:
    course = world.course()
    [problem] = world.assignment(course, ARRAY, **settings)
    return world.enrol(course), problem


@pytest.mark.parametrize("answers", [SHORT, LONG, LONG_TEXT], ids=["short", "list", "text"])
def test_rate_limited_submission_is_refused_before_grading(limited, threads, answers):
    student, problem = create_student_and_problem(limited)
    taken = [student.submit(problem, {"side": str(at)}).status_code for at in range(2)]
    assert taken == [201, 201]
    del threads[:]
    refused = [student.submit(problem, answers) for _ in range(5)]
    assert [one.status_code for one in refused] == [429] * 5
    assert {one.json()["code"] for one in refused} == {"rate_limited"}
    assert threads == []


def test_repeated_request_counts_toward_the_limit_and_can_be_replayed_later(limited, threads):
    student, problem = create_student_and_problem(limited)
    first = student.submit(problem, LONG, key="once")
    assert student.submit(problem, LONG, key="once").content == first.content
    del threads[:]
    refused = student.submit(problem, LONG, key="once")
    assert (refused.status_code, threads) == (429, [])
    limited.clock.advance(seconds=int(refused.headers["Retry-After"]))
    again = student.submit(problem, LONG, key="once")
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


def test_invalid_submission_counts_once_toward_the_rate_limit(limited):
    student, problem = create_student_and_problem(limited)
    for _ in range(2):
        assert student.submit(problem, {"none": "1"}).status_code == 422
    assert student.submit(problem, SHORT).status_code == 429


@pytest.mark.parametrize("answers", [LONG, LONG_TEXT], ids=["list", "text"])
def test_long_answers_are_graded_in_the_grading_thread(world, threads, answers):
    """Grades first with data from the database, then with the student's cached data."""
    student, problem = create_student_and_problem(world)
    for _ in range(2):
        assert student.submit(problem, answers).status_code == 201
        assert threads.pop() == HERE
    assert student.submit(problem, SHORT).status_code == 201
    assert threads.pop() != HERE


def test_long_answers_from_a_page_form_are_graded_in_the_grading_thread(world, threads):
    student, problem = create_student_and_problem(world)
    browser = Browser(world, student)
    form = browser.get(problem.path).one("form", id="answers")
    done = browser.send(form, "check=rows", **{"paste.rows": LONG_TEXT["rows"]})
    assert done.status == 303
    assert threads == [HERE]


def test_previews_and_practice_of_long_answers_use_the_grading_thread(world, monkeypatch):
    student, problem = create_student_and_problem(world, timeline_spec={"due": "2026-11-03 12:00"})
    grades = note_threads(monkeypatch, practice, "grade")
    reads = note_threads(monkeypatch, keyless_reading, "is_blank")
    for answer, expected in ((LONG["rows"], HERE), ("[[1, 2], [3, 4]]", "AnyIO worker thread")):
        asked = {"part": "rows", "answer": answer}
        assert student.post(f"{problem.path}/reading", asked).status_code == 200
        assert reads.pop() == expected
    world.clock.advance(days=9)
    for answers, expected in ((LONG, HERE), (SHORT, "AnyIO worker thread")):
        told = student.post(f"{problem.path}/practice", {"number": 1, "answers": answers})
        assert told.status_code == 200, told.text
        assert grades.pop() == expected


def test_slow_answers_are_graded_in_the_grading_thread_from_then_on(world, threads, monkeypatch):
    """Solving a key again for the student's own earlier answers may take long."""
    student, problem = create_student_and_problem(world)
    monkeypatch.setattr(grading, "SLOW_SECONDS", -1)
    for at in range(3):
        assert student.submit(problem, {"side": str(at)}).status_code == 201
    assert [one == HERE for one in threads] == [False, True, True]


def test_slow_part_is_slow_in_every_combination_of_parts(world, threads, monkeypatch):
    """Only `twice` is slow: it follows from `side`, so its key is solved again."""
    student, problem = create_student_and_problem(world)
    monkeypatch.setattr(grading, "SLOW_SECONDS", -1)
    submissions = ({"twice": "8"}, {"twice": "9", "side": "4"}, {"side": "5"}, {"twice": "10"})
    for answers in submissions:
        assert student.submit(problem, answers).status_code == 201
    assert [name == HERE for name in threads] == [False, True, False, True]


def test_long_answers_are_not_cached(world):
    student, problem = create_student_and_problem(world)
    kept = world.service.submission_cache.answer_grader._results  # noqa: SLF001
    assert student.submit(problem, SHORT).status_code == 201
    assert len(kept) == 1
    assert student.submit(problem, LONG_TEXT).status_code == 201
    assert len(kept) == 1


def test_writer_regrades_only_parts_affected_by_an_intervening_answer(world, threads):
    student, problem = create_student_and_problem(world)
    service, memory = world.service, world.service.submission_cache
    student.submit(problem, {"side": "5"})

    def prepared(answers: dict[str, Any]) -> Any:
        found = under_way(world, student, problem, answers, key=None)
        del threads[:]
        return found

    alone, following = prepared(LONG), prepared({"twice": "10"})
    student.submit(problem, {"side": "6"})
    del threads[:]
    assert memory is service.submission_cache
    for entry, judged in ((alone, 0), (following, 1)):
        service.writer.submit(entry)
        assert len(threads) == judged
    told = student.get(f"{problem.path}/submissions").json()["items"]
    assert [one["sequence"] for one in told][:2] == [4, 3]


def test_expensive_answers_are_graded_again_outside_the_transaction(world, threads, monkeypatch):
    student, problem = create_student_and_problem(world)
    student.submit(problem, {"side": "5"})
    entry = under_way(world, student, problem, {"twice": "10"}, key=None)
    student.submit(problem, {"side": "6"})
    monkeypatch.setattr(
        world.service.submission_cache.answer_grader, "has_slow_part", lambda *_: True
    )
    del threads[:]
    assert isinstance(world.service.writer.submit(entry), StaleCache)
    assert threads == []


@pytest.mark.parametrize(
    ("answers", "expensive"),
    [
        ({}, False),
        ({"a": 10**300}, False),
        ({"a": "1" * 256}, False),
        ({"a": "1" * 257}, True),
        ({"a": "1" * 128, "b": "1" * 129}, True),
        ({"a": [[1] * 8] * 8}, False),
        ({"a": [[1] * 10] * 10}, True),
        ({"a": ["1+1"] * 40}, False),
        ({"a": ["sqrt(2)"] * 40}, True),
        ({"a": [[[[["1" * 257]]]]]}, True),
    ],
)
def test_answer_length_determines_whether_grading_is_expensive(answers, expensive):
    assert is_expensive(answers) is expensive


class Stopped:
    """Grading job that runs until a test ends it."""

    def __init__(self) -> None:
        self.end, self.begun = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.end.wait(30)
        return "judged"


def test_queued_gradings_are_limited_per_person_and_others_are_served():
    pool, stopped, ann, ben = GradingPool(), Stopped(), new_id(), new_id()
    with ThreadPoolExecutor(MAX_WAITING_PER_PERSON + 1) as threads:
        hers = [threads.submit(pool.run, ann, stopped) for _ in range(MAX_WAITING_PER_PERSON)]
        assert stopped.begun.wait(30)
        while len(pool._limit) < MAX_WAITING_PER_PERSON:  # noqa: SLF001
            threading.Event().wait(0.01)
        with pytest.raises(RateLimited) as refused:
            pool.run(ann, stopped)
        assert refused.value.retry_after == 1
        with pytest.raises(RateLimited):
            run_in_shared_loop(pool.run_async(ann, stopped))
        his = threads.submit(pool.run, ben, stopped)
        stopped.end.set()
        assert [one.result(30) for one in (*hers, his)] == ["judged"] * len([*hers, his])
    assert pool.run(ann, lambda: "again") == "again"
    assert len(pool._limit) == 0  # noqa: SLF001
    pool.close()


def test_waiting_request_threads_are_limited_to_keep_serving_others():
    pool, stopped = GradingPool(), Stopped()
    with ThreadPoolExecutor(MAX_WAITING_THREADS) as threads:
        waiting = [threads.submit(pool.run, new_id(), stopped) for _ in range(MAX_WAITING_THREADS)]
        while len(pool._limit) < MAX_WAITING_THREADS:  # noqa: SLF001
            threading.Event().wait(0.01)
        with pytest.raises(ServiceUnavailable, match="Many long answers") as refused:
            pool.run(new_id(), stopped)
        assert refused.value.retry_after == 1
        stopped.end.set()
        assert [one.result(30) for one in waiting] == ["judged"] * MAX_WAITING_THREADS
    assert pool.run(new_id(), lambda: "again") == "again"
    pool.close()


def test_shutdown_waits_only_for_the_running_grading():
    pool, stopped = GradingPool(), Stopped()
    with ThreadPoolExecutor(4) as threads:
        running = threads.submit(pool.run, new_id(), stopped)
        assert stopped.begun.wait(30)
        thread = threads.submit(pool.run, new_id(), lambda: "never")
        task = threads.submit(run_in_shared_loop, pool.run_async(new_id(), lambda: "never"))
        while pool._executor._work_queue.qsize() < 2:  # noqa: SLF001
            threading.Event().wait(0.01)
        closing = threads.submit(pool.close)
        for waiting in (thread, task):
            with pytest.raises(ServiceUnavailable, match="stopping"):
                waiting.result(30)
        stopped.end.set()
        assert running.result(30) == "judged"
        closing.result(30)


def test_closed_grading_pool_reports_that_the_service_is_stopping():
    pool = GradingPool()
    pool.close()
    with pytest.raises(ServiceUnavailable, match="stopping"):
        pool.run(new_id(), lambda: None)


def test_grading_error_is_raised_in_the_waiting_caller():
    pool = GradingPool()
    with pytest.raises(ZeroDivisionError):
        run_in_shared_loop(pool.run_async(new_id(), lambda: 1 // 0))
    with pytest.raises(RuntimeError, match="own"):
        pool.run(new_id(), raise_own)
    pool.close()


def raise_own() -> None:
    raise RuntimeError("an error of its own")
