"""Tests of deadlines that pass or move between grading a submission and storing it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from actors import NOW
from concurrency import TIMEOUT_SECONDS, Breakpoint, assert_grades_are_current, wait_until_blocked
from regrading import read_grades
from student_setup import DUE_TOMORROW, under_way
from world import Person, ProblemReference, World

from api.core.errors import Conflict
from api.services.grades import recompute
from api.services.submissions.pending_submissions import PendingSubmission, StoredSubmission
from api.services.submissions.writer import writer_thread

DUE = NOW + timedelta(days=1)
ANY = {"If-Match": "*"}


def elsewhere(other: World, person: Person) -> Person:
    """Return *person* with a client of another service."""
    return replace(person, client=other.client)


def at_point(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], None]) -> None:
    """Call *act* whenever a submission reaches the failpoint *name*."""
    own = writer_thread.reach_failpoint

    def reach(point: Any) -> None:
        if point == name:
            act()
        own(point)

    monkeypatch.setattr(writer_thread, "reach_failpoint", reach)


@pytest.mark.parametrize("remembered", [False, True])
@pytest.mark.parametrize(("microseconds", "status"), [(0, 201), (1, 409)])
def test_arrival_time_decides_even_if_the_deadline_passes_before_writing(
    world, course, student, remembered, microseconds, status, monkeypatch
):
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    if remembered:
        student.submit(problem, {"cells": "1"})
    world.clock.now = DUE + timedelta(microseconds=microseconds)
    at_point(monkeypatch, "after_judging", lambda: world.clock.advance(days=3) and None)
    told = student.submit(problem, {"cells": "9"})
    assert told.status_code == status
    assert world.clock() > DUE + timedelta(days=2)
    assert told.json().get("late_credit", "none") == (1 if status == 201 else "none")
    assert told.json().get("code") == (None if status == 201 else "deadline_passed")


def due(teacher: Person, problem: ProblemReference, at: datetime) -> Any:
    """Change the due time, and return the response."""
    body = {"timeline": {"due": f"{at:%Y-%m-%d %H:%M}"}}
    return teacher.patch(f"/assignments/{problem.assignment}", body, headers=ANY)


@pytest.mark.parametrize(
    ("sent", "moved", "taken"),
    [(DUE - timedelta(hours=1), -2, False), (DUE + timedelta(hours=1), 2, True)],
)
def test_deadline_in_force_at_writing_decides(world, course, student, teacher, sent, moved, taken):
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    world.clock.now = sent
    entry = under_way(world, student, problem, {"cells": "9"}, key="k")
    assert isinstance(entry, PendingSubmission)
    assert due(teacher, problem, DUE + timedelta(hours=moved)).status_code == 200
    if taken:
        assert isinstance(world.service.writer.submit(entry), StoredSubmission)
        return
    with pytest.raises(Conflict) as refused:
        world.service.writer.submit(entry)
    assert refused.value.code == "deadline_passed"


def test_submission_waits_for_a_deadline_change_in_progress(
    world, other, pool, course, student, teacher, monkeypatch
):
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    assert student.submit(problem, {"cells": "1"}).status_code == 201
    world.clock.advance(hours=20)
    stop = Breakpoint()
    monkeypatch.setattr(
        recompute, "load_grading_context", stop.after(recompute.load_grading_context)
    )
    moved = pool.submit(due, elsewhere(other, teacher), problem, DUE - timedelta(hours=5))
    stop.wait()
    sent = pool.submit(student.submit, problem, {"cells": "9"})
    wait_until_blocked(world, sent)
    stop.go()
    assert moved.result(TIMEOUT_SECONDS).status_code == 200
    told = sent.result(TIMEOUT_SECONDS)
    assert (told.status_code, told.json()["code"]) == (409, "deadline_passed")


def test_deadline_change_waits_for_a_submission_and_includes_it(
    world, other, pool, course, student, teacher, monkeypatch
):
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    assert student.submit(problem, {"cells": "1"}).status_code == 201
    world.clock.advance(hours=20)
    stop = Breakpoint()
    at_point(monkeypatch, "before_commit", stop.here)
    sent = pool.submit(student.submit, problem, {"cells": "9"})
    stop.wait()
    moved = pool.submit(due, elsewhere(other, teacher), problem, DUE - timedelta(hours=5))
    wait_until_blocked(world, moved)
    stop.go()
    assert moved.result(TIMEOUT_SECONDS).status_code == 200
    assert sent.result(TIMEOUT_SECONDS).status_code == 201
    assert [row["sequence"] for row in read_grades(world, problem)["answers"]] == [1, 2]
    assert_grades_are_current(world, problem, student)
