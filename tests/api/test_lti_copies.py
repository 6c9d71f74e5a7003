"""Tests of courses that a platform copied: the teacher says once what their links open."""

import pytest
from lti_platform import DIALECTS, LtiPlatform
from pages import Browser
from sqlalchemy import select
from world import World

from api.core.ids import new_id
from api.db.models import (
    Assignment,
    AuditEntry,
    Course,
    Enrolment,
    LtiContext,
    LtiLineItem,
    LtiUser,
)
from api.services.lti.protocol.public_http import PlatformHttp

COPY = {"id": "copied-context", "title": "DL 2027"}


@pytest.fixture
def world(database_url):
    """Return a service whose course is connected to the context that the platform copied."""
    world = World(database_url)
    world.platform = LtiPlatform(DIALECTS["canvas"])
    world.service.lti.http = PlatformHttp(world.platform.transport)
    world.platform.register(world)
    world.dl = world.course()
    [world.assigned] = world.assignment(world.dl, timeline_spec={"due": "2026-10-01T12:00"})
    world.tea = world.enrol(world.dl, "Tea Cher", role="instructor")
    deployment = world.platform.deployment_id(world)
    with world.session() as session:
        session.add(
            LtiContext(
                id=new_id(),
                deployment_id=deployment,
                context_id=world.platform.dialect.context,
                course_id=world.dl,
                connected_at=world.clock(),
                scopes=[],
                created_at=world.clock(),
            )
        )
        session.add(
            LtiUser(
                deployment_id=deployment,
                subject=world.platform.teacher.user_id,
                user_id=world.tea.id,
                created_at=world.clock(),
            )
        )
    yield world
    world.close()


def launch(world, member, browser=None, context=COPY):
    """Launch a link of the copied context, which still names the assignment of the original."""
    return world.platform.launch(
        browser or Browser(world),
        member,
        context=context,
        resource_link={"id": "copied-link", "title": "Homework 1"},
        custom={"assignment": str(world.assigned.assignment)},
    )


def ask(world):
    """Return the teacher's browser with the question."""
    browser = Browser(world)
    return browser, browser.follow(launch(world, world.platform.teacher, browser))


def copied_context(world):
    with world.session() as session:
        return session.scalars(select(LtiContext).where(LtiContext.context_id == COPY["id"])).one()


def form_of(page, button):
    [form] = [one for one in page.all("form") if button in one.text]
    return form


COPIED = {"title": "DL 2027", "slug": "dl-2027", "shift_days": "364"}


def test_copied_context_can_be_connected_to_a_copy_of_the_course(world):
    browser, page = ask(world)
    assert "is a copy" in page.text
    form = form_of(page, "Copy and connect")
    assert form.one("input", name="title")["value"] == "DL 2027"
    done = browser.send(form, "copies=yes", **COPIED)
    with world.session() as session:
        course = session.scalars(select(Course).where(Course.slug == "dl-2027")).one()
        [copied] = session.scalars(select(Assignment).where(Assignment.course_id == course.id))
        assert copied.due_at.isoformat().startswith("2027-09-30")
        assert copied.published_at is None
        roles = select(Enrolment.role).where(
            Enrolment.course_id == course.id, Enrolment.user_id == world.tea.id
        )
        assert session.scalars(roles).all() == ["instructor"]
        actions = session.scalars(select(AuditEntry.action)).all()
        assert {"course.copied", "lti_context.connected"} <= set(actions)
        assert course.title == "DL 2027"
    assert done.location == f"/assignments/{copied.id}/results?saved=course-connected"
    assert copied_context(world).course_id == course.id
    with world.session() as session:
        session.get_one(Assignment, copied.id).published_at = world.clock()
    assert launch(world, world.platform.student).location == f"/assignments/{copied.id}"
    with world.session() as session:
        items = session.scalars(select(LtiLineItem.assignment_id)).all()
    assert items == [copied.id]


def test_original_context_still_opens_its_own_assignment(world):
    browser, page = ask(world)
    browser.send(form_of(page, "Copy and connect"), "copies=yes", **COPIED)
    original = {"id": world.platform.dialect.context, "title": "DL 2026"}
    page = launch(world, world.platform.student, context=original)
    assert page.location == f"/assignments/{world.assigned.assignment}"


def test_copied_context_can_be_connected_to_the_same_course(world):
    browser, page = ask(world)
    done = browser.send(form_of(page, "same course"))
    assert (
        done.location == f"/assignments/{world.assigned.assignment}/results?saved=course-connected"
    )
    assert copied_context(world).course_id == world.dl
    page = launch(world, world.platform.student)
    assert page.location == f"/assignments/{world.assigned.assignment}"


def test_teacher_connects_a_copied_context_only_once(world):
    browser, page = ask(world)
    same, other = form_of(page, "same course"), world.course()
    browser.send(same)
    page = launch(world, world.platform.teacher, browser)
    assert page.location == f"/assignments/{world.assigned.assignment}"
    assert browser.send(same, course=str(other)).status in {403, 404}
    assert copied_context(world).course_id == world.dl


@pytest.mark.parametrize(
    ("name", "value"), [("slug", ""), ("slug", "Not a slug"), ("title", ""), ("shift_days", "x")]
)
def test_invalid_copy_field_is_marked_and_nothing_is_copied(world, name, value):
    browser, page = ask(world)
    refused = browser.send(
        form_of(page, "Copy and connect"), "copies=yes", **(COPIED | {name: value})
    )
    assert refused.status == 422
    control = refused.one("input", id=name)
    assert (control["aria-invalid"], control["value"]) == ("true", value)
    assert copied_context(world).course_id is None
    with world.session() as session:
        assert len(session.scalars(select(Course)).all()) == 1


def test_duplicate_slug_of_a_copy_is_rejected_and_nothing_is_copied(world):
    with world.session() as session:
        slug = session.get_one(Course, world.dl).slug
    browser, page = ask(world)
    refused = browser.send(
        form_of(page, "Copy and connect"), "copies=yes", **(COPIED | {"slug": slug})
    )
    assert refused.status == 409
    assert copied_context(world).course_id is None


def test_teacher_not_managing_the_original_learns_nothing_about_it(world):
    with world.session() as session:
        title = session.get_one(Course, world.dl).title
        session.scalars(
            select(Enrolment).where(Enrolment.user_id == world.tea.id)
        ).one().role = "grader"
    _browser, page = ask(world)
    assert "is a copy" not in page.text
    assert title not in page.text


def test_student_of_an_unconnected_copy_cannot_enter(world):
    page = launch(world, world.platform.student)
    assert page.status == 403
    assert "not connected" in page.text


def test_link_to_an_unconnected_assignment_asks_for_a_course_as_usual(world):
    other = world.course()
    [assigned] = world.assignment(other)
    browser = Browser(world)
    page = world.platform.launch(
        browser,
        world.platform.teacher,
        context=COPY,
        custom={"assignment": str(assigned.assignment)},
    )
    assert "is a copy" not in browser.follow(page).text
