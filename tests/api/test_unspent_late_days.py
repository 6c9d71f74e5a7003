"""Tests of unspent late days: no solution is shown early, and no screen is stale."""

import pytest
from sqlalchemy import select
from student_setup import DUE_TOMORROW, FORMS
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.db.models import Assignment, Grade, ProblemProgress
from api.services.grades import GradeCause, recompute_student_grades
from api.services.submissions.replies import SPARED_LATE_DAYS_MESSAGE, USED_LATE_DAYS_MESSAGE

ANY = {"If-Match": "*"}
OTHER_SIZE = {"row": "[4, 7]"}  # two numbers, where three are asked for


@pytest.fixture
def course(world):
    return world.course(late_day_budget=1)


def test_solution_is_withheld_while_late_days_can_still_be_spent(world, course, student):
    spec = {**DUE_TOMORROW, "late_days": 2}
    [problem] = world.assignment(course, timeline_spec=spec, results="after_close")
    world.clock.advance(days=1, seconds=1)
    assert student.get(f"{problem.path}/solution").status_code == 403
    assert student.get(f"{problem.path}/practice").status_code == 403
    told = student.submit(problem, {"cells": "9"}).json()
    assert (told["late_credit"], told["results"][0]["status"]) == (1, "received")
    assert student.get(problem.path).json()["results_shown"] is False
    world.clock.advance(days=2)
    assert student.get(f"{problem.path}/solution").status_code == 200
    assert student.get(problem.path).json()["results_shown"] is True


@pytest.mark.parametrize(("budget", "days", "status"), [(0, 2, 200), (1, 0, 200), (1, 2, 403)])
def test_solution_is_not_withheld_without_late_days_or_budget(world, budget, days, status):
    course = world.course(late_day_budget=budget)
    student = world.enrol(course)
    [problem] = world.assignment(course, timeline_spec={**DUE_TOMORROW, "late_days": days})
    world.clock.advance(days=1, seconds=1)
    assert student.get(f"{problem.path}/solution").status_code == status


def test_solution_after_due_is_withheld_while_late_work_earns_credit(world, course, student):
    steps = [{"days": 1, "credit": "50%"}, {"days": 2, "credit": 0}]
    spec = {**DUE_TOMORROW, "late": steps}
    [problem] = world.assignment(course, timeline_spec=spec, solutions="after_due")
    world.clock.advance(days=1, seconds=1)
    refused = student.get(f"{problem.path}/solution")
    assert refused.json()["not_released_until"] == "2026-11-04T12:00:00.000000Z"
    assert student.submit(problem, {"cells": "9"}).json()["late_credit"] == 0.5
    world.clock.advance(days=1)
    assert student.get(f"{problem.path}/solution").status_code == 200
    assert student.submit(problem, {"cells": "8"}).json()["late_credit"] == 0


def test_spent_late_days_apply_to_the_other_problems_too(world, course, student):
    spec = {**DUE_TOMORROW, "late_days": 2, "late": [{"days": 3, "credit": "50%"}]}
    one, two = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM, timeline_spec=spec)
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    world.clock.advance(days=2, hours=1)
    assert student.submit(one, {"cells": "9"}).json()["late_credit"] == 0.5
    more = teacher.patch(f"/courses/{course}", {"late_day_budget": 2}, headers=ANY)
    assert more.status_code == 200
    assert student.submit(two, {"cells": "9"}).json()["late_credit"] == 1
    kept = standings(world, student)
    with world.session() as session:
        cause = GradeCause("test", None, None, world.clock())
        recompute_student_grades(session, one.assignment, [student.id], cause=cause)
    assert standings(world, student) == kept
    assert [score for score, _ in kept[0]] == [2, 2]


def standings(world, student):
    with world.session() as session:
        scores = (
            select(ProblemProgress.score, ProblemProgress.parts)
            .where(ProblemProgress.student_id == student.id)
            .order_by(ProblemProgress.problem_id)
        )
        grade = select(Grade.score).where(Grade.student_id == student.id)
        return [tuple(row) for row in session.execute(scores)], session.scalar(grade)


def test_late_days_of_a_deleted_assignment_are_returned_everywhere(world, course, student):
    spec = {"due": "2026-11-02 11:00", "late_days": 1, "close": "2026-11-20 12:00"}
    first, second = (world.assignment(course, timeline_spec=spec)[0] for _ in range(2))
    assert student.submit(first, {"cells": "9"}).json()["late_credit"] == 1
    with world.session() as session:
        session.get_one(Assignment, first.assignment).deleted_at = world.clock()
    assert student.get(f"/courses/{course}/late-days").json()["left"] == 1
    assert student.get(f"/courses/{course}/grades").json()["late_days"]["left"] == 1
    assert student.submit(second, {"cells": "9"}).json()["late_credit"] == 1
    assert student.get(f"/courses/{course}/late-days").json()["left"] == 0


