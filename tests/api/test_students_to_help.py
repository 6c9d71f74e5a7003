"""Tests of the list of students who may need help: each rule, its limits, and the page."""

import pytest
from analytics_course import POWERS, ROOTS
from grade_setup import excuse_student
from pages import Browser
from sqlalchemy import update

from api.db.models import Assignment
from api.services.courses.students_to_help import (
    MISSED_ASSIGNMENTS,
    STUCK_ATTEMPTS,
    UNOPENED_WINDOW,
)

DUE = {"due": "2026-11-03 12:00", "close": {"days": 5}}
"""A day after the clock of the tests, and open for five more."""


@pytest.fixture
def ta(world, course):
    return world.enrol(course, "Tee Ay", role="grader")


def load(person, course, **query):
    response = person.get(f"/courses/{course}/students-to-help", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def reasons(person, course, **query):
    """Return the rules that apply, by student."""
    return {
        one["name"]: [reason["rule"] for reason in one["reasons"]]
        for one in load(person, course, **query)["items"]
    }


def test_unopened_assignment_counts_only_shortly_before_due(world, course, ta):
    [assigned] = world.assignment(course, POWERS, timeline_spec={"due": "2026-11-10 12:00"})
    ada = world.enrol(course, "Ada Example")
    world.enrol(course, "Bob Example")
    ada.get(assigned.path)
    assert reasons(ta, course) == {}
    world.clock.advance(days=8 - UNOPENED_WINDOW.days)
    assert reasons(ta, course) == {"Bob Example": ["not_opened"]}
    world.clock.advance(days=UNOPENED_WINDOW.days, seconds=1)
    assert reasons(ta, course) == {}


def test_stuck_flag_requires_many_attempts_at_one_part_of_open_assignment(world, course, ta):
    [assigned] = world.assignment(course, POWERS, timeline_spec=DUE)
    ada, bob, cem = (world.enrol(course, name) for name in ("Ada A", "Bob B", "Cem C"))
    for answer in range(1, STUCK_ATTEMPTS):
        for student in (ada, bob, cem):
            student.submit(assigned, {"square": str(answer)})
    ada.submit(assigned, {"square": "no number"})  # costs no attempt
    bob.submit(assigned, {"square": "100"})
    assert not any("stuck" in rules for rules in reasons(ta, course).values())
    cem.submit(assigned, {"square": "5"})
    assert reasons(ta, course) == {"Cem C": ["stuck"]}
    [reason] = load(ta, course)["items"][0]["reasons"]
    assert (reason["problem"], reason["part"]) == (assigned.slug, "square")
    assert reason["attempts"] == STUCK_ATTEMPTS
    world.clock.advance(days=30)
    assert reasons(ta, course) == {}


def test_behind_flag_requires_no_work_in_last_assignments(world, course, ta, prof):
    assigned = [
        world.assignment(course, source, timeline_spec=DUE)[0] for source in (POWERS, ROOTS)
    ]
    assert len(assigned) == MISSED_ASSIGNMENTS
    ada, _, excused = (world.enrol(course, name) for name in ("Ada A", "Bob B", "Exc D"))
    excuse_student(world, assigned[0], excused, prof)
    ada.submit(assigned[1], {"square": "7"})
    world.clock.advance(days=2)
    assert reasons(ta, course) == {"Bob B": ["behind", "behind"]}
    with world.session() as session:
        session.execute(update(Assignment).values(anonymous=True))
    assert reasons(ta, course) == {}
    instructor = world.enrol(course, "Ada Prof", role="instructor")
    assert reasons(instructor, course) == {"Bob B": ["behind", "behind"]}


def test_foreign_section_and_student_requests_are_rejected(world, course, ta):
    world.assignment(course, POWERS, timeline_spec=DUE)
    section = world.section(course, "Tuesday")
    world.enrol(course, "Ada A", section=section)
    world.enrol(course, "Bob B")
    assert reasons(ta, course, section=str(section)) == {"Ada A": ["not_opened"]}
    other = str(world.section(world.course("other"), "Monday"))
    path = f"/courses/{course}/students-to-help"
    assert ta.get(path, params={"section": other}).status_code == 422
    assert world.enrol(course, "Cem C").get(path).status_code == 403


def test_page_states_rules_and_names_each_reason(world, course, ta):
    browser, path = Browser(world, ta), f"/courses/{course}/students-to-help"
    page = browser.get(path)
    rules = page.one("section", aria_labelledby="rules")
    assert len(rules.all("li")) == 3
    for number in (UNOPENED_WINDOW.days, STUCK_ATTEMPTS, MISSED_ASSIGNMENTS):
        assert str(number) in rules.text
    assert not page.all("table")
    [assigned] = world.assignment(course, POWERS, timeline_spec=DUE)
    ada = world.enrol(course, "Ada A")
    world.enrol(course, "Bob B")
    for answer in range(STUCK_ATTEMPTS):
        ada.submit(assigned, {"square": str(answer)})
    table = browser.get(path).one("table")
    assert [row[0] for row in table.rows()[1:]] == ["Ada A", "Bob B"]
    assert [flag.text for flag in table.all("span", has="flag")] == ["Stuck", "Not opened"]
    dashboard = browser.get(f"/courses/{course}")
    assert dashboard.one("a", href=path)
