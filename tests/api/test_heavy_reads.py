"""Heavy reads and uploads of staff: counted before they are done, and done one at a time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any
from uuid import UUID

import pytest
from world import Person, Posing, World

from api.auth.limits import LIMITS, Action
from api.errors import RateLimited, Unavailable
from api.ids import new_id
from api.routes import analytics
from api.services import knocks
from api.services.heavy_reads import MAX_PER_PERSON, MAX_WAITING, HeavyReads

NONE = b"\x00 no file \xff"
CSV = {"Content-Type": "text/csv"}
YAML = {"Content-Type": "application/yaml"}


class Blocked:
    """Work that goes on until it is released."""

    def __init__(self, act: Callable[..., Any] = lambda: "done") -> None:
        self._act = act
        self.released, self.begun = threading.Event(), threading.Event()
        self.times = 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.times += 1
        self.begun.set()
        assert self.released.wait(30)
        return self._act(*given, **named)


def take_turn(reads: HeavyReads, person: UUID, act: Callable[[], Any]) -> Any:
    with reads.turn(person):
        return act()


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to that")


def test_one_heavy_read_runs_at_a_time_and_the_others_wait():
    reads, blocked = HeavyReads(), Blocked()
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(take_turn, reads, new_id(), blocked) for _ in range(3)]
        assert blocked.begun.wait(30)
        wait_until(lambda: len(reads._limit) == 3)  # noqa: SLF001
        assert not wait(running, timeout=0.2).done
        assert blocked.times == 1
        blocked.released.set()
        assert [one.result(30) for one in running] == ["done"] * 3


def test_a_person_with_too_many_and_a_service_with_too_many_say_so():
    reads, blocked, ann = HeavyReads(), Blocked(), new_id()
    people = [ann] * MAX_PER_PERSON + [new_id() for _ in range(MAX_WAITING + 1 - MAX_PER_PERSON)]
    with ThreadPoolExecutor(len(people)) as pool:
        running: list[Future[Any]] = []
        for count, person in enumerate(people, 1):
            running.append(pool.submit(take_turn, reads, person, blocked))
            wait_until(lambda count=count: len(reads._limit) == count)  # noqa: SLF001
            if count == MAX_PER_PERSON:
                with pytest.raises(RateLimited):
                    take_turn(reads, ann, blocked)
        with pytest.raises(Unavailable) as refused:
            take_turn(reads, new_id(), blocked)
        assert refused.value.retry_after
        blocked.released.set()
        assert {one.result(30) for one in running} == {"done"}
    assert take_turn(reads, ann, lambda: "again") == "again"


def test_figures_that_are_asked_for_at_once_are_worked_out_once(
    world: World, teacher: Person, problem: Posing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may not see them is told so at once, and does not wait."""
    monkeypatch.setattr("api.services.analytics.keeping.QUICK", -1)
    monkeypatch.setattr("api.services.analytics.keeping.REST", 1_000_000)
    world.service.figures.seconds = time.thread_time  # the clock of the test stands still
    blocked = Blocked(analytics.problem_analytics)
    monkeypatch.setattr(analytics, "problem_analytics", blocked)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(teacher.get, f"{problem.path}/analytics") for _ in range(3)]
        assert blocked.begun.wait(30)
        wait_until(lambda: len(world.service.heavy_reads._limit) == 3)  # noqa: SLF001
        refused = world.person("A Stranger").get(f"{problem.path}/analytics")
        assert refused.status_code == 404
        blocked.released.set()
        assert [one.result(30).status_code for one in asked] == [200] * 3
    assert blocked.times == 1


CALLS: dict[str, tuple[Action, Callable[[Person, UUID, Posing], Any]]] = {
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
        lambda who, _, posed: who.post(
            f"/assignments/{posed.assignment}/score-sheet", content=NONE, headers=CSV
        ),
    ),
    "score sheet": (
        "export_course",
        lambda who, _, posed: who.get(f"/assignments/{posed.assignment}/score-sheet"),
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
        lambda who, _, posed: who.post(
            f"{posed.path}/regrades", {"version": {"source": ": ["}, "reason": "a try"}
        ),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_expensive_for_staff_is_counted_before_it_is_done(
    world: World, course: UUID, teacher: Person, problem: Posing, name: str
) -> None:
    """What is sent is no file at all, which is only told to who may still send one."""
    action, call = CALLS[name]
    assert call(teacher, course, problem).status_code in {200, 422}
    with world.session() as session:
        for _ in range(LIMITS[action].count - 1):
            knocks.spend(session, action, str(teacher.id), now=world.clock())
    refused = call(teacher, course, problem)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 0
    assert call(world.enrol(course), course, problem).status_code in {403, 404}