def test_spending_late_days_is_reported_immediately(world):
    student = world.enrol(course := world.course(late_day_budget=3))
    [problem] = world.assignment(course, timeline_spec={**DUE_TOMORROW, "late_days": 3})
    assert student.submit(problem, {"cells": "7"}).json()["messages"] == []
    world.clock.advance(days=1, seconds=1)
    told = student.submit(problem, {"cells": "8"}).json()["messages"]
    assert told == [USED_LATE_DAYS_MESSAGE.format("1 late day is")]
    world.clock.advance(days=1)
    told = student.submit(problem, {"cells": "9"}).json()["messages"]
    assert told == [USED_LATE_DAYS_MESSAGE.format("2 late days are")]
    assert student.submit(problem, {"cells": "10"}).json()["messages"] == []


def test_excused_student_sees_no_score_anywhere(world, course, student):
    [problem] = world.assignment(course)
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    body = {"student": str(student.id)}
    there = f"/assignments/{problem.assignment}/excuses"
    assert teacher.post(there, body).status_code == 201
    [listed] = student.get("/me/assignments").json()["items"]
    [graded] = student.get(f"/courses/{course}/grades").json()["assignments"]
    assert (listed["excused"], graded["excused"]) == (True, True)
    assert listed["grade"] is graded["score"] is None


@pytest.mark.parametrize("results", ["at_once", "never"])
@pytest.mark.parametrize("answers", [{"third": "abc"}, OTHER_SIZE, {"third": ""}], ids=str)
def test_unreadable_answer_spends_no_late_days_and_is_accepted(world, answers, results):
    course = world.course(late_day_budget=1)
    spec = {**DUE_TOMORROW, "late_days": 1}
    [problem] = world.assignment(course, FORMS, timeline_spec=spec, results=results)
    student = world.enrol(course)
    world.clock.advance(days=1, hours=1)
    told = student.submit(problem, answers).json()
    assert [one["status"] for one in told["results"]] in (["unreadable"], ["missing"])
    assert SPARED_LATE_DAYS_MESSAGE in told["messages"]
    assert student.get(f"/courses/{course}/late-days").json()["left"] == 1
    world.clock.advance(hours=1)
    done = student.submit(problem, {"third": "1/3"}).json()
    assert (done["late_credit"], done["messages"][-1]) == (
        1,
        USED_LATE_DAYS_MESSAGE.format("1 late day is"),
    )
    assert student.get(f"/courses/{course}/late-days").json()["left"] == 0


def test_known_mistake_of_another_size_spends_late_days_only_with_shown_results(world):
    left = {}
    for results in ("at_once", "never"):
        course = world.course(late_day_budget=1)
        spec = {**DUE_TOMORROW, "late_days": 1}
        [problem] = world.assignment(course, FORMS, timeline_spec=spec, results=results)
        student = world.enrol(course)
        world.clock.advance(days=1, hours=1)
        assert student.submit(problem, {"row": "[4, 8]"}).status_code == 201
        left[results] = student.get(f"/courses/{course}/late-days").json()["left"]
        world.clock.advance(days=-1, hours=-1)
    assert left == {"at_once": 0, "never": 1}


def test_known_mistake_of_another_size_costs_as_usual_with_results_after_due(world):
    """A late day would move the due time, and so hide the results again."""
    course = world.course(late_day_budget=1)
    spec = {**DUE_TOMORROW, "late_days": 1}
    more = {"results": "after_due", "attempts": 3}
    [problem] = world.assignment(course, FORMS, timeline_spec=spec, **more)
    costs = []
    for answer in ("[4, 8]", OTHER_SIZE["row"]):
        student = world.enrol(course)
        world.clock.advance(days=1, hours=1)
        told = student.submit(problem, {"row": answer}).json()
        left = student.get(f"/courses/{course}/late-days").json()["left"]
        [part] = told["results"]
        costs.append((left, told["messages"][-1], part["attempt"], part["attempts_left"]))
        world.clock.advance(days=-1, hours=-1)
    assert costs[0] == costs[1]
    assert costs[0][0] == 1


def test_unreadable_answer_is_refused_without_late_days_left(world):
    course = world.course(late_day_budget=0)
    spec = {**DUE_TOMORROW, "late_days": 1}
    [problem] = world.assignment(course, FORMS, timeline_spec=spec)
    student = world.enrol(course)
    world.clock.advance(days=1, hours=1)
    assert student.submit(problem, {"third": "abc"}).json()["code"] == "deadline_passed"
