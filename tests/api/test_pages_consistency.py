"""Tests that every page shows a student the same points and times."""

import pytest
from student_setup import DUE_TOMORROW, SQUARES, extend, number_of
from world import TEXT_PROBLEM

from api.db.models import Enrolment, LateDays

ANY = {"If-Match": "*"}
PRACTICE = {**DUE_TOMORROW, "close": {"days": 9}}


@pytest.fixture
def course(world):
    return world.course(late_day_budget=2)


def grades(student, course, at=0):
    return student.get(f"/courses/{course}/grades").json()["assignments"][at]


def listed(student):
    [one] = student.get("/me/assignments").json()["items"]
    return one


def cell(teacher, course, student):
    told = teacher.get(f"/courses/{course}/gradebook").json()["items"]
    return next(one for one in told if one["user"] == str(student.id))["cells"][0]


def override(teacher, assigned, student, **given):
    body = {"student": str(student.id), "reason": "By hand.", **given}
    there = f"/assignments/{assigned.assignment}/overrides"
    done = teacher.post(there, body, headers=ANY)
    assert done.status_code == 201, done.text


def void(teacher, problem, **voided):
    done = teacher.patch(problem.path, {"voided": voided}, headers=ANY)
    assert done.status_code == 200, done.text


def scores(page):
    return [one["standing"] and one["standing"]["score"] for one in page["parts"]]


# The page of a problem and the page of grades.


@pytest.mark.parametrize(
    ("voided", "parts", "score", "possible"),
    [
        ({"doubled": "out"}, [2, None, None], 2, 6),
        ({"cells": "out"}, [None, 0, None], 0, 6),
        ({"doubled": "full"}, [2, 2, None], 4, 8),
        ({"why": "full"}, [2, 0, 4], 6, 8),
    ],
)
def test_void_part_counts_equally_on_problem_and_grades_pages(
    world, course, student, teacher, voided, parts, score, possible
):
    [problem] = world.assignment(course)
    assert student.submit(problem, {"cells": "9", "doubled": "7"}).status_code == 201
    void(teacher, problem, **voided)
    page, [graded] = student.get(problem.path).json(), grades(student, course)["problems"]
    assert scores(page) == parts
    assert page["standing"] == {"score": score, "possible": possible, "waiting": False}
    assert (graded["score"], graded["possible"]) == (score, possible)


@pytest.mark.parametrize("answers", [{}, {"cells": "9"}])
def test_part_override_is_equal_on_problem_and_grades_pages(
    world, course, student, teacher, answers
):
    [problem] = world.assignment(course)
    if answers:
        assert student.submit(problem, answers).status_code == 201
    override(teacher, problem, student, problem=problem.slug, part="cells", points="3/2")
    page = student.get(problem.path).json()
    assert scores(page) == [1.5, None, None]
    assert page["standing"]["score"] == grades(student, course)["problems"][0]["score"] == 1.5
    [given] = page["overrides"]
    assert (given["part"], given["points"], given["reason"]) == ("cells", 1.5, "By hand.")


def test_problem_page_lists_overrides_of_problem_and_assignment(world, course, student, teacher):
    [problem] = world.assignment(course)
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    override(teacher, problem, student, problem=problem.slug, points=7)
    override(teacher, problem, student, points=8)
    page = student.get(problem.path).json()
    assert page["standing"]["score"] == grades(student, course)["problems"][0]["score"] == 7
    told = [(one["problem"], one["part"], one["points"]) for one in page["overrides"]]
    assert told == [(problem.slug, None, 7), (None, None, 8)]


def test_overrides_are_hidden_until_results_are_released(world, course, student, teacher):
    [problem] = world.assignment(course, results="manual")
    override(teacher, problem, student, problem=problem.slug, part="cells", points=2)
    page = student.get(problem.path).json()
    assert (scores(page), page["standing"], page["overrides"]) == ([None] * 3, None, [])


# The list of assignments and the page of grades.


