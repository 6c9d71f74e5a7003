"""Tests of one student's grades: each step in words and numbers, hidden until release."""

from fractions import Fraction

import pytest
from grade_setup import CLOSED, SHORT, excuse_student, get_cell, get_gradebook, retitle_assignment
from sqlalchemy import event
from world import TEXT_PROBLEM, points

from api.db.models import Assignment, AssignmentProblem

ONE_DATABASE = True
BY_ATTEMPT = {"by_attempt": ["1", "1/2"]}


@pytest.fixture
def course(world):
    return world.course(late_day_budget=3)


@pytest.fixture
def student(world, course):
    return world.enrol(course, "Ann Example")


def mine(person, course, **more):
    answer = person.get(f"/courses/{course}/grades", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def theirs(prof, course, student):
    answer = prof.get(f"/courses/{course}/students/{student.id}/grades")
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines(grade):
    return {one["about"]: one["words"] for one in grade["explain"]}


def by_hand(prof, assigned, student, given, reason="The figure was hard to read.", **more):
    body = {"student": str(student.id), "points": given, "reason": reason} | more
    answer = prof.post(
        f"/assignments/{assigned.assignment}/overrides", body, headers={"If-Match": "*"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def reckoned(line):
    """Return the number that a line's steps lead to, computed from the steps alone."""
    total, chain = Fraction(0), Fraction(0)
    for step in line["steps"]:
        value = points(step["value"])
        match step["sign"]:
            case "is":
                total = chain = value
            case "plus":
                total = chain = chain + value
            case "times":
                total = chain = chain * value
            case "total":
                assert step["label"] == "percent" or chain == value
                total = value
            case "set":
                total = value
    return total


def test_grade_explanation_lists_raw_attempt_late_and_override_steps(world, course, prof, student):
    [assigned] = world.assignment(course, SHORT, timeline_spec=CLOSED, **BY_ATTEMPT)
    student.submit(assigned, {"first": "8", "second": "18"})
    world.clock.advance(hours=2)
    student.submit(assigned, {"first": "9"})
    by_hand(prof, assigned, student, 4, problem="two-counts", part="second")
    told = mine(student, course)
    [grade] = told["assignments"]
    assert lines(grade) == {
        "two-counts, first": "two-counts, first: 3 of 3 points (credit 1) × 1/2 (second attempt) "
        "× 1/2 (late) = 0.75",
        "two-counts, second": "two-counts, second: 5 of 5 points (credit 1) × 1 (first attempt) "
        "× 1 (on time) = 5; set by hand to 4; by Grace Prof: The figure was hard to read.",
        "two-counts": "two-counts: 0.75 (first) + 4 (second) = 4.75 of 8 points",
        "Total": "Total: 4.75 (two-counts) = 4.75 of 8 points",
    }
    assert (grade["score"], grade["possible"], grade["late"]) == (4.75, 8, True)
    [given] = grade["overrides"]
    assert (given["author"], given["part"], given["points"]) == ("Grace Prof", "second", 4)
    assert (told["percent"], grade["problems"][0]["score"]) == (59.375, 4.75)


@pytest.mark.parametrize("place", [{}, {"problem": "two-counts"}])
def test_overridden_total_is_explained_with_author_and_reason(world, course, prof, student, place):
    [assigned] = world.assignment(course, SHORT)
    student.submit(assigned, {"first": "9"})
    by_hand(prof, assigned, student, "13/2", reason="Shown on paper.", **place)
    [grade] = mine(student, course)["assignments"]
    line = lines(grade)[place.get("problem", "Total")]
    assert line.endswith("; set by hand to 6.5; by Grace Prof: Shown on paper.")
    assert grade["score"] == 6.5


def test_explanation_steps_add_up_to_the_gradebook_score(world, course, prof, student):
    first, *_ = world.assignment(course, SHORT, TEXT_PROBLEM, **BY_ATTEMPT)
    with world.session() as session:
        session.get_one(AssignmentProblem, first.id).points = Fraction(10, 3)
    student.submit(first, {"first": "8", "second": "17"})
    student.submit(first, {"first": "9", "second": "18"})
    by_hand(prof, first, student, "1/3", problem="why-small-kernels", part="cells")
    told = theirs(prof, course, student)
    [grade] = told["assignments"]
    reached = {one["about"]: reckoned(one) for one in grade["explain"]}
    assert reached["Total"] == points(grade["score"])
    for problem in grade["problems"]:
        assert reached[problem["problem"]] == points(problem["score"])
    kept = get_cell(get_gradebook(prof, course), student)
    assert (grade["score"], grade["possible"]) == (kept["score"], kept["possible"])
    assert told["percent"] == get_gradebook(prof, course)["items"][0]["percent"]


def test_unreleased_results_are_visible_only_to_staff(world, course, prof, student):
    spec = {"due": "2026-11-02 13:00"}
    [hidden] = world.assignment(course, SHORT, timeline_spec=spec, results="after_close")
    retitle_assignment(world, hidden, "Hidden one")
    [open_one] = world.assignment(course, TEXT_PROBLEM)
    student.submit(hidden, {"first": "9"})
    student.submit(open_one, {"cells": "9"})
    by_hand(prof, hidden, student, 7, reason="Canary reason.")
    answer = student.get(f"/courses/{course}/grades")
    told = {one["title"]: one for one in answer.json()["assignments"]}
    assert told["Hidden one"] == {
        "results_shown": False,
        "assignment": str(hidden.assignment),
        "slug": told["Hidden one"]["slug"],
        "title": "Hidden one",
        "category": "",
        "extra": False,
        "not_released_until": "2026-11-02T13:00:00.000000Z",
    }
    assert "Canary" not in answer.text
    assert answer.json()["percent"] == 25
    for_staff = {one["title"]: one for one in theirs(prof, course, student)["assignments"]}
    assert for_staff["Hidden one"]["score"] == 7
    assert not for_staff["Hidden one"]["student_sees"]
    world.clock.advance(hours=1, microseconds=1)
    [shown] = [one for one in mine(student, course)["assignments"] if one["title"] == "Hidden one"]
    assert (shown["score"], shown["results_shown"]) == (7, True)


def test_correct_and_wrong_work_look_identical_before_release(world, course):
    spec = {"due": "2026-11-02 13:00"}
    [assigned] = world.assignment(course, SHORT, timeline_spec=spec, results="after_close")
    bodies = set()
    for name, first in (("Right", "9"), ("Wrong", "7"), ("Idle", "")):
        person = world.enrol(course, name)
        if first:
            person.submit(assigned, {"first": first})
        bodies.add(person.get(f"/courses/{course}/grades").text)
    assert len(bodies) == 1


def test_unpublished_and_unreleased_assignments_are_not_listed_in_grades(world, course, student):
    later = {"release": "2026-11-03 12:00", "due": "2026-11-09 12:00"}
    world.assignment(course, SHORT, published=False)
    world.assignment(course, SHORT, timeline_spec=later)
    assert mine(student, course)["assignments"] == []


def test_staff_view_marks_unreleased_assignments_as_hidden_from_the_student(
    world, course, prof, student
):
    world.assignment(course, SHORT, timeline_spec={"release": "2026-11-09 13:00"})
    [told] = theirs(prof, course, student)["assignments"]
    assert (told["student_sees"], told["not_released_until"][:10]) == (False, "2026-11-09")


def test_student_cannot_see_grades_of_others(world, course, student):
    other = world.enrol(course, "Other")
    for person in (student, other):
        answer = person.get(f"/courses/{course}/students/{student.id}/grades")
        assert answer.status_code == 403


def test_staff_have_no_own_grades_but_can_view_as_a_student(world, course, prof, student):
    [assigned] = world.assignment(course, SHORT)
    student.submit(assigned, {"first": "9"})
    assert prof.get(f"/courses/{course}/grades").status_code == 404
    seen = mine(prof, course, headers={"X-View-As": str(student.id)})
    assert seen == mine(student, course)


def test_grades_report_late_days_left(world, course, student):
    spec = {"due": "2026-11-02 13:00", "late_days": 2}
    [assigned] = world.assignment(course, SHORT, timeline_spec=spec)
    world.clock.advance(hours=10)
    student.submit(assigned, {"first": "9"})
    told = mine(student, course)
    assert told["late_days"] == {
        "budget": 3,
        "left": 2,
        "spent": [{"assignment": str(assigned.assignment), "days": 1}],
    }
    assert not told["assignments"][0]["late"]


def test_excused_assignment_has_no_score_and_does_not_count(world, course, prof, student):
    [assigned] = world.assignment(course, SHORT)
    [other] = world.assignment(course, TEXT_PROBLEM)
    student.submit(assigned, {"first": "1"})
    student.submit(other, {"cells": "9", "doubled": "18"})
    excuse_student(world, assigned, student, prof)
    told = mine(student, course)
    assert [one["score"] for one in told["assignments"]] == [None, 4]
    assert told["percent"] == 50
    assert any("excused" in one["words"] for one in told["explain"])


def test_grades_query_count_does_not_grow_with_assignments(world, course, student):
    statements = []
    event.listen(world.db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    counts = []
    for _ in range(2):
        for _ in range(3):
            [assigned] = world.assignment(course, SHORT)
            student.submit(assigned, {"first": "9"})
        mine(student, course)
        statements.clear()
        mine(student, course)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_grades_of_a_withdrawn_student_stay_readable_for_staff(world, course, prof, student):
    [assigned] = world.assignment(course, SHORT)
    student.submit(assigned, {"first": "9"})
    prof.delete(f"/courses/{course}/people/{student.id}")
    told = theirs(prof, course, student)
    assert (told["counts"], told["assignments"][0]["score"]) == (False, 3)
    assert prof.get(f"/courses/{course}/students/{prof.id}/grades").status_code == 404


def test_explanation_of_the_total_uses_the_current_assignment_title(world, course, student):
    [assigned] = world.assignment(course, SHORT)
    student.submit(assigned, {"first": "9"})
    with world.session() as session:
        session.get_one(Assignment, assigned.assignment).title = "Kernels & counts"
    [line] = mine(student, course)["explain"]
    assert line["words"] == "Total: 3 (Kernels & counts) = 3 of 8 points = 37.5 %"
