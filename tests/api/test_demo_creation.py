"""Tests of creating the demo course: once, atomically, with logins that still work."""

import pytest
from actors import NOW
from demo_course import create_demo, read_welcome, select_rows
from sqlalchemy import func, select
from world import World

from api.core.errors import Conflict
from api.db.models import Assignment, Base, Course, Draw, Enrolment, User
from api.demo.course import find_demo_course
from api.demo.plan import OPEN_ASSIGNMENT_SLUG
from api.demo.welcome import load_welcome


@pytest.fixture
def small(world: World) -> World:
    """Return a service with a demo course of one student."""
    create_demo(world, students=1)
    return world


def counted(world: World) -> dict[str, int]:
    with world.db.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def test_demo_course_is_created_once(small):
    before = counted(small)
    create_demo(small, students=1)
    assert counted(small) == before


def test_interrupted_demo_creation_leaves_no_rows(world):
    before = counted(world) | {"problem_versions": 0, "variants": 0}

    def stop(_at: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_demo(world, students=2, progress=stop)
    assert counted(world) | {"problem_versions": 0, "variants": 0} == before
    create_demo(world, students=1)
    assert len(select_rows(world, Course.id)) == 1


@pytest.mark.parametrize("used_by", ["course", "person"])
def test_demo_creation_requires_an_empty_database(world, used_by):
    getattr(world, used_by)()
    with pytest.raises(Conflict, match="empty database only"):
        create_demo(world, students=1)


def test_the_smallest_class_has_one_student(world):
    create_demo(world, students=1)
    assert len(select_rows(world, Draw.student_id)) > 0


def test_only_the_three_demo_users_get_a_password(small):
    read_welcome(small)
    hashes = [one for (one,) in select_rows(small, User.password_hash) if one]
    assert len(hashes) == 3


def test_suspended_withdrawn_or_demoted_demo_users_get_no_login(small):
    with small.session() as session:
        by_email = {one.email: one for one in session.scalars(select(User)) if one.email}
        by_email["student@example.edu"].suspended_at = NOW
        enrolments = {one.user_id: one for one in session.scalars(select(Enrolment))}
        enrolments[by_email["grader@example.edu"].id].withdrawn_at = NOW
        enrolments[by_email["instructor@example.edu"].id].role = "grader"
    assert read_welcome(small).logins == {}
    assert "Logins" in read_welcome(small).render("http://127.0.0.1:1")


def test_demo_without_its_open_assignment_still_works(small):
    with small.session() as session:
        for one in session.scalars(
            select(Assignment).where(Assignment.slug == OPEN_ASSIGNMENT_SLUG)
        ):
            one.deleted_at = NOW
    with small.db.reading() as session:
        course = find_demo_course(session)
    assert course is not None
    assert load_welcome(small.db, course.id, {}, now=NOW) is None


def test_outdated_demo_explains_how_to_create_a_new_one(small):
    small.clock.advance(days=30)
    assert "The last assignment of this course closed on" in read_welcome(small).render(
        "http://x:1"
    )