def test_missing_assignment_scores_zero_in_list_after_due_date(world, course, student):
    world.assignment(course, timeline_spec=DUE_TOMORROW)
    assert (listed(student)["grade"], grades(student, course)["score"]) == (None, None)
    world.clock.advance(days=2)
    assert listed(student)["grade"] == {"score": 0, "possible": 8, "waiting": False}
    told = grades(student, course)
    assert (told["score"], told["possible"], told["missing"]) == (0, 8, True)


def test_assignment_is_not_missing_while_late_days_remain(world, course, student, teacher):
    spec = {**DUE_TOMORROW, "late_days": 2}
    world.assignment(course, timeline_spec=spec)
    world.clock.advance(days=2)
    assert (cell(teacher, course, student)["missing"], listed(student)["grade"]) == (False, None)
    world.clock.advance(days=1, microseconds=1)
    told = cell(teacher, course, student)
    assert (told["missing"], told["score"], listed(student)["grade"]["score"]) == (True, 0, 0)


def test_assignment_is_missing_after_last_credit_step(world, course, student, teacher):
    world.assignment(course, timeline_spec=PRACTICE)
    world.clock.advance(days=1)
    assert not cell(teacher, course, student)["missing"]
    world.clock.advance(microseconds=1)
    assert cell(teacher, course, student)["missing"]


def test_late_joiner_gets_full_points_for_void_part(world, course, student, teacher):
    [problem] = world.assignment(course)
    void(teacher, problem, cells="full")
    late = world.person("Late Comer", email="late@example.edu")
    body = {"email": "late@example.edu", "name": "Late Comer", "role": "student"}
    assert teacher.post(f"/courses/{course}/people", body).status_code == 201
    for one in (student, late):
        assert cell(teacher, course, one)["score"] == 2
        assert grades(one, course)["score"] == listed(one)["grade"]["score"] == 2
        assert student.get(problem.path).json()["standing"]["score"] == 2


# Solutions of numbers that others have as well.


@pytest.mark.parametrize(
    ("variants", "source", "status"),
    [
        ("original", TEXT_PROBLEM, 403),
        ("shared", SQUARES, 403),
        ("each", SQUARES, 200),
        ("each", TEXT_PROBLEM.replace("{choose: [3, 5, 7, 9, 11], original: 3}", "3"), 403),
    ],
)
@pytest.mark.parametrize("solutions", ["after_due", "after_close", "manual"])
def test_solution_is_withheld_until_last_student_with_same_numbers_ends(
    world, course, student, teacher, variants, source, status, solutions
):
    [problem] = world.assignment(
        course, source, variants=variants, solutions=solutions, timeline_spec=DUE_TOMORROW
    )
    own = number_of(student, problem)
    friends = (world.enrol(course, f"Fri End {at}") for at in range(100))
    friend = next(one for one in friends if (number_of(one, problem) == own) == (status == 403))
    if solutions == "manual":
        there = f"/assignments/{problem.assignment}/release"
        assert teacher.post(there, {"solutions": True}).status_code == 200
    extend(world, course, {"days": 3}, student_id=friend.id)
    world.clock.advance(days=1, seconds=1)
    asked = student.get(f"{problem.path}/solution")
    assert asked.status_code == status
    if status == 403:
        assert asked.json()["not_released_until"] == "2026-11-06T12:00:00.000000Z"
        assert student.get(problem.path).json()["solutions_from"] == "2026-11-06T12:00:00.000000Z"
    world.clock.advance(days=3)
    assert student.get(f"{problem.path}/solution").status_code == 200


@pytest.mark.parametrize("gone", ["withdrawn", "test", "other assignment"])
def test_solution_does_not_wait_for_students_who_cannot_submit(world, course, student, gone):
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    [other] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    friend = world.enrol(course, "Fri End")
    more = {"assignment_id": other.assignment} if gone == "other assignment" else {}
    extend(world, course, {"days": 3}, student_id=friend.id, **more)
    with world.session() as session:
        mine = session.query(Enrolment).filter_by(user_id=friend.id)
        if gone == "withdrawn":
            mine.update({"withdrawn_at": world.clock()})
        if gone == "test":
            mine.update({"is_test": True})
    world.clock.advance(days=1, seconds=1)
    assert student.get(f"{problem.path}/solution").status_code == 200


