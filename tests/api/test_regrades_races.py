"""Tests of a regrade chunk with concurrent changes to its students."""

from typing import Any
from uuid import UUID

import pytest
from concurrency import TIMEOUT_SECONDS, Breakpoint, assert_grades_are_current, wait_until_blocked
from regrading import get_regrade, read_grades, run_dry_run
from student_setup import under_way
from world import OTHER_PROBLEM, TEXT_PROBLEM, Person, World

from api.services.grades import recompute
from api.services.regrades.execution import runner
from api.services.regrades.execution.grading_jobs import grade_job
from api.services.submissions.writer.write_transaction import write_submissions

ANY = {"If-Match": "*"}


def begin(teacher: Person, run: Any, what: str) -> UUID:
    """Start the action *what* of a regrade, which then runs in chunks; return the id."""
    assert teacher.post(f"/regrades/{run['id']}/{what}", {}).status_code == 200
    return UUID(run["id"])


def step(world: World, run: UUID, number: int = 0) -> None:
    runner.process_chunk(world.db, run, number, grade=grade_job, clock=world.clock)


def test_regrade_chunk_waits_for_concurrent_submission_and_includes_it(
    world, other, pool, course, teacher, student, monkeypatch
):
    [problem] = world.assignment(course)
    student.submit(problem, {"cells": "9"})
    run = run_dry_run(world, teacher, problem)
    number = begin(teacher, run, "apply")
    entry = under_way(world, student, problem, {"cells": "10"}, key="k")
    stop = Breakpoint()
    stop.go()
    monkeypatch.setattr(
        runner, "count_chunk_submissions", stop.after(runner.count_chunk_submissions)
    )
    with world.db.transaction() as session:
        write_submissions(session, [entry], variants=world.service.variants, now=world.clock())
        chunk = pool.submit(step, other, number)
        stop.wait()
        wait_until_blocked(world, chunk)
    chunk.result(TIMEOUT_SECONDS)
    assert_grades_are_current(world, problem, student)
    after = read_grades(world, problem)
    assert [row["status"] for row in after["answers"]] == ["wrong", "correct"]
    assert after["standings"][0][1] == 2
    told = get_regrade(teacher, run)["progress"]
    assert (told["done"], told["total"]) == (2, 2)


@pytest.mark.parametrize("at", [0, 1])
def test_submission_waits_for_regrade_chunk_and_uses_new_grades(
    world, other, pool, course, teacher, student, at, monkeypatch
):
    """The submission goes to the regraded problem, or to another one of the assignment."""
    first, second = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    student.submit(first, {"cells": "9"})
    run = run_dry_run(world, teacher, first)
    number = begin(teacher, run, "apply")
    for one in (first, second):
        student.submit(one, {"why": "Fewer parameters."})  # remembered by the rules of now
    stop = Breakpoint()
    monkeypatch.setattr(runner, "apply_chunk", stop.after(runner.apply_chunk))
    chunk = pool.submit(step, other, number)
    stop.wait()
    sent = pool.submit(student.submit, (first, second)[at], {"doubled": ("20", "18")[at]})
    wait_until_blocked(world, sent)
    stop.go()
    chunk.result(TIMEOUT_SECONDS)
    told = sent.result(TIMEOUT_SECONDS)
    assert told.status_code == 201
    assert told.json()["standing"]["score"] == 2  # of the 9, which was right before, nothing
    assert_grades_are_current(world, first, student)


@pytest.mark.parametrize("what", ["apply", "undo"])
def test_regrade_chunk_keeps_concurrent_override_on_another_problem(
    world, other, pool, course, teacher, what, monkeypatch
):
    first, second = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    here, elsewhere = world.enrol(course, "Here"), world.enrol(course, "Elsewhere")
    here.submit(first, {"cells": "9"})
    elsewhere.submit(second, {"cells": "9"})
    run = run_dry_run(world, teacher, first, {"parts": {"cells": {"points": 7}}})
    number = begin(teacher, run, "apply")
    if what == "undo":
        world.service.regrades.run_until_idle()
        begin(teacher, run, "undo")
    step(other, number)
    stop = Breakpoint()
    monkeypatch.setattr(
        recompute, "load_grading_context", stop.after(recompute.load_grading_context)
    )
    chunk = pool.submit(step, other, number, 1)
    stop.wait()
    body = {"student": str(elsewhere.id), "problem": second.slug, "points": 8, "reason": "misread"}
    path = f"/assignments/{second.assignment}/overrides"
    granted = pool.submit(teacher.post, path, body, headers=ANY)
    wait_until_blocked(world, granted)
    stop.go()
    chunk.result(TIMEOUT_SECONDS)
    assert granted.result(TIMEOUT_SECONDS).status_code == 201
    assert 8 in [score for _, score, *_ in read_grades(world, first)["grades"]]
    assert_grades_are_current(world, first, here, elsewhere)
