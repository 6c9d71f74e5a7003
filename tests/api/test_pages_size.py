"""Tests of page size: every page sends at most 30 KB, for any class size."""

import re
from datetime import timedelta
from fractions import Fraction
from urllib.parse import urljoin

import pytest
from grade_setup import SHORT, retitle_assignment
from pages import Browser
from populated_course import ROUTES, SCENE_SETTINGS, PageAddress, create_populated_course
from sqlalchemy import insert
from world import World

from api.core.ids import new_id
from api.db.models import Enrolment, Grade, User

MOST = 30 * 1024
STUDENTS = 500
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
LARGE = "/api"
"""The API reference is one page, which browsers keep and search."""
NO_PAGES = ("/api/", "/static/", "/client/", "/docs/pictures/", "/healthz", "/readyz")
PAGES = sorted(
    path
    for (method, path), route in ROUTES.items()
    if method == "GET" and not path.startswith(NO_PAGES) and path != LARGE
    if route.ok == 200
)


@pytest.fixture(scope="module")
def scene(shared_database_url):
    world = World(shared_database_url, settings=SCENE_SETTINGS)
    yield create_populated_course(world)
    world.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_within_size_limit(scene, path):
    route = ROUTES["GET", path]
    least = "student" if route.access_level in {"anyone", "person"} else route.access_level
    browser = Browser(scene.world, scene.people[route.caller or least])
    page = PageAddress.build(scene, path).open(browser)
    assert page.status == 200
    assert len(page.source.encode()) <= MOST


@pytest.fixture
def staff(world):
    """Return an instructor of a large course; students have a section and a long name."""
    course = world.course(late_day_budget=3)
    section = world.section(course, "Wednesday afternoon")
    ids = [new_id() for _ in range(STUDENTS)]
    at = {"created_at": world.clock()}
    people = [
        {"id": one, "name": f"Student {number:03} of a Family", **at}
        | {"email": f"student.{number:03}.of.a.family@students.example.edu"}
        for number, one in enumerate(ids)
    ]
    roll = {"course_id": course, "role": "student", "section_id": section} | at
    with world.session() as session:
        session.execute(insert(User), people)
        session.execute(insert(Enrolment), [roll | {"id": new_id(), "user_id": one} for one in ids])
    for number in range(4):
        [assigned] = world.assignment(course, SHORT)
        retitle_assignment(world, assigned, f"Homework {number}", slug=f"homework-{number}")
        grades(world, assigned.assignment, ids)
    return course, Browser(world, world.enrol(course, "In Structor", role="instructor"))


def grades(world, assignment, students):
    """Give every student a grade: every third is late, every second waits for a marker."""
    rows = [
        {
            "assignment_id": assignment,
            "student_id": one,
            "score": Fraction(number % 9) + Fraction(1, 4),
            "possible": Fraction(8),
            "waiting": number % 2 == 0,
            "pending_score": Fraction(0),
            "pending_possible": Fraction(2 * (number % 2 == 0)),
            "begun": True,
            "late": number % 3 == 0,
            "updated_at": world.clock() + timedelta(seconds=number),
        }
        for number, one in enumerate(students)
    ]
    with world.session() as session:
        session.execute(insert(Grade), rows)


@pytest.mark.parametrize("path", ["gradebook", "people"])
def test_pages_of_large_class_are_paginated_within_size_limit(staff, path):
    course, browser = staff
    page = browser.get(f"/courses/{course}/{path}")
    assert len(page.source.encode()) <= MOST
    assert page.one("a", rel="next")


def test_unopened_list_of_large_class_is_paginated(staff, world):
    course, browser = staff
    [assigned] = world.assignment(course, SHORT)
    path = f"/assignments/{assigned.assignment}/unopened"
    page = browser.get(path)
    assert len(page.source.encode()) <= MOST
    following = browser.get(urljoin(path, page.one("a", rel="next")["href"]))
    assert following.one("tbody").rows()[0] not in page.one("tbody").rows()


@pytest.mark.usefixtures("staff")
def test_accounts_of_large_site_are_paginated(world):
    root = Browser(world, world.person("Root Example", admin=True))
    page = root.get("/users")
    assert len(page.source.encode()) <= MOST
    assert page.one("a", rel="next")


def test_gradebook_can_show_all_students_of_large_class(staff):
    course, browser = staff
    page = browser.get(f"/courses/{course}/gradebook", params={"limit": "all"})
    assert len(page.one("tbody").all("tr")) == STUDENTS
