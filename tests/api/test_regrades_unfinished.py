"""Tests of an unfinished regrade: stopped, resumed, undone, or with a student erased."""

from uuid import UUID

import pytest
from regrading import OTHER_KEY, get_regrade, read_grades, run_action, run_dry_run, score
from sqlalchemy import func, select
from world import TEXT_PROBLEM

from api.db.models import Draw, Grading, ProblemProgress, RegradeChange, RegradeStudent
from api.services.regrades import planning
from api.services.regrades.execution.grading_jobs import grade_job
from api.services.regrades.execution.runner import RegradeRunner, process_chunk

PEOPLE = 6


@pytest.fixture
def problem(world, course, monkeypatch):
    """Return a problem with two students in each chunk of a regrade."""
    monkeypatch.setattr(planning, "STUDENTS_IN_CHUNK", 2)
    [assigned] = world.assignment(course)
    return assigned


@pytest.fixture
def people(world, course, problem):
    found = [world.enrol(course, f"Student {number}") for number in range(PEOPLE)]
    for number, person in enumerate(found):
        person.submit(problem, {"cells": str(8 + number % 3)})
    return found


@pytest.fixture
def halfway(world, teacher, problem, people):
    """Return a regrade that stopped after one of three chunks, and the marks before it."""
    before = read_grades(world, problem)
    run = run_dry_run(world, teacher, problem)
    teacher.post(f"/regrades/{run['id']}/apply", {})

    def cancel():
        teacher.post(f"/regrades/{run['id']}/cancel", {})

    runner = RegradeRunner(world.db, world.clock, workers=0, after_chunk=cancel)
    runner.run_until_idle()
    runner.close()
    stopped = get_regrade(teacher, run)
    assert (stopped["status"], stopped["progress"]["done"]) == ("stopped", len(people) // 3)
    return run, before


def gradings(world):
    with world.db.reading() as session:
        asked = select(func.count(Grading.id)).where(Grading.kind == "regrade")
        return session.scalar(asked)


def moved(world):
    with world.db.reading() as session:
        asked = select(func.count(RegradeChange.id)).where(RegradeChange.new_grading.is_not(None))
        return session.scalar(asked)


def test_half_applied_regrade_resumes_to_dry_run_result(world, teacher, problem, people, halfway):
    run, before = halfway
    between = read_grades(world, problem)
    assert between["answers"] != before["answers"]
    done = run_action(world, teacher, run, "apply")
    assert (done["status"], done["progress"]["done"]) == ("applied", PEOPLE)
    assert [score(world, problem, person) for person in people] == [0, 0, 2] * 2
    assert gradings(world) == moved(world) > 0
    run_action(world, teacher, run, "undo")
    assert read_grades(world, problem) == before


@pytest.mark.usefixtures("people")
def test_half_applied_regrade_can_be_undone(world, teacher, problem, halfway):
    run, before = halfway
    undone = run_action(world, teacher, run, "undo")
    assert (undone["status"], undone["may"]) == ("undone", [])
    assert read_grades(world, problem) == before
    assert gradings(world) == moved(world)


def test_submissions_while_regrade_is_stopped_follow_apply_and_undo(
    world, teacher, problem, people, halfway
):
    run, _ = halfway
    for person in people:
        person.submit(problem, {"cells": "10"})
    assert [score(world, problem, person) for person in people[-2:]] == [2, 2]
    run_action(world, teacher, run, "undo")
    for person, expected in zip(people, [0, 2, 0] * 2, strict=True):
        assert score(world, problem, person) == expected


def test_regrade_grades_each_draw_by_its_own_numbers(world, course, teacher):
    settings = {"variants": "each_after", "new_after": 1}
    [problem] = world.assignment(course, TEXT_PROBLEM, **settings)
    student = world.enrol(course)
    keys = []
    for _ in range(3):
        told = student.get(problem.path).json()
        number = int(told["statement"].split()[-1].strip("$.<>/p"))
        keys.append(number**2)
        student.submit(problem, {"cells": str(number**2 + 1)})
        student.submit(problem, {"doubled": str(2 * (number**2 + 1))})
        student.post(f"{problem.path}/variant")
    assert len(set(keys)) == 3
    before = read_grades(world, problem)
    assert len(before["draws"]) == 4
    run = run_dry_run(world, teacher, problem)
    assert (run["counts"]["up"], run["counts"]["down"]) == (3, 0)
    run_action(world, teacher, run, "apply")
    after = read_grades(world, problem)
    assert {draw[2] for draw in after["draws"]} == {run["to_version"]["id"]}
    assert [row["status"] for row in after["answers"]] == ["correct"] * 6
    run_action(world, teacher, run, "undo")
    assert read_grades(world, problem) == before


def erase(world, person):
    admin = world.person("Ad Min", admin=True)
    told = admin.post(f"/users/{person.id}/erase", {"confirm": person.name})
    assert told.status_code == 200, told.text


@pytest.mark.parametrize("when", ["ready", "stopped", "applied"])
def test_student_erased_during_regrade_is_still_regraded_and_undone(
    world, teacher, problem, people, when
):
    before = [score(world, problem, person) for person in people]
    run = run_dry_run(world, teacher, problem)
    if when == "stopped":
        teacher.post(f"/regrades/{run['id']}/apply", {})
        teacher.post(f"/regrades/{run['id']}/cancel", {})
    if when == "applied":
        run_action(world, teacher, run, "apply")
    erase(world, people[2])
    if when != "applied":
        run_action(world, teacher, run, "apply")
    assert scores(world) == sorted([0, 0, 2] * 2)
    with world.db.reading() as session:
        versions = select(Draw.version_id).where(Draw.problem_id == problem.id).distinct()
        assert [str(one) for one in session.scalars(versions)] == [run["to_version"]["id"]]
    assert run_action(world, teacher, run, "undo")["status"] == "undone"
    assert scores(world) == sorted(before)
    assert {draw[2] for draw in read_grades(world, problem)["draws"]} == {str(problem.version)}


def scores(world):
    """Return the scores of all students, including erased ones."""
    with world.db.reading() as session:
        return sorted(session.scalars(select(ProblemProgress.score)))


def test_chunk_is_regraded_if_student_is_erased_during_grading(world, teacher, problem, people):
    run = teacher.post(f"{problem.path}/regrades", {"version": OTHER_KEY}).json()

    def erased_meanwhile(job):
        erase(world, people[0])
        return grade_job(job)

    process_chunk(world.db, UUID(run["id"]), 0, grade=erased_meanwhile, clock=world.clock)
    assert get_regrade(teacher, run)["progress"]["done"] == 0
    world.service.regrades.run_until_idle()
    ready = get_regrade(teacher, run)
    assert (ready["status"], ready["progress"]["done"]) == ("ready", PEOPLE)
    with world.db.reading() as session:
        left = select(func.count()).where(RegradeStudent.score_after.is_(None))
        assert session.scalar(left) == 0
