"""Tests of expensive staff requests: rate limited first, then executed one at a time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from world import Person, ProblemReference, World

from api.core.errors import RateLimited, ServiceUnavailable
from api.core.ids import new_id
from api.http.byte_budget import MEBIBYTE
from api.rate_limits import stored_events
from api.rate_limits.event_limits import EVENT_LIMITS, LimitedAction
from api.rate_limits.heavy_work import MAX_REQUESTS_PER_PERSON, MAX_WAITING, HeavyWorkQueue
from api.routes.assignments import analytics
from api.services.exports.gradebook_files import CELL_BYTES

NONE = b"\x00 no file \xff"
CSV = {"Content-Type": "text/csv"}
YAML = {"Content-Type": "application/yaml"}


class Blocked:
    """Function that blocks until a test releases it."""

    def __init__(self, act: Callable[..., Any] = lambda: "done") -> None:
        self._act = act
        self.released, self.begun = threading.Event(), threading.Event()
        self.times = 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.times += 1
        self.begun.set()
        assert self.released.wait(30)
        return self._act(*given, **named)


def take_turn(reads: HeavyWorkQueue, person: UUID, act: Callable[[], Any]) -> Any:
    with reads.acquire(person):
        return act()


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to that")


def test_one_heavy_read_runs_at_a_time_and_others_wait():
    reads, blocked = HeavyWorkQueue(), Blocked()
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(take_turn, reads, new_id(), blocked) for _ in range(3)]
        assert blocked.begun.wait(30)
        wait_until(lambda: len(reads._limit) == 3)  # noqa: SLF001
        assert not wait(running, timeout=0.2).done
        assert blocked.times == 1
        blocked.released.set()
        assert [one.result(30) for one in running] == ["done"] * 3


def test_heavy_work_queue_refuses_beyond_its_person_and_service_limits():
    reads, blocked, ann = HeavyWorkQueue(), Blocked(), new_id()
    people = [ann] * MAX_REQUESTS_PER_PERSON + [
        new_id() for _ in range(MAX_WAITING + 1 - MAX_REQUESTS_PER_PERSON)
    ]
    with ThreadPoolExecutor(len(people)) as pool:
        running: list[Future[Any]] = []
        for count, person in enumerate(people, 1):
            running.append(pool.submit(take_turn, reads, person, blocked))
            wait_until(lambda count=count: len(reads._limit) == count)  # noqa: SLF001
            if count == MAX_REQUESTS_PER_PERSON:
                with pytest.raises(RateLimited):
                    take_turn(reads, ann, blocked)
        with pytest.raises(ServiceUnavailable) as refused:
            take_turn(reads, new_id(), blocked)
        assert refused.value.retry_after
        blocked.released.set()
        assert {one.result(30) for one in running} == {"done"}
    assert take_turn(reads, ann, lambda: "again") == "again"


def test_concurrent_requests_for_statistics_compute_them_once(
    world: World, teacher: Person, problem: ProblemReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unauthorized caller is refused at once."""
    monkeypatch.setattr("api.services.analytics.timed_cache.MIN_COMPUTE_SECONDS", -1)
    monkeypatch.setattr("api.services.analytics.timed_cache.CACHE_FACTOR", 1_000_000)
    world.service.analytics_cache.work_timer = (
        time.thread_time
    )  # the clock of the test stands still
    blocked = Blocked(analytics.compute_problem_analytics)
    monkeypatch.setattr(analytics, "compute_problem_analytics", blocked)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(teacher.get, f"{problem.path}/analytics") for _ in range(3)]
        assert blocked.begun.wait(30)
        wait_until(lambda: len(world.service.heavy_reads._limit) == 3)  # noqa: SLF001
        refused = world.person("A Stranger").get(f"{problem.path}/analytics")
        assert refused.status_code == 404
        blocked.released.set()
        assert [one.result(30).status_code for one in asked] == [200] * 3
    assert blocked.times == 1


