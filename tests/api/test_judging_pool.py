"""Tests of expensive grading: rate limited first, run in one thread, and bounded."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from event_loops import run_in_shared_loop
from pages import Browser
from student_setup import under_way
from world import Person, Posing, World

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


def posed_to(world: World, **settings: Any) -> tuple[Person, Posing]:
    course = world.course()
    [problem] = world.assignment(course, ARRAY, **settings)
    return world.enrol(course), problem


@pytest.mark.parametrize("answers", [SHORT, LONG, LONG_TEXT], ids=["short", "list", "text"])
def test_a_submission_over_the_limit_is_refused_before_it_is_judged(limited, threads, answers):
    student, problem = posed_to(limited)
    taken = [student.submit(problem, {"side": str(at)}).status_code for at in range(2)]
    assert taken == [201, 201]
    del threads[:]
    refused = [student.submit(problem, answers) for _ in range(5)]
    assert [one.status_code for one in refused] == [429] * 5
    assert {one.json()["code"] for one in refused} == {"rate_limited"}
    assert threads == []


def test_a_repeated_request_counts_like_any_other_and_can_be_repeated_later(limited, threads):
    student, problem = posed_to(limited)
    first = student.submit(problem, LONG, key="once")
    assert student.submit(problem, LONG, key="once").content == first.content
    del threads[:]
    refused = student.submit(problem, LONG, key="once")
    assert (refused.status_code, threads) == (429, [])
    limited.clock.advance(seconds=int(refused.headers["Retry-After"]))
    again = student.submit(problem, LONG, key="once")
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


def test_an_answer_that_cannot_be_submitted_counts_once(limited):
    student, problem = posed_to(limited)
    for _ in range(2):
        assert student.submit(problem, {"none": "1"}).status_code == 422
    assert student.submit(problem, SHORT).status_code == 429


@pytest.mark.parametrize("answers", [LONG, LONG_TEXT], ids=["list", "text"])
def test_a_long_answer_is_judged_in_the_judging_thread(world, threads, answers):
    """Grades first with data from the database, then with the student's cached data."""
    student, problem = posed_to(world)
    for _ in range(2):
        assert student.submit(problem, answers).status_code == 201
        assert threads.pop() == HERE
    assert student.submit(problem, SHORT).status_code == 201
    assert threads.pop() != HERE


def test_a_long_answer_in_the_form_of_a_page_is_judged_there_too(world, threads):
    student, problem = posed_to(world)
    browser = Browser(world, student)
    form = browser.get(problem.path).one("form", id="answers")
    done = browser.send(form, "check=rows", **{"paste.rows": LONG_TEXT["rows"]})
    assert done.status == 303
    assert threads == [HERE]


def test_previews_and_practice_of_long_answers_are_judged_there_too(world, monkeypatch):
    student, problem = posed_to(world, timeline_spec={"due": "2026-11-03 12:00"})
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


def test_answers_that_took_long_are_judged_in_the_judging_thread_from_then_on(
    world, threads, monkeypatch
):
    """Solving a key again for the student's own earlier answers may take long."""
    student, problem = posed_to(world)
    monkeypatch.setattr(grading, "SLOW_SECONDS", -1)
    for at in range(3):
        assert student.submit(problem, {"side": str(at)}).status_code == 201
    assert [one == HERE for one in threads] == [False, True, True]


def test_a_slow_part_is_slow_in_every_combination_of_parts(world, threads, monkeypatch):
    """Only `twice` is slow: it follows from `side`, so its key is solved again."""
    student, problem = posed_to(world)
    monkeypatch.setattr(grading, "SLOW_SECONDS", -1)
    submissions = ({"twice": "8"}, {"twice": "9", "side": "4"}, {"side": "5"}, {"twice": "10"})
    for answers in submissions:
        assert student.submit(problem, answers).status_code == 201
    assert [name == HERE for name in threads] == [False, True, False, True]


def test_long_answers_are_not_kept_in_memory(world):
    student, problem = posed_to(world)
    kept = world.service.submission_cache.answer_grader._results  # noqa: SLF001
    assert student.submit(problem, SHORT).status_code == 201
    assert len(kept) == 1
    assert student.submit(problem, LONG_TEXT).status_code == 201
    assert len(kept) == 1


def test_the_writer_judges_again_only_what_an_answer_in_between_counts_for(world, threads):
    student, problem = posed_to(world)
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


def test_expensive_answers_are_graded_again_outside_of_the_transaction(world, threads, monkeypatch):
    student, problem = posed_to(world)
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
def test_the_length_of_answers_says_whether_they_are_expensive(answers, expensive):
    assert is_expensive(answers) is expensive


class Stopped:
    """Grading job that runs until a test ends it."""

    def __init__(self) -> None:
        self.end, self.begun = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.end.wait(30)
        return "judged"


def test_one_person_has_few_judgements_waiting_and_others_wait_their_turn():
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


def test_request_threads_that_wait_are_limited_so_that_others_are_served():
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


def test_a_stop_waits_for_the_running_judgement_only():
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


def test_a_closed_pool_says_that_the_service_stops():
    pool = GradingPool()
    pool.close()
    with pytest.raises(ServiceUnavailable, match="stopping"):
        pool.run(new_id(), lambda: None)


def test_an_error_of_a_judgement_reaches_who_waits_for_it():
    pool = GradingPool()
    with pytest.raises(ZeroDivisionError):
        run_in_shared_loop(pool.run_async(new_id(), lambda: 1 // 0))
    with pytest.raises(RuntimeError, match="own"):
        pool.run(new_id(), raise_own)
    pool.close()


def raise_own() -> None:
    raise RuntimeError("an error of its own")
