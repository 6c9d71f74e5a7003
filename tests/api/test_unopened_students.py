"""The students who have not opened an assignment: who is listed, in which order, and for whom."""

import pytest
from analytics_course import POWERS, ROOTS
from grade_setup import excuse_student
from sqlalchemy import update
from world import OTHER_PROBLEM

from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, User


def unopened(person, assigned, **query):
    response = person.get(f"/assignments/{assigned.assignment}/unopened", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def names(person, assigned, **query):
    return [row["name"] for row in unopened(person, assigned, **query)["items"]]


def test_viewing_a_problem_opens_the_assignment(world, course, prof, problem):
    ada, bob = world.enrol(course, "Ada Example"), world.enrol(course, "Bob Example")
    assert names(prof, problem) == ["Ada Example", "Bob Example"]
    assert ada.get(f"/assignments/{problem.assignment}").status_code == 200
    assert names(prof, problem) == ["Ada Example", "Bob Example"]
    assert ada.get(problem.path).status_code == 200
    assert names(prof, problem) == ["Bob Example"]
    assert bob.submit(problem, {"cells": "9"}).status_code == 201
    assert unopened(prof, problem) == {"students": 0, "items": [], "next": None}


def test_row_identifies_the_student(world, course, prof, problem):
    section = world.section(course, "Tuesday")
    ada, bob = world.enrol(course, "Ada Example", section=section), world.enrol(course, "Bob Old")
    with world.session() as session:
        session.get_one(User, ada.id).student_number = "1234567"
        session.get_one(User, bob.id).email = None
    rows = unopened(prof, problem)["items"]
    email = rows[0].pop("email")
    assert email.startswith("ada.example.")
    assert rows == [
        {
            "user": str(ada.id),
            "name": "Ada Example",
            "student_number": "1234567",
            "section": str(section),
            "section_name": "Tuesday",
        },
        {
            "user": str(bob.id),
            "name": "Bob Old",
            "email": None,
            "student_number": "",
            "section": None,
            "section_name": None,
        },
    ]


def test_any_current_problem_opens_assignment_but_removed_one_does_not(world, course, prof):
    first, second = world.assignment(course, POWERS, ROOTS)
    ada, bob = world.enrol(course, "Ada Example"), world.enrol(course, "Bob Example")
    ada.get(first.path)
    bob.get(second.path)
    assert names(prof, first) == []
    with world.session() as session:
        session.get_one(AssignmentProblem, second.id).removed_at = world.clock()
    assert names(prof, first) == ["Bob Example"]


def test_other_assignments_and_courses_do_not_matter(world, course, prof, problem):
    [homework] = world.assignment(course, OTHER_PROBLEM)
    ada = world.enrol(course, "Ada Example")
    world.enrol(world.course("elsewhere"), "Eve Elsewhere")
    ada.get(homework.path)
    assert names(prof, problem) == ["Ada Example"]
    assert names(prof, homework) == []


@pytest.mark.parametrize(
    "columns", [{"is_test": True}, {"role": "grader"}, {"role": "instructor"}, {"withdrawn_at": 0}]
)
def test_only_active_students_are_listed(world, course, prof, problem, columns):
    world.enrol(course, "Ada Example")
    other = world.enrol(course, "Bob Example")
    if "withdrawn_at" in columns:
        columns = {"withdrawn_at": world.clock()}
    world.set_enrolment(other, **columns)
    assert names(prof, problem) == ["Ada Example"]
    assert unopened(prof, problem)["students"] == 1


def test_fully_excused_student_is_not_listed(world, course, prof, problem):
    world.enrol(course, "Ada Example")
    whole, part = world.enrol(course, "Whole Excused"), world.enrol(course, "Part Excused")
    excuse_student(world, problem, whole, prof)
    excuse_student(world, problem, part, prof, problem=problem.id)
    assert names(prof, problem) == ["Ada Example", "Part Excused"]
    [row] = prof.get(f"/assignments/{problem.assignment}/excuses").json()["items"][:1]
    path = f"/assignments/{problem.assignment}/excuses/{row['id']}"
    assert prof.delete(path).status_code == 200
    assert names(prof, problem) == ["Ada Example", "Part Excused", "Whole Excused"]


def test_list_agrees_with_number_of_students_who_opened_assignment(world, course, prof, problem):
    students = [world.enrol(course, f"Student {number}") for number in range(4)]
    students[0].get(problem.path)
    students[1].get(problem.path)
    excuse_student(world, problem, students[1], prof)
    world.service.analytics_cache.work_timer = lambda: 0.0
    opened = prof.get(f"/assignments/{problem.assignment}/analytics").json()["opened"]
    assert (opened, unopened(prof, problem)["students"]) == (1, 2)


def test_list_is_filtered_by_section(world, course, prof, problem):
    tuesday, friday = world.section(course, "Tuesday"), world.section(course, "Friday")
    world.enrol(course, "Ada Example", section=tuesday)
    world.enrol(course, "Bob Example", section=friday)
    world.enrol(course, "Cem Example")
    assert names(prof, problem, section=tuesday) == ["Ada Example"]
    assert unopened(prof, problem, section=friday)["students"] == 1
    elsewhere = world.section(world.course("elsewhere"), "Tuesday")
    for section in (elsewhere, new_id()):
        path = f"/assignments/{problem.assignment}/unopened"
        response = prof.get(path, params={"section": section})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "section"


def test_list_is_paginated_by_family_name(world, course, prof, problem):
    for name in ("Zoe Adams", "Ada Zimmer", "Ann Moser", "Ben Moser", "Ann Moser"):
        world.enrol(course, name)
    pages, cursor = [], ""
    while cursor is not None:
        page = unopened(prof, problem, limit=2, **({"cursor": cursor} if cursor else {}))
        assert page["students"] == 5
        pages.append([row["name"] for row in page["items"]])
        cursor = page["next"]
    assert pages == [["Zoe Adams", "Ann Moser"], ["Ann Moser", "Ben Moser"], ["Ada Zimmer"]]


def test_tas_are_refused_while_assignment_is_anonymous(world, course, prof, problem):
    grader = world.enrol(course, "Gra Der", role="grader")
    [homework] = world.assignment(course, OTHER_PROBLEM)
    world.enrol(course, "Ada Example")
    with world.session() as session:
        own = update(Assignment).where(Assignment.id == problem.assignment)
        session.execute(own.values(anonymous=True))
    response = grader.get(f"/assignments/{problem.assignment}/unopened")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert "graded anonymously" in response.json()["detail"]
    assert names(prof, problem) == names(grader, homework) == ["Ada Example"]
