"""Tests of database cost: a page takes a bounded number of queries for any class size."""

from contextlib import contextmanager

import pytest
from pages import Browser
from sqlalchemy import Integer, bindparam, event, select

from api.db.engine import cache_in_snapshot, fetch_one, reset_snapshot
from api.db.models import User

MOST = {
    "/": 20,
    "/account": 6,
    "/courses/{course}": 19,
    "/courses/{course}/grades": 14,
    "/assignments/{assignment}": 12,
    "/assignments/{assignment}/history": 17,
    "{assigned}": 23,
    "{assigned}/submissions": 12,
    "/submissions/{submission}": 14,
}
"""Maximum number of SQL statements per student page, with a small margin."""
STAFF = {
    "/courses/{course}": 20,
    "/courses/{course}/audit": 7,
    "/courses/{course}/gradebook": 13,
    "/courses/{course}/people": 6,
    "/courses/{course}/students/{student}": 18,
    "/assignments/{assignment}/results": 26,
    "/assignments/{assignment}/unopened": 10,
    "/assignments/{assignment}/problems/why-small-kernels/results": 17,
    "/assignments/{assignment}/review": 14,
    "/assignments/{assignment}/review/why-small-kernels/why": 15,
    "/assignments/{assignment}/review/why-small-kernels/why/groups": 14,
    "/courses/{course}/extensions": 7,
    "/courses/{course}/exports": 6,
}


@contextmanager
def asked(world):
    """Yield a list that collects the executed SQL statements."""
    found = []

    def see(*told):
        if not told[2].startswith("BEGIN"):
            found.append(told[2])

    event.listen(world.db.engine, "before_cursor_execute", see)
    yield found
    event.remove(world.db.engine, "before_cursor_execute", see)


class Scene:
    """A course in which a student and some classmates hand in answers."""

    def __init__(self, world):
        self.world, self.course = world, world.course()
        [self.assigned] = world.assignment(self.course)
        self.student = world.enrol(self.course)
        self.browser = Browser(world, self.student)
        self.staff = Browser(world, world.enrol(self.course, "Iris", role="instructor"))
        self.submission = self.hand_in(self.student)

    def hand_in(self, person) -> str:
        """Answer every part, and return the id of the submission."""
        told = {"cells": "8", "doubled": "16", "why": "Fewer."}
        return person.submit(self.assigned, told).json()["id"]

    def address(self, path: str) -> str:
        return path.format(
            course=self.course,
            assignment=self.assigned.assignment,
            assigned=self.assigned.path,
            submission=self.submission,
            student=self.student.id,
        )

    def count(self, browser, path: str) -> int:
        """Return the number of SQL statements for a repeated request to a page."""
        address = self.address(path)
        assert browser.get(address).status == 200
        with asked(self.world) as found:
            browser.get(address)
        return len(found)


@pytest.fixture
def scene(world):
    # Statistics are cached if they take long, as on a busy machine.
    world.service.analytics_cache.work_timer = lambda: 0.0
    return Scene(world)


@pytest.mark.parametrize("path", MOST)
def test_student_page_queries_do_not_grow_with_submissions(scene, path):
    before = scene.count(scene.browser, path)
    for _ in range(3):
        scene.hand_in(scene.student)
    assert scene.count(scene.browser, path) == before <= MOST[path]


@pytest.mark.parametrize("path", STAFF)
def test_staff_page_queries_do_not_grow_with_class_size(scene, path):
    before = scene.count(scene.staff, path)
    for number in range(4):
        scene.hand_in(scene.world.enrol(scene.course, f"Student {number}"))
    assert scene.count(scene.staff, path) == before <= STAFF[path]


def test_user_and_course_are_loaded_once_per_page(scene):
    scene.browser.get(scene.address("/submissions/{submission}"))
    with asked(scene.world) as found:
        scene.browser.get(scene.address("/submissions/{submission}"))
    assert sum("FROM sessions" in one for one in found) == 1
    assert sum("FROM courses" in one for one in found) == 1


def test_page_after_a_change_shows_new_data(scene):
    scene.browser.get(scene.assigned.path)
    with scene.world.session() as session:
        session.get_one(User, scene.student.id).name = "Ada Other"
    assert "Ada Other" in scene.browser.get(scene.assigned.path).text


def test_read_session_caches_values_until_snapshot_reset(world):
    found = iter(range(3))
    with world.db.reading() as session:
        assert [cache_in_snapshot(session, "a", lambda: next(found)) for _ in range(2)] == [0, 0]
        reset_snapshot(session)
        assert cache_in_snapshot(session, "a", lambda: next(found)) == 1


def test_write_session_does_not_cache_values(world):
    found = iter(range(2))
    with world.db.transaction() as session:
        assert [cache_in_snapshot(session, "a", lambda: next(found)) for _ in range(2)] == [0, 1]


def test_fetch_one_caches_rows_by_parameters(world):
    echo = select(bindparam("number", type_=Integer))
    with world.db.reading() as session, asked(world) as found:
        rows = [fetch_one(session, echo, number=number) for number in (1, 1, 2)]
    assert ([row[0] for row in rows], len(found)) == ([1, 1, 2], 2)