# New numbers.


@pytest.mark.parametrize(("budget", "status"), [(2, 201), (0, 409)])
def test_new_numbers_are_available_only_while_late_days_cover_the_work(world, budget, status):
    student = world.enrol(course := world.course(late_day_budget=budget))
    spec = {**DUE_TOMORROW, "late_days": 1}
    [problem] = world.assignment(
        course, SQUARES, variants="each_after", new_after=1, timeline_spec=spec
    )
    assert student.submit(problem, {"squared": "1"}).status_code == 201
    world.clock.advance(days=1, hours=1)
    asked = student.post(f"{problem.path}/variant")
    assert asked.status_code == status
    world.clock.advance(days=1)
    assert student.post(f"{problem.path}/variant").json()["code"] == "deadline_passed"
    if status == 201:
        assert student.get(f"/courses/{course}/late-days").json()["left"] == 2


def test_new_numbers_are_refused_without_remaining_attempts(world, course, student):
    [problem] = world.assignment(course, SQUARES, variants="each_after", new_after=1, attempts=1)
    student.submit(problem, {"squared": "1"})
    assert student.submit(problem, {"tripled": "1"}).status_code == 201
    refused = student.post(f"{problem.path}/variant")
    assert (refused.status_code, refused.json()["code"]) == (409, "attempts_exhausted")


# Late days.


def times(student):
    told = listed(student)["times"]
    return told["state"], told["credit_now"]


def test_assignment_list_accounts_for_remaining_late_days(world, course, student):
    spec = {**DUE_TOMORROW, "late_days": 2}
    [problem] = world.assignment(course, timeline_spec=spec)
    told = listed(student)["times"]
    assert told["late_days_until"]["at"] == "2026-11-05T12:00:00.000000Z"
    assert times(student) == ("open", 1)
    world.clock.advance(days=1, hours=1)
    assert times(student) == ("late", 1)
    assert student.get(problem.path).json()["times"]["state"] == "late"
    assert student.submit(problem, {"cells": "9"}).json()["late_credit"] == 1
    world.clock.advance(days=2)
    assert times(student) == ("closed", None)


def test_late_days_spent_on_another_assignment_are_unavailable(world, course, student):
    spec = {"due": "2026-11-02 11:00", "late_days": 2}
    [elsewhere] = world.assignment(course, timeline_spec=spec)
    assert student.submit(elsewhere, {"cells": "9"}).json()["late_credit"] == 1
    with world.session() as session:
        session.query(LateDays).update({"days": 2})
    [problem] = world.assignment(course, timeline_spec={**DUE_TOMORROW, "late_days": 2})
    world.clock.advance(days=1, hours=1)
    found = {one["id"]: one["times"] for one in student.get("/me/assignments").json()["items"]}
    told = found[str(problem.assignment)]
    assert (told["state"], told["late_days_until"]) == ("closed", None)
    assert student.submit(problem, {"cells": "9"}).status_code == 409
    assert grades(student, course, at=1)["missing"]


@pytest.mark.parametrize(("after", "said"), [(1, "1 late day"), (25, "2 late days")])
def test_score_steps_mention_late_days_used(world, course, student, after, said):
    spec = {**DUE_TOMORROW, "late_days": 2}
    [problem] = world.assignment(course, timeline_spec=spec)
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    world.clock.advance(days=1, hours=after)
    assert student.submit(problem, {"doubled": "18"}).status_code == 201
    lines = {one["about"]: one["words"] for one in grades(student, course)["explain"]}
    assert "(on time)" in lines[f"{problem.slug}, cells"]
    assert f"(on time by {said})" in lines[f"{problem.slug}, doubled"]