SHEET = "/assignments/{assignment}/score-sheet"
CALLS: dict[str, tuple[LimitedAction, Callable[[Person, UUID, ProblemReference], Any]]] = {
    "roster": (
        "upload_file",
        lambda who, course, _: who.post(
            f"/courses/{course}/roster?dry_run=true", content=NONE, headers=CSV
        ),
    ),
    "course files": (
        "upload_file",
        lambda who, course, _: who.post(
            f"/courses/{course}/apply?dry_run=true", {"files": {"course.yaml": ": ["}}
        ),
    ),
    "score sheet sent": (
        "upload_file",
        lambda who, _, assigned: who.post(
            f"/assignments/{assigned.assignment}/score-sheet", content=NONE, headers=CSV
        ),
    ),
    "score sheet": (
        "export_course",
        lambda who, _, assigned: who.get(f"/assignments/{assigned.assignment}/score-sheet"),
    ),
    "export": ("export_course", lambda who, course, _: who.get(f"/courses/{course}/exports/csv")),
    "participants": (
        "export_course",
        lambda who, course, _: who.post(
            f"/courses/{course}/exports/moodle", content=NONE, headers=CSV
        ),
    ),
    "check of an export": (
        "check_export",
        lambda who, course, _: who.get(f"/courses/{course}/exports/csv/check"),
    ),
    "problem": (
        "solve_problem",
        lambda who, course, _: who.post(f"/courses/{course}/problems", content=NONE, headers=YAML),
    ),
    "check of a problem": (
        "solve_problem",
        lambda who, course, _: who.post(
            f"/courses/{course}/problems/check", content=NONE, headers=YAML
        ),
    ),
    "regrade": (
        "solve_problem",
        lambda who, _, assigned: who.post(
            f"{assigned.path}/regrades", {"version": {"source": ": ["}, "reason": "a try"}
        ),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_expensive_staff_requests_are_rate_limited_before_they_run(
    world: World, course: UUID, teacher: Person, problem: ProblemReference, name: str
) -> None:
    """The body is not a valid file, which only callers within the rate limit learn."""
    action, call = CALLS[name]
    assert call(teacher, course, problem).status_code in {200, 422}
    with world.session() as session:
        for _ in range(EVENT_LIMITS[action].count - 1):
            stored_events.consume_action_limit(session, action, str(teacher.id), now=world.clock())
    refused = call(teacher, course, problem)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 0
    assert call(world.enrol(course), course, problem).status_code in {403, 404}


def test_each_person_may_have_few_gradebook_requests_in_progress(
    world: World, course: UUID, teacher: Person
) -> None:
    colleague = world.enrol(course, "Gra Der", role="grader")
    with ExitStack() as under_way:
        for _ in range(MAX_REQUESTS_PER_PERSON):
            under_way.enter_context(world.service.gradebook_reads.acquire(teacher.id))
        refused = teacher.get(f"/courses/{course}/gradebook")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert colleague.get(f"/courses/{course}/gradebook").status_code == 200
        assert world.enrol(course).get(f"/courses/{course}/gradebook").status_code == 403
    assert teacher.get(f"/courses/{course}/gradebook").status_code == 200


@pytest.mark.parametrize(
    "path", ["/courses/{course}/export", "/courses/{course}/exports/csv", SHEET]
)
def test_class_files_are_generated_one_at_a_time(
    world: World, course: UUID, teacher: Person, problem: ProblemReference, path: str
) -> None:
    address = path.format(course=course, assignment=problem.assignment)
    with ThreadPoolExecutor(1) as pool:
        with world.service.heavy_reads.acquire(new_id()):
            asked = pool.submit(teacher.get, address)
            wait_until(lambda: len(world.service.heavy_reads._limit) == 2)  # noqa: SLF001
            assert not asked.done()
        assert asked.result(30).status_code == 200


@pytest.mark.parametrize("form", ["csv", "cells", "jsonl", "csv/check"])
def test_gradebook_export_reserves_memory_before_it_starts(
    world: World, course: UUID, teacher: Person, problem: ProblemReference, form: str
) -> None:
    assert problem.assignment, "the course has one assignment"
    for _ in range(3):
        world.enrol(course)
    budget, path = world.app.policy.response_budget, f"/courses/{course}/exports/{form}"
    held = 3 * 2 * CELL_BYTES
    budget.add(str(teacher.id), 24 * MEBIBYTE - held)
    assert teacher.get(path).status_code == 200
    budget.add(str(teacher.id), 1)
    refused = teacher.get(path)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_downloads")
    assert budget.reserved_bytes == 24 * MEBIBYTE - held + 1


MATCH = {"If-Match": "*"}
PART = "/assignments/{assignment}/review/{problem}/{part}"
RECOMPUTING: dict[str, Callable[[Person, UUID, ProblemReference], Any]] = {
    "PATCH /assignments/{assignment}": lambda who, _, assigned: who.patch(
        f"/assignments/{assigned.assignment}?dry_run=true", {"attempts": 7}, headers=MATCH
    ),
    "PATCH /courses/{course}": lambda who, course, _: who.patch(
        f"/courses/{course}?dry_run=true", {"zone": "Asia/Tokyo"}, headers=MATCH
    ),
    "POST /courses/{course}/apply": lambda who, course, _: who.post(
        f"/courses/{course}/apply?dry_run=true",
        {"files": who.get(f"/courses/{course}/export").json().get("files", {"a": ""})},
    ),
    "POST /assignments/{assignment}/problems": lambda who, _, assigned: who.post(
        f"/assignments/{assigned.assignment}/problems?dry_run=true", {"problem": assigned.slug}
    ),
    "PATCH /assignments/{assignment}/problems/{problem}": lambda who, _, assigned: who.patch(
        f"{assigned.path}?dry_run=true", {"points": 7}, headers=MATCH
    ),
    "DELETE /assignments/{assignment}/problems/{problem}": lambda who, _, assigned: who.delete(
        f"{assigned.path}?dry_run=true&confirm=true", headers=MATCH
    ),
    "POST /courses/{course}/extensions": lambda who, course, _: who.post(
        f"/courses/{course}/extensions?dry_run=true",
        {"student": str(new_id()), "grants": {"days": 1, "reason": "Ill."}},
    ),
    "DELETE /courses/{course}/extensions/{extension}": lambda who, course, _: who.delete(
        f"/courses/{course}/extensions/{new_id()}?dry_run=true"
    ),
    f"PATCH {PART}/rubric/{{item}}": lambda who, _, assigned: who.patch(
        f"/assignments/{assigned.assignment}/review/{assigned.slug}/why/rubric/{new_id()}?dry_run=true",
        {"points": 1},
        headers=MATCH,
    ),
    f"DELETE {PART}/rubric/{{item}}": lambda who, _, assigned: who.delete(
        f"/assignments/{assigned.assignment}/review/{assigned.slug}/why/rubric/{new_id()}?dry_run=true",
        headers=MATCH,
    ),
    f"POST {PART}/groups/{{group}}/mark": lambda who, _, assigned: who.post(
        f"/assignments/{assigned.assignment}/review/{assigned.slug}/why/groups/{new_id()}/mark",
        {"credit": 1},
    ),
    "POST /assignments/{assignment}/excuses": lambda who, _, assigned: who.post(
        f"/assignments/{assigned.assignment}/excuses?dry_run=true", {"student": str(new_id())}
    ),
    "DELETE /assignments/{assignment}/excuses/{excuse}": lambda who, _, assigned: who.delete(
        f"/assignments/{assigned.assignment}/excuses/{new_id()}?dry_run=true"
    ),
    "POST /courses/{course}/students/{user}/late-days/refund": lambda who, course, assigned: (
        who.post(
            f"/courses/{course}/students/{new_id()}/late-days/refund?dry_run=true",
            {"assignment": str(assigned.assignment), "days": 1, "reason": "An outage."},
        )
    ),
}
"""Requests that recompute the grades of a class or of a student."""
NO_GRADES = {"POST /courses/{course}/roster", "POST /assignments/{assignment}/score-sheet"}
"""Requests that also have a dry run, but are counted as uploads."""


@pytest.mark.parametrize("name", RECOMPUTING)
def test_class_wide_grade_changes_are_queued(
    world: World, course: UUID, teacher: Person, problem: ProblemReference, name: str
) -> None:
    """A burst of dry runs once delayed students by 28 s, or refused their submissions."""
    call, student = RECOMPUTING[name], world.enrol(course)
    with ExitStack() as under_way:
        for _ in range(MAX_REQUESTS_PER_PERSON):
            under_way.enter_context(world.service.recomputations._limit.acquire(teacher.id))  # noqa: SLF001
        refused = call(teacher, course, problem)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert int(refused.headers["Retry-After"]) > 0
        assert call(world.person("A Stranger"), course, problem).status_code == 404
        assert call(student, course, problem).status_code == 403
        assert student.submit(problem, {"cells": "9"}).status_code == 201
    assert call(teacher, course, problem).status_code in {200, 201, 404, 409, 422}


def test_every_dry_run_is_queued_or_known_to_recompute_no_grades(world: World) -> None:
    paths = world.client.get("/api/v1/openapi.json").json()["paths"]
    dry_runs = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in paths.items()
        for method, call in methods.items()
        if any(one["name"] == "dry_run" for one in call.get("parameters", ()))
    }
    group = f"POST {PART}/groups/{{group}}/mark"
    assert dry_runs == set(RECOMPUTING) - {group} | NO_GRADES
