"""Tests of open assignments and of who sees published work, on each database."""

import pytest

from api.auth.authorization import CourseMembership
from api.auth.principal import Principal
from api.db.models import Course, User
from api.services.assignments.open_assignments import list_open_assignments
from api.services.courses.active_students import AudienceSize, count_audience


@pytest.fixture
def course(world):
    return world.course()


def told(world, course, staff):
    """Return, for each open assignment, how many students it is open for and have begun."""
    with world.session() as session:
        caller = Principal(session.get_one(User, staff.id), None)
        member = CourseMembership(caller, session.get_one(Course, course), "instructor", staff.id)
        found = list_open_assignments(session, member, now=world.clock())
        return [(one.students, one.begun) for one in found]


def test_open_assignments_count_students_with_time_left(world, course):
    staff = world.enrol(course, "Ina Instructor", role="instructor")
    begun, granted, _ = (world.enrol(course) for _ in range(3))
    [assigned] = world.assignment(course, timeline_spec={"due": "2026-11-03 12:00"})
    begun.get(assigned.path)
    assert told(world, course, staff) == [(3, 1)]
    more = {"student": str(granted.id), "grants": {"days": 9}}
    assert staff.post(f"/courses/{course}/extensions", more).status_code == 201
    world.clock.advance(days=3)
    assert told(world, course, staff) == [(1, 0)]
    world.clock.advance(days=9)
    assert told(world, course, staff) == []


def test_publication_audience_includes_students_without_password(world, course):
    world.enrol(course, "Ina Instructor", role="instructor")
    first, _ = world.enrol(course), world.enrol(course)
    known = "a hash"
    with world.session() as session:
        session.get_one(User, first.id).password_hash = known
    with world.session() as session:
        assert count_audience(session, course) == AudienceSize(2, 1)
